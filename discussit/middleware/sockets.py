"""WebSockets: who opens them, how many may be open, which route they take, and the answers to refused handshakes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Match, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from discussit.accounts.current_user import SessionBackend, user_of
from discussit.client_address import client_network
from discussit.limits.concurrency import ConcurrencyLimit
from discussit.limits.throttles import Throttles
from discussit.settings import Settings

Refusal = Callable[[HTTPConnection, Exception], Awaitable[Response]]


class SocketLimit:
    """How many sockets a session and an address may have open in this process, and how often they may connect."""

    def __init__(self, settings: Settings, throttles: Throttles) -> None:
        self.of_session = ConcurrencyLimit(settings.sockets_per_session, "open pages of this browser")
        self.of_address = ConcurrencyLimit(settings.sockets_per_address, "open pages of this network")
        self.connect = throttles.connect


@dataclass(frozen=True)
class WebSockets:
    """Serves all WebSockets, so that what comes after it in the middleware is for requests alone.

    An error that is among `refusals` answers the handshake, unless that was accepted before.

    One coroutine does all of this: Starlette's middleware and router would keep a dozen of them, with their closures
    and a larger scope, for as long as the socket is open: 9 KiB.
    """

    app: ASGIApp
    routes: Sequence[WebSocketRoute]
    refusals: Mapping[type[Exception], Refusal]
    backend: SessionBackend
    limit: SocketLimit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "websocket":
            return self._serve(WebSocket(scope, receive, send))
        return self.app(scope, receive, send)

    async def _serve(self, websocket: WebSocket) -> None:
        try:
            session = await self._session(websocket)
            # After authentication, so that invented sessions don't count.
            with self.limit.of_address.taken(client_network(websocket)), self.limit.of_session.taken(session):
                if user := user_of(websocket):
                    await self.limit.connect(user.username)
                await self._follow_route(websocket)
        except Exception as error:
            refusal = self._refusal(error)
            if refusal is None or websocket.application_state != WebSocketState.CONNECTING:
                raise
            await websocket.send_denial_response(await refusal(websocket, error))

    async def _session(self, websocket: WebSocket) -> str:
        """Authenticate, and return the id of the session; empty if there is none."""
        if (found := await self.backend.authenticate(websocket)) is None:
            return ""
        _, user = found
        websocket.scope["user"] = user
        return user.credential.session_id

    def _follow_route(self, websocket: WebSocket) -> Awaitable[None]:
        for route in self.routes:
            match, found = route.matches(websocket.scope)
            if match == Match.FULL:
                websocket.scope["path_params"] = found["path_params"]
                served: Awaitable[None] = route.endpoint(websocket)
                return served
        raise HTTPException(404)

    def _refusal(self, error: Exception) -> Refusal | None:
        return next((self.refusals[kind] for kind in type(error).__mro__ if kind in self.refusals), None)
