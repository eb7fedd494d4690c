"""What both sockets have in common: receiving and sending until either side ends."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from anyio import CancelScope, sleep
from starlette.websockets import WebSocket

from discussit.accounts.current_user import NotLoggedIn
from discussit.database import DATABASE_ERRORS, log_failure
from discussit.delivery.connections import Connection
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode
from discussit.wire import commands, objects

logger = logging.getLogger(__name__)

REFUSAL_DELAY = 0.005  # seconds: delay after a refused message, so that a flood of bad ones stays cheap
MAX_UNSENT = 200  # replies to one client that may be queued; its next message waits until they are sent


class TooBig(Exception):
    """The client sent a message of more than MAX_SIZE bytes."""


class Listener(Protocol):
    """Carries out a client's messages, in the order in which they come."""

    def take(self, text: str) -> bool:
        """Carry a message out now. False, and nothing is done: something has to be awaited first."""

    async def receive(self, text: str) -> None:
        """Carry a message out."""


class DirectSource(Protocol):
    """What `discussit serve` offers beside ASGI, in `scope["extensions"]["discussit"]`."""

    take_text: Callable[[str], bool] | None  # is given each text; ASGI's `receive` returns those that it refuses


async def run(
    websocket: WebSocket,
    connection: Connection,
    listener: Listener,
    send_rest: Callable[[SocketSender], Awaitable[None]],
) -> None:
    """Receive and send until either side ends, then close."""
    sender = SocketSender(websocket, connection, send_rest)
    connection.open(sender)
    try:
        with connection.receiving:
            await _Reception(websocket, connection, listener).run()
    finally:
        sender.cut_off()
        with CancelScope(shield=True):
            await sender.done()
    if connection.ended is not None:
        await sender.close(connection.ended)


class _Reception:
    __slots__ = ("_connection", "_is_waiting", "_listener", "_refusals", "_websocket")

    def __init__(self, websocket: WebSocket, connection: Connection, listener: Listener) -> None:
        self._websocket, self._connection, self._listener = websocket, connection, listener
        self._is_waiting = False  # for the client's next message, and for nothing else
        self._refusals = connection.refusals

    async def run(self) -> None:
        source: DirectSource | None = self._websocket.scope.get("extensions", {}).get("discussit")
        if source is not None:
            source.take_text = self._take
        try:
            await self._receive()
        except TooBig:
            self._connection.end(CloseCode.TOO_BIG)
        except NotLoggedIn:
            self._connection.end(CloseCode.SESSION_ENDED)
        except DATABASE_ERRORS as error:
            log_failure(logger, "a message could not be carried out", error)
            self._connection.end(CloseCode.RESTART)
        finally:
            if source is not None:
                source.take_text = None

    def _take(self, text: str) -> bool:
        """Carry out a message without waking this task, if nothing stands against it."""
        return self._is_waiting and not self._has_to_wait() and not _is_too_big(text) and self._listener.take(text)

    def _has_to_wait(self) -> bool:
        connection = self._connection
        return (
            connection.ended is not None
            or connection.refusals > self._refusals
            or not connection.has_replies_below(MAX_UNSENT)
        )

    async def _receive(self) -> None:
        while self._connection.ended is None:
            self._is_waiting = True
            message = await self._websocket.receive()
            self._is_waiting = False
            if message["type"] == "websocket.disconnect":
                return
            if self._has_to_wait():
                await self._wait()
            await self._carry_out(message.get("text"))

    async def _wait(self) -> None:
        if self._connection.refusals > self._refusals:
            self._refusals = self._connection.refusals
            await sleep(REFUSAL_DELAY)
        await self._connection.replies_below(MAX_UNSENT)

    async def _carry_out(self, text: str | None) -> None:
        if text is None:
            self._connection.reply(objects.Error(ErrorCode.BAD_FRAME, "Frames are text, not binary."))
        elif _is_too_big(text):
            raise TooBig
        else:
            await self._listener.receive(text)


def _is_too_big(text: str) -> bool:
    return len(text) > commands.MAX_SIZE or (
        len(text) * 4 > commands.MAX_SIZE and len(text.encode(errors="surrogatepass")) > commands.MAX_SIZE
    )
