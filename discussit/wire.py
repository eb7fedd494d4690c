"""The frames of both WebSocket routes: their shapes, codes and limits (docs/protocol.md)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

SUBPROTOCOL = "discussit.v1"
MAX_FRAME = 64 * 1024  # bytes of one frame from a client
MAX_CONTENT = 10_000  # characters of one message
MAX_MISSED = 1_000  # entries that a returning reader is sent one by one


FrameType = TypeVar("FrameType")


class ErrorCode(StrEnum):
    """Why a frame was refused."""

    BAD_JSON = "bad_json"
    BAD_FRAME = "bad_frame"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    AUTHOR_MISMATCH = "author_mismatch"
    NOT_MEMBER = "not_member"
    NO_SUCH_GROUP = "no_such_group"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"


class CloseCode(IntEnum):
    """Why the server ended a connection. After GOING_AWAY, RESTART and STOPPED_READING: come back."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    RESTART = 1012
    STOPPED_READING = 1013
    SESSION_ENDED = 4401
    MEMBERSHIP_ENDED = 4403


class Refused(Exception):
    """Something a client sent can't be done: `code` for programs, the text for people."""

    def __init__(self, code: ErrorCode, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after = retry_after  # seconds


# From the client


class SendMessage(msgspec.Struct):
    """A message for the group whose socket it came on. `author`, if given, must be the sender."""

    type: Literal["text_message"]  # no tag: the decoder of a single Struct lets a missing one pass
    message: str
    author: str | None = None
    client_id: str | None = None


class Join(msgspec.Struct, tag_field="type", tag="join_group"):
    data: UUID


class Leave(msgspec.Struct, tag_field="type", tag="leave_group"):
    data: UUID


_group_frame = msgspec.json.Decoder(SendMessage)
_home_frame: msgspec.json.Decoder[Join | Leave] = msgspec.json.Decoder(Join | Leave)


def decode_group_frame(text: str) -> SendMessage:
    """One frame of `/groups/{uuid}/`. Raises Refused."""
    frame = _decode(_group_frame, text)
    check_client_id(frame.client_id)
    return frame


def decode_home_frame(text: str) -> Join | Leave:
    """One frame of `/`. Raises Refused."""
    return _decode(_home_frame, text)


def _decode(decoder: "msgspec.json.Decoder[FrameType]", text: str) -> FrameType:
    try:
        try:
            return decoder.decode(text)
        except msgspec.ValidationError as error:
            msgspec.json.decode(text)  # the decoder stops at the first wrong type: is the rest JSON at all?
            raise Refused(ErrorCode.BAD_FRAME, f"This frame can't be understood: {error}.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused(ErrorCode.BAD_JSON, "This frame is not JSON text.") from None


def check_content(content: str) -> str:
    """The text of a message, if it may be stored. Raises Refused."""
    if not content.strip():
        raise Refused(ErrorCode.EMPTY, "A message needs some text.")
    if len(content) > MAX_CONTENT:
        raise Refused(
            ErrorCode.TOO_LONG, f"A message has at most {MAX_CONTENT:,} characters; this has {len(content):,}."
        )
    if "\0" in content:
        raise Refused(ErrorCode.BAD_FRAME, "A message can't contain NUL characters.")
    return content


def check_client_id(client_id: str | None) -> str | None:
    """The name that a client gave its message, if it may be one. Raises Refused."""
    if client_id is not None and ("\0" in client_id or not 1 <= len(client_id) <= 64):
        raise Refused(ErrorCode.BAD_FRAME, "A client_id has 1 to 64 characters, none of them NUL.")
    return client_id


def is_seq(text: str) -> bool:
    """Whether a text from outside is a place in a log, as every engine can store it."""
    return text.isascii() and text.isdecimal() and len(text) < 19


# From the server


class TextMessage(msgspec.Struct, tag_field="type", tag="text_message", omit_defaults=True):
    """A message in a group's log."""

    group_uuid: UUID
    seq: int
    author: str
    content: str
    timestamp: str
    message: str
    withdrawn: bool = False


class EventMessage(msgspec.Struct, tag_field="type", tag="event_message", omit_defaults=True):
    """Somebody's coming or going in a group's log."""

    group_uuid: UUID
    seq: int
    user: str
    status: Literal["Join", "Left"]
    timestamp: str
    message: str
    withdrawn: bool = False


class Ready(msgspec.Struct, tag_field="type", tag="ready", omit_defaults=True):
    """The first object of a `discussit.v1` connection: the log's last seq, or one's groups on `/`."""

    user: str
    group_uuid: UUID | None = None
    seq: int | None = None
    groups: list[UUID] | None = None
    version: str | None = None  # of the scripts that pages come with


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """The message with this `client_id` is committed, at this place in the log."""

    client_id: str | None
    seq: int


class Reset(msgspec.Struct, tag_field="type", tag="reset"):
    """Too much was missed, or history was changed: load the page again."""

    seq: int


class Error(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """A refused frame."""

    code: ErrorCode
    message: str
    client_id: str | None = None
    data: UUID | None = None
    retry_after: int | None = None


Frame = TextMessage | EventMessage | Ready | Ack | Reset | Error | Join | Leave

_encoder = msgspec.json.Encoder()
_entry: msgspec.json.Decoder[TextMessage | EventMessage] = msgspec.json.Decoder(TextMessage | EventMessage)


def encode(frame: Frame) -> str:
    """One object as JSON text on one line."""
    return _encoder.encode(frame).decode()


def decode_entry(text: str) -> TextMessage | EventMessage:
    """An entry as `encode` wrote it."""
    return _entry.decode(text)


def array(objects: Iterable[str]) -> str:
    """Encoded objects as one frame of `discussit.v1`."""
    return f"[{','.join(objects)}]"


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with all six digits, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
