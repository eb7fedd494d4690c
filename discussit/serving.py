"""What `discussit serve` gives uvicorn to run: the application, and a WebSocket class.

The class speaks as uvicorn's own does, and offers the application itself in `scope["extensions"]["discussit"]`,
as a `voice.Line`. Under any other server the application goes without.
"""

import gc
import socket
from asyncio import BaseTransport

from starlette.types import ASGIApp
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

BUFFER = 32 * 1024  # bytes that the system takes for a client that reads nothing; Linux makes it twice that
PATIENCE = 10  # seconds that the system waits for a client to take what was sent
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

    _is_full = False
    _pong = b""  # that waits for the client to read

    # What the application is offered

    def write(self, frames: bytes) -> bool:
        """Send whole frames as they are. False, and nothing is sent: they would have to wait, or can't be sent."""
        transport = self.transport
        if self._is_full or self.close_sent or transport.is_closing():
            return False
        transport.write(frames)
        return True

    def abort(self) -> None:
        """Cut the connection, with whatever its client has not taken."""
        self.transport.abort()

    @property
    def _is_open(self) -> bool:
        # Nothing may follow a close frame, and none be sent before the handshake.
        return self.conn.state is State.OPEN and not self.transport.is_closing()

    # What differs from uvicorn's

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PATIENCE * 1000)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # Frames that are ready know nothing of compression, were it negotiated.
        if self.response.status_code == 101 and not self.conn.extensions:
            self.scope["extensions"]["discussit"] = self  # type: ignore[assignment]

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            # RFC 6455, 5.5.3: of several that wait, only the last needs an answer. All would be kept without limit.
            self._pong = b"".join(self.conn.data_to_send()) or self._pong

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_full = False
        pong, self._pong = self._pong, b""
        if pong and self._is_open:
            self.transport.write(pong)

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # The handshake is refused and complete, but uvicorn would log that the application left it open.
            self.handshake_complete = True

    def shutdown(self) -> None:
        super().shutdown()
        # Closing waits for the client to take what was sent: one that takes nothing would hold up the end.
        self.loop.call_later(FAREWELL, self.transport.abort)
