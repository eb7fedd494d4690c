"""Cookies that only this site can set and receive."""

import re
from functools import cache
from typing import Any

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection

from discussit.origins import Origin
from discussit.urls import address, root_of

MAX_COOKIES = 10  # of one name that are read, with all ports: each costs a signature, and perhaps a query


def signed_cookies(conn: HTTPConnection, name: str, signer: Signer) -> list[tuple[str, str]]:
    """The request's cookies of this name that the signer has signed: the full name and the text of each, our own first.

    Browsers send a cookie to all ports of its host, and those of longer paths before others. The port in a name does
    not prove whose it is, since a proxy may change or omit the port.
    """
    signed = []
    for found, value in cookies_of(conn, name):
        try:
            signed.append((found, signer.unsign(value).decode()))
        except (BadSignature, UnicodeError):
            pass  # another server's, or another user's
    return signed


def cookies_of(conn: HTTPConnection, name: str) -> list[tuple[str, str]]:
    """The request's cookies of this name, for whatever port: the full name and the value of each, our own first.

    `conn.cookies` strips everything that Unicode calls a space, so it would take `\xa0__Host-…`, which another site
    on a subdomain can set, for `__Host-…`. And it takes seconds to unquote a long value.
    """
    pairs = _pattern(_prefixed(conn, name)).findall(";".join(conn.headers.getlist("cookie")))
    own = cookie_name(conn, name)
    found = sorted(((name, value.strip(" \t")) for name, value in pairs), key=lambda pair: pair[0] != own)
    return found[:MAX_COOKIES]


def cookie_name(conn: HTTPConnection, name: str) -> str:
    """The name of the cookie on this connection: `name-8000` if the address bar has a port, over https with a prefix.

    Servers on different ports of a host would overwrite each other's cookies, since cookies know no ports.
    """
    origin = Origin.of(conn.scope["scheme"], conn.headers.get("host", ""))
    port = origin.own_port if origin else None
    return _prefixed(conn, name) if port is None else f"{_prefixed(conn, name)}-{port}"


def cookie_attributes(conn: HTTPConnection) -> dict[str, Any]:
    """The attributes of all cookies. Sites below other paths of this host don't receive them."""
    return {"path": address(conn, "/"), "httponly": True, "samesite": "lax", "secure": _is_secure(conn)}


def _prefixed(conn: HTTPConnection, name: str) -> str:
    """The name without a port, over https with a prefix.

    Browsers accept a cookie with such a prefix only over https and, with `__Host-`, only if this very host sets it
    for all of its paths: neither http nor another site on a subdomain can set one (RFC 6265bis).
    """
    if not _is_secure(conn):
        return name
    return f"__Secure-{name}" if root_of(conn) else f"__Host-{name}"


@cache
def _pattern(prefixed: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|;)[ \t]*({re.escape(prefixed)}(?:-[0-9]{{1,5}})?)=([^;]*)")


def _is_secure(conn: HTTPConnection) -> bool:
    return conn.scope["scheme"] in ("https", "wss")
