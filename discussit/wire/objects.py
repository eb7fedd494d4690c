"""The objects that clients are sent besides entries (docs/protocol.md)."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from discussit.errors import ChangedMeanwhile, ErrorCode, Refused

MAX_MISSED = 1_000  # entries that a returning reader is sent one by one


class JoinGroup(msgspec.Struct, tag_field="type", tag="join_group"):
    """Join a group, or: the user joined it."""

    data: UUID


class LeaveGroup(msgspec.Struct, tag_field="type", tag="leave_group"):
    """Leave a group, or: the user left it."""

    data: UUID


class Ready(msgspec.Struct, tag_field="type", tag="ready", omit_defaults=True, rename={"from_": "from"}):
    """The first object of a `discussit.v1` connection: the log's last seq, or one's groups on `/`."""

    user: str
    account: str  # the user's account_id, which stays theirs when they are renamed
    group_uuid: UUID | None = None
    seq: int | None = None
    epoch: str | None = None
    from_: int | None = None  # the first entry that the user may read, if it is not 1
    groups: list[UUID] | None = None
    version: str | None = None  # of the scripts that pages come with
    # Of all the user's groups, without zeros:
    unread: dict[UUID, int] | None = None
    mentions: dict[UUID, int] | None = None
    alerts: dict[UUID, int] | None = None
    # Of this group: how far the user has read, and how often they have marked something as unread again.
    read: int | None = None
    read_rev: int | None = None


class LastMessage(msgspec.Struct, omit_defaults=True):
    """The last message of a group as it is now."""

    seq: int
    author: str
    text: str  # its beginning, on one line; empty if it was deleted
    timestamp: str
    deleted: bool = False


class Unread(msgspec.Struct, tag_field="type", tag="unread", omit_defaults=True):
    """What the user has not read of a group, as of its log's entry `at`."""

    group_uuid: UUID
    unread: int
    mentions: int
    read: int
    read_rev: int
    at: int
    alerts: int = 0  # what of it the title counts
    last: LastMessage | None = None  # for connections that don't follow the group, where it is due


class Group(msgspec.Struct, tag_field="type", tag="group", omit_defaults=True):
    """One of the user's groups, which is new to them or has changed."""

    group_uuid: UUID
    name: str  # of a direct group, the names of the others
    access: str
    archived: bool
    members: int
    role: str
    level: str = ""  # which messages the title counts
    muted: bool = False
    ended: bool = False  # nobody can write in it: it is a direct group, and somebody's account was closed


class ListedGroup(Group, kw_only=True, tag_field="type", tag="group", omit_defaults=True):
    """The same as lists show it."""

    active_at: str  # what lists sort by
    last: LastMessage | None = None  # that the user may read


class GroupGone(msgspec.Struct, tag_field="type", tag="group_gone"):
    """The group was deleted, or is no longer one of the user's."""

    group_uuid: UUID


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """The message with this `client_id` is committed, at this place in the log."""

    client_id: str | None
    seq: int


class Reset(msgspec.Struct, tag_field="type", tag="reset"):
    """Too much was missed, or history was changed: load the page again."""

    seq: int


class Source(msgspec.Struct, tag_field="type", tag="source"):
    """A message's present text as it was typed, for its author to edit."""

    target: int
    rev: int
    content: str


class Error(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """A refused frame."""

    code: ErrorCode
    message: str
    client_id: str | None = None
    data: UUID | None = None
    retry_after: int | None = None
    rev: int | None = None  # with `changed`: of the present text
    content: str | None = None

    @classmethod
    def of(cls, refused: Refused, *, client_id: str | None = None, data: UUID | None = None) -> "Error":
        error = cls(refused.code, str(refused), client_id, data, refused.retry_after)
        if isinstance(refused, ChangedMeanwhile):
            error.rev, error.content = refused.rev, refused.content
        return error


Reply = (
    Ready | Unread | Group | ListedGroup | GroupGone | Ack | Source | Reset | Error | JoinGroup | LeaveGroup
)  # what a server sends besides entries

_encoder = msgspec.json.Encoder()


def encode(reply: Reply) -> str:
    """One object as JSON text on one line."""
    return _encoder.encode(reply).decode()


def array(objects: Iterable[str]) -> str:
    """Encoded objects as one message of `discussit.v1`."""
    return f"[{','.join(objects)}]"
