"""How the server speaks on a WebSocket: at once where nothing is in the way, else waiting, but not for ever."""

import logging
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Protocol

from anyio import move_on_after
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from discussit import wire
from discussit.readers import Connection
from discussit.slices import Slice
from discussit.wire import CloseCode

logger = logging.getLogger(__name__)

SEND_LIMIT = 20  # seconds that one send may take before the reader counts as stuck
LINE_LIMIT = 8  # the same on a Line, whose buffers are small
CLOSE_LIMIT = 1  # seconds that saying goodbye to it may take


class Line(Protocol):
    """What `discussit serve` offers beside ASGI, in `scope["extensions"]["discussit"]`."""

    def write(self, frames: bytes) -> bool:
        """Send whole frames as they are. False, and nothing is sent: they would have to wait, or can't be sent."""

    def abort(self) -> None:
        """Cut the connection, with whatever its client has not taken."""


class Voice:
    """Speaks on one WebSocket, in the tutorial's protocol or, as arrays, in `discussit.v1`."""

    def __init__(self, websocket: WebSocket, connection: Connection, *, in_arrays: bool) -> None:
        self.in_arrays = in_arrays
        self.websocket, self.connection = websocket, connection
        self._line: Line | None = websocket.scope.get("extensions", {}).get("discussit")
        self._send_message: Send = websocket.scope["discussit.send"]
        self._begun: Begun | None = None

    @property
    def say_at_once(self) -> Callable[[Slice], bool]:
        """Says entries without waiting, while nothing else is being said. False: they were not, and have to wait."""
        if self._line is None:
            return self._begin_to_say
        write = self._line.write
        if self.in_arrays:
            return lambda part: write(part.array_frame)
        return lambda part: write(part.object_frames)

    def _begin_to_say(self, part: Slice) -> bool:
        self._begin((part.array,) if self.in_arrays else part.objects)
        if self._begun is not None:
            self.connection.wake()
        return True

    async def say(self, replies: list[str], part: Slice | None = None) -> None:
        """Say replies, then entries. What takes too long ends the connection."""
        await self._finish()
        self._begin(self._frames(replies, part))
        await self._finish()

    async def close(self, code: CloseCode) -> None:
        """Say goodbye, or cut the connection where even that is not taken."""
        with move_on_after(CLOSE_LIMIT) as limit:
            try:
                await self.websocket.close(int(code))
            except (WebSocketDisconnect, RuntimeError):
                pass  # it is closed already
        if limit.cancelled_caught and self._line is not None:
            self._line.abort()

    def _frames(self, replies: list[str], part: Slice | None) -> list[str]:
        if self.in_arrays:
            return [*([wire.array(replies)] if replies else ()), *([part.array] if part else ())]
        return [*replies, *(part.objects if part else ())]

    def _begin(self, frames: Sequence[str]) -> None:
        self._begun = Begun.begin(self._send(frames))

    async def _finish(self) -> None:
        begun, self._begun = self._begun, None
        if begun is None or self.connection.ended is not None:
            return
        with move_on_after(SEND_LIMIT if self._line is None else LINE_LIMIT) as limit:
            await begun
        if limit.cancelled_caught:
            self.connection.end(CloseCode.STOPPED_READING)

    async def _send(self, frames: Sequence[str]) -> None:
        """Send the frames, unless the connection has ended meanwhile."""
        for text in frames:
            if self.connection.ended is not None:
                return
            try:
                await self._send_message({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError):
                # The client went, or the server closed the socket: the receive loop hears of it too.
                self.connection.end(CloseCode.GOING_AWAY)
            except Exception:
                # Not to be raised: this may run in a room's loop over all its readers.
                logger.exception("could not send")
                self.connection.end(CloseCode.RESTART)


class Begun:
    """A coroutine that has run up to where it first had to wait. Whoever awaits this runs the rest of it."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    @classmethod
    def begin(cls, coroutine: Coroutine[Any, Any, None]) -> "Begun | None":
        """Run the coroutine up to where it first has to wait. None: it did not have to, and is done.

        Most sends don't have to wait. They then cost neither the waking of a task nor a timer.
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
            except BaseException as error:  # a cancellation, too, is the coroutine's to answer
                step, value = self._coroutine.throw, error
            try:
                self._awaited = step(value)
            except StopIteration:
                return
