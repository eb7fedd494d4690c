"""Groups and their members."""

import secrets
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, String, Table, func, literal_column
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from discussit.models.accounts import User
from discussit.models.base import Base, now
from discussit.models.locks import lock_groups
from discussit.models.names import JOINERS, VARIATIONS, is_group_name, without

MAX_NAME = 30  # characters
# Some keyboards type U+3000, or a space that doesn't break: all of them are seen as a space.
SPACES = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
IGNORED = JOINERS + VARIATIONS  # in comparisons


def new_epoch() -> str:
    """A new epoch, which identifies a log as it is sent to clients: 64 random bits as 16 hexadecimal digits."""
    return secrets.token_hex(8)


class Group(Base):
    """A group is a log: its entries are numbered 1 to `last_seq` without a gap.

    The counts below are updated with the entries (log/write.py), in the statement that takes their seqs.
    """

    __tablename__ = "groups"
    # A deleted group's id may still be in use in a process that has not been notified of the deletion.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    last_seq: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    last_message_at: Mapped[datetime | None]
    member_count: Mapped[int] = mapped_column(default=0)
    # Increases whenever the text of an entry changes, so that processes drop the texts they keep.
    revisions: Mapped[int] = mapped_column(default=0)
    # Changes whenever the log is no longer the one that clients received: they must reload it.
    epoch: Mapped[str] = mapped_column(String(16), default=new_epoch)
    created_at: Mapped[datetime] = mapped_column(default=now)

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
        return cls.plain_name().icontains(plain(part), autoescape=True)

    @classmethod
    def by_name(cls) -> ColumnElement[str]:
        """The key that lists are sorted by: the plain name, ignoring case."""
        return func.lower(cls.plain_name())

    @validates("name")
    def _check_name(self, _key: str, value: str) -> str:
        return check_name(value)

    async def add_user(self, user: User) -> bool:
        """Make `user` a member; the same transaction logs the Join. Return False if they were one already."""
        session = await self._locked()
        if await session.get(Membership, (self.id, user.id)):
            return False
        session.add(Membership(group=self, user=user))
        await session.flush()
        return True

    async def remove_user(self, user: User) -> bool:
        """End `user`'s membership; the same transaction logs the Left. Return False if they were not a member."""
        session = await self._locked()
        # Read again even if the caller has it: it may have ended while this waited for the lock.
        membership = await session.get(Membership, (self.id, user.id), populate_existing=True)
        if membership is None:
            return False
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


class Membership(Base):
    """A user's membership of a group, and how far they have read."""

    __tablename__ = "memberships"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    read_seq: Mapped[int] = mapped_column(default=0)
    # Increases whenever the user marks something as unread again: a mark that names another one is out of date.
    read_rev: Mapped[int] = mapped_column(default=0, server_default="0")

    group: Mapped[Group] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")

    def __str__(self) -> str:
        return f"{self.user.username} in {self.group.name}"


GROUPS, MEMBERSHIPS = cast(Table, Group.__table__), cast(Table, Membership.__table__)


def plain(name: str) -> str:
    """The name without the characters that comparisons ignore."""
    return without(IGNORED, name)


def check_name(value: str) -> str:
    """A group's name without surrounding space. Raises ValueError with a sentence for people."""
    name = value.translate(SPACES).strip()
    if not 1 <= len(name) <= MAX_NAME or not is_group_name(name):
        raise ValueError(f"A group's name has 1 to {MAX_NAME} printable characters.")
    return name
