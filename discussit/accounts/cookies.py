"""Cookies that only this site can set and receive."""

from typing import Any

from starlette.requests import HTTPConnection

from discussit.urls import address, root_of


def cookie_of(conn: HTTPConnection, name: str) -> str:
    """The value of the request's cookie of exactly this name; empty if there is none.

    `conn.cookies` strips everything that Unicode calls a space, so it would take `\xa0__Host-…`, which another site
    on a subdomain can set, for `__Host-…`. And it takes seconds to unquote a long value.
    """
    pairs = ";".join(conn.headers.getlist("cookie")).split(";")
    values = {found: value for found, _, value in (pair.strip(" \t").partition("=") for pair in pairs)}
    return values.get(cookie_name(conn, name), "")


def cookie_name(conn: HTTPConnection, name: str) -> str:
    """The name of the cookie on this connection: over https with a prefix.

    Browsers accept a cookie with such a prefix only over https and, with `__Host-`, only if this very host sets it
    for all of its paths: neither http nor another site on a subdomain can set one (RFC 6265bis).
    """
    if not _is_secure(conn):
        return name
    return f"__Secure-{name}" if root_of(conn) else f"__Host-{name}"


def cookie_attributes(conn: HTTPConnection) -> dict[str, Any]:
    """The attributes of all cookies. Sites below other paths of this host don't receive them."""
    return {"path": address(conn, "/"), "httponly": True, "samesite": "lax", "secure": _is_secure(conn)}


def _is_secure(conn: HTTPConnection) -> bool:
    return conn.scope["scheme"] in ("https", "wss")
