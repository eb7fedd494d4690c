"""The ASGI guards around everything: hosts, origins, headers, body size, number of sockets."""

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from anyio import fail_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discussit import security_log
from discussit.current_user import CurrentUser
from discussit.security_log import Act
from discussit.settings import Settings
from discussit.throttles import Places, Throttled, Throttles, address_of

logger = logging.getLogger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
MAX_BODY = 1024 * 1024  # bytes
BODY_LIMIT = 30  # seconds in which a body has to be here
BODIES = 50  # of one address that may be under way
LAST = {"Connection": "close"}  # with an answer that leaves a part of its request unread
ADMITTED = "discussit.admitted"  # in the scope of what the host guard has let through
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # No script of ours turns text into markup; with these none can, not even by mistake.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
# Not of subdomains: whoever serves this at the top of a domain need not have https on everything below it.
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}


def headers_of(scope: Scope) -> dict[str, str]:
    """What every response to this request says, unless it says something else for itself."""
    return HEADERS | STRICT_TRANSPORT if scope["scheme"] in ("https", "wss") else HEADERS


MISLED = (
    "refused a request from %r to %r. If both are this site, its proxy does not say so: let it pass on Host and "
    "send X-Forwarded-Proto, and name its address in FORWARDED_ALLOW_IPS"
)


class HostGuard(TrustedHostMiddleware):
    """Starlette's, which refuses without a word in the log."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        super().__init__(self._serve, allowed_hosts, www_redirect=False)
        self._served = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        if ADMITTED not in scope:
            security_log.refused(HTTPConnection(scope), Act.HOST)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ADMITTED] = True
        await self._served(scope, receive, send)


class OriginGuard:
    """Refuses what another site's page makes a browser send: unsafe requests and WebSocket handshakes.

    Browsers say so themselves (Fetch Metadata, else Origin); what says neither is no browser
    and carries nobody's cookie unasked. OWASP's CSRF cheat sheet has the reasoning.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self.allowed_hosts = [host for host in allowed_hosts if host != "*"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_unsafe(scope) and self._is_foreign(scope):
            security_log.refused(HTTPConnection(scope), Act.ORIGIN)
            refusal = PlainTextResponse("This request came from another site and was refused.", 403)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_unsafe(self, scope: Scope) -> bool:
        return scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        # With a socket every browser has always sent its Origin, with a request only newer ones say the Site.
        if site is not None and (scope["type"] == "http" or origin is None):
            return site not in ("same-origin", "none")
        return origin is not None and not self._is_ours(origin, f"{scope['scheme']}://{headers.get('host', '')}")

    def _is_ours(self, origin: str, address: str) -> bool:
        theirs, ours = _host_and_port(origin), _host_and_port(address)
        if theirs is None or ours is None:
            return False
        if theirs[0] != ours[0]:
            # A proxy may give us another Host than the one in the address bar.
            return self._is_allowed(theirs[0])
        if theirs != ours:
            # Another port of this host is another server. Or a proxy hides from us what people see.
            logger.warning(MISLED, origin, address)
        return theirs == ours

    def _is_allowed(self, host: str) -> bool:
        return any(
            host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self.allowed_hosts
        )


def _host_and_port(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host, port


class SecurityHeaders:
    """Every response says what a browser may do with it; a page says it for itself where it needs more."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in headers_of(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        # For `voice`: what goes out on an open WebSocket needs none of the wrappers, and each costs a coroutine.
        scope["discussit.send"] = send
        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """Answers 413 when a request's body is larger than MAX_BODY, whether or not it says so beforehand, 408 when it
    takes too long, and 429 while too many of one address are under way. What is left of it is not waited for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._under_way = Places(BODIES, "requests of this network under way")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        conn = HTTPConnection(scope)
        try:
            with self._under_way.taken(address_of(conn)), fail_after(BODY_LIMIT):
                body = await _read(scope, receive)
        except ClientDisconnect:
            return  # half a form must not be acted on, and nobody waits for an answer
        except BodyTooLarge:
            refusal = PlainTextResponse(f"A request has at most {MAX_BODY:,} bytes.", 413, LAST)
        except TimeoutError:
            refusal = PlainTextResponse(f"A request has to be here within {BODY_LIMIT} seconds.", 408, LAST)
        except Throttled as throttled:
            security_log.limited(conn, throttled.what)
            refusal = PlainTextResponse(str(throttled), 429, LAST | {"Retry-After": str(throttled.retry_after)})
        else:
            await self.app(scope, _replay(body, receive), send)
            return
        await refusal(scope, receive, send)


class BodyTooLarge(Exception):
    """There is more than MAX_BODY of it."""


async def _read(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises ClientDisconnect, and BodyTooLarge as soon as that is known."""
    declared = Headers(scope=scope).get("content-length", "0")
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
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def replayed() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replayed


class SocketLimit:
    """Refuses a handshake with 429 where this session or address has enough sockets open in this process.

    Stands behind authentication: a session that was made up counts for nobody.
    """

    def __init__(self, app: ASGIApp, settings: Settings, throttles: Throttles) -> None:
        self.app = app
        self._throttles = throttles
        self._of_session = Places(settings.sockets_per_session, "open pages of this browser")
        self._of_address = Places(settings.sockets_per_address, "open pages of this network")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        conn = HTTPConnection(scope)
        account = conn.user if isinstance(conn.user, CurrentUser) else None
        session = account.credential.session_id if account else ""
        try:
            with self._of_address.taken(address_of(conn)), self._of_session.taken(session):
                if account:
                    await self._throttles.connect(account.username)
                await self.app(scope, receive, send)
        except Throttled as throttled:
            security_log.limited(conn, throttled.what)
            refusal = Response(status_code=429, headers={"Retry-After": str(throttled.retry_after)})
            await refusal(scope, receive, send)
