"""Limits on the number of open sockets."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts.current_user import user_of
from discussit.client_address import client_network
from discussit.limits.concurrency import ConcurrencyLimit
from discussit.limits.throttles import Throttles
from discussit.settings import Settings


class SocketLimit:
    """Raises Throttled if a handshake's session or address has too many sockets open in this process.

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
        user = user_of(conn)
        session = user.credential.session_id if user else ""
        with self._of_address.taken(client_network(conn)), self._of_session.taken(session):
            if user:
                await self._throttles.connect(user.username)
            await self.app(scope, receive, send)
