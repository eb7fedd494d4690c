"""Static files at URLs that change with their content, so that a browser requests each only once.

All files share one version in their URLs: a page and the modules that it imports by relative paths
always match, whatever is deployed meanwhile.
"""

import gzip
import hashlib
import os
from functools import cache, partial
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from discussit import bundles
from discussit.bundles import Bundle
from discussit.es_modules import without_comments
from discussit.negotiation import accepts_gzip
from discussit.settings import STATIC

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"  # cache it, but revalidate before each use


@cache
def version() -> str:
    """A hash of all files and their names, and of what makes bundles of them: 12 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=6)
    for maker in ("bundles.py", "es_modules.py"):
        digest.update(Path(__file__).with_name(maker).read_bytes())
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            digest.update(f"{file.relative_to(STATIC)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@cache
def compressed(file: Path, changed: float) -> bytes:
    """The file at gzip's highest compression level, cached for as long as its modification time is `changed`."""
    content = file.read_bytes()
    if file.suffix == ".js":
        content = without_comments(content.decode()).encode()
    return gzip.compress(content, mtime=0)


class WholeFile(FileResponse):
    """A file of which no parts are sent: a server may ignore Range (RFC 9110, 14.2), and ours are small.

    Starlette's answers 400 to units and ranges that it does not know, which a server must ignore.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers["Accept-Ranges"] = "none"
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


class Assets(StaticFiles):
    """Serves `/VERSION/css/base.css`, to be cached for good, and `/css/base.css` without a version; so are bundles.

    Requests for another version get the present file, to be revalidated: in a rolling restart processes differ.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        folder, _, rest = path.partition(os.sep)
        if not _is_version(folder):
            return path
        scope["asset_version"] = folder
        return rest

    async def get_response(self, path: str, scope: Scope) -> Response:
        folder, _, rest = path.partition(os.sep)
        if folder != bundles.FOLDER or scope["method"] not in ("GET", "HEAD"):
            return await super().get_response(path, scope)
        is_other = scope.get("asset_version", version()) != version()
        # In a thread: what the first makes takes 25 ms.
        query = scope["query_string"].decode("latin-1")
        bundle = await to_thread.run_sync(partial(bundles.bundle, rest, query, lenient=is_other))
        if bundle is None:
            raise HTTPException(404)
        return self._bundle_response(bundle, scope)

    def _bundle_response(self, bundle: Bundle, scope: Scope) -> Response:
        headers = _caching(scope) | {"ETag": f'"{bundle.digest}"', "Accept-Ranges": "none"}
        unchanged = Response(headers=headers)
        if self.is_not_modified(unchanged.headers, Headers(scope=scope)):
            return NotModifiedResponse(unchanged.headers)
        if not accepts_gzip(Headers(scope=scope)):
            return Response(gzip.decompress(bundle.content), headers=headers, media_type=bundle.media_type)
        headers |= {"ETag": f'W/"{bundle.digest}"', "Content-Encoding": "gzip"}
        return Response(bundle.content, headers=headers, media_type=bundle.media_type)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(response, NotModifiedResponse):
            response = WholeFile(full_path, status_code, stat_result=stat_result)
        response.headers.update(_caching(scope))
        if isinstance(response, NotModifiedResponse) or not accepts_gzip(Headers(scope=scope)):
            return response
        packed = Response(compressed(Path(full_path), stat_result.st_mtime), status_code)
        for name in ("content-type", "cache-control", "vary", "last-modified"):
            packed.headers[name] = response.headers[name]
        packed.headers["Content-Encoding"] = "gzip"
        # Weak: the same file, but not the same bytes.
        packed.headers["ETag"] = f"W/{response.headers['etag']}"
        return packed


def _caching(scope: Scope) -> dict[str, str]:
    is_present = scope.get("asset_version") == version()
    return {"Vary": "Accept-Encoding", "Cache-Control": IMMUTABLE if is_present else REVALIDATE}


def _is_version(folder: str) -> bool:
    return len(folder) == 12 and all(digit in "0123456789abcdef" for digit in folder)
