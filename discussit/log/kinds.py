"""The kinds of entries: everything that tells one kind from another is in its `Kind`.

To add a kind, add its object on the wire and its `Kind` here, and, if it is shown, its markup to
`templates/group/_entry.html`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, NamedTuple, cast
from uuid import UUID

import msgspec


class State(StrEnum):
    """What became of an entry."""

    LIVE = "live"
    DELETED = "deleted"  # its text is gone, its place stays


class Effect(StrEnum):
    """What an entry does to its user's membership."""

    JOINED = "joined"
    LEFT = "left"
    UNKNOWN = "unknown"  # of a kind that only a newer version knows: ask the database


class EntryRow(NamedTuple):
    """An entry as it is stored, with its user's name."""

    seq: int
    kind: str
    user_id: int
    username: str
    timestamp: datetime
    state: str
    content: str  # empty where there is no text

    @property
    def is_deleted(self) -> bool:
        return self.state == State.DELETED


# Objects on the wire (docs/protocol.md)

Status = Literal["Join", "Left"]


class TextMessage(msgspec.Struct, tag_field="type", tag="text_message", omit_defaults=True):
    """A message of a member."""

    group_uuid: UUID
    seq: int
    author: str
    content: str
    timestamp: str
    message: str
    withdrawn: bool = False


class EventMessage(msgspec.Struct, tag_field="type", tag="event_message", omit_defaults=True):
    """A user's Join or Left."""

    group_uuid: UUID
    seq: int
    user: str
    status: Status
    timestamp: str
    message: str
    withdrawn: bool = False


class UnknownEntry(msgspec.Struct, tag_field="type", tag="unknown"):
    """An entry of a kind that this version does not know: a newer one wrote it during an update."""

    kind: str
    group_uuid: UUID
    seq: int
    timestamp: str


EntryObject = TextMessage | EventMessage | UnknownEntry


def _text_message(group_uuid: UUID, row: EntryRow, timestamp: str) -> TextMessage:
    line = message_line(row.username, row.content, row.timestamp)
    return TextMessage(group_uuid, row.seq, row.username, row.content, timestamp, line, row.is_deleted)


def _event_message(group_uuid: UUID, row: EntryRow, timestamp: str) -> EventMessage:
    status = cast(Status, row.kind)  # only of the two kinds below
    return EventMessage(group_uuid, row.seq, row.username, status, timestamp, row.content, row.is_deleted)


def _unknown(group_uuid: UUID, row: EntryRow, timestamp: str) -> UnknownEntry:
    return UnknownEntry(row.kind, group_uuid, row.seq, timestamp)


@dataclass(frozen=True)
class Kind:
    """What the program needs to know about one kind of entry."""

    name: str  # in the database
    make_object: Callable[[UUID, EntryRow, str], EntryObject]  # from group, row and the timestamp's text
    shown_as: str | None = None  # its word on pages and its macro's parameter; None: it has no row of its own
    counts_as_unread: bool = False
    effect: Effect | None = None
    is_sent_to_tutorial_clients: bool = True


MESSAGE = Kind("Message", _text_message, shown_as="message", counts_as_unread=True)
JOIN = Kind("Join", _event_message, shown_as="joined", effect=Effect.JOINED)
LEFT = Kind("Left", _event_message, shown_as="left", effect=Effect.LEFT)

KINDS = {kind.name: kind for kind in (MESSAGE, JOIN, LEFT)}
SHOWN_KINDS = [kind.name for kind in KINDS.values() if kind.shown_as]
EVENT_WORDS = {kind.name: kind.shown_as for kind in KINDS.values() if kind.effect and kind.shown_as}


def kind_of(name: str) -> Kind:
    """The kind of this name; of an unknown one, what is safe to assume."""
    return KINDS.get(name) or Kind(name, _unknown, effect=Effect.UNKNOWN, is_sent_to_tutorial_clients=False)


# Their texts


def message_line(author: str, content: str, timestamp: datetime) -> str:
    """A message in one line, as the tutorial writes it."""
    minute = timestamp.isoformat(" ", "minutes")[: len("2026-01-01 00:00")]  # half of strftime's time
    return f"{author}:- {content} @{minute}"


def event_line(username: str, kind: str, group_name: str) -> str:
    """An event in one line, as the tutorial writes it."""
    return f"{username} {kind} the {group_name} group"


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with all six digits, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
