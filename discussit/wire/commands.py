"""The commands that clients send: from JSON text to checked values (docs/protocol.md)."""

from typing import Literal, TypeVar

import msgspec

from discussit.errors import ErrorCode, Refused
from discussit.log.checks import check_client_id
from discussit.wire.objects import JoinGroup, LeaveGroup

MAX_SIZE = 64 * 1024  # bytes of one WebSocket message from a client

Command = TypeVar("Command")


class SendMessage(msgspec.Struct):
    """A message for the group whose socket it came on. `author`, if given, must be the sender."""

    type: Literal["text_message"]  # no tag: the decoder of a single Struct lets a missing one pass
    message: str
    author: str | None = None
    client_id: str | None = None


_group_command = msgspec.json.Decoder(SendMessage)
_home_command: msgspec.json.Decoder[JoinGroup | LeaveGroup] = msgspec.json.Decoder(JoinGroup | LeaveGroup)


def decode_group_command(text: str) -> SendMessage:
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
