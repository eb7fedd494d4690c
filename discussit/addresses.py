"""Where this site lies on its host, and where requests come from.

It lies at the top, or below a path that the server calls root_path.
What a browser is given (links, forms, redirects, cookies, `next`) is an address, with that path;
what our routes and guards know is the path below it.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address

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


def source_of(conn: HTTPConnection) -> IPv4Address | IPv6Address | None:
    """Where the request comes from; None where the server can't tell.

    The server's word for it: uvicorn reads X-Forwarded-For only from proxies that it was told to trust. Those may
    write there whatever they like; an interface (`%eth0`) is dropped, since it may be any text at all.
    """
    try:
        address = ip_address(conn.client.host.partition("%")[0] if conn.client else "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
