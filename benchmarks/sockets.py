"""A reader and sender of `discussit.v1`, for asyncio."""

import asyncio
import json
import struct
import time
from secrets import token_hex

from frames import CLOSE, PING, PONG, TEXT, frame, handshake, split
from servers import Refused

ACK = b'{"type":"ack"'
ENTRY = b'{"type":"text_message"'


class Socket(asyncio.Protocol):
    """A reader of a group in `discussit.v1`, which may also keep messages in flight."""

    def __init__(self, port: int, path: str, cookie: str) -> None:
        self._request = handshake(port, path, "Sec-WebSocket-Protocol: discussit.v1", f"Cookie: {cookie}")
        self._name = token_hex(8)
        self._received = b""
        self._is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.acked = self.read = self.sent = 0
        self.latencies: list[float] = []
        self._heard = asyncio.Event()
        self.is_sending = False

    @classmethod
    async def connect(cls, port: int, path: str, cookie: str) -> "Socket":
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(port, path, cookie), "127.0.0.1", port)
        await asyncio.wait_for(socket.opened, 10)
        return socket

    def send(self, count: int = 1) -> None:
        """Send this many messages of 100 characters."""
        self._sent_at = time.perf_counter()
        for _ in range(count):
            self.sent += 1
            message = {"type": "text_message", "message": "m" * 100, "client_id": f"{self._name}-{self.sent}"}
            self.transport.write(frame(TEXT, json.dumps(message).encode()))

    async def all_acked(self) -> None:
        while self.acked < self.sent:
            await self._next_frame()

    async def has_read(self, count: int) -> None:
        while self.read < count:
            await self._next_frame()

    async def _next_frame(self) -> None:
        self._heard.clear()
        await self._heard.wait()

    def close(self) -> None:
        self.transport.write(frame(CLOSE, struct.pack(">H", 1000)))
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._is_open:
            self._open()
        if self._is_open:
            frames, self._received = split(self._received)
            for kind, payload in frames:
                self._hear(kind, payload)

    def _open(self) -> None:
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(Refused(f"a handshake was answered {head.splitlines()[0].decode()!r}"))
        elif end:
            self._received, self._is_open = rest, True

    def _hear(self, kind: int, payload: bytes) -> None:
        self._heard.set()
        if kind == PING:
            self.transport.write(frame(PONG, payload))
        elif payload.startswith(b"[" + ACK):
            self._hear_acks(payload.count(ACK))
        elif payload.startswith(b'[{"type":"ready"'):
            self.opened.set_result(None)
        elif kind == TEXT:
            self.read += payload.count(ENTRY)
            assert b'"type":"error"' not in payload, payload

    def _hear_acks(self, count: int) -> None:
        self.acked += count
        self.latencies.append(time.perf_counter() - self._sent_at)
        if self.is_sending:
            self.send(count)
