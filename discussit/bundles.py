"""What a page loads in two or three requests: its style sheets as one file, its modules as one script.

They are made of the plain files when they are first asked for. Fifty modules are a third smaller if they are compressed
together. A bundle's address names what it is made of, so that every process of a version can make it.
"""

import gzip
import hashlib
import re
from functools import cache, lru_cache
from posixpath import basename, dirname
from typing import NamedTuple

from discussit import es_modules
from discussit.settings import STATIC

FOLDER = "bundles"
MAX_STYLES = 64  # bundles of style sheets that are kept; pages need a quarter
STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STYLE_SPACE = re.compile(r"\s*([{};])\s*")


class Bundle(NamedTuple):
    media_type: str
    content: bytes  # compressed with gzip
    digest: str


def bundle(path: str, query: str = "", *, lenient: bool = False) -> Bundle | None:
    """The bundle at a path such as `css/reset+base.css`, `js/pages/group.js`, `….later.js` or `….js.map`.

    None if one of its files doesn't exist, or if it is a script that another loads and `query` the fingerprint of other
    modules: of those that the page's scripts have. `lenient` leaves out style sheets that don't exist, so that a page
    of another version has most of its styles rather than none.
    """
    if path.startswith("css/"):
        return _styles(path, lenient=lenient)
    script = path.removesuffix(".map")
    entry = f"{script.partition('.')[0]}.js"
    if entry not in _files() or not entry.startswith("js/") or basename(script) not in _scripts(entry):
        return None
    if script != path:
        return _source_map(entry, basename(script))
    fits = script == entry or query in ("", _fingerprint(entry))
    return _script(entry, basename(script)) if fits else None


def _styles(path: str, *, lenient: bool) -> Bundle | None:
    if not path.endswith(".css"):
        return None
    asked = path.removeprefix("css/").removesuffix(".css").split("+")
    known = tuple(name for name in dict.fromkeys(asked) if f"css/{name}.css" in _files())
    return _style(known) if known and (lenient or len(known) == len(asked)) else None


@cache
def _files() -> frozenset[str]:
    return frozenset(file.relative_to(STATIC).as_posix() for file in STATIC.rglob("*") if file.is_file())


@cache
def imports(module: str) -> list[str]:
    """All modules that this one imports, directly or not, as paths such as `js/log/log.js`, in the order they run in.

    A page without bundles lists them, so that browsers request all at the same time, not level by level.
    """
    return es_modules.run_order(module, _read)[:-1]


@lru_cache(MAX_STYLES)
def _style(names: tuple[str, ...]) -> Bundle:
    text = "".join(_read(f"css/{name}.css") for name in names)
    return _bundle("text/css", STYLE_SPACE.sub(r"\1", STYLE_COMMENT.sub("", text)))


@cache
def _script(entry: str, name: str) -> Bundle:
    text = es_modules.joined(_scripts(entry), name)
    return _bundle("text/javascript", f"{text}//# sourceMappingURL={name}.map\n")


@cache
def _source_map(entry: str, name: str) -> Bundle:
    text = es_modules.source_map(_scripts(entry)[name], f"{FOLDER}/{dirname(entry)}")
    return _bundle("application/json", text)


@cache
def _fingerprint(entry: str) -> str:
    return es_modules.fingerprint(_scripts(entry))


@cache
def _scripts(entry: str) -> dict[str, dict[str, str]]:
    """A page's, by their names: their modules, with the sources."""
    scripts = es_modules.page_scripts(entry, _read)
    return {name: {module: _read(module) for module in modules} for name, modules in scripts.items()}


def _read(path: str) -> str:
    return (STATIC / path).read_text("utf-8")


def _bundle(media_type: str, text: str) -> Bundle:
    content = text.encode()
    return Bundle(media_type, gzip.compress(content, mtime=0), hashlib.blake2b(content, digest_size=8).hexdigest())
