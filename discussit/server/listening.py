"""The sockets that `discussit serve` listens on, and where a browser finds it."""

import errno
import itertools
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from discussit.client_address import LOOPBACK
from discussit.environment import StartError
from discussit.middleware.hosts import is_allowed

BACKLOG = 2048  # connections that wait until they are accepted, as with uvicorn
# The hosts by which a browser on the same machine reaches an address, where that is not the address itself alone.
NAMES = {
    "0.0.0.0": ("127.0.0.1", "localhost"),  # noqa: S104
    "127.0.0.1": ("127.0.0.1", "localhost"),
    "[::]": ("[::1]", "localhost", "127.0.0.1"),
    "[::1]": ("[::1]", "localhost"),
}
LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "[::1]"))
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class CantListen(StartError):
    """The port or the address can't be used; the text is one line for the operator."""


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets for each address of the host that this machine has, all on one port, even with port 0.

    Raises CantListen, also if another program listens there. They refuse connections until `listen`.
    """
    with ExitStack() as opened:
        sockets: list[socket.socket] = []
        absent = None
        for family, address in _addresses(host):
            try:
                sockets.append(opened.enter_context(_bound(family, (address[0], port, *address[2:]))))
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise CantListen(_reason(error, host, port)) from None
                absent = error
            else:
                port = port_of(sockets)
        if absent and not sockets:
            raise CantListen(_reason(absent, host, port))
        yield sockets


def _addresses(host: str) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise CantListen(f"no address is known for --host {host!r}: {error.strerror}") from None
    except UnicodeError:  # no name at all, as with two dots in a row
        raise CantListen(f"--host {host!r} is neither an address nor a name") from None
    # A name may be listed twice.
    return list(dict.fromkeys((family, address) for family, _type, _protocol, _name, address in found))


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Otherwise a server could not start again while the system keeps the last one's closed connections.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def listen(sockets: Sequence[socket.socket], host: str) -> None:
    """Have them accept connections. Raises CantListen: of two servers that start at the same time, both can bind."""
    for each in sockets:
        try:
            each.listen(BACKLOG)
        except OSError as error:
            raise CantListen(_reason(error, host, port_of(sockets))) from None


def _reason(error: OSError, host: str, port: int) -> str:
    where = f"port {port} of {host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: stop the program that uses it, or choose another one with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} is not permitted to this user: choose one above 1023 with --port"
    if error.errno in NOT_HERE:
        return f"this machine does not have the address --host {host}: name one that it has, or 0.0.0.0 for all"
    return f"{where} can't be used: {error.strerror or error}; choose another one with --host and --port"


def port_of(sockets: Sequence[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def where(sockets: Sequence[socket.socket], host: str, allowed_hosts: Sequence[str], root_path: str) -> str:
    """The address to open in a browser on this machine; if there is none, as behind a proxy, where it serves what."""
    own = next((name for name in _own_names(sockets, host) if is_allowed(name, allowed_hosts)), None)
    names = [name for name in allowed_hosts if name != "testserver"]
    if own and not root_path:
        place = f"http://{own}:{port_of(sockets)}"
    else:
        place = f"{host} port {port_of(sockets)} for {', '.join(name + root_path for name in names)}"
    is_local = own and all(each.getsockname()[0] in LOOPBACK for each in sockets)
    if is_local or root_path or not LOOPBACK_NAMES.issuperset(names):
        return place
    return f"{place}, until ALLOWED_HOSTS names other hosts"


def _own_names(sockets: Sequence[socket.socket], host: str) -> list[str]:
    """The hosts under which a browser on this machine gets here without a proxy, the best first."""
    addresses = [each.getsockname()[0] for each in sockets]
    literals = [f"[{address}]" if ":" in address else address for address in addresses]
    return [*itertools.chain(*(NAMES.get(literal, (literal,)) for literal in literals)), host.lower()]
