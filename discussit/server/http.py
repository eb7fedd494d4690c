"""uvicorn's HTTP protocol with limits on request heads, for `discussit serve`. uvicorn's own has none.

Its parser delivers only complete headers. Until then it keeps what it received, and copies all of it for each
further part: one header of 64 MB took four seconds, in which no other request was served.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from discussit.middleware.headers import HEADERS

MAX_HEAD = 64 * 1024  # bytes of a request, without its body
USER_TIMEOUT = 30  # seconds within which a client must acknowledge a part of a response
HEAD_LIMIT = 30  # seconds from opening a connection, or from a request's first byte, until its head is complete


def set_user_timeout(transport: asyncio.BaseTransport, seconds: int) -> None:
    """Have the system, if it can, end the connection when sent data stays unacknowledged this long."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)


class HttpProtocol(HttpToolsProtocol):
    """Refuses heads over MAX_HEAD with 431, and closes connections whose head takes longer than HEAD_LIMIT."""

    _excess = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        set_user_timeout(transport, USER_TIMEOUT)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._excess += len(data)
        if self._excess > MAX_HEAD and not self.transport.is_closing():
            self._refuse("431 Request Header Fields Too Large", "A request's head has at most 64 KiB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._excess = 0
        self._await_head()

    def on_headers_complete(self) -> None:
        self._forget_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        # Everything else counts: a chunked body's framing and trailers have no limit either.
        self._excess -= len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        self._refuse("400 Bad Request", msg)

    def _await_head(self) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(HEAD_LIMIT, self.transport.close)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _refuse(self, status: str, text: str) -> None:
        headers: dict[str, Any] = HEADERS | {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": len(text),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", text]
        self.transport.write("\r\n".join(lines).encode())
        self.transport.close()
