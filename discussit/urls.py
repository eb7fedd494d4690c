"""The site's place on its host: at the top, or below a path, which is ASGI's root_path.

Browsers receive addresses (links, forms, redirects, cookies, `next`) that include this path;
routes and middleware see only the rest.
"""

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import HTTPConnection


class Seq(Convertor[int]):
    """A place in a log, in a route: `{seq:seq}`. Starlette's `int` raises an error for numbers of 5,000 digits."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("seq", Seq())


def root_of(conn: HTTPConnection) -> str:
    """The site's path on its host, without a trailing slash. The same within a Mount."""
    root: str = conn.scope.get("app_root_path", conn.scope.get("root_path", ""))
    return root


def address(conn: HTTPConnection, path: str) -> str:
    """A path of this site as browsers need it: with the site's own path before it."""
    return root_of(conn) + path


def path_below(conn: HTTPConnection) -> str:
    """The requested path as routes see it. uvicorn puts the root before it, other servers do not."""
    path: str = conn.scope["path"]
    root = root_of(conn)
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
