"""What `discussit serve` gives uvicorn to run: the application, and a WebSocket class.

The class speaks as uvicorn's own does, and offers the application itself in `scope["extensions"]["discussit"]`,
as a `voice.Line`. Under any other server the application goes without.
"""

import gc
import socket
from asyncio import BaseTransport

from starlette.types import ASGIApp
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from discussit.heads import give_up_after

BUFFER = 32 * 1024  # bytes that the system takes for a client that reads nothing; Linux makes it twice that
PATIENCE = 10  # seconds that the system waits for a client to take what was sent
GULP = 4 * 1024  # bytes read at once after which others have their turn
REST = 0.001  # seconds without reading for each frame that ends no message
FAREWELL = 1  # seconds that a client has at shutdown to take what was sent
YOUNG = 5_000  # objects that may come before those among them that refer to each other are looked for


def application() -> ASGIApp:
    """The application, in a process that is there for it alone.

    Python stops everything to look for garbage among all objects, again and again. Those of a program that
    is loaded will never be any; to look through them takes 22 ms, as long as three messages to 500 readers.
    """
    from discussit.app import app  # its modules are what is to be there

    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    return app


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, for a client that may stop reading at any time."""

    _pong = b""  # that waits for the client to read
    _idle_frames = 0  # of those that were read last, how many ended no message
    _rests = False

    # What the application is offered

    def write(self, frames: bytes) -> bool:
        """Send whole frames as they are. False, and nothing is sent: they would have to wait, or can't be sent."""
        transport = self.transport
        if not self.writable.is_set() or self.close_sent or transport.is_closing():
            return False
        transport.write(frames)
        return True

    def abort(self) -> None:
        """Cut the connection, with whatever its client has not taken."""
        self.transport.abort()

    # What differs from uvicorn's

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        give_up_after(PATIENCE, transport)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # Frames that are ready know nothing of compression, were it negotiated.
        if self.response.status_code == 101 and not self.conn.extensions:
            self.scope["extensions"]["discussit"] = self  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._idle_frames = 0
        super().data_received(data)
        # uvloop reads on for as long as something is there, a quarter of a MiB at a time: that is 40,000 empty frames.
        if not self._rests and (self._idle_frames or len(data) >= GULP):
            self._rest(self._idle_frames * REST)

    def _rest(self, seconds: float) -> None:
        self._rests = True
        self._pause()
        self.loop.call_later(seconds, self._read_on)

    def _pause(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def _read_on(self) -> None:
        self._rests = False
        # What waits for the application is taken first, and reading then goes on by itself.
        if self.read_paused and self.queue.empty() and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        if self._rests:
            self._pause()
        return message

    def handle_cont(self, event: Frame) -> None:
        self._idle_frames += 1
        if event.data or event.fin:  # else each would be kept until the message ends, which it need not
            super().handle_cont(event)

    def handle_pong(self, event: Frame) -> None:
        self._idle_frames += 1
        super().handle_pong(event)

    def handle_ping(self) -> None:
        self._idle_frames += 1
        if self.writable.is_set():
            super().handle_ping()
        else:
            # RFC 6455, 5.5.3: of several that wait, only the last needs an answer. All would be kept without limit.
            self._pong = b"".join(self.conn.data_to_send()) or self._pong

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._pong = self._pong, b""
        if pong:
            self.write(pong)

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # The handshake is refused and complete, but uvicorn would log that the application left it open.
            self.handshake_complete = True

    def shutdown(self) -> None:
        super().shutdown()
        # Closing waits for the client to take what was sent: one that takes nothing would hold up the end.
        self.loop.call_later(FAREWELL, self.transport.abort)
