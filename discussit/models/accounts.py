"""Accounts and their sessions."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, ForeignKey, Select, String, Text, UniqueConstraint, and_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from discussit.models.base import Base, now
from discussit.models.locks import lock_groups, lock_users
from discussit.models.names import JOINERS, composed, folded, is_account_name, without

if TYPE_CHECKING:
    from discussit.models.groups import Membership

MAX_USERNAME = 150  # characters
NO_USER = 0  # no user has this id
MAX_KEY = 300  # characters of a username_key; casefolding turns one into three at most
RESERVED = frozenset({"everyone"})  # keys of names that mean all members where people are mentioned
SPACES = " \u00a0\u3000"  # as keyboards type them
IDLE_LIMIT = timedelta(days=14)  # how long a session lasts without requests
AGE_LIMIT = timedelta(days=90)  # how long a session lasts at most
CLOSED_PASSWORD = "!"  # no argon2 hash looks like this, so nothing verifies against it


class Direct(StrEnum):
    """Who may write to somebody directly."""

    SHARED = "shared"  # everyone who shares a group with them
    EVERYONE = "everyone"
    NOBODY = "nobody"


class User(Base):
    """An account. It is never deleted, since logs refer to it: `close` ends it."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Its history is kept even if it was not loaded: hooks have to know that an account is renamed.
    username: Mapped[str] = mapped_column(String(MAX_USERNAME), active_history=True)
    # SQLite's lower() knows ASCII only and PostgreSQL's depends on the locale; casefolding here
    # makes "unique whatever the case" mean the same on both.
    username_key: Mapped[str] = mapped_column(String(MAX_KEY), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    is_superuser: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Who may begin a direct group with them.
    direct: Mapped[str] = mapped_column(String(10), default=Direct.SHARED, server_default=Direct.SHARED)

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    sessions: Mapped[list["Session"]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def account_id(self) -> str:
        """Identifies the account outside of this database, in browsers: it is never given to another one.

        A database restored from an older copy, or begun anew, gives an `id` away again, but not at the same moment.
        """
        return f"{self.id}-{self.created_at:%Y%m%d%H%M%S%f}"

    @validates("username")
    def _normalize(self, _key: str, value: str) -> str:
        username = check_username(value)
        self.username_key = username_key(username)
        return username

    async def close(self) -> None:
        """End the account for good: no login, no sessions, no memberships; its entries stay.

        It stays in its direct groups, which are named after their people; nobody writes there any more (log/hooks.py).
        Must be attached to an AsyncSession.
        """
        session = async_object_session(self)
        assert session is not None, "close() needs the session that loaded this user"
        await self._lock_memberships(session)
        direct = set(await session.scalars(_direct_groups_of(self.id)))
        for membership in self.memberships:
            if membership.group_id not in direct:
                await session.delete(membership)
        self.is_active, self.is_superuser, self.password = False, False, CLOSED_PASSWORD
        await session.flush()

    async def _lock_memberships(self, session: AsyncSession) -> None:
        """Load the memberships, none of which begins or ends until the commit."""
        await session.execute(lock_users(User.id == self.id))
        await lock_groups_of(session, [self.id])
        await session.refresh(self, ["memberships"])

    async def end_sessions(self, *, except_session: str = "") -> bool:
        """End the user's sessions, except the one of this id. Return False if there were none.

        Must be attached to an AsyncSession.
        """
        session = async_object_session(self)
        assert session is not None, "end_sessions() needs the session that loaded this user"
        ended = locked_sessions((Session.user_id == self.id) & (Session.id != except_session))
        found = (await session.scalars(ended)).all()
        for row in found:
            await session.delete(row)
        return bool(found)

    async def set_password(self, hashed: str, *, except_session: str = "") -> None:
        """Replace the password and end the user's sessions, except the one of this id."""
        self.password = hashed
        await self.end_sessions(except_session=except_session)

    def __str__(self) -> str:
        return self.username


class Session(Base):
    """One logged-in browser. The token itself is only in its cookie; the table has its SHA-256."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")

    user: Mapped[User] = relationship(back_populates="sessions")

    @classmethod
    def is_alive(cls) -> ColumnElement[bool]:
        """A condition for queries that join the user: whether a session is valid at this moment.

        No reason to delete one that is not: the clock may be wrong, and right a moment later.
        """
        return and_(cls.is_within_limits(), User.is_active)

    @classmethod
    def is_within_limits(cls) -> ColumnElement[bool]:
        """Whether a session is neither too old nor unseen for too long, by the clock."""
        moment = now()
        return and_(cls.last_seen_at > moment - IDLE_LIMIT, cls.created_at > moment - AGE_LIMIT)

    def __str__(self) -> str:
        return f"{self.user.username} since {self.created_at:%Y-%m-%d %H:%M}"


class FormerName(Base):
    """A name that an account had until a migration renamed it: its user learns of the new one at the next login."""

    __tablename__ = "former_names"

    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)  # its username_key
    # No foreign key: it would lock the account after all else, and accounts are never deleted.
    user_id: Mapped[int]


class Submission(Base):
    """A submitted form that had its effect, in the transaction that wrote this: a repeat gets the same answer."""

    __tablename__ = "submissions"
    # By nobody's id first: a form may be repeated before anybody is logged in.
    __table_args__ = (UniqueConstraint("key", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    # No foreign key: it would lock the account after all else, and accounts are never deleted.
    user_id: Mapped[int] = mapped_column(index=True)
    answer: Mapped[str] = mapped_column(Text)  # an address, or empty
    session_id: Mapped[str | None] = mapped_column(String(64))  # of the session that the form started


async def locked_user(session: AsyncSession, id: int) -> User:
    """The user, locked as models/locks.py says: their password and rights stay as they are until the commit."""
    return await session.get_one(User, id, with_for_update={"key_share": True})


async def lock_groups_of(session: AsyncSession, users: Iterable[int]) -> None:
    """Lock all groups that these users are in. Nobody joins another one meanwhile if the users are locked."""
    memberships = User.metadata.tables["memberships"].c
    await session.execute(lock_groups(select(memberships.group_id).where(memberships.user_id.in_(users))))


def _direct_groups_of(user_id: int) -> Select[int]:
    """The ids of the user's direct groups."""
    groups, memberships = (User.metadata.tables[name] for name in ("groups", "memberships"))
    of_user = select(memberships.c.group_id).where(memberships.c.user_id == user_id)
    # "direct": models.groups.Access, which is above this module.
    return select(groups.c.id).where(groups.c.id.in_(of_user), groups.c.access == "direct")


def locked_sessions(condition: ColumnElement[bool]) -> Select[Session]:
    """Selects and locks sessions: none of them ends or is seen until the commit."""
    return select(Session).where(condition).order_by(Session.id).with_for_update()


def check_username(value: str) -> str:
    """The name in NFKC. Raises ValueError with a sentence for people."""
    username = spelled(value)
    if _has_spaces(value):
        raise ValueError("Names can't contain spaces. Use a dot, a hyphen or an underscore instead.")
    if not 1 <= len(username) <= MAX_USERNAME or not is_account_name(username):
        raise ValueError(f"A name has 1 to {MAX_USERNAME} letters, digits and the characters @ . + - _")
    if not username.strip("."):
        # Browsers leave them out of addresses: /people/../ becomes /.
        raise ValueError("A name can't be only dots. Add a letter or a digit.")
    key = username_key(username)
    if key in RESERVED:
        raise ValueError("This name is reserved. Choose another.")
    if len(key) > MAX_KEY:
        raise ValueError("This name is too long, since some of its letters count as two or three. Shorten it.")
    return username


def _has_spaces(value: str) -> bool:
    """Whether spaces are all that keeps it from being a name."""
    typed = value.strip()
    joined = without(SPACES, typed)
    return joined != typed and len(joined) <= MAX_USERNAME and is_account_name(spelled(joined))


def username_key(value: str) -> str:
    """The key by which a name is looked up, ignoring case, Unicode's forms and joiners."""
    return folded(spelled(without(JOINERS, value)))


def typed_key(value: str) -> str:
    """`username_key` of whatever was typed. Engines refuse queries for surrogates and NUL, and no name contains one."""
    return username_key(value.encode(errors="replace").decode().replace("\0", "?"))


def is_spelled(typed: str, username: str) -> bool:
    """Whether a typed name is this one, capitals included: only Unicode's forms and joiners are ignored."""
    return typed == username or spelled(without(JOINERS, typed)) == composed(without(JOINERS, username))


def spelled(value: str) -> str:
    """A typed name as accounts have it: in NFKC, without surrounding space."""
    return composed(value).strip()


def new_token() -> str:
    """256 random bits as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
