"""The commands that clients send: from JSON text to checked values (docs/protocol.md)."""

from typing import Annotated, TypeVar

import msgspec

from discussit.errors import ErrorCode, Refused
from discussit.log.checks import check_client_id
from discussit.wire.objects import JoinGroup, LeaveGroup

MAX_SEQ = 2**31 - 1  # what every engine can store
MAX_SIZE = 64 * 1024  # bytes of one WebSocket message from a client

Command = TypeVar("Command")


Seq = Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]


class SendMessage(msgspec.Struct, tag_field="type", tag="text_message"):
    """A message for the group whose socket it came on. `author`, if given, must be the sender."""

    message: str
    author: str | None = None
    reply_to: Seq | None = None
    client_id: str | None = None


class EditMessage(msgspec.Struct, tag_field="type", tag="edit_message"):
    """Another text for the message `target`, if `rev` is its present one."""

    target: Seq
    rev: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    message: str
    client_id: str | None = None


class DeleteMessage(msgspec.Struct, tag_field="type", tag="delete_message"):
    """Delete the message `target`."""

    target: Seq
    client_id: str | None = None


class React(msgspec.Struct, tag_field="type", tag="react"):
    """Set the user's reaction with `emoji` to the message `target`."""

    target: Seq
    emoji: str
    on: bool
    client_id: str | None = None


class MarkRead(msgspec.Struct, tag_field="type", tag="mark_read"):
    """The user has read the log up to and including `seq`, if `read_rev` is the present one."""

    seq: Seq
    read_rev: int | None = None
    client_id: str | None = None


class MarkUnread(msgspec.Struct, tag_field="type", tag="mark_unread"):
    """Make `seq` and all that follows unread again."""

    seq: Seq
    client_id: str | None = None


LogCommand = SendMessage | EditMessage | DeleteMessage | React  # each adds an entry to the log
Mark = MarkRead | MarkUnread
GroupCommand = LogCommand | Mark
_group_command: msgspec.json.Decoder[GroupCommand] = msgspec.json.Decoder(GroupCommand)
_home_command: msgspec.json.Decoder[JoinGroup | LeaveGroup] = msgspec.json.Decoder(JoinGroup | LeaveGroup)


def decode_group_command(text: str) -> GroupCommand:
    """One command on `/groups/{uuid}/`. Raises Refused."""
    command = _decode(_group_command, text)
    check_client_id(command.client_id)
    return command


def decode_home_command(text: str) -> JoinGroup | LeaveGroup:
    """One command on `/`. Raises Refused."""
    return _decode(_home_command, text)


def _decode(decoder: "msgspec.json.Decoder[Command]", text: str) -> Command:
    try:
        try:
            return decoder.decode(text)
        except msgspec.ValidationError as error:
            msgspec.json.decode(text)  # the decoder stops at the first wrong type: is the rest JSON at all?
            raise Refused(ErrorCode.BAD_FRAME, f"This frame can't be understood: {error}.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused(ErrorCode.BAD_JSON, "This frame is not JSON text.") from None
