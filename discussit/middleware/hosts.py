"""Refusal of requests to hosts that are not allowed."""

from collections.abc import Sequence

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.security_log import Act

ADMITTED = "discussit.admitted"  # in the scope of requests to an allowed host


class HostGuard(TrustedHostMiddleware):
    """Starlette's TrustedHostMiddleware, with a line in the security log for each refusal."""

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
