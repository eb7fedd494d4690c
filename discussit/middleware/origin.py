"""Refusal of requests and sockets that another site's page causes."""

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.security_log import Act

logger = logging.getLogger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PROXY_HINT = (
    "refused a request from %r to %r. If both are this site, its proxy does not say so: let it pass on Host and "
    "send X-Forwarded-Proto, and name its address in FORWARDED_ALLOW_IPS"
)


class OriginGuard:
    """Refuses unsafe requests and WebSocket handshakes that another site's page makes a browser send.

    Browsers name the origin (Fetch Metadata, else Origin). A client that sends neither is not a browser, so no
    other site can make it send its cookies. OWASP's CSRF cheat sheet explains this.
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
        # All browsers have always sent Origin with a handshake, while only newer ones send Sec-Fetch-Site.
        if site is not None and (scope["type"] == "http" or origin is None):
            return site not in ("same-origin", "none")
        return origin is not None and not self._is_ours(origin, f"{scope['scheme']}://{headers.get('host', '')}")

    def _is_ours(self, origin: str, address: str) -> bool:
        theirs, ours = _host_and_port(origin), _host_and_port(address)
        if theirs is None or ours is None:
            return False
        if theirs[0] != ours[0]:
            # A proxy may send a Host other than the one in the address bar.
            return self._is_allowed(theirs[0])
        if theirs != ours:
            # Another port of this host is another server, unless a proxy hides the port or scheme that users see.
            logger.warning(PROXY_HINT, origin, address)
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
