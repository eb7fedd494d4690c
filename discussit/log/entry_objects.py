"""The objects by which entries are sent to clients (docs/protocol.md)."""

from typing import Literal
from uuid import UUID

import msgspec

NO_BODY = msgspec.Raw(b"")

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
    deleted: bool = False
    rev: int = 0
    body: msgspec.Raw = NO_BODY
    mentions: tuple[str, ...] = ()
    reply_to: int | None = None
    reply_rev: int | None = None


class EventMessage(msgspec.Struct, tag_field="type", tag="event_message", omit_defaults=True):
    """A user's Join or Left. `by`: who added or removed them; a superuser who joined as such has themselves."""

    group_uuid: UUID
    seq: int
    user: str
    status: Status
    timestamp: str
    message: str
    withdrawn: bool = False
    by: str | None = None


class MessageEdited(msgspec.Struct, tag_field="type", tag="message_edited", omit_defaults=True):
    """The message `target` was edited: its text as it is now."""

    group_uuid: UUID
    seq: int
    timestamp: str
    target: int
    rev: int
    author: str
    user: str
    content: str
    message: str
    body: msgspec.Raw = NO_BODY
    mentions: tuple[str, ...] = ()
    deleted: bool = False


class MessageDeleted(msgspec.Struct, tag_field="type", tag="message_deleted"):
    """The text of the message `target` is gone."""

    group_uuid: UUID
    seq: int
    timestamp: str
    target: int
    user: str
    message: str


class Reaction(msgspec.Struct, tag_field="type", tag="reaction", omit_defaults=True):
    """Whether `user` reacts to the message `target` with this emoji by now, and how many users do."""

    group_uuid: UUID
    seq: int
    timestamp: str
    target: int
    user: str
    emoji: str
    on: bool
    count: int
    message: str
    deleted: bool = False


class GroupChanged(msgspec.Struct, tag_field="type", tag="group_changed", omit_defaults=True):
    """What an owner of the group changed, or that it got another owner."""

    group_uuid: UUID
    seq: int
    timestamp: str
    user: str
    change: str
    message: str
    target_user: str | None = None
    value: str | None = None


class HiddenChange(msgspec.Struct, tag_field="type", tag="hidden"):
    """A change of an entry that is older than what the reader may read."""

    group_uuid: UUID
    seq: int
    timestamp: str


class TutorialEdit(msgspec.Struct, tag_field="type", tag="text_message"):
    """An edit, as clients of the tutorial's protocol are sent it."""

    group_uuid: UUID
    seq: int
    author: str
    content: str
    timestamp: str
    message: str
    edits: int  # the message's seq


class UnknownEntry(msgspec.Struct, tag_field="type", tag="unknown"):
    """An entry of a kind that this version does not know: a newer one wrote it during an update."""

    kind: str
    group_uuid: UUID
    seq: int
    timestamp: str


EntryObject = TextMessage | EventMessage | MessageEdited | MessageDeleted | Reaction | GroupChanged | UnknownEntry
