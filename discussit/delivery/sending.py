"""Sending on a WebSocket: immediately if it can, else in a task of its own, but never without a limit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from anyio import CancelScope, move_on_after
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from discussit.delivery.connections import Connection
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode

logger = logging.getLogger(__name__)

SEND_LIMIT = 20  # seconds that one send may take before the reader counts as stuck
SMALL_SEND_LIMIT = 8  # the same under `discussit serve`, whose buffers are small
CLOSE_LIMIT = 1  # seconds that closing such a connection may take


class SocketSender:
    """Sends to one WebSocket what its connection has queued, and entries.

    While nothing waits, `write` sends immediately: frames are given to uvicorn past ASGI. Under other
    servers, and for what has to wait, a task runs `send_rest` until nothing is left.
    """

    def __init__(
        self, websocket: WebSocket, connection: Connection, send_rest: "Callable[[SocketSender], Awaitable[None]]"
    ) -> None:
        self.websocket, self._connection, self._send_rest = websocket, connection, send_rest
        self._send_message: Send = websocket.scope["discussit.send"]
        self._server = _uvicorn(self._send_message)
        self._task: asyncio.Task[None] | None = None
        self._scope: CancelScope | None = None  # the task's: unlike cancel(), it spares a read that is under way
        self._is_cut_off = False
        self._is_due = False  # something has come since the task last looked
        self._is_flushing = False  # queued replies are written in the loop's next iteration, or with entries before it

    def wake(self) -> None:
        """Have the task send what waits."""
        self._is_due = True
        if self._task is None and self._connection.ended is None and not self._is_cut_off:
            self._scope = CancelScope()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def flush(self) -> None:
        """Send queued replies in the event loop's next iteration, or together with entries that come before it."""
        if self._task is not None or self._server is None:
            self.wake()
        elif not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        if self._connection.has_replies and not self.write():
            self.wake()

    def write(self, part: Slice | None = None, *, in_task: bool = False) -> bool:
        """Send queued replies, and then entries, if nothing has to wait. False: nothing is sent."""
        if self._task is not None and not in_task:
            return False
        server, connection = self._server, self._connection
        if server is None or not server.writable.is_set() or server.close_sent or server.transport.is_closing():
            return False
        frames = connection.protocol.entry_frames(part) if part else b""
        if connection.has_replies:
            frames = connection.protocol.reply_frames(connection.take_replies()) + frames
        server.transport.write(frames)
        return True

    async def send(self, part: Slice | None = None) -> None:
        """The same for the task: waits until the client takes it. If it takes too long, the connection ends."""
        connection = self._connection
        if connection.ended is not None or self.write(part, in_task=True):
            return
        texts = connection.protocol.replies(connection.take_replies())
        with move_on_after(SMALL_SEND_LIMIT if self._has_small_buffers else SEND_LIMIT) as limit:
            await self._send([*texts, *(connection.protocol.entries(part) if part else ())])
        if limit.cancelled_caught:
            connection.end(CloseCode.STOPPED_READING)

    @property
    def _has_small_buffers(self) -> bool:
        return "discussit" in self.websocket.scope.get("extensions", {})

    async def _send(self, texts: Sequence[str]) -> None:
        """Send the texts, unless the connection has ended meanwhile."""
        for text in texts:
            if self._connection.ended is not None:
                return
            try:
                await self._send_message({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError):
                # The client left, or the server closed the socket: the receive loop notices it too.
                self._connection.end(CloseCode.GOING_AWAY)

    async def _run(self) -> None:
        try:
            assert self._scope is not None
            with self._scope:
                while self._is_due and self._connection.ended is None:
                    self._is_due = False
                    await self._send_rest(self)
        except Exception:
            logger.exception("could not send")
            self._connection.end(CloseCode.RESTART)
        finally:
            self._task = self._scope = None

    def cut_off(self) -> None:
        """Send nothing more: what waits for a slow network must not go out when there is room for it."""
        self._is_cut_off = True
        if self._scope is not None and self._task is not asyncio.current_task():
            self._scope.cancel()

    async def done(self) -> None:
        """Return when nothing is being sent any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self, code: CloseCode) -> None:
        """Close the socket, or cut the connection if its client does not even take that."""
        with move_on_after(CLOSE_LIMIT) as limit:
            try:
                await self.websocket.close(int(code))
            except (WebSocketDisconnect, RuntimeError):
                pass  # it is closed already
        if limit.cancelled_caught and self._server is not None:
            self._server.transport.abort()


def _uvicorn(send: Send) -> WebSocketsSansIOProtocol | None:
    """uvicorn's side of the connection, whose transport takes whole frames; None under another server."""
    server = getattr(send, "__self__", None)
    return server if isinstance(server, WebSocketsSansIOProtocol) else None
