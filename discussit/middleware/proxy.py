"""The client's address and scheme, from the headers of trusted proxies: X-Forwarded-For and X-Forwarded-Proto.

uvicorn's own middleware understands neither `https, http` nor `HTTPS`, and does not trust a local proxy whose
connection comes from `::ffff:127.0.0.1`, as on a dual-stack socket (`--host ::`).
"""

import re
from collections.abc import Awaitable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.client_address import parse_address

Address = IPv4Address | IPv6Address
Hop = tuple[Address | None, int]  # an entry of X-Forwarded-For: the address, None if it is none, and the port or 0

MAX_HOPS = 20  # entries that are read of a header, from the right
WITH_PORT = re.compile(r"(?:\[(?P<ipv6>[^]]+)\]|(?P<ipv4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?")
MAPPED = IPv6Network("::ffff:0:0/96")  # IPv4 within IPv6
SCHEMES = ("http", "https", "ws", "wss")


class ProxyHeaders:
    """Sets the scope's client and scheme to those that trusted proxies name. Headers of anybody else have no effect.

    Changes the server's own scope, so that its access log names the client. It may run after uvicorn's own.
    """

    def __init__(self, app: ASGIApp, forwarded_allow_ips: str) -> None:
        self.app = app
        self._trusts_all = forwarded_allow_ips == "*"
        self._trusted = [] if self._trusts_all else [_network(text) for text in forwarded_allow_ips.split(",")]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            self._read(scope)
        return self.app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        host, port = scope.get("client") or ("", 0)
        peer = parse_address(host)
        if isinstance(peer, IPv4Address):
            scope["client"] = str(peer), port  # without `::ffff:`
        scheme = scope["scheme"]
        is_trusted = self._trusts(peer)
        if is_trusted or (peer is not None and port == 0):
            chain = [_hop(entry) for entry in _entries(scope, "x-forwarded-for")]
            # No connection comes from port 0: the server has read the header, since it trusts who sent it.
            hops = self._believed(chain) if is_trusted else _place((peer, port), chain)
            if hops:
                address, port = chain[-hops]
                scope["client"] = str(address), port
            if hops or is_trusted:
                scheme = _forwarded_scheme(_entries(scope, "x-forwarded-proto"), hops, len(chain)) or scheme
        secure = "s" if scheme in ("https", "wss") else ""
        scope["scheme"] = ("ws" if scope["type"] == "websocket" else "http") + secure

    def _trusts(self, address: Address | None) -> bool:
        return self._trusts_all or (address is not None and any(address in network for network in self._trusted))

    def _believed(self, chain: Sequence[Hop]) -> int:
        """How many entries trusted proxies have added: they end with the first that is no trusted proxy's address.

        An entry such as `unknown` ends them as well: whoever wrote what comes before it is unknown.
        """
        hops = 0
        for address, _ in reversed(chain):
            if address is None:
                break
            hops += 1
            if not self._trusts(address):
                break
        return hops


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ip_network(text.strip())
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        mapped = network.network_address.ipv4_mapped
        return IPv4Network(f"{mapped}/{network.prefixlen - MAPPED.prefixlen}")
    return network


def _entries(scope: Scope, name: str) -> list[str]:
    """The elements of all of the header's lines, without empty ones (RFC 9110, 5.6.1)."""
    value = ",".join(Headers(scope=scope).getlist(name))
    stripped = (entry.strip(' \t"') for entry in value.rsplit(",", MAX_HOPS)[-MAX_HOPS:])
    return [entry for entry in stripped if entry]


def _hop(entry: str) -> Hop:
    match = WITH_PORT.fullmatch(entry)
    if match is None:
        return parse_address(entry), 0
    return parse_address(match["ipv6"] or match["ipv4"]), int(match["port"] or 0)


def _place(hop: Hop, chain: Sequence[Hop]) -> int:
    """Its place from the right, counted from 1; 0 if it is not there."""
    return chain[::-1].index(hop) + 1 if hop in chain else 0


def _forwarded_scheme(schemes: Sequence[str], hops: int, length: int) -> str:
    """The client's scheme, if the proxies name one: `hops` is the client's place in X-Forwarded-For, of this length.

    Proxies that append to X-Forwarded-Proto as they do to X-Forwarded-For add one entry to each, so that the scheme
    stands where the client's address does. In other chains the first entry is that of the outermost proxy.
    """
    if not schemes:
        return ""
    scheme = schemes[-max(hops, 1)] if len(schemes) == length else schemes[0]
    return scheme.lower() if scheme.lower() in SCHEMES else ""
