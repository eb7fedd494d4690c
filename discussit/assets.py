"""Static files at URLs that change with their content, so that a browser requests each only once.

All files share one version in their URLs: a page and the modules that it imports by relative paths
always match, whatever is deployed meanwhile.
"""

import gzip
import hashlib
import os
import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from discussit.negotiation import accepts_gzip
from discussit.settings import STATIC

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"  # cache it, but revalidate before each use
# Of a script: comments that are alone on their lines.
COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)$", re.MULTILINE)
IMPORT = re.compile(r'^(?:import|export)\b(?:[^"()]*\bfrom)?\s*"(\.\.?/[^"]+)"', re.MULTILINE)


@cache
def version() -> str:
    """A hash of all files and their names: 12 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=6)
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            digest.update(f"{file.relative_to(STATIC)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@cache
def imports(module: str) -> list[str]:
    """All modules that this one imports, directly or not, as paths such as `js/pages/group.js`, sorted.

    A page lists them, so that browsers request all at the same time, not level by level.
    """
    found: set[str] = set()
    unread = [module]
    while unread:
        importer = unread.pop()
        paths = IMPORT.findall((STATIC / importer).read_text())
        new = {normpath(join(dirname(importer), path)) for path in paths} - found
        found |= new
        unread += new
    return sorted(found)


@cache
def compressed(file: Path, changed: float) -> bytes:
    """The file at gzip's highest compression level, cached for as long as its modification time is `changed`."""
    content = file.read_bytes()
    return gzip.compress(without_comments(content) if file.suffix == ".js" else content, mtime=0)


def without_comments(script: bytes) -> bytes:
    """The script with blank lines instead of comments, so that errors name the lines of its source.

    Comments, with the types, would be two fifths of what a page loads.
    """
    return COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)


class WholeFile(FileResponse):
    """A file of which no parts are sent: a server may ignore Range (RFC 9110, 14.2), and ours are small.

    Starlette's answers 400 to units and ranges that it does not know, which a server must ignore.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers["Accept-Ranges"] = "none"
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


class Assets(StaticFiles):
    """Serves `/VERSION/css/base.css`, to be cached for good, and `/css/base.css` without a version.

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

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(response, NotModifiedResponse):
            response = WholeFile(full_path, status_code, stat_result=stat_result)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = IMMUTABLE if scope.get("asset_version") == version() else REVALIDATE
        if isinstance(response, NotModifiedResponse) or not accepts_gzip(Headers(scope=scope)):
            return response
        packed = Response(compressed(Path(full_path), stat_result.st_mtime), status_code)
        for name in ("content-type", "cache-control", "vary", "last-modified"):
            packed.headers[name] = response.headers[name]
        packed.headers["Content-Encoding"] = "gzip"
        # Weak: the same file, but not the same bytes.
        packed.headers["ETag"] = f"W/{response.headers['etag']}"
        return packed


def _is_version(folder: str) -> bool:
    return len(folder) == 12 and all(digit in "0123456789abcdef" for digit in folder)
