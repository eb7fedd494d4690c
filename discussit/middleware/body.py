"""Limits on the size, duration and number of request bodies."""

from anyio import fail_after
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.client_address import client_network
from discussit.limits.concurrency import ConcurrencyLimit
from discussit.limits.throttles import Throttled
from discussit.middleware.origin import SAFE_METHODS

MAX_BODY = 1024 * 1024  # bytes
BODY_LIMIT = 30  # seconds within which a body must arrive
MAX_BODIES_PER_ADDRESS = 50  # arriving at the same time
CLOSE_HEADER = {"Connection": "close"}  # for answers that leave a part of their request unread


class BodyLimit:
    """Reads the body before the application runs.

    Answers 413 if it is larger than MAX_BODY, whether or not its length was declared, 408 if it takes longer than
    BODY_LIMIT, 429 while too many from one address are arriving, and 400 if the server lost it. The rest of a refused
    body is not read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._arriving = ConcurrencyLimit(MAX_BODIES_PER_ADDRESS, "requests of this network under way")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        conn = HTTPConnection(scope)
        try:
            with self._arriving.taken(client_network(conn)), fail_after(BODY_LIMIT):
                # Kept here, the body would stay until a slow client has read the answer.
                replayed = _replay(await _read(scope, receive), receive)
        except ClientDisconnect:
            return  # an incomplete form must not be processed, and no client waits for an answer
        except BodyLost:
            text = "The body of this request was lost: send it again without the header Upgrade."
            refusal = PlainTextResponse(text, 400, CLOSE_HEADER)
        except BodyTooLarge:
            refusal = PlainTextResponse(f"A request has at most {MAX_BODY:,} bytes.", 413, CLOSE_HEADER)
        except TimeoutError:
            refusal = PlainTextResponse(f"A request has to be here within {BODY_LIMIT} seconds.", 408, CLOSE_HEADER)
        except Throttled as throttled:
            security_log.limited(conn, throttled.what)
            refusal = PlainTextResponse(str(throttled), 429, CLOSE_HEADER | {"Retry-After": str(throttled.retry_after)})
        else:
            await self.app(scope, replayed, send)
            return
        await refusal(scope, receive, send)


class BodyTooLarge(Exception):
    """The body is larger than MAX_BODY."""


class BodyLost(Exception):
    """The server skipped the body, as uvicorn's httptools does where a request offers an upgrade."""


async def _read(scope: Scope, receive: Receive) -> bytes:
    """The complete body. Raises ClientDisconnect, BodyLost, and BodyTooLarge as early as possible."""
    headers = Headers(scope=scope)
    declared = headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise BodyTooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        if not message.get("more_body", False):
            break
    if not body and "upgrade" in headers and (declared != "0" or "transfer-encoding" in headers):
        raise BodyLost
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def replayed() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replayed
