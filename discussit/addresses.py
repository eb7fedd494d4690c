"""Where this site lies on its host: at the top, or below a path that the server calls root_path.

What a browser is given (links, forms, redirects, cookies, `next`) is an address, with that path;
what our routes and guards know is the path below it.
"""

from starlette.requests import HTTPConnection


def root_of(conn: HTTPConnection) -> str:
    """The path below which the site lies, without a slash at its end; within a Mount too."""
    root: str = conn.scope.get("app_root_path", conn.scope.get("root_path", ""))
    return root


def address(conn: HTTPConnection, path: str) -> str:
    """One of our paths as browsers have it."""
    return root_of(conn) + path


def path_below(conn: HTTPConnection) -> str:
    """The path that was asked for, as our routes have it. uvicorn puts the root before it, other servers do not."""
    path: str = conn.scope["path"]
    root = root_of(conn)
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
