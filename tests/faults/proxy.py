"""A proxy between browsers and a server, which may answer in the server's place or keep WebSockets from it."""

import asyncio
from contextlib import suppress

from faults.relay import Relay, closed_with

REASONS = {
    200: "OK",
    302: "Found",
    403: "Forbidden",
    404: "Not Found",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
PAGE = b"<!doctype html><title>proxy</title><h1>not the server</h1>"


class Proxy(Relay):
    """Passes on what arrives at `port`; what else it does can change at any time."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[str] = []  # method and address of each
        self._target = target
        self._connections: set[asyncio.Task] = set()
        self.passes_on()

    # What it does from now on

    def passes_on(self):
        """All that arrives."""
        self._answer, self._upgrade, self._only = None, "pass", ""

    def answers(self, status, location="/elsewhere/", only=""):
        """Answers itself, everything or the addresses that contain `only`, as if it were the server."""
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n"
        more = f"Location: {location}\r\n" if status in (301, 302, 303) else ""
        self._answer, self._only = f"{head}{more}Connection: close\r\n\r\n".encode() + PAGE, only

    def drops_upgrades(self):
        """Passes handshakes on without `Upgrade`, as old proxies do: the server answers with the page."""
        self._upgrade = "drop"

    def hangs_upgrades(self):
        """Never answers a handshake."""
        self._upgrade = "hang"

    def mutes_upgrades(self):
        """Passes handshakes on, and nothing that the server says after them."""
        self._upgrade = "mute"

    def hangs(self):
        """Never answers anything."""
        self._answer, self._only = b"", ""

    def cuts_connections(self):
        """Once: all that are open."""
        self._do(self._cut())

    async def _cut(self):
        connections = self._connections - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    # How

    async def _serve(self, reader, writer):
        connection = asyncio.current_task()
        self._connections.add(connection)
        with suppress(OSError, EOFError, asyncio.CancelledError), closed_with(writer):
            await self._carry(reader, writer)
        self._connections.discard(connection)

    async def _carry(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, address, _ = head.split(b" ", 2)
        self.requests.append(f"{method.decode()} {address.decode()}")
        if self._answer is not None and self._only in address.decode():
            writer.write(self._answer)
            await (writer.drain() if self._answer else asyncio.Event().wait())
            return
        is_upgrade = b"\r\nupgrade: websocket" in head.lower()
        if is_upgrade and self._upgrade == "hang":
            await asyncio.Event().wait()
        if not is_upgrade or self._upgrade == "drop":
            head = _closing(head)
        await self._pass_on(head, reader, writer, is_muted=is_upgrade and self._upgrade == "mute")

    async def _pass_on(self, head, reader, writer, is_muted):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        with closed_with(server_writer):
            server_writer.write(head)
            there = asyncio.create_task(_copy(reader, server_writer))
            try:
                if is_muted:
                    writer.write(await server_reader.readuntil(b"\r\n\r\n"))
                    await asyncio.Event().wait()
                await _copy(server_reader, writer)
            finally:
                there.cancel()


def _closing(head: bytes) -> bytes:
    """The head of a request whose connection ends with its response, and which upgrades to nothing."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"upgrade:", b"connection:"))]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


async def _copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
