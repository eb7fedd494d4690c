"""Refusal of requests and sockets that another site's page causes."""

import logging
from collections.abc import Awaitable, Sequence

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.security_log import Act
from discussit.middleware.hosts import MAX_LOGGED, is_allowed
from discussit.origins import Host, Origin

logger = logging.getLogger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
REFUSAL = (
    "This request came from another site's page and was refused. If it came from this site's own page, the server's "
    "log says which setting to change."
)
PROXY_HINT = (
    "refused a request from a page of %a: expected %a. If that page is this site's, let its proxy pass on Host and "
    "send X-Forwarded-Proto, and name the proxy's address in FORWARDED_ALLOW_IPS; or name the page's origin in "
    "TRUSTED_ORIGINS"
)


class OriginGuard:
    """Refuses unsafe requests and WebSocket handshakes that another site's page makes a browser send.

    Browsers name the origin (Fetch Metadata, else Origin). A client that sends neither is not a browser, so no
    other site can make it send its cookies. OWASP's CSRF cheat sheet explains this.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str], trusted_origins: Sequence[Origin]) -> None:
        self.app = app
        self._allowed_hosts = [host for host in allowed_hosts if host != "*"]
        self._trusted = set(trusted_origins)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not (_is_unsafe(scope) and self._is_foreign(scope)):
            return self.app(scope, receive, send)
        security_log.refused(HTTPConnection(scope), Act.ORIGIN)
        self._explain(scope)
        return PlainTextResponse(REFUSAL, 403)(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        site, origin = _header(scope, "sec-fetch-site"), _header(scope, "origin")
        found = None if origin is None else Origin.parse(origin)
        # To the browser, a trusted origin may well be another site's. Where a proxy changes Host, it is the site's own.
        if found in self._trusted:
            return False
        # All browsers have always sent Origin with a handshake, while only newer ones send Sec-Fetch-Site.
        if site is not None and (scope["type"] == "http" or origin is None):
            return site not in ("same-origin", "none")
        return origin is not None and (found is None or found != _expected(scope))

    def _explain(self, scope: Scope) -> None:
        """Log what to change where the page may be the site's own, behind a proxy that hides its address."""
        origin, expected = _header(scope, "origin") or "", _expected(scope)
        found = Origin.parse(origin)
        if found is not None and found != expected and self._may_be_ours(found, scope):
            logger.warning(PROXY_HINT, origin[:MAX_LOGGED], str(expected)[:MAX_LOGGED])

    def _may_be_ours(self, origin: Origin, scope: Scope) -> bool:
        forwarded = [Host.parse(each.strip()) for each in (_header(scope, "x-forwarded-host") or "").split(",")]
        expected = _expected(scope)
        return (
            is_allowed(origin.host, self._allowed_hosts)
            or (expected is not None and expected.host == origin.host)
            or any(host is not None and host.name == origin.host for host in forwarded)
            # The browser sent it to the page's own origin, so that the proxy has changed the Host.
            or _header(scope, "sec-fetch-site") == "same-origin"
        )


def _is_unsafe(scope: Scope) -> bool:
    return scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)


def _header(scope: Scope, name: str) -> str | None:
    """The header's value. Several lines make a list, which is no valid value of a header that browsers send once."""
    return ", ".join(values) if (values := Headers(scope=scope).getlist(name)) else None


def _expected(scope: Scope) -> Origin | None:
    """The origin that the request was sent to; None without a Host."""
    return Origin.of(scope["scheme"], _header(scope, "host") or "")
