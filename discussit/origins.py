"""Hosts and origins as browsers send them, in one form: equal ones compare equal (RFC 9110, 4.2.3; RFC 6454)."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(
    r"(?:(?P<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?",
    re.IGNORECASE | re.ASCII,
)


class Host(NamedTuple):
    """The value of a Host header: a name in lower case without a trailing dot, IPv6 in brackets; perhaps a port."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "Host | None":
        """None if it is not a host with an optional port. An empty port is none (RFC 3986, 3.2.3)."""
        match = HOST.fullmatch(text)
        if match is None or int(match["port"] or "0") > 65535:
            return None
        port = int(match["port"]) if match["port"] else None
        if match["ipv6"] is None:
            return cls(match["name"].lower(), port)
        try:
            return cls(f"[{IPv6Address(match['ipv6'])}]", port)
        except AddressValueError:
            return None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"


class Origin(NamedTuple):
    """A scheme, a host's name as in Host, and a port, which is that of the scheme where none was given."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Origin | None":
        """None for what is not the origin of a page of the web: `null`, other schemes, addresses with a path."""
        scheme, _, host = text.partition("://")
        return cls.of(scheme.lower(), host) if scheme.lower() in DEFAULT_PORTS else None

    @classmethod
    def of(cls, scheme: str, host: str) -> "Origin | None":
        """The origin of a request with this scheme, which may be `ws` or `wss`, and this Host header."""
        web_scheme, parsed = {"ws": "http", "wss": "https"}.get(scheme, scheme), Host.parse(host)
        if web_scheme not in DEFAULT_PORTS or parsed is None:
            return None
        return cls(web_scheme, parsed.name, DEFAULT_PORTS[web_scheme] if parsed.port is None else parsed.port)

    @property
    def own_port(self) -> int | None:
        """The port, unless it is that of the scheme, which browsers leave out."""
        return None if self.port == DEFAULT_PORTS[self.scheme] else self.port

    def __str__(self) -> str:
        return f"{self.scheme}://{Host(self.host, self.own_port)}"
