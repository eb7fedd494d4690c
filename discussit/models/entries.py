"""What was said and who came and went: the entries of a group's log."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, case
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from discussit import wire
from discussit.models.accounts import User
from discussit.models.base import Base, now
from discussit.models.groups import Group


class Entry(Base):
    """One place in a group's log. `seq` is given by the flush that first writes it (hooks.py)."""

    __tablename__ = "entries"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    timestamp: Mapped[datetime] = mapped_column(default=now)
    content: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(64))

    group: Mapped[Group] = relationship()
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("group_id", "user_id", "client_id"),
        CheckConstraint("kind IN ('Message', 'Join', 'Left')", name="kind"),
        CheckConstraint("seq > 0", name="seq"),
        # The log is stored in its own order: a page is one range of the table itself.
        {"sqlite_with_rowid": False},
    )
    __mapper_args__ = {"polymorphic_on": case((kind == "Message", "message"), else_="event")}

    @property
    def is_withdrawn(self) -> bool:
        """Whether an administrator took the text away; nobody can send an empty one."""
        return self.content == ""

    def withdraw(self) -> None:
        """Take the text away and keep the place, so that the log stays without a gap."""
        self.content = ""

    def frame(self) -> wire.TextMessage | wire.EventMessage:
        raise NotImplementedError


class Message(Entry):
    """Something a member wrote."""

    __mapper_args__ = {"polymorphic_identity": "message"}

    author = synonym("user")
    author_id = synonym("user_id")

    def __init__(self, **values: Any) -> None:
        super().__init__(kind="Message", **values)

    @property
    def said(self) -> "Said":
        return Said(self.user.username, self.content, self.timestamp)

    def frame(self) -> wire.TextMessage:
        return self.said.frame(self.group.uuid, self.seq)

    def __str__(self) -> str:
        return str(self.said)


class Said(NamedTuple):
    """What others are told of a message, whether it has a row already or not yet."""

    author: str
    content: str
    timestamp: datetime

    def frame(self, group_uuid: UUID, seq: int) -> wire.TextMessage:
        moment, is_withdrawn = wire.utc_text(self.timestamp), self.content == ""
        return wire.TextMessage(group_uuid, seq, self.author, self.content, moment, str(self), is_withdrawn)

    def __str__(self) -> str:
        return f"{self.author}:- {self.content} @{self.timestamp:%Y-%m-%d %H:%M}"


class Event(Entry):
    """Somebody's Join or Left. `description` is written by the flush."""

    __mapper_args__ = {"polymorphic_identity": "event"}

    type = synonym("kind")
    description = synonym("content")

    def describe(self) -> str:
        return f"{self.user.username} {self.kind} the {self.group.name} group"

    def frame(self) -> wire.EventMessage:
        status: Any = self.kind  # the table's check allows an event nothing else
        return wire.EventMessage(
            group_uuid=self.group.uuid,
            seq=self.seq,
            user=self.user.username,
            status=status,
            timestamp=wire.utc_text(self.timestamp),
            message=str(self),
            withdrawn=self.is_withdrawn,
        )

    def __str__(self) -> str:
        return self.content
