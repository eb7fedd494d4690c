"""Groups and their members."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    and_,
    false,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from discussit.models.accounts import User
from discussit.models.base import Base, now
from discussit.models.locks import lock_groups
from discussit.models.names import JOINERS, VARIATIONS, folded, is_group_name, without

MAX_NAME, MAX_DESCRIPTION = 30, 500  # characters
# Some keyboards type U+3000, or a space that doesn't break: all of them are seen as a space.
SPACES = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
IGNORED = JOINERS + VARIATIONS  # in comparisons


class Access(StrEnum):
    """Who may find and read a group."""

    OPEN = "open"  # everyone may join it
    CLOSED = "closed"  # for its members alone, who invite others; to all others it does not exist
    DIRECT = "direct"  # the conversation of a fixed set of people, one for each set


class History(StrEnum):
    """What new members of a closed group may read."""

    ALL = "all"
    FROM_JOIN = "from_join"


class Posting(StrEnum):
    """Who may write messages in a group."""

    EVERYONE = "everyone"
    MODERATORS = "moderators"  # and owners
    NOBODY = "nobody"  # a direct group in which somebody's account was closed


class Role(StrEnum):
    """What a member is in a group."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Of two roles, the one with the higher rank may do more."""
        return list(Role).index(self)


class ReadableLog(NamedTuple):
    """What somebody may read of a group's log: everything from the entry `first` on."""

    group_id: int
    first: int = 1

    def has(self, seq: int) -> bool:
        """Whether the entry may be read."""
        return seq >= self.first


def new_epoch() -> str:
    """A new epoch, which identifies a log as it is sent to clients: 64 random bits as 16 hexadecimal digits."""
    return secrets.token_hex(8)


class Group(Base):
    """A group is a log: its entries are numbered 1 to `last_seq` without a gap.

    The counts below are updated with the entries (log/write.py), in the statement that takes their seqs.
    """

    __tablename__ = "groups"
    __table_args__ = (
        Index("uq_groups_direct_key", "direct_key", unique=True),
        Index("ix_groups_created_by", "created_by", "created_at"),
        # A deleted group's id may still be in use in a process that has not been notified of the deletion.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    # By which lists are searched and sorted. None where a server of the version before 0008 created the group.
    name_key: Mapped[str | None] = mapped_column(Text, deferred=True)
    last_seq: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    last_message_at: Mapped[datetime | None]
    member_count: Mapped[int] = mapped_column(default=0)
    # Increases whenever the text of an entry changes, so that processes drop the texts they keep.
    revisions: Mapped[int] = mapped_column(default=0)
    # Changes whenever the log is no longer the one that clients received: they must reload it.
    epoch: Mapped[str] = mapped_column(String(16), default=new_epoch)
    created_at: Mapped[datetime] = mapped_column(default=now)
    access: Mapped[str] = mapped_column(String(10), default=Access.OPEN, server_default=Access.OPEN)
    description: Mapped[str] = mapped_column(String(MAX_DESCRIPTION), default="", server_default="")
    # Whether people who are not in an open group may read its last entries.
    preview: Mapped[bool] = mapped_column(default=True, server_default=false())
    history: Mapped[str] = mapped_column(String(10), default=History.ALL, server_default=History.ALL)
    posting: Mapped[str] = mapped_column(String(10), default=Posting.EVERYONE, server_default=Posting.EVERYONE)
    archived_at: Mapped[datetime | None]
    # No foreign key: it would lock the account after the group, and accounts are never deleted.
    created_by: Mapped[int | None]
    # Whether it ever had an owner: if so, it always has one while it has members (log/ownership.py).
    had_owner: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The first entry that whoever joins from now on may read.
    readable_from: Mapped[int] = mapped_column(default=1, server_default="1")
    direct_key: Mapped[str | None] = mapped_column(String(64))  # of the people in a direct group (groups/direct.py)
    # How often its settings or the roles of its members were changed: a form that names another one is out of date.
    rev: Mapped[int] = mapped_column(default=0, server_default="0")

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="group", cascade="all, delete-orphan", passive_deletes=True
    )

    @classmethod
    def plain_name(cls) -> ColumnElement[str]:
        """The name without the characters that comparisons ignore, as `plain` of a typed name."""
        column: ColumnElement[str] = cls.__table__.c.name
        for character in IGNORED:
            # As literals: PostgreSQL takes expressions with parameters for different ones when it groups by them.
            column = func.replace(column, literal_column(f"'{character}'"), literal_column("''"))
        return column

    @classmethod
    def name_contains(cls, part: str) -> ColumnElement[bool]:
        return cls.by_name().contains(folded(plain(part)), autoescape=True)

    @classmethod
    def by_name(cls) -> ColumnElement[str]:
        """The key that lists are sorted by: the plain name, ignoring case."""
        return func.coalesce(cls.name_key, func.lower(cls.plain_name()))

    @validates("name")
    def _check_name(self, _key: str, value: str) -> str:
        name = check_name(value)
        self.name_key = folded(plain(name))
        return name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @validates("description")
    def _check_description(self, _key: str, value: str) -> str:
        return check_description(value)

    async def add_user(self, user: User, *, by: User | None = None, role: Role = Role.MEMBER) -> bool:
        """Make `user` a member; the same transaction logs the Join. Return False if they were one already.

        `by`: who added them, if they did not join by themselves.
        """
        session = await self._locked()
        if await session.get(Membership, (self.id, user.id)):
            return False
        membership = Membership(group=self, user=user, role=role)
        membership.added_by = by
        session.add(membership)
        await session.flush()
        return True

    async def remove_user(self, user: User, *, by: User | None = None) -> bool:
        """End `user`'s membership; the same transaction logs the Left. Return False if they were not a member.

        `by`: who removed them, if they did not leave by themselves.
        """
        session = await self._locked()
        # Read again even if the caller has it: it may have ended while this waited for the lock.
        membership = await session.get(Membership, (self.id, user.id), populate_existing=True)
        if membership is None:
            return False
        membership.removed_by = by
        await session.delete(membership)
        await session.flush()
        return True

    async def _locked(self) -> AsyncSession:
        # Simultaneous joins wait for each other here, so the second sees the first's membership.
        # SQLite ignores FOR UPDATE, but runs one writing transaction at a time.
        session = async_object_session(self)
        assert session is not None, "the group needs the session that loaded it"
        await session.execute(lock_groups([self.id]))
        return session

    def get_absolute_url(self) -> str:
        return f"/groups/{self.uuid}/"

    def __str__(self) -> str:
        return f"Group {self.name}-{self.uuid}"


