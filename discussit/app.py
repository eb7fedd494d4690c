"""The application: its routes, its middleware, and the tasks that run beside the requests."""

import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio import move_on_after
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from discussit.accounts import security_log
from discussit.accounts.current_user import NotLoggedIn, SessionBackend
from discussit.accounts.password_reset import hide_tokens
from discussit.accounts.security_log import Act
from discussit.admin import Administration
from discussit.assets import Assets
from discussit.bus import Bus
from discussit.database import DATABASE_ERRORS, Database, is_outage
from discussit.delivery.hub import Hub
from discussit.errors import CloseCode
from discussit.groups.admission import NoSuchGroup, NotAMember
from discussit.limits.throttles import Throttled, Throttles
from discussit.log.writer import Writer
from discussit.main_tasks import MainTasks
from discussit.middleware.body import BodyLimit
from discussit.middleware.headers import SecurityHeaders, headers_of
from discussit.middleware.hosts import HostGuard
from discussit.middleware.origin import OriginGuard
from discussit.middleware.sockets import SocketLimit
from discussit.pages import accounts, group, home, passwords, sessions
from discussit.pages.page import make_templates, refusal, to_login
from discussit.schema import SchemaError, prepare_once
from discussit.settings import STATIC, Settings, SettingsError
from discussit.site import Site, site_of
from discussit.sockets.group import group_socket
from discussit.sockets.home import home_socket

logger = logging.getLogger(__name__)

MIN_KEY = 32  # characters: too many to try all, even if they are hexadecimal digits
DRAIN_LIMIT = 4  # seconds that the writer has at shutdown for queued messages

ROUTES = [
    Route("/", home.home),
    WebSocketRoute("/", home_socket),
    Route("/groups/", home.create_group, methods=["POST"]),
    Route("/groups/{uuid:uuid}/", group.group),
    WebSocketRoute("/groups/{uuid:uuid}/", group_socket),
    Route("/groups/{uuid:uuid}/join/", group.join, methods=["POST"]),
    Route("/groups/{uuid:uuid}/leave/", group.leave, methods=["POST"]),
    Route("/groups/{uuid:uuid}/messages/", group.send_message, methods=["POST"]),
    Route("/accounts/signup/", accounts.sign_up, methods=["GET", "POST"]),
    Route("/accounts/login/", accounts.log_in, methods=["GET", "POST"]),
    Route("/accounts/logout/", accounts.log_out, methods=["POST"]),
    Route("/accounts/password/", passwords.change_password, methods=["GET", "POST"]),
    Route("/accounts/reset/{token}/", passwords.reset_password, methods=["GET", "POST"]),
    Route("/accounts/sessions/", sessions.my_sessions, methods=["GET", "POST"]),
]


def create_app(settings: Settings) -> Starlette:
    """The application with these settings, for a database that was prepared."""
    database = Database(settings)
    session_backend, throttles = SessionBackend(settings, database), Throttles(settings)

    def new_site() -> Site:
        bus = Bus(settings)
        hub, writer = Hub(database, bus), Writer(database)
        return Site(settings, database, session_backend, throttles, make_templates(), bus, hub, writer)

    return Starlette(
        routes=[
            *ROUTES,
            Route("/favicon.ico", icon),
            Route("/healthz", healthy),
            Route("/readyz", ready),
            Mount("/static", Assets()),
            Mount("/admin", Administration(), name="admin"),
            WebSocketRoute("/{path:path}", nowhere),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(HostGuard, allowed_hosts=settings.allowed_hosts),
            Middleware(OriginGuard, allowed_hosts=settings.allowed_hosts),
            Middleware(BodyLimit),
            Middleware(AuthenticationMiddleware, backend=session_backend, on_error=no_answer),
            Middleware(SocketLimit, settings=settings, throttles=throttles),
        ],
        exception_handlers={
            NotLoggedIn: not_logged_in,
            NotAMember: not_a_member,
            NoSuchGroup: no_such_group,
            Throttled: too_often,
            HTTPException: http_error,
            SQLAlchemyError: database_error,
            TimeoutError: database_error,
            Exception: server_error,
        },
        lifespan=partial(lifespan, new_site),
    )


@asynccontextmanager
async def lifespan(new_site: Callable[[], Site], app: Starlette) -> AsyncIterator[None]:
    """Bus, hub and writer run beside the requests; if one of them ends, so does the process.

    They belong to an event loop, so each run of the application has its own.
    """
    logging.getLogger("uvicorn.access").addFilter(hide_tokens)
    site = app.state.site = new_site()
    if len(site.settings.secret_key) < MIN_KEY:
        logger.warning("SECRET_KEY is shorter than %d characters: whoever guesses it guesses passwords freely", MIN_KEY)
    site.database.publish_to(site.hub.publish)
    main = MainTasks(lambda: give_up(site))
    try:
        async with site.bus.connected(), main.running(site.bus.run, site.hub.run, site.writer.run):
            await site.hub.started.wait()
            site.running.set()
            yield
            with move_on_after(DRAIN_LIMIT):
                await site.writer.drained()
    finally:
        site.running.clear()
        await site.throttles.close()
        await site.database.close()
        main.exit()


