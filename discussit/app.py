"""The application: its routes, its middleware, and the tasks that run beside the requests."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio import move_on_after
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from discussit import access_log, health, logs
from discussit.accounts.current_user import NotLoggedIn, OtherAccount, SessionBackend
from discussit.accounts.passwords import TooManyPasswords
from discussit.admin import Administration
from discussit.assets import Assets, WholeFile
from discussit.bus import Bus
from discussit.database import Database
from discussit.delivery.hub import Hub
from discussit.environment import StartError
from discussit.errors import CloseCode, Refused
from discussit.groups.admission import NoSuchGroup, NotAMember
from discussit.groups.creation import group_creation
from discussit.limits.throttles import Throttled, Throttles
from discussit.log.batch_writer import Writer
from discussit.log.committed import CommittedChanges
from discussit.log.marks import Marks
from discussit.main_tasks import MainTasks
from discussit.middleware.body import BodyLimit
from discussit.middleware.headers import SecurityHeaders
from discussit.middleware.hosts import HostGuard
from discussit.middleware.origin import OriginGuard
from discussit.middleware.proxy import ProxyHeaders
from discussit.middleware.responses import ResponseLimit
from discussit.middleware.sockets import Refusal, SocketLimit, WebSockets
from discussit.pages import (
    account_settings,
    accounts,
    direct,
    directory,
    entries,
    errors,
    group,
    group_settings,
    history,
    home,
    invitation_link,
    invitations,
    later_parts,
    leaving,
    members,
    message,
    messages,
    own_groups,
    passwords,
    preferences,
    preview,
    reactors,
    reading,
    sessions,
)
from discussit.pages.page import forget_drawn, make_templates
from discussit.pages.submissions import Submissions
from discussit.schema import prepare_once
from discussit.settings import STATIC, Settings
from discussit.site import Site
from discussit.sockets.group import group_socket
from discussit.sockets.home import home_socket

logger = logging.getLogger(__name__)

MIN_KEY = 32  # characters: too many to try all, even if they are hexadecimal digits
DRAIN_LIMIT = 4  # seconds that the writer has at shutdown for queued messages

MESSAGE = "/groups/{uuid:uuid}/messages/{seq:seq}"
ROUTES = [
    Route("/", home.home),
    Route("/groups/", directory.directory),
    Route("/groups/", home.create_group, methods=["POST"]),
    Route("/groups/mine/", own_groups.own_groups_as_json),
    Route("/groups/parts/", later_parts.later_parts),
    Route("/groups/{uuid:uuid}/", group.group),
    Route("/groups/{uuid:uuid}/preview/", preview.preview),
    Route("/groups/{uuid:uuid}/members/", members.members),
    Route("/groups/{uuid:uuid}/members/", members.add, methods=["POST"]),
    Route("/groups/{uuid:uuid}/members/role/", members.change, methods=["POST"]),
    Route("/groups/{uuid:uuid}/members/remove/", members.remove, methods=["POST"]),
    Route("/groups/{uuid:uuid}/entries/", entries.entries),
    Route("/groups/{uuid:uuid}/join/", group.join, methods=["POST"]),
    Route("/groups/{uuid:uuid}/leave/", leaving.leave_form),
    Route("/groups/{uuid:uuid}/leave/", group.leave, methods=["POST"]),
    Route("/groups/{uuid:uuid}/settings/", group_settings.settings, methods=["GET", "POST"]),
    Route("/groups/{uuid:uuid}/messages/", messages.send, methods=["POST"]),
    Route(f"{MESSAGE}/", message.place),
    Route(f"{MESSAGE}/actions/", message.actions),
    Route(f"{MESSAGE}/edit/", message.edit_form),
    Route(f"{MESSAGE}/edit/", messages.edit, methods=["POST"]),
    Route(f"{MESSAGE}/delete/", message.delete_form),
    Route(f"{MESSAGE}/delete/", messages.delete, methods=["POST"]),
    Route(f"{MESSAGE}/reactions/", reactors.reactors),
    Route(f"{MESSAGE}/reactions/", messages.react, methods=["POST"]),
    Route(f"{MESSAGE}/unread/", reading.unread, methods=["POST"]),
    Route(f"{MESSAGE}/history/", history.history),
    Route(f"{MESSAGE}/history/forget/", message.forget_form),
    Route(f"{MESSAGE}/history/forget/", messages.forget, methods=["POST"]),
    Route("/messages/new/", direct.new_message),
    Route("/messages/new/", direct.begin, methods=["POST"]),
    Route("/groups/{uuid:uuid}/read/", reading.read, methods=["POST"]),
    Route("/groups/{uuid:uuid}/preferences/", preferences.preferences, methods=["GET", "POST"]),
    Route("/groups/{uuid:uuid}/invitations/", invitations.invitations, methods=["GET", "POST"]),
    Route("/groups/{uuid:uuid}/invitations/{id:seq}/", invitations.uses),
    Route("/groups/{uuid:uuid}/invitations/{id:seq}/revoke/", invitations.revoke, methods=["POST"]),
    Route("/invitations/", invitations.invitations, methods=["GET", "POST"]),
    Route("/invitations/{id:seq}/uses/", invitations.uses),
    Route("/invitations/{id:seq}/revoke/", invitations.revoke, methods=["POST"]),
    Route("/invitations/{token}/", invitation_link.invitation_link, methods=["GET", "POST"]),
    Route("/accounts/signup/", accounts.sign_up, methods=["GET", "POST"]),
    Route("/accounts/login/", accounts.log_in, methods=["GET", "POST"]),
    Route("/accounts/logout/", accounts.log_out, methods=["POST"]),
    Route("/accounts/password/", passwords.change_password, methods=["GET", "POST"]),
    Route("/accounts/reset/{token}/", passwords.reset_password, methods=["GET", "POST"]),
    Route("/accounts/settings/", account_settings.account_settings, methods=["GET", "POST"]),
    Route("/accounts/sessions/", sessions.my_sessions, methods=["GET", "POST"]),
]

SOCKETS = [
    WebSocketRoute("/", home_socket),
    WebSocketRoute("/groups/{uuid:uuid}/", group_socket),
]

# Middleware raises these, too: the authentication reads the database, and Submissions parses forms.
OUTER_HANDLERS: dict[type[Exception], Refusal] = {
    SQLAlchemyError: errors.database_error,
    TimeoutError: errors.database_error,
    ConnectionError: errors.database_error,
    Throttled: errors.too_often,
    OtherAccount: errors.other_account,
    HTTPException: errors.http_error,
}
HANDLERS: dict[type[Exception], Refusal] = {
    NotLoggedIn: errors.not_logged_in,
    OtherAccount: errors.other_account,
    TooManyPasswords: errors.too_many_passwords,
    NotAMember: errors.not_a_member,
    NoSuchGroup: errors.no_such_group,
    Throttled: errors.too_often,
    Refused: errors.refused_command,
    HTTPException: errors.http_error,
}


def create_app(settings: Settings) -> Starlette:
    """The application with these settings, for a database at the right schema."""
    database = Database(settings)
    session_backend, throttles = SessionBackend(settings, database), Throttles(settings)

    async def new_site() -> Site:
        bus, creation = Bus(settings), settings.group_creation or await group_creation(database)
        hub, writer, marks = Hub(database, bus), Writer(database), Marks(database)
        return Site(settings, creation, database, session_backend, throttles, make_templates(), bus, hub, writer, marks)

    return Starlette(
        routes=[
            *ROUTES,
            Route("/favicon.ico", icon),
            Route("/healthz", health.healthy),
            Route("/readyz", health.ready),
            Mount("/static", Assets()),
            Mount("/admin", Administration(), name="admin"),
        ],
        middleware=[
            Middleware(ProxyHeaders, forwarded_allow_ips=settings.forwarded_allow_ips),
            Middleware(SecurityHeaders),
            Middleware(HostGuard, allowed_hosts=settings.allowed_hosts),
            Middleware(OriginGuard, allowed_hosts=settings.allowed_hosts, trusted_origins=settings.trusted_origins),
            Middleware(
                WebSockets,
                routes=SOCKETS,
                refusals=OUTER_HANDLERS | HANDLERS,
                backend=session_backend,
                limit=SocketLimit(settings, throttles),
            ),
            # From here on only for requests:
            Middleware(BodyLimit),
            Middleware(ResponseLimit),
            Middleware(ExceptionMiddleware, handlers=OUTER_HANDLERS),
            Middleware(AuthenticationMiddleware, backend=session_backend),
            Middleware(Submissions),
        ],
        exception_handlers={**HANDLERS, Exception: errors.server_error},
        lifespan=partial(lifespan, new_site),
    )


@asynccontextmanager
async def lifespan(new_site: Callable[[], Awaitable[Site]], app: Starlette) -> AsyncIterator[None]:
    """Bus, hub, writer, marks and checkpoints run beside the requests; if one of them ends, so does the process.

    They belong to an event loop, so each run of the application has its own.
    """
    access_log.hide_secrets()
    site = app.state.site = await new_site()
    if len(site.settings.secret_key) < MIN_KEY:
        logger.warning("SECRET_KEY is shorter than %d characters, so it can be guessed", MIN_KEY)
    site.database.publish_to(partial(publish, site), site.bus.others_notified)
    main = MainTasks(lambda: give_up(site))
    try:
        runs = (site.bus.run, site.hub.run, site.writer.run, site.marks.run, site.database.run_checkpoints)
        async with site.bus.connected(), main.running(*runs):
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


def publish(site: Site, changes: CommittedChanges) -> None:
    """Deliver what a transaction wrote, and forget what was rendered of texts that it erased."""
    if changes.erases:
        forget_drawn(site.templates)
    site.hub.publish(changes)


def give_up(site: Site) -> None:
    """Refuse what would wait for ever without one of the main tasks: clients reconnect, to a process that works."""
    site.running.clear()
    site.writer.end()
    site.marks.end()
    for connection in site.hub.people.connections:
        connection.end(CloseCode.RESTART)


async def icon(_request: Request) -> Response:
    """For browsers that request it without having read a page that names it."""
    return WholeFile(STATIC / "favicon.svg")


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
        if logs.is_uvicorn():
            logs.show()
        try:
            settings = Settings.from_environment()
            await prepare_once(settings)
            self._app = create_app(settings)
        except StartError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise


app = Application()
