"""Cookies that nobody else can plant, and that nobody else is sent."""

from typing import Any

from starlette.requests import HTTPConnection

from discussit.addresses import address, root_of


def cookie_of(conn: HTTPConnection, name: str) -> str:
    """What the browser sent as the cookie of exactly this name, or nothing.

    `conn.cookies` drops whatever Unicode calls a space, and would take `\xa0__Host-…`, which a neighbour's subdomain
    may plant, for `__Host-…`. And it takes seconds to unquote what nobody has quoted.
    """
    pairs = ";".join(conn.headers.getlist("cookie")).split(";")
    values = {found: value for found, _, value in (pair.strip(" \t").partition("=") for pair in pairs)}
    return values.get(cookie_name(conn, name), "")


def cookie_name(conn: HTTPConnection, name: str) -> str:
    """What the cookie is called on this connection; one of another name does not count.

    Over https browsers take a name with such a prefix only if nothing but https sends it and, for the first, if
    this very host set it for all of its paths: neither http nor a neighbour's subdomain can plant one (RFC 6265bis).
    """
    if not _is_secure(conn):
        return name
    return f"__Secure-{name}" if root_of(conn) else f"__Host-{name}"


def cookie_attributes(conn: HTTPConnection) -> dict[str, Any]:
    """Of every cookie. Other sites of this host, below paths of their own, are not sent it."""
    return {"path": address(conn, "/"), "httponly": True, "samesite": "lax", "secure": _is_secure(conn)}


def _is_secure(conn: HTTPConnection) -> bool:
    return conn.scope["scheme"] in ("https", "wss")
