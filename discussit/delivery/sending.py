"""Sending on a WebSocket: immediately if it can, else from the connection's task, but never without a limit."""

import logging
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Protocol

from anyio import move_on_after
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from discussit.delivery.connections import Connection
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode

logger = logging.getLogger(__name__)

SEND_LIMIT = 20  # seconds that one send may take before the reader counts as stuck
DIRECT_SEND_LIMIT = 8  # the same over a DirectTransport, whose buffers are small
CLOSE_LIMIT = 1  # seconds that closing such a connection may take


class DirectTransport(Protocol):
    """What `discussit serve` offers beside ASGI, in `scope["extensions"]["discussit"]`."""

    def write(self, frames: bytes) -> bool:
        """Send whole frames as they are. False, and nothing is sent: they would have to wait or can't be sent."""

    def abort(self) -> None:
        """Cut the connection, with whatever its client has not taken."""


class SocketSender:
    """Sends to one WebSocket: immediately if it can, else from the connection's task, within SEND_LIMIT."""

    def __init__(self, websocket: WebSocket, connection: Connection) -> None:
        self.websocket, self.connection = websocket, connection
        self._transport: DirectTransport | None = websocket.scope.get("extensions", {}).get("discussit")
        self._send_message: Send = websocket.scope["discussit.send"]
        self._suspended: SuspendedSend | None = None

    @property
    def try_send(self) -> Callable[[Slice], bool]:
        """A function that sends entries without waiting while nothing else is being sent.

        False: they were not sent, and have to wait for the connection's task.
        """
        protocol = self.connection.protocol
        if self._transport is not None:
            write = self._transport.write
            return lambda part: write(protocol.entry_frames(part))
        if _may_be_suspended(self._send_message):
            return self._start_sending
        return lambda _part: False

    def _start_sending(self, part: Slice) -> bool:
        self._start(self.connection.protocol.entries(part))
        if self._suspended is not None:
            self.connection.wake()
        return True

    async def send(self, part: Slice | None = None) -> None:
        """Send the queued replies, then entries. If it takes too long, the connection ends."""
        await self._finish()
        protocol = self.connection.protocol
        replies = protocol.replies(self.connection.take_replies())
        self._start([*replies, *(protocol.entries(part) if part else ())])
        await self._finish()

    async def close(self, code: CloseCode) -> None:
        """Close the socket, or cut the connection if its client does not even take that."""
        with move_on_after(CLOSE_LIMIT) as limit:
            try:
                await self.websocket.close(int(code))
            except (WebSocketDisconnect, RuntimeError):
                pass  # it is closed already
        if limit.cancelled_caught and self._transport is not None:
            self._transport.abort()

    def _start(self, texts: Sequence[str]) -> None:
        self._suspended = SuspendedSend.start(self._send(texts))

    async def _finish(self) -> None:
        suspended, self._suspended = self._suspended, None
        if suspended is None or self.connection.ended is not None:
            return
        with move_on_after(SEND_LIMIT if self._transport is None else DIRECT_SEND_LIMIT) as limit:
            await suspended
        if limit.cancelled_caught:
            self.connection.end(CloseCode.STOPPED_READING)

    async def _send(self, texts: Sequence[str]) -> None:
        """Send the texts, unless the connection has ended meanwhile."""
        for text in texts:
            if self.connection.ended is not None:
                return
            try:
                await self._send_message({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError):
                # The client left, or the server closed the socket: the receive loop notices it too.
                self.connection.end(CloseCode.GOING_AWAY)
            except Exception:
                # Not to be raised: this may run in a room's loop over all its readers.
                logger.exception("could not send")
                self.connection.end(CloseCode.RESTART)


def _may_be_suspended(send: Send) -> bool:
    """Whether a room may start this `send`, and the connection's task finish it.

    uvicorn's only waits until its transport is writable. Another server's may depend on the task that calls it, such
    as for a time limit of its own, which would then cancel the room.
    """
    return isinstance(getattr(send, "__self__", None), WebSocketsSansIOProtocol)


class SuspendedSend:
    """A coroutine that has run until it first had to wait. Awaiting this runs the rest.

    It must not depend on the task that runs it: two do.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    @classmethod
    def start(cls, coroutine: Coroutine[Any, Any, None]) -> "SuspendedSend | None":
        """Run the coroutine until it first has to wait. None: it did not have to, and is done.

        Most sends don't. They then cost neither a task's wake-up nor a timer.
        """
        try:
            return cls(coroutine, coroutine.send(None))
        except StopIteration:
            return None

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[Any], Any]
        while True:
            try:
                value = yield self._awaited
                step = self._coroutine.send
            except BaseException as error:  # a cancellation, too, is for the coroutine to handle
                step, value = self._coroutine.throw, error
            try:
                self._awaited = step(value)
            except StopIteration:
                return
