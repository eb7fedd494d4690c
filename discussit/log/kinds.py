"""The kinds of entries: everything that tells one kind from another is in its `Kind`.

To add a kind, add its object to `entry_objects.py`, its `Kind` here, and, if it is shown, its markup to
`templates/group/_entry.html`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, cast
from uuid import UUID

import msgspec

from discussit.log.entry_objects import (
    NO_BODY,
    EntryObject,
    EventMessage,
    GroupChanged,
    MessageDeleted,
    MessageEdited,
    Reaction,
    Status,
    TextMessage,
    TutorialEdit,
    UnknownEntry,
)
from discussit.log.lines import (
    ADDED_BY,
    AS_ADMINISTRATOR,
    REMOVED_BY,
    edit_line,
    group_change_line,
    message_line,
    reaction_line,
)


class State(StrEnum):
    """What became of an entry."""

    LIVE = "live"
    DELETED = "deleted"  # by its author: its text is gone, its place stays
    REMOVED = "removed"  # the same, by somebody else


class Effect(StrEnum):
    """What an entry does to its user's membership."""

    JOINED = "joined"
    LEFT = "left"
    SHOWN = "shown"  # no entry's: a direct group appears among the user's groups
    HIDDEN = "hidden"  # or no longer is
    UNKNOWN = "unknown"  # of a kind that only a newer version knows: ask the database


class Changed(NamedTuple):
    """What the target of a change is now."""

    author: str
    state: str
    rev: int
    content: str
    body: str | None
    mentions: tuple[str, ...]
    is_on: bool = False  # of a reaction: whether its user reacts so
    users: int = 0  # of a reaction: how many react so

    @property
    def is_deleted(self) -> bool:
        return self.state != State.LIVE


class EntryRow(NamedTuple):
    """An entry as it is stored, with its user's name."""

    seq: int
    kind: str
    user_id: int
    username: str
    timestamp: datetime
    state: str
    content: str  # empty where there is no text
    body: str | None = None  # the text as a tree, encoded; None where it is plain
    rev: int = 0  # how often the message was edited
    reply_to: int | None = None
    reply_rev: int | None = None  # what `rev` of the message was when it was replied to
    target: int | None = None  # the seq of the message that this entry changes
    emoji: str | None = None  # of a reaction
    other_user_id: int | None = None  # who added or removed the user; of a change of the group: whom it concerns
    mentions: tuple[str, ...] = ()
    changed: Changed | None = None  # of a change
    other_user: str | None = None  # the name of that user

    @property
    def is_deleted(self) -> bool:
        return self.state != State.LIVE


@dataclass(frozen=True)
class Kind:
    """What the program needs to know about one kind of entry."""

    name: str  # in the database
    make_object: Callable[[UUID, EntryRow, str], EntryObject]  # from group, row and the timestamp's text
    shown_as: str | None = None  # its word on pages and its macro's parameter; None: it has no row of its own
    counts_as_unread: bool = False
    effect: Effect | None = None
    revises: bool = False  # whether it changes the text of its target, as the objects of others have it
    group_change: str | None = None  # of a change of the group: what `change` of its object says
    tutorial_form: Callable[[str], str] | None = None  # of its object's text; None: not sent to such clients


# Their objects


def _text_message(group_uuid: UUID, row: EntryRow, timestamp: str) -> TextMessage:
    is_deleted = row.is_deleted
    return TextMessage(
        group_uuid,
        row.seq,
        row.username,
        row.content,
        timestamp,
        message_line(row.username, row.content, timestamp),
        withdrawn=is_deleted,
        deleted=is_deleted,
        rev=row.rev,
        body=encoded(row.body),
        mentions=row.mentions,
        reply_to=row.reply_to,
        reply_rev=row.reply_rev,
    )


def _event_message(group_uuid: UUID, row: EntryRow, timestamp: str) -> EventMessage:
    status = cast(Status, row.kind)  # only of the two kinds below
    event = group_uuid, row.seq, row.username, status, timestamp, row.content
    return EventMessage(*event, row.is_deleted, row.other_user)


def _group_changed(group_uuid: UUID, row: EntryRow, timestamp: str) -> GroupChanged:
    change = KINDS[row.kind].group_change or ""
    line = group_change_line(change, row.username, row.other_user, row.content)
    return GroupChanged(group_uuid, row.seq, timestamp, row.username, change, line, row.other_user, row.content or None)


