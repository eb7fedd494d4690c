"""Limits on the number of open sockets."""

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser
from discussit.client_address import client_network
from discussit.limits.concurrency import ConcurrencyLimit
from discussit.limits.throttles import Throttled, Throttles
from discussit.settings import Settings


class SocketLimit:
    """Refuses a handshake with 429 if its session or address has too many sockets open in this process.

    Runs after authentication, so that invented sessions don't count.
    """

    def __init__(self, app: ASGIApp, settings: Settings, throttles: Throttles) -> None:
        self.app = app
        self._throttles = throttles
        self._of_session = ConcurrencyLimit(settings.sockets_per_session, "open pages of this browser")
        self._of_address = ConcurrencyLimit(settings.sockets_per_address, "open pages of this network")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        conn = HTTPConnection(scope)
        user = conn.user if isinstance(conn.user, CurrentUser) else None
        session = user.credential.session_id if user else ""
        try:
            with self._of_address.taken(client_network(conn)), self._of_session.taken(session):
                if user:
                    await self._throttles.connect(user.username)
                await self.app(scope, receive, send)
        except Throttled as throttled:
            security_log.limited(conn, throttled.what)
            refusal = Response(status_code=429, headers={"Retry-After": str(throttled.retry_after)})
            await refusal(scope, receive, send)
