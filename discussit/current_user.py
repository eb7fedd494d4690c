"""Who is asking."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit.addresses import path_below
from discussit.cookies import cookie_attributes, cookie_name, cookie_of
from discussit.database import DATABASE_ERRORS, Database, is_outage
from discussit.models import Session
from discussit.models.accounts import AGE_LIMIT, session_id
from discussit.models.base import now
from discussit.settings import Settings

logger = logging.getLogger(__name__)

COOKIE = "discussit_session"
SEEN_EVERY = timedelta(minutes=10)  # how often being seen is worth a write
FOR_ANYONE = ("/static/", "/healthz", "/readyz")  # here nobody is asked who they are, so no database either


class NotSignedIn(Exception):
    """Nobody is signed in, or the session has ended meanwhile."""


@dataclass(frozen=True)
class Account(BaseUser):
    """The person asking, as the request's session says."""

    id: int
    username: str
    is_superuser: bool
    session_id: str

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.username


class Cookies(AuthenticationBackend):
    """The session cookie: a token, signed, so that a made-up one costs no query."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._signer = Signer(settings.secret_key, salt="discussit.session")
        self._database = database

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, Account] | None:
        token = self._token(conn)
        if token is None or path_below(conn).startswith(FOR_ANYONE):
            return None
        try:
            signed_in = await self._seen(token)
        except DATABASE_ERRORS as error:
            if not is_outage(error):
                raise
            raise AuthenticationError("the database does not answer") from error
        if signed_in is None:
            return None
        user = signed_in.user
        account = Account(user.id, user.username, user.is_superuser, signed_in.id)
        return AuthCredentials(["authenticated"]), account

    def _token(self, conn: HTTPConnection) -> str | None:
        try:
            return self._signer.unsign(cookie_of(conn, COOKIE)).decode()
        except (BadSignature, UnicodeError):
            return None

    async def _seen(self, token: str) -> Session | None:
        signed_in = await self._database.run_read(lambda session: session.scalar(_session_of(token)))
        if signed_in is not None and now() - signed_in.last_seen_at > SEEN_EVERY:
            await self._note(signed_in)
        return signed_in

    async def _note(self, seen: Session) -> None:
        try:
            async with self._database.transaction() as session:
                if still := await session.get(Session, seen.id):
                    still.last_seen_at = now()
        except DATABASE_ERRORS as error:
            # Not worth to refuse a page for: the next request notes it.
            logger.warning("could not note when a session was seen: %s", type(error).__name__)

    def set(self, response: Response, token: str, conn: HTTPConnection) -> None:
        value = self._signer.sign(token).decode()
        # How long it lives without a request, the server knows: a cookie is not renewed.
        response.set_cookie(
            cookie_name(conn, COOKIE), value, max_age=int(AGE_LIMIT.total_seconds()), **cookie_attributes(conn)
        )

    def clear(self, response: Response, conn: HTTPConnection) -> None:
        response.delete_cookie(cookie_name(conn, COOKIE), **cookie_attributes(conn))


def _session_of(token: str) -> Select[Session]:
    return (
        select(Session)
        .join(Session.user)
        .where(Session.id == session_id(token), Session.is_alive())
        .options(contains_eager(Session.user))
    )


def account_of(conn: HTTPConnection) -> Account:
    """Who is asking. Raises NotSignedIn."""
    if not isinstance(conn.user, Account):
        raise NotSignedIn
    return conn.user
