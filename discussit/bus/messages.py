"""What processes tell each other over the bus: a protocol between two adjacent versions.

Fields may be added with defaults; unknown ones are ignored. A message that this version does not know, or can't
read, means Resync: the reader looks at the database instead.
"""

from uuid import UUID

import msgspec

from discussit.log.compose import EncodedEntry
from discussit.log.kinds import Effect
from discussit.log.unread import UnreadChange

UNREAD_CHANNEL = "unread"  # of what changes unread numbers, in all groups
PERSON_CHANNELS = 32  # each costs a process that listens to it a task and a subscription, some 7 KB


class Appended(msgspec.Struct, tag_field="type", tag="appended"):
    """Consecutive entries that were committed to the group's log. `revisions`: those of the group before them."""

    entries: list[EncodedEntry]
    revisions: int

    @property
    def first(self) -> int:
        return self.entries[0].seq

    def revisions_at(self, seq: int) -> int:
        """The group's revisions after its entry `seq`, one of these or the last before them."""
        revising = [entry.seq for entry in self.entries if entry.target is not None and entry.revises]
        return self.revisions + sum(each <= seq for each in revising) if revising else self.revisions


class Revised(msgspec.Struct, tag_field="type", tag="revised"):
    """Texts of the group's entries changed: drop those that are kept, and have readers load the log again."""

    revisions: int
    epoch: str


class MembershipChange(msgspec.Struct, array_like=True, frozen=True):
    """The entry `seq` of a group let a user join or leave, or made a direct one appear among their groups."""

    group_uuid: UUID
    seq: int
    user_id: int
    effect: Effect


class MembershipChanges(msgspec.Struct, tag_field="type", tag="membership_changes"):
    """Users joined or left groups."""

    changes: list[MembershipChange]


class EndedSessions(msgspec.Struct, tag_field="type", tag="ended_sessions"):
    """Sessions of these ids ended: their sockets are closed."""

    ids: list[str]


class UnreadChanges(msgspec.Struct, tag_field="type", tag="unread_changes"):
    """Entries that change unread numbers were committed to groups."""

    changes: list[UnreadChange]


class Marked(msgspec.Struct, tag_field="type", tag="marked"):
    """Members read on, or marked something as unread again: groups, each with ids of users.

    `sender` names the process in which they did.
    """

    members: list[tuple[UUID, list[int]]]
    sender: str


class ChangedGroups(msgspec.Struct, tag_field="type", tag="changed_groups"):
    """Groups whose settings or roles were changed, each with its `rev` since, and deleted ones."""

    groups: list[tuple[UUID, int]]


class Resync(msgspec.Struct, tag_field="type", tag="resync"):
    """Something may have been missed: read the database."""


BusMessage = Appended | Revised | MembershipChanges | EndedSessions | UnreadChanges | Marked | ChangedGroups | Resync

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[BusMessage] = msgspec.json.Decoder(BusMessage)


def encode(message: BusMessage) -> str:
    return _encoder.encode(message).decode()


def decode(text: str) -> BusMessage:
    """The message. Resync where this version can't read it: newer processes share the bus during an update."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Resync()


def group_channel(uuid: UUID) -> str:
    """The channel of what happens in a group."""
    return f"group.{uuid}"


def person_channel(user_id: int) -> str:
    """The channel of what concerns a person.

    Others share it, so that a process with thousands of people listens to a bounded number of channels.
    """
    return f"people.{user_id % PERSON_CHANNELS}"
