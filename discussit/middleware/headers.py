"""Headers of every response: what browsers may do with it, and that it is this server's."""

from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        # Our scripts never turn text into markup; with these none can, not even by mistake.
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
    # Proxies and captive portals answer in our place with any status. Pages trust only responses with this header:
    # static/js/shared/ask.js.
    "DiscussIt": "1",
}
# Without includeSubDomains: other hosts below this name may not have https.
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of every response to this request, unless it sets its own."""
    return HEADERS | STRICT_TRANSPORT if scope["scheme"] in ("https", "wss") else HEADERS


class SecurityHeaders:
    """Adds `headers_of` to every response, except where the response sets its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in headers_of(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        # For SocketSender: messages on an open WebSocket need none of the wrappers, and each costs a coroutine.
        scope["discussit.send"] = send
        return self.app(scope, receive, send_with_headers)
