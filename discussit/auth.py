"""Who is asking, and what they may enter."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from itsdangerous import BadSignature, Signer
from sqlalchemy import Select, exists, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import contains_eager
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit import passwords, wire
from discussit.addresses import address, path_below, root_of
from discussit.database import DATABASE_ERRORS, Database, is_outage
from discussit.models import Group, Membership, Session, User
from discussit.models.accounts import AGE_LIMIT, check_username, session_id, username_key
from discussit.models.base import now
from discussit.settings import Settings

logger = logging.getLogger(__name__)

Checked = TypeVar("Checked")

COOKIE = "discussit_session"
SEEN_EVERY = timedelta(minutes=10)  # how often being seen is worth a write
FOR_ANYONE = ("/static/", "/healthz", "/readyz")  # here nobody is asked who they are, so no database either


class NotSignedIn(Exception):
    """Nobody is signed in, or the session has ended meanwhile."""


class NoSuchGroup(Exception):
    """There is no group of this uuid."""


class NotAMember(Exception):
    """The group is there, but the person asking is not in it."""

    def __init__(self, group: Group) -> None:
        super().__init__(f"not a member of {group.name}")
        self.group = group


class FieldError(Exception):
    """A form's field can't be taken; the text stands beside it. An empty field name means the whole form."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class WrongPassword(FieldError):
    """Not the password of this account; None: there is no such account."""

    def __init__(self, field: str, text: str, account: int | None) -> None:
        super().__init__(field, text)
        self.account = account


def checked(field: str, check: Callable[[str], Checked], value: str) -> Checked:
    """What the check makes of the field's value. Raises FieldError where it refuses."""
    try:
        return check(value)
    except (ValueError, wire.Refused) as error:
        raise FieldError(field, str(error)) from None


# Who is asking


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
        response.set_cookie(cookie_name(conn), value, max_age=int(AGE_LIMIT.total_seconds()), **cookie_attributes(conn))

    def clear(self, response: Response, conn: HTTPConnection) -> None:
        response.delete_cookie(cookie_name(conn), **cookie_attributes(conn))


def cookie_of(conn: HTTPConnection, name: str) -> str:
    """What the browser sent as the cookie of exactly this name, or nothing.

    `conn.cookies` drops whatever Unicode calls a space, and would take `\xa0__Host-…`, which a neighbour's subdomain
    may plant, for `__Host-…`. And it takes seconds to unquote what nobody has quoted.
    """
    pairs = ";".join(conn.headers.getlist("cookie")).split(";")
    values = {found: value for found, _, value in (pair.strip(" \t").partition("=") for pair in pairs)}
    return values.get(cookie_name(conn, name), "")


def cookie_name(conn: HTTPConnection, name: str = COOKIE) -> str:
    """What the cookie is called on this connection; one of another name does not count.

    Over https browsers take a name with such a prefix only if nothing but https sends it and, for the first, if
    this very host set it for all of its paths: neither http nor a neighbour's subdomain can plant one (RFC 6265bis).
    """
    if not _is_secure(conn):
        return name
    return f"__Secure-{name}" if root_of(conn) else f"__Host-{name}"


def cookie_attributes(conn: HTTPConnection) -> dict[str, Any]:
    """Of every cookie. Other sites of this host, below paths of their own, are not sent it."""
    return {"path": address(conn, "/"), "httponly": True, "samesite": "lax", "secure": _is_secure(conn)}


def _is_secure(conn: HTTPConnection) -> bool:
    return conn.scope["scheme"] in ("https", "wss")


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


# What they may enter


def admit(session: OrmSession, account: Account, uuid: UUID) -> Group:
    """The group, for somebody who is in it: the only way to obtain a group to act in.

    Raises NoSuchGroup, NotAMember, and NotSignedIn when the session has ended since it was read.
    """
    is_member = exists().where(Membership.group_id == Group.id, Membership.user_id == account.id)
    is_signed_in = exists().where(Session.id == account.session_id)
    found = session.execute(select(Group, is_member, is_signed_in).where(Group.uuid == uuid)).one_or_none()
    if found is None:
        raise NoSuchGroup
    group, may_enter, still_signed_in = found
    if not still_signed_in:
        raise NotSignedIn
    if not may_enter:
        raise NotAMember(group)
    return group


async def move(database: Database, account: Account, uuid: UUID, *, joins: bool) -> bool:
    """Join or leave. False: nothing changed, it was so already. Raises NoSuchGroup, NotSignedIn."""
    async with database.transaction() as session:
        group = await session.scalar(select(Group).where(Group.uuid == uuid))
        if group is None:
            raise NoSuchGroup
        user = await session.get(User, account.id)
        if user is None or not user.is_active:
            raise NotSignedIn
        return await (group.add_user(user) if joins else group.remove_user(user))


# Accounts


async def sign_up(database: Database, username: str, password: str, *, is_superuser: bool | None = None) -> User:
    """A new account; the first of a server is its superuser. Raises FieldError."""
    username = checked("username", check_username, username)
    hashed = await passwords.hash_of(checked("password1", partial(passwords.check, username), password))
    try:
        async with database.transaction() as session:
            if is_superuser is None:
                is_superuser = await _becomes_first(session)
            user = User(username=username, password=hashed, is_superuser=is_superuser)
            session.add(user)
    except IntegrityError:
        raise FieldError("username", "This name is taken.") from None
    return user


async def _becomes_first(session: AsyncSession) -> bool:
    if not await session.run_sync(is_first):
        return False
    if session.get_bind().dialect.name == "postgresql":
        # Of two at once, one waits here for the other and is the second. SQLite has one writer anyway.
        await session.execute(text("LOCK TABLE users IN EXCLUSIVE MODE"))
    return await session.run_sync(is_first)


def is_first(session: OrmSession) -> bool:
    """Whether nobody has an account yet."""
    return session.scalar(select(User.id).limit(1)) is None


async def find(database: Database, username: str) -> User | None:
    """Whose name it is, whatever its case; nobody's, if the account is closed."""
    # No engine can be asked for these characters, and no name has one.
    askable = username.encode(errors="replace").decode().replace("\0", "?")
    of_this_name = select(User).where(User.username_key == username_key(askable), User.is_active)
    return await database.run_read(lambda session: session.scalar(of_this_name))


async def log_in(database: Database, username: str, password: str) -> User:
    """The account of this name and password. Raises WrongPassword, with the same text whatever is wrong."""
    user = await find(database, username)
    is_right = await passwords.verifies(user.password if user else passwords.NOBODYS_HASH, password)
    if user is None or not is_right:
        raise WrongPassword("", "This name and password don't belong together.", user.id if user else None)
    if passwords.is_outdated(user.password):
        await _hash_anew(database, user, password)
    return user


async def _hash_anew(database: Database, user: User, password: str) -> None:
    hashed = await passwords.hash_of(password)
    async with database.transaction() as session:
        kept = await session.get_one(User, user.id, with_for_update=True)
        if kept.password == user.password:  # else somebody has changed it since
            kept.password = user.password = hashed
