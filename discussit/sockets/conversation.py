"""What both sockets have in common: receiving and sending until either side ends."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from anyio import create_task_group, sleep
from starlette.websockets import WebSocket

from discussit.accounts.current_user import NotLoggedIn
from discussit.database import DATABASE_ERRORS, log_failure
from discussit.delivery.connections import Connection
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode
from discussit.wire import commands, objects

logger = logging.getLogger(__name__)

REFUSAL_DELAY = 0.005  # seconds: delay after a refused message, so that a flood of bad ones stays cheap
MAX_UNANSWERED = 200  # messages of one client that may be in progress; the next is read when one is answered


class TooBig(Exception):
    """The client sent a message of more than MAX_SIZE bytes."""


async def run(
    sender: SocketSender, *, on_message: Callable[[str], Awaitable[None]], send: Callable[[], Awaitable[None]]
) -> None:
    """Receive and send concurrently until either side ends, then close."""
    connection = sender.connection

    async def receive() -> None:
        await _receive(sender.websocket, connection, on_message)
        tasks.cancel_scope.cancel()

    async with create_task_group() as tasks:
        tasks.start_soon(receive)
        with connection.sending:
            await send()
        tasks.cancel_scope.cancel()
    if connection.ended is not None:
        await sender.close(connection.ended)


async def _receive(websocket: WebSocket, connection: Connection, on_message: Callable[[str], Awaitable[None]]) -> None:
    try:
        async for text in _texts(websocket, connection):
            await on_message(text)
    except TooBig:
        connection.end(CloseCode.TOO_BIG)
    except NotLoggedIn:
        connection.end(CloseCode.SESSION_ENDED)
    except DATABASE_ERRORS as error:
        log_failure(logger, "a message could not be carried out", error)
        connection.end(CloseCode.RESTART)


async def _texts(websocket: WebSocket, connection: Connection) -> AsyncIterator[str]:
    """The client's text messages until it leaves. Binary ones are refused here."""
    refusals = connection.refusals
    while connection.ended is None:
        if connection.refusals > refusals:
            refusals = connection.refusals
            await sleep(REFUSAL_DELAY)
        await connection.replies_below(limit=MAX_UNANSWERED)
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            connection.reply(objects.Error(ErrorCode.BAD_FRAME, "Frames are text, not binary."))
        elif len(text) > commands.MAX_SIZE or len(text.encode(errors="surrogatepass")) > commands.MAX_SIZE:
            raise TooBig
        else:
            yield text
