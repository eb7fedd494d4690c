"""A WebSocket client that sends frames, valid or not, and shows every frame it receives."""

import asyncio
from contextlib import asynccontextmanager
from typing import NamedTuple

from clients import LIMIT, narrow_socket
from websockets.frames import Close, Frame, Opcode

TEXT, PING, PONG, CLOSE = 0x81, 0x89, 0x8A, 0x88  # first bytes of whole frames, with FIN and without extensions


class Received(NamedTuple):
    """A frame of the server's: its first byte and its payload."""

    first: int
    payload: bytes


def frame(opcode, payload=b"", *, fin=True, mask=True):
    return Frame(opcode, payload, fin=fin).serialize(mask=mask)


def closing(code):
    return frame(Opcode.CLOSE, Close(code, "").serialize())


@asynccontextmanager
async def raw(person, path, *, sock=None, **headers):
    """A connection of this person's, after the server's answer to its handshake."""
    sock = sock or narrow_socket(person)
    reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
    try:
        client = RawClient(reader, writer)
        await client.asks(person, path, headers)
        yield client
    finally:
        writer.transport.abort()


class RawClient:
    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self.answer = ""

    async def asks(self, person, path, headers):
        asked = {
            "Host": person.address,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "cm9zZW1hcnkgcm9zZW1hcg==",
            "Sec-WebSocket-Version": "13",
            "Cookie": person.cookie_header,
        } | headers
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
        self.sends("\r\n".join(lines).encode())
        async with asyncio.timeout(LIMIT):
            self.answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()

    def sends(self, *frames):
        self._writer.write(b"".join(frames))

    async def has_sent(self, *frames):
        """Return when the server's side has taken them."""
        self.sends(*frames)
        async with asyncio.timeout(LIMIT):
            await self._writer.drain()

    async def receives(self):
        """The next frame, whatever it is; None when the connection ends instead."""
        try:
            async with asyncio.timeout(LIMIT):
                first, size = await self._reader.readexactly(2)
                if size >= 126:
                    size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
                return Received(first, await self._reader.readexactly(size))
        except (ConnectionError, asyncio.IncompleteReadError):
            return None
