"""Where this site lies on its host: at the top, or below a path that the server calls root_path.

Browsers are given addresses (links, forms, redirects, cookies, `next`), which include that path;
routes and middleware know the path below it.
"""

from starlette.requests import HTTPConnection


def root_of(conn: HTTPConnection) -> str:
    """The path below which the site lies, without a slash at its end. The same within a Mount."""
    root: str = conn.scope.get("app_root_path", conn.scope.get("root_path", ""))
    return root


def address(conn: HTTPConnection, path: str) -> str:
    """The address of one of our paths, for browsers."""
    return root_of(conn) + path


def path_below(conn: HTTPConnection) -> str:
    """The requested path, as routes know it. uvicorn puts the root before it, other servers do not."""
    path: str = conn.scope["path"]
    root = root_of(conn)
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
