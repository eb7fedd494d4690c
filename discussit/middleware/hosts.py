"""Refusal of requests to hosts that are not allowed."""

import logging
from collections.abc import Awaitable, Sequence

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.security_log import Act
from discussit.origins import Host

logger = logging.getLogger(__name__)

MAX_LOGGED = 200  # characters of a header


class HostGuard:
    """Answers 400 to requests whose Host is not allowed, missing, repeated or invalid (RFC 9112, 3.2)."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self._allowed_hosts = allowed_hosts

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is None:
            return self.app(scope, receive, send)
        security_log.refused(HTTPConnection(scope), Act.HOST)
        return PlainTextResponse(refusal, 400)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        values = Headers(scope=scope).getlist("host")
        if not values and scope.get("http_version") == "1.0" and "*" in self._allowed_hosts:
            return None  # HTTP/1.0 has no Host: health checks still use it
        host = Host.parse(values[0]) if len(values) == 1 else None
        if host is None:
            logger.warning("refused a request without one valid Host header: %a", ", ".join(values)[:MAX_LOGGED])
            return "Invalid host header: a request has exactly one, with a host name and perhaps a port."
        if not is_allowed(host.name, self._allowed_hosts):
            logger.warning(
                "refused a request to the host %a: if it is this server's, name it in ALLOWED_HOSTS",
                host.name[:MAX_LOGGED],
            )
            return "Invalid host header: this server has another name. Its log says which setting to change."
        return None


def is_allowed(name: str, patterns: Sequence[str]) -> bool:
    """Whether a host's name, as in Host, is among names and patterns such as `*.example.org` and `*`."""
    return any(
        name == pattern or pattern == "*" or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in patterns
    )
