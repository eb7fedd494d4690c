"""The entries of the groups' logs."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    func,
    select,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship, synonym

from discussit.log.kinds import MESSAGE, State, event_line, message_line
from discussit.models.accounts import User
from discussit.models.base import Base, now
from discussit.models.groups import Group

# Texts have a table of their own, stored in the order of writing: SQLite leaves copies of rows in its file when it
# splits a page, which happens in a table stored in the order of its key, as the entries are.
TEXTS = Table(
    "texts",
    Base.metadata,
    Column("group_id", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    ForeignKeyConstraint(["group_id", "seq"], ["entries.group_id", "entries.seq"], ondelete="CASCADE"),
)


class Entry(Base):
    """One entry of a group's log. The flush that first writes it sets `seq` and `nth` (log/hooks.py)."""

    __tablename__ = "entries"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    timestamp: Mapped[datetime] = mapped_column(default=now)
    client_id: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), default=State.LIVE)
    nth: Mapped[int]  # how many messages the group has up to and including this entry

    group: Mapped[Group] = relationship()
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("group_id", "user_id", "client_id"),
        CheckConstraint("seq > 0", name="seq"),
        # The log is stored in its own order: a page is one range of the table itself.
        {"sqlite_with_rowid": False},
    )
    __mapper_args__ = {"polymorphic_on": case((kind == MESSAGE.name, "message"), else_="event")}

    # Empty if there is no text. log/hooks.py writes changes.
    content: Mapped[str] = column_property(
        func.coalesce(
            select(TEXTS.c.content)
            .where(TEXTS.c.group_id == group_id, TEXTS.c.seq == seq)
            .correlate_except(TEXTS)
            .scalar_subquery(),
            "",
        )
    )

    @property
    def is_deleted(self) -> bool:
        """Whether its text was erased."""
        return self.state == State.DELETED

    def withdraw(self) -> None:
        """Erase the text and keep the entry, so that the log has no gap."""
        self.state, self.content = State.DELETED, ""


class Message(Entry):
    """A message of a member."""

    __mapper_args__ = {"polymorphic_identity": "message"}

    author = synonym("user")
    author_id = synonym("user_id")

    def __init__(self, **values: Any) -> None:
        super().__init__(kind=MESSAGE.name, **values)

    def __str__(self) -> str:
        return message_line(self.user.username, self.content, self.timestamp)


class Event(Entry):
    """A user's Join or Left. The flush sets `description`."""

    __mapper_args__ = {"polymorphic_identity": "event"}

    type = synonym("kind")
    description = synonym("content")

    def describe(self) -> str:
        return event_line(self.user.username, self.kind, self.group.name)

    def __str__(self) -> str:
        return self.content
