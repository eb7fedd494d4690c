"""How the server speaks on a WebSocket: at once where nothing is in the way, else waiting, but not for ever."""

import logging
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Protocol

from anyio import move_on_after
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
        self._begun: Begun | None = None

    def say_at_once(self, part: Slice) -> bool:
        """Say entries without waiting, while nothing else is being said. False: they were not, and have to wait."""
        if self._line is not None:
            return self._line.write(part.array_frame if self.in_arrays else part.object_frames)
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
        begun = Begun(self._send(frames))
        self._begun = None if begun.is_done else begun

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
                await self.websocket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                # The client went, or the server closed the socket: the receive loop hears of it too.
                self.connection.end(CloseCode.GOING_AWAY)
            except Exception:
                # Not to be raised: this may run in a room's loop over all its readers.
                logger.exception("could not send")
                self.connection.end(CloseCode.RESTART)


class Begun:
    """Runs a coroutine up to where it first has to wait; whoever awaits this runs the rest of it.

    Most sends don't have to wait. They then cost neither the waking of a task nor a timer.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.is_done = False
        self._coroutine = coroutine
        self._awaited = self._run(coroutine.send, None)

    def __await__(self) -> Generator[Any, Any, None]:
        while not self.is_done:
            try:
                value = yield self._awaited
            except BaseException as error:  # a cancellation, too, is the coroutine's to answer
                self._awaited = self._run(self._coroutine.throw, error)
            else:
                self._awaited = self._run(self._coroutine.send, value)

    def _run(self, step: Callable[[Any], Any], value: object) -> Any:
        try:
            return step(value)
        except StopIteration:
            self.is_done = True
            return None