# Members who are more than that, as the index has them.
WITH_ROLE = text("role <> 'member'")


class Membership(Base):
    """A user's membership of a group, and how far they have read."""

    __tablename__ = "memberships"
    __allow_unmapped__ = True  # added_by and removed_by
    __table_args__ = (
        Index("ix_memberships_role", "group_id", "role", sqlite_where=WITH_ROLE, postgresql_where=WITH_ROLE),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    read_seq: Mapped[int] = mapped_column(default=0)
    # Increases whenever the user marks something as unread again: a mark that names another one is out of date.
    read_rev: Mapped[int] = mapped_column(default=0, server_default="0")
    role: Mapped[str] = mapped_column(String(10), default=Role.MEMBER, server_default=Role.MEMBER)
    # The first entry of the log that the member may read. The Join sets it (log/write.py).
    from_seq: Mapped[int] = mapped_column(default=1, server_default="1")
    # Of a direct group: how many messages it had when the member had it hidden. More make it appear again.
    hidden_at: Mapped[int | None]
    level: Mapped[str | None] = mapped_column(String(10))  # a preferences.Level; None: that of the group's kind
    muted_until: Mapped[datetime | None]
    preferences_rev: Mapped[int] = mapped_column(default=0, server_default="0")  # how often one of the two was set

    # Who did it, for the Join and the Left that are logged (log/hooks.py); None: the user.
    added_by: User | None = None
    removed_by: User | None = None

    group: Mapped[Group] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")

    @property
    def log(self) -> ReadableLog:
        """What the member may read."""
        return ReadableLog(self.group_id, self.from_seq)

    def __str__(self) -> str:
        return f"{self.user.username} in {self.group.name}"


GROUPS, MEMBERSHIPS = cast(Table, Group.__table__), cast(Table, Membership.__table__)


def may_see() -> ColumnElement[bool]:
    """A condition for queries that outer-join the user's membership: whether the group exists as far as they know.

    Nobody else learns of a direct group before its first message.
    """
    is_known = or_(Membership.hidden_at.is_(None), Group.messages > literal_column("0"))
    return or_(Group.access == literal_column("'open'"), and_(Membership.user_id.is_not(None), is_known))


def is_listed() -> ColumnElement[bool]:
    """Whether a group is among its member's: not a direct one that they have hidden, until its next message."""
    return or_(Membership.hidden_at.is_(None), Group.messages > Membership.hidden_at)


def plain(name: str) -> str:
    """The name without the characters that comparisons ignore."""
    return without(IGNORED, name)


def is_in(part: str, name: str) -> bool:
    """Whether the name contains `part`, as `Group.name_contains`: the rule of static/js/pages/filter.js."""
    return folded(plain(part)) in folded(plain(name))


def check_name(value: str) -> str:
    """A group's name without surrounding space. Raises ValueError with a sentence for people."""
    name = value.translate(SPACES).strip()
    if not 1 <= len(name) <= MAX_NAME or not is_group_name(name):
        raise ValueError(f"A group's name has 1 to {MAX_NAME} printable characters.")
    return name


def check_description(value: str) -> str:
    """A group's description without surrounding space. Raises ValueError with a sentence for people."""
    description = value.replace("\r\n", "\n").strip()
    if (over := len(description) - MAX_DESCRIPTION) > 0:
        raise ValueError(f"{over} character{'' if over == 1 else 's'} too long. Shorten the description.")
    if "\0" in description:
        raise ValueError("A description can't contain NUL characters.")
    return description
