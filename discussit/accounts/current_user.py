"""The user of a request, and the credential that identifies them: the cookie of a session."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import Signer
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import contains_eager
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit.accounts.cookies import cookie_attributes, cookie_name, signed_cookies
from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.models import Session, User
from discussit.models.accounts import AGE_LIMIT, session_id
from discussit.models.base import now
from discussit.settings import Settings
from discussit.urls import path_below

logger = logging.getLogger(__name__)

COOKIE = "discussit_session"
SEEN_EVERY = timedelta(minutes=10)  # the least time between two writes of `last_seen_at`
PUBLIC = ("/static/", "/healthz", "/readyz")  # paths that need no user, and so no database


class NotLoggedIn(Exception):
    """The request has no session, or its session has ended."""


class NotASuperuser(Exception):
    """The user of a request is not a superuser, or no longer one."""


class OtherAccount(Exception):
    """The request comes from a page of another account than `username`, who is logged in now."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username


@dataclass(frozen=True)
class SessionCredential:
    """The session whose cookie a request sent, and the name of that cookie."""

    session_id: str
    cookie: str = ""

    def is_valid(self) -> ColumnElement[bool]:
        """A condition for queries: whether the session still exists. It may have ended since the request arrived."""
        return exists().where(Session.id == self.session_id)


@dataclass(frozen=True)
class CurrentUser(BaseUser):
    """The user of a request, as of the check of its credential."""

    id: int
    username: str
    is_superuser: bool
    credential: SessionCredential
    account_id: str  # of User

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.username


def user_of(conn: HTTPConnection) -> CurrentUser | None:
    """The logged-in user, if there is one. Before authentication there is none."""
    user = conn.scope.get("user")
    return user if isinstance(user, CurrentUser) else None


def current_user(conn: HTTPConnection) -> CurrentUser:
    """The logged-in user. Raises NotLoggedIn."""
    if (user := user_of(conn)) is None:
        raise NotLoggedIn
    return user


def check_rights(session: OrmSession, user: CurrentUser, *, as_superuser: bool = False) -> None:
    """Check within the transaction that acts what was checked when the request arrived: it may have waited since.

    To be called when the transaction has nothing left to wait for: it holds its locks, or has written everything.
    It writes what the session has not flushed yet: what takes away this very user's rights has to come after it.
    Raises NotLoggedIn, and NotASuperuser where the act is a superuser's.
    """
    rights = select(User.is_superuser).where(User.id == user.id, User.is_active, user.credential.is_valid())
    is_superuser = session.scalar(rights)
    if is_superuser is None:
        raise NotLoggedIn
    if as_superuser and not is_superuser:
        raise NotASuperuser


def check_account(conn: HTTPConnection, account: str) -> None:
    """Raises OtherAccount if a page of the account with this id sent the request and another one is logged in now.

    Empty if the client does not say which page it was.
    """
    user = user_of(conn)
    if user is not None and account not in ("", user.account_id):
        raise OtherAccount(user.username)


class SessionBackend(AuthenticationBackend):
    """Finds the session of a request's cookie. Its token is signed, so that invented ones cost no query.

    A browser also sends the cookies that servers on other ports of the host have set: of all of them, the first that
    belongs to a session in this database counts.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._signer = Signer(settings.secret_key, salt="discussit.session")
        self._database = database

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, CurrentUser] | None:
        if path_below(conn).startswith(PUBLIC):
            return None
        cookies = self._cookies(conn)
        session = await self._session(cookies) if cookies else None
        if session is None:
            return None
        user = session.user
        credential = SessionCredential(session.id, cookies[session.id])
        current = CurrentUser(user.id, user.username, user.is_superuser, credential, user.account_id)
        return AuthCredentials(["authenticated"]), current

    def _cookies(self, conn: HTTPConnection) -> dict[str, str]:
        """The names of the request's signed cookies, by the ids of their sessions, in the order in which they count."""
        names: dict[str, str] = {}
        for name, token in signed_cookies(conn, COOKIE, self._signer):
            names.setdefault(session_id(token), name)
        return names

    async def _session(self, ids: Iterable[str]) -> Session | None:
        found = await self._database.run_read(lambda session: _first_alive(session, ids))
        # Never moved back: a clock that is behind for a moment would otherwise log everybody out once it is right.
        if found is not None and now() - found.last_seen_at > SEEN_EVERY:
            await self._note_seen(found)
        return found

    async def _note_seen(self, seen: Session) -> None:
        try:
            async with self._database.transaction() as session:
                if row := await session.get(Session, seen.id):
                    row.last_seen_at = now()
        except DATABASE_ERRORS as error:
            # No reason to refuse the page: the next request tries again.
            log_failure(logger, "could not note when a session was seen", error)

    def replaced_by_login(self, conn: HTTPConnection) -> list[str]:
        """The ids of the sessions that a login in this browser ends: the request's own, or those that are over."""
        user = user_of(conn)
        return [user.credential.session_id] if user else list(self._cookies(conn))

    def set(self, response: Response, token: str, conn: HTTPConnection) -> None:
        value = self._signer.sign(token).decode()
        # The cookie is not renewed, so it lasts as long as any session: the server enforces IDLE_LIMIT.
        max_age = int(AGE_LIMIT.total_seconds())
        name = cookie_name(conn, COOKIE)
        if _used_cookie(conn) != name:
            self.clear(response, conn)
        response.set_cookie(name, value, max_age=max_age, **cookie_attributes(conn))

    def clear(self, response: Response, conn: HTTPConnection) -> None:
        """Delete the cookie that identified the request's user."""
        response.delete_cookie(_used_cookie(conn), **cookie_attributes(conn))


def _used_cookie(conn: HTTPConnection) -> str:
    user = user_of(conn)
    return (user and user.credential.cookie) or cookie_name(conn, COOKIE)


def _first_alive(session: OrmSession, ids: Iterable[str]) -> Session | None:
    return next(filter(None, (session.scalar(_session_of(id)) for id in ids)), None)


def _session_of(id: str) -> Select[Session]:
    return (
        select(Session)
        .join(Session.user)
        .where(Session.id == id, Session.is_alive())
        .options(contains_eager(Session.user))
    )
