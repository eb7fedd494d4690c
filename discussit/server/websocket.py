"""uvicorn's WebSocket protocol with stricter limits, for `discussit serve`.

The application finds it in `scope["extensions"]["discussit"]`, as a DirectSource (sockets/conversation.py), and works
without it under other servers.
"""

import socket
from asyncio import BaseTransport, Task, TimerHandle
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidHeader
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import StatusLike

from discussit.middleware.headers import HEADERS
from discussit.server.http import refusal, set_user_timeout
from discussit.wire.frames import frame_end, plain_text

BUFFER = 32 * 1024  # bytes that the system buffers for a client that stops reading; Linux doubles it
USER_TIMEOUT = 10  # seconds within which a client must acknowledge sent data
READ_CHUNK = 4 * 1024  # bytes of one read after which other connections have their turn
IDLE_FRAME_DELAY = 0.001  # seconds without reading, per frame that completes no message
END_LIMIT = 15  # seconds a client has to receive buffered data and to close, once the application is done with it
CLOSE_GRACE = 1  # seconds a client has at shutdown to receive buffered data


class Handshake(ServerProtocol):
    """Refuses handshakes with the headers of every response, and other versions as RFC 6455, 4.4 demands."""

    def accept(self, request: Request) -> Response:
        response = super().accept(request)
        error = self.handshake_exc
        if isinstance(error, InvalidHeader) and error.name == "Sec-WebSocket-Version":
            response = self.reject(HTTPStatus.UPGRADE_REQUIRED, f"Failed to open a WebSocket connection: {error}.\n")
            response.headers.update({"Upgrade": "websocket", "Sec-WebSocket-Version": "13"})
        return response

    def reject(self, status: StatusLike, text: str) -> Response:
        response = super().reject(status, text)
        response.headers.update(HEADERS)
        return response


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Answers every handshake; bounds memory and time of clients that stop reading, or send frames without messages.

    What a client sends before its handshake is accepted waits until then.
    """

    take_text: Callable[[str], bool] | None = None  # DirectSource

    _early = b""  # received before the application accepted the handshake
    _partial = b""  # the beginning of a frame
    _is_refused = False  # a frame was invalid: the library's parser gets the rest, and fails the connection
    _end: TimerHandle | None = None
    _pong = b""  # queued until the client reads
    _idle_frames = 0  # frames of the last read that completed no message
    _is_resting = False

    # Differences from uvicorn's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = Handshake(
            extensions=self.conn.available_extensions, max_size=self.config.ws_max_size, logger=self.logger
        )

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        set_user_timeout(transport, USER_TIMEOUT)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def on_task_complete(self, task: Task[None]) -> None:
        super().on_task_complete(task)
        # Closing waits until buffered data is sent, which a client may read so slowly that it never is.
        if not self.disconnected:
            self._end = self.loop.call_later(END_LIMIT, self.transport.abort)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code != 101:
            return
        self.scope["extensions"]["discussit"] = self  # type: ignore[assignment]
        self._is_resting = True
        self._pause()

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self.handshake_complete:
            self._early += data  # of one read: reading is paused
            return
        self._idle_frames = 0
        if self.conn.state is State.OPEN and not self._is_refused:
            self._read(data)
        else:
            data, self._partial = self._partial + data, b""
            super().data_received(data)
        if not self.handshake_initiated:
            # The request came whole (server/http.py), but it is none that uvicorn would answer.
            self._refuse()
            return
        # uvloop keeps reading while there is data, a quarter of a MiB at a time, which is 40,000 empty frames.
        if not self._is_resting and (self._idle_frames or len(data) >= READ_CHUNK):
            self._pause_for(self._idle_frames * IDLE_FRAME_DELAY)

    def _read(self, data: bytes) -> None:
        """Give the library whole frames, except whole text messages, for which its parser takes ten times as long."""
        data, self._partial = self._partial + data, b""
        start = 0
        while start < len(data) and not self.transport.is_closing():
            try:
                end = frame_end(data, start, self.config.ws_max_size)
            except ValueError:
                self._is_refused, end = True, len(data)
            if end is None:
                self._partial = data[start:]
                return
            self._read_frame(data[start:end])
            start = end

    def _read_frame(self, frame: bytes) -> None:
        is_text_expected = self.conn.state is State.OPEN and self.conn.current_size is None and not self._is_refused
        text = plain_text(frame) if is_text_expected else None
        if text is None:
            super().data_received(frame)
        elif self.take_text is None or not self.queue.empty() or not self.take_text(text):
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
            self._pause()

    def _refuse(self) -> None:
        answer = b"".join(self.conn.data_to_send())
        if not answer:
            self.logger.info("connection rejected (400 Bad Request)")
            answer = refusal("400 Bad Request", "This is no valid WebSocket handshake, which has no body.")
        self.transport.write(answer)
        self.transport.close()

    def _pause_for(self, seconds: float) -> None:
        self._is_resting = True
        self._pause()
        self.loop.call_later(seconds, self._read_on)

    def _pause(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def _read_on(self) -> None:
        self._is_resting = False
        # Messages queued for the application come first; receiving the last one resumes reading.
        if self.read_paused and self.queue.empty() and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        if self._is_resting:
            self._pause()
        return message

    def handle_cont(self, event: Frame) -> None:
        self._idle_frames += 1
        if event.data or event.fin:  # uvicorn would keep others until the message ends, which may be never
            super().handle_cont(event)

    def handle_pong(self, event: Frame) -> None:
        self._idle_frames += 1
        super().handle_pong(event)

    def handle_ping(self) -> None:
        self._idle_frames += 1
        if self.writable.is_set():
            super().handle_ping()
        else:
            # RFC 6455, 5.5.3: only the last of several queued pings needs an answer. Keeping all has no limit.
            self._pong = b"".join(self.conn.data_to_send()) or self._pong

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._pong = self._pong, b""
        if pong and not (self.close_sent or self.transport.is_closing()):
            self.transport.write(pong)

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept":
            self._open()
        if self.initial_response is not None and self.close_sent:
            # The refused handshake is complete, but uvicorn would log that the application left it open.
            self.handshake_complete = True

    def _open(self) -> None:
        early, self._early = self._early, b""
        if early and not self.transport.is_closing():
            self.data_received(early)
        self._read_on()

    def shutdown(self) -> None:
        super().shutdown()
        # Closing waits until buffered data is sent: a client that stopped reading would block the shutdown.
        self.loop.call_later(CLOSE_GRACE, self.transport.abort)
