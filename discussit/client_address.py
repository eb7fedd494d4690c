"""The address that a request comes from."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

LOOPBACK = ("127.0.0.1", "::1")


def client_address(conn: HTTPConnection) -> IPv4Address | IPv6Address | None:
    """The client's address according to the server; None if it does not know.

    uvicorn reads X-Forwarded-For only from trusted proxies, which may write anything into it. An interface
    (`%eth0`) is dropped, since it may be any text.
    """
    try:
        address = ip_address(conn.client.host.partition("%")[0] if conn.client else "")
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