def _message_edited(group_uuid: UUID, row: EntryRow, timestamp: str) -> MessageEdited:
    target, changed = _change(row)
    return MessageEdited(
        group_uuid,
        row.seq,
        timestamp,
        target,
        changed.rev,
        changed.author,
        row.username,
        changed.content,
        edit_line(row.username, changed.content, timestamp),
        encoded(changed.body),
        changed.mentions,
        changed.is_deleted,
    )


def _message_deleted(group_uuid: UUID, row: EntryRow, timestamp: str) -> MessageDeleted:
    target, changed = _change(row)
    whose = "a message" if row.username == changed.author else f"a message from {changed.author}"
    return MessageDeleted(group_uuid, row.seq, timestamp, target, row.username, f"{row.username} deleted {whose}")


def _reaction(group_uuid: UUID, row: EntryRow, timestamp: str) -> Reaction:
    target, changed = _change(row)
    emoji = row.emoji or ""
    line = reaction_line(row.username, emoji, is_on=changed.is_on)
    return Reaction(
        group_uuid,
        row.seq,
        timestamp,
        target,
        row.username,
        emoji,
        changed.is_on,
        changed.users,
        line,
        changed.is_deleted,
    )


def _change(row: EntryRow) -> tuple[int, Changed]:
    target, changed = row.target, row.changed
    assert target is not None, "a change has a target"
    assert changed is not None, "what it is now was not read"
    return target, changed


def encoded(body: str | None) -> msgspec.Raw:
    return NO_BODY if body is None else msgspec.Raw(body)


def _unknown(group_uuid: UUID, row: EntryRow, timestamp: str) -> UnknownEntry:
    return UnknownEntry(row.kind, group_uuid, row.seq, timestamp)


# For clients of the tutorial's protocol


def _same(text: str) -> str:
    return text


def _edit_as_message(text: str) -> str:
    """An edit as a message that says which one it edits."""
    edit = msgspec.json.decode(text, type=MessageEdited)
    message = TutorialEdit(
        edit.group_uuid, edit.seq, edit.author, edit.content, edit.timestamp, edit.message, edits=edit.target
    )
    return msgspec.json.encode(message).decode()


MESSAGE = Kind("Message", _text_message, shown_as="message", counts_as_unread=True, tutorial_form=_same)
JOIN = Kind("Join", _event_message, shown_as="joined", effect=Effect.JOINED, tutorial_form=_same)
LEFT = Kind("Left", _event_message, shown_as="left", effect=Effect.LEFT, tutorial_form=_same)
EDIT = Kind("Edit", _message_edited, revises=True, tutorial_form=_edit_as_message)
DELETE = Kind("Delete", _message_deleted, revises=True)
REACTION = Kind("Reaction", _reaction)


def _of_group(name: str, change: str) -> Kind:
    return Kind(name, _group_changed, shown_as=change, group_change=change)


RENAMED, DESCRIBED = _of_group("Renamed", "renamed"), _of_group("Described", "described")
OPENED, CLOSED = _of_group("Opened", "opened"), _of_group("Closed", "closed")
ARCHIVED, UNARCHIVED = _of_group("Archived", "archived"), _of_group("Unarchived", "unarchived")
ROLE, HANDED_OVER = _of_group("Role", "role"), _of_group("HandedOver", "handed_over")
SETTINGS = _of_group("Settings", "settings")

GROUP_CHANGES = (RENAMED, DESCRIBED, OPENED, CLOSED, ARCHIVED, UNARCHIVED, ROLE, HANDED_OVER, SETTINGS)
KINDS = {kind.name: kind for kind in (MESSAGE, JOIN, LEFT, EDIT, DELETE, REACTION, *GROUP_CHANGES)}
SHOWN_KINDS = [kind.name for kind in KINDS.values() if kind.shown_as]
# What pages say of a Join or Left: by its kind; by its kind and "by" where somebody else brought it about, whose name
# follows; by its kind and "self" where a superuser joined as such.
EVENT_WORDS = {
    **{kind.name: kind.shown_as for kind in KINDS.values() if kind.effect and kind.shown_as},
    f"{JOIN.name}-by": ADDED_BY,
    f"{LEFT.name}-by": REMOVED_BY,
    f"{JOIN.name}-self": AS_ADMINISTRATOR,
}


def kind_of(name: str) -> Kind:
    """The kind of this name; of an unknown one, what is safe to assume."""
    return KINDS.get(name) or Kind(name, _unknown, effect=Effect.UNKNOWN)


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with all six digits, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
