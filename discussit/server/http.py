"""uvicorn's HTTP protocol with limits on requests and unread responses, for `discussit serve`. uvicorn's has none.

Its parser delivers only complete headers. Until then it keeps what it received, and copies all of it for each
further part: one header of 64 MB took four seconds, in which no other request was served.
"""

import asyncio
import socket
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from discussit.middleware.headers import HEADERS

MAX_HEAD = 64 * 1024  # bytes of a request, without its body
BUFFER = 128 * 1024  # bytes that the system buffers for a client that stops reading; Linux doubles it
PART = 16 * 1024  # bytes that are parsed in one go
USER_TIMEOUT = 30  # seconds within which a client must acknowledge a part of a response
HEAD_LIMIT = 30  # seconds from opening a connection, or from a request's first byte, until its head is complete


def set_user_timeout(transport: asyncio.BaseTransport, seconds: int) -> None:
    """Have the system, if it can, end the connection when sent data stays unacknowledged this long."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)


class HttpProtocol(HttpToolsProtocol):
    """Bounds what a connection costs before and after the application has it.

    Refuses heads over MAX_HEAD with 431. Closes connections whose head takes longer than HEAD_LIMIT, and ends those
    whose client leaves a part of a response unread for longer than USER_TIMEOUT. Hands complete handshakes to the
    WebSocket protocol, which answers all of them, and ignores every other upgrade, as RFC 9110, 7.8 allows.
    """

    _excess = 0  # bytes since the request began that are no body
    _head_deadline: asyncio.TimerHandle | None = None
    _read_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        set_user_timeout(transport, USER_TIMEOUT)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head_deadline()
        self._forget_read_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse("400 Bad Request", "Invalid HTTP request received.")

    def _parse(self, data: bytes) -> None:
        """Parse in parts, so that no head over MAX_HEAD is complete before it is refused.

        A request that begins within a part may seem longer by what precedes it there.
        """
        start = 0
        while start < len(data) and not self.transport.is_closing():
            part = data[start : start + min(PART, MAX_HEAD + 1 - self._excess)]
            try:
                self.parser.feed_data(part)
            except httptools.HttpParserUpgrade as upgrade:
                start += upgrade.args[0]
                if self._should_upgrade():
                    self._hand_over(data[start:])
                    return
                self._ignore_upgrade()
                continue
            start += len(part)
            self._excess += len(part)
            if self._excess > MAX_HEAD:
                self._refuse("431 Request Header Fields Too Large", "A request's head has at most 64 KiB.")

    # Upgrades. The parser takes each for granted and skips the request's body.

    def _should_upgrade(self) -> bool:
        """RFC 6455, 4.1: only GET and HTTP/1.1 open a WebSocket. After a pipelined request none can be opened."""
        is_first = self.cycle is None or self.cycle.response_complete
        is_get = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        return is_first and is_get and b"websocket" in _tokens(self.headers, b"upgrade")

    def _hand_over(self, rest: bytes) -> None:
        """Let the WebSocket protocol continue with the request and with what follows it."""
        self._forget_head_deadline()
        self._forget_read_deadline()
        self.scope["method"] = "GET"
        self._set_upgrade((b"upgrade", b"websocket"))
        self.handle_websocket_upgrade()
        if rest:
            protocol = cast(asyncio.Protocol, self.transport.get_protocol())
            protocol.data_received(rest)

    def _ignore_upgrade(self) -> None:
        """Parse the head again without its upgrade, so that its body is read."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse("501 Not Implemented", "This server is no proxy.")
            return
        version = self.parser.get_http_version().encode()
        self._set_upgrade()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version), *(b"%b: %b" % header for header in self.headers)]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def _set_upgrade(self, *upgrade: tuple[bytes, bytes]) -> None:
        self.headers[:] = [*(header for header in self.headers if header[0] != b"upgrade"), *upgrade]

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"discussit": self.transport}  # type: ignore[dict-item]
        self._excess = 0
        self._unset_keepalive_if_required()
        self._await_head()

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._forget_head_deadline()
            self._unset_keepalive_if_required()
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        # Everything else counts: a chunked body's framing and trailers have no limit either.
        self._excess -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    # The client reads what it is sent, or its connection ends

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        self._forget_read_deadline()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_reading()
        elif self._head_deadline is not None:
            self._unset_keepalive_if_required()  # the next head is arriving and has its own deadline

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._await_reading()

    def _await_reading(self) -> None:
        self._forget_read_deadline()
        self._read_deadline = self.loop.call_later(USER_TIMEOUT, self.transport.abort)

    def _forget_read_deadline(self) -> None:
        if self._read_deadline is not None:
            self._read_deadline.cancel()
            self._read_deadline = None

    def _await_head(self) -> None:
        self._forget_head_deadline()
        self._head_deadline = self.loop.call_later(HEAD_LIMIT, self._close)

    def _forget_head_deadline(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _refuse(self, status: str, text: str) -> None:
        address = ":".join(map(str, self.client or "-"))
        self.logger.info("%s - request refused: %s", address, status)
        self.transport.write(refusal(status, text))
        self._close()


def refusal(status: str, text: str) -> bytes:
    """A response that ends the connection, with the headers of every response."""
    headers: dict[str, Any] = HEADERS | {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": len(text),
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", text]
    return "\r\n".join(lines).encode()


def _tokens(headers: list[tuple[bytes, bytes]], name: bytes) -> set[bytes]:
    """The elements of these lists, in lower case."""
    return {token.strip().lower() for key, value in headers if key == name for token in value.split(b",")}