def give_up(site: Site) -> None:
    """Refuse what would wait for ever without bus, hub or writer: clients come back, to a process that works."""
    site.running.clear()
    site.writer.end()
    for connection in site.hub.people.connections:
        connection.end(CloseCode.RESTART)


async def icon(_request: Request) -> Response:
    """For browsers that request it without having read a page that names it."""
    return FileResponse(STATIC / "favicon.svg")


# Health checks


async def healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def ready(request: Request) -> Response:
    """200 if database and bus answer, else 503 and the one that does not; also the hub's lag in seconds."""
    site = site_of(request)
    found = {"database": await _answers(site.database), "bus": site.running.is_set() and site.bus.is_connected}
    told = {name: "ok" if is_ok else "down" for name, is_ok in found.items()}
    return JSONResponse(told | {"lag": round(site.hub.polling.lag, 1)}, 200 if all(found.values()) else 503)


async def _answers(database: Database) -> bool:
    try:
        await database.run_read(lambda session: session.scalar(text("SELECT 1")))
    except DATABASE_ERRORS:
        logger.exception("the database does not answer")
        return False
    return True


# Errors, of pages and of WebSocket handshakes


async def not_logged_in(conn: HTTPConnection, _error: Exception) -> Response:
    return _deny(conn, 401, to_login)


async def not_a_member(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, NotAMember)
    security_log.refused(conn, Act.GROUP)
    text = "You are not a member of this group. Kindly use the join button."
    return _deny(conn, 403, lambda request: refusal(request, 403, "Not a member", text, group=error.group))


async def no_such_group(conn: HTTPConnection, _error: Exception) -> Response:
    return await http_error(conn, HTTPException(404))


async def too_often(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, Throttled)
    security_log.limited(conn, error.what)
    response = _deny(conn, 429, lambda request: refusal(request, 429, "Too often", str(error)))
    response.headers["Retry-After"] = str(error.retry_after)
    return response


TEXTS = {
    403: ("Not allowed", "You may not do this. If you think you should, ask a superuser of this server."),
    404: ("Not found", "There is nothing at this address. It may have been removed, or mistyped."),
    405: ("Not that way", "This address can't be used like that. Go back and use the page's own buttons."),
}


async def http_error(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    title, text = TEXTS.get(status, ("Not done", f"The request could not be carried out: {error.detail}."))
    response = _deny(conn, status, lambda request: refusal(request, status, title, text))
    response.headers.update(error.headers or {})
    return response


async def database_error(conn: HTTPConnection, error: Exception) -> Response:
    if not is_outage(error):
        raise error
    return no_answer(conn, error)


def no_answer(conn: HTTPConnection, error: Exception) -> Response:
    """The page while the database is down or too slow."""
    logger.warning("the database did not answer: %s", type(error.__cause__ or error).__name__)
    text = "The database does not answer. Nothing that was acknowledged is lost. Please try again in a moment."
    response = _deny(conn, 503, lambda request: refusal(request, 503, "Not now", text))
    response.headers["Retry-After"] = "5"
    return response


async def server_error(conn: HTTPConnection, error: Exception) -> Response:
    """The page for an error of this program. The server logs the traceback; with DEBUG the page shows it."""
    shown = "".join(traceback.format_exception(error)) if site_of(conn).settings.debug else None
    text = "Something went wrong here, not with you. Nothing that was acknowledged is lost. Please try again."
    response = _deny(conn, 500, lambda request: refusal(request, 500, "Our fault", text, traceback=shown))
    # Starlette creates this response outside of all other middleware.
    response.headers.update(headers_of(conn.scope))
    return response


def _deny(conn: HTTPConnection, status: int, page: Callable[[Request], Response]) -> Response:
    """The page or, for a WebSocket, only the status that refuses its handshake."""
    return page(conn) if isinstance(conn, Request) else Response(status_code=status)


async def nowhere(_websocket: WebSocket) -> None:
    raise HTTPException(404)


class Application:
    """The application with the environment's settings, which are read when the server starts, not on import.

    A wrong setting then ends the start with one line instead of a traceback.
    """

    def __init__(self) -> None:
        self._app: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._start(send)
        if self._app is None:
            raise RuntimeError("DiscussIt was not started: run its lifespan, as in `with TestClient(app)`.")
        await self._app(scope, receive, send)

    async def _start(self, send: Send) -> None:
        try:
            settings = Settings.from_environment()
            await prepare_once(settings)
            self._app = create_app(settings)
        except (SettingsError, SchemaError) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise


app = Application()
