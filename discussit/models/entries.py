"""The entries of the groups' logs."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship, synonym

from discussit.log.kinds import (
    DELETE,
    EDIT,
    GROUP_CHANGES,
    MESSAGE,
    REACTION,
    State,
    utc_text,
)
from discussit.log.lines import event_line, message_line
from discussit.models.accounts import User
from discussit.models.base import Base, now
from discussit.models.groups import Group

# In place of a user's id and name: a mention of all members.
EVERYONE, EVERYONE_NAME = 0, "everyone"
MAX_EMOJI = 32  # characters; the longest has 10


def _of_entry(*columns: Column[Any]) -> list[Any]:
    """The columns of a table about entries: its key begins with that of the entry, whose deletion deletes its rows."""
    return [
        Column("group_id", Integer, primary_key=True),
        Column("seq", Integer, primary_key=True, autoincrement=False),
        *columns,
        ForeignKeyConstraint(["group_id", "seq"], ["entries.group_id", "entries.seq"], ondelete="CASCADE"),
    ]


ANSWERS = text("reply_to IS NOT NULL")
# Texts have tables of their own, to whose end rows are added. No row is deleted, since SQLite then leaves copies of
# others in its file when it moves them to other pages, nor updated except to be emptied. A table that is stored in the
# order of its key, as the entries are, moves rows all the time.
# Each entry that is shown has a row, and no other has: so a page's entries are found by the key of this table, however
# many changes lie between them.
TEXTS = Table(
    "texts",
    Base.metadata,
    *_of_entry(
        Column("content", Text, nullable=False),  # empty once it is erased
        Column("body", Text),  # the content as a tree (text/), encoded; NULL where it is plain
    ),
)
# Later texts of messages that were edited: the present one is that with the message's `rev`.
VERSIONS = Table(
    "versions",
    Base.metadata,
    *_of_entry(
        Column("rev", Integer, primary_key=True, autoincrement=False),  # from 1 on
        Column("content", Text, nullable=False),
        Column("body", Text),
        Column("at_seq", Integer, nullable=False),  # of the edit
    ),
)
# Of a row of entries, joined with its text and with the version that has its `rev`.
PRESENT_CONTENT = func.coalesce(VERSIONS.c.content, TEXTS.c.content)
PRESENT_BODY = case((VERSIONS.c.rev.is_not(None), VERSIONS.c.body), else_=TEXTS.c.body)
REACTIONS = Table(
    "reactions",
    Base.metadata,
    *_of_entry(
        Column("emoji", String(MAX_EMOJI), primary_key=True),
        Column("user_id", Integer, primary_key=True, autoincrement=False),
        Column("first_seq", Integer, nullable=False),  # of the user's first Reaction entry with this emoji
        Column("at_seq", Integer, nullable=False),  # of the last one
        Column("is_on", Boolean, nullable=False),
    ),
    sqlite_with_rowid=False,
)
# A mention that was edited out keeps its row: nobody is notified of one message twice. A reply has a row with the
# negative id of whom it answers, and no place: so it is no mention, neither here nor for the version before.
MENTIONS = Table(
    "mentions",
    Base.metadata,
    *_of_entry(
        Column("user_id", Integer, primary_key=True, autoincrement=False),  # or EVERYONE, or of whom it answers
        Column("at_seq", Integer, nullable=False),  # of the entry that brought it: the message, or an edit
        Column("place", Integer),  # among those of the message; NULL once it was edited out
    ),
    Index("ix_mentions_user_id", "user_id", "group_id", "at_seq"),
    sqlite_with_rowid=False,
)


class Entry(Base):
    """One entry of a group's log. The flush that first writes it sets `seq` and `nth` (log/hooks.py)."""

    __tablename__ = "entries"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    timestamp: Mapped[datetime] = mapped_column(default=now)
    client_id: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), default=State.LIVE)
    nth: Mapped[int]  # how many messages the group has up to and including this entry
    # Of a Join or Left: who added or removed the user. Of a change of the group: the member whom it concerns. No
    # foreign key, which would lock that account after the group.
    other_user_id: Mapped[int | None]
    # Of a change:
    target: Mapped[int | None]  # the seq of the message that it changes
    emoji: Mapped[str | None] = mapped_column(String(MAX_EMOJI))  # of a reaction
    # Of a message:
    reply_to: Mapped[int | None]  # the seq of the message that it answers
    reply_rev: Mapped[int | None]  # and what `rev` of that was
    rev: Mapped[int] = mapped_column(default=0, server_default="0")  # how often it was edited
    changed_seq: Mapped[int] = mapped_column(default=0, server_default="0")  # of its last Edit, or of its Delete

    group: Mapped[Group] = relationship()
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("group_id", "user_id", "client_id"),
        CheckConstraint("seq > 0", name="seq"),
        # A user's own messages after a place are counted in the index alone.
        Index("ix_entries_own", "user_id", "group_id", "kind", "seq"),
        Index("ix_entries_reply_to", "group_id", "reply_to", sqlite_where=ANSWERS, postgresql_where=ANSWERS),
        # The log is stored in its own order: a page is one range of the table itself.
        {"sqlite_with_rowid": False},
    )
    __mapper_args__ = {
        "polymorphic_on": case(
            (kind == MESSAGE.name, "message"),
            (kind.in_([EDIT.name, DELETE.name, REACTION.name]), "change"),
            (kind.in_([each.name for each in GROUP_CHANGES]), "group_change"),
            else_="event",
        )
    }

    # Empty if there is no text. log/hooks.py writes changes.
    content: Mapped[str] = column_property(
        func.coalesce(
            select(VERSIONS.c.content)
            .where(VERSIONS.c.group_id == group_id, VERSIONS.c.seq == seq, VERSIONS.c.rev == rev)
            .correlate_except(VERSIONS)
            .scalar_subquery(),
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
        return self.state != State.LIVE


class Message(Entry):
    """A message of a member."""

    __mapper_args__ = {"polymorphic_identity": "message"}

    author = synonym("user")
    author_id = synonym("user_id")

    def __init__(self, **values: Any) -> None:
        super().__init__(kind=MESSAGE.name, **values)

    def __str__(self) -> str:
        return message_line(self.user.username, self.content, utc_text(self.timestamp))


class Event(Entry):
    """A user's Join or Left. The flush sets `description`."""

    __mapper_args__ = {"polymorphic_identity": "event"}

    type = synonym("kind")
    description = synonym("content")

    def describe(self) -> str:
        return event_line(self.user.username, self.kind, self.group.name)

    def __str__(self) -> str:
        return self.content


class GroupChange(Entry):
    """What an owner changed of the group. The `content` is the value that it has since, if the kind has one."""

    __mapper_args__ = {"polymorphic_identity": "group_change"}

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} of {self.group.name}"


class Change(Entry):
    """What somebody did to a message: an edit, a deletion, or a reaction."""

    __mapper_args__ = {"polymorphic_identity": "change"}

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} of message {self.target}"


ENTRIES = cast(Table, Entry.__table__)
