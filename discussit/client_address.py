"""The address that a request comes from."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

LOOPBACK = ("127.0.0.1", "::1")


def client_address(conn: HTTPConnection) -> IPv4Address | IPv6Address | None:
    """The client's address; None if it is unknown.

    middleware/proxy.py takes it from a trusted proxy's X-Forwarded-For, as uvicorn may have done before.
    """
    return parse_address(conn.client.host) if conn.client else None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address; None if it is none. One of IPv4 that is mapped to IPv6 (`::ffff:203.0.113.9`) is of IPv4.

    An interface (`%eth0`) is dropped, since it may be any text.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_network(conn: HTTPConnection) -> str:
    """The client's IPv4 address, or the /64 of its IPv6 address, which one customer has. Empty if unknown.

    Loopback counts as unknown: it is also the address of a local proxy that does not pass on its clients'
    addresses, which would make all of them one client.
    """
    address = client_address(conn)
    if address is None or str(address) in LOOPBACK:
        return ""
    return str(IPv6Network((int(address), 64), strict=False) if isinstance(address, IPv6Address) else address)
