"""Limits on large responses that wait for slow readers."""

import logging

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.current_user import user_of
from discussit.client_address import client_network
from discussit.limits.throttles import Throttled
from discussit.limits.volume import RETRY_AFTER, Full, Volume

logger = logging.getLogger(__name__)

LARGE = 64 * 1024  # bytes from which on a response counts; it is sent in parts of this size


class ResponseLimit:
    """Sends large responses in parts, and bounds how many bytes of them wait for their readers.

    A server takes a response of any size immediately, and keeps what its client does not read. Here each part waits
    until the server has sent most of the one before, and the application has returned by then, so that nothing but
    the body is kept. Answers 429 to an account that has its SHARE under way, and 503 if the process has too
    much. Readers that are too slow are cut off. Smaller responses, and those that are streamed, pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._volume = Volume()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: list[Message] = []  # until it is sent
        large: list[bytes] = []

        async def keep_large(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
            elif start and _is_large(message):
                large.append(message["body"])
            else:
                if start:
                    await send(start.pop())
                await send(message)

        await self.app(scope, receive, keep_large)
        if large:
            await self._send_large(HTTPConnection(scope), receive, send, start[0], large.pop())

    async def _send_large(
        self, conn: HTTPConnection, receive: Receive, send: Send, start: Message, body: bytes
    ) -> None:
        try:
            async with self._volume.taken(_holder(conn), len(body)) as reader:
                with reader.reading():
                    await send(start)
                    for begin in range(0, len(body), LARGE):
                        part = body[begin : begin + LARGE]
                        await send({"type": "http.response.body", "body": part, "more_body": True})
                        reader.has_read(len(part))
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except Throttled as throttled:
            security_log.limited(conn, throttled.what)
            refusal = PlainTextResponse(str(throttled), 429, {"Retry-After": str(throttled.retry_after)})
        except Full:
            logger.warning("refused a response of %d bytes: too much is being sent to slow readers", len(body))
            text = "This server is sending too many large pages. Please try again in a few seconds."
            refusal = PlainTextResponse(text, 503, {"Retry-After": str(RETRY_AFTER)})
        else:
            if reader.is_cut_off:
                logger.info("cut off the reader of a response of %d bytes, who was too slow", len(body))
                await _disconnect(conn.scope, receive)
            return
        del body  # its client may not have read the response before, and then this one waits
        await refusal(conn.scope, receive, send)


def _is_large(message: Message) -> bool:
    return len(message.get("body", b"")) > LARGE and not message.get("more_body", False)


def _holder(conn: HTTPConnection) -> str:
    """Whose share a response is of: an account's, since it may have many sessions."""
    user = user_of(conn)
    return f"account {user.id}" if user else client_network(conn)


async def _disconnect(scope: Scope, receive: Receive) -> None:
    """End the connection; under other servers than `discussit serve`, once its buffer is read."""
    if transport := scope.get("extensions", {}).get("discussit"):
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
