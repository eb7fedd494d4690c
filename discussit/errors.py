"""Refusals: why something can't be done, as a code for programs and a sentence for people."""

from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import TypeVar

Checked = TypeVar("Checked")


class ErrorCode(StrEnum):
    """Why a frame was refused."""

    BAD_JSON = "bad_json"
    BAD_FRAME = "bad_frame"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    AUTHOR_MISMATCH = "author_mismatch"
    NOT_MEMBER = "not_member"
    NO_SUCH_GROUP = "no_such_group"
    READ_ONLY = "read_only"
    NO_SUCH_MESSAGE = "no_such_message"
    NOT_YOURS = "not_yours"
    GONE = "gone"
    CHANGED = "changed"
    NOT_EMOJI = "not_emoji"
    TOO_MANY = "too_many"
    NOT_ALLOWED = "not_allowed"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"


class CloseCode(IntEnum):
    """Why the server ended a connection. After GOING_AWAY, RESTART and STOPPED_READING, clients should reconnect."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    RESTART = 1012
    STOPPED_READING = 1013
    SESSION_ENDED = 4401
    MEMBERSHIP_ENDED = 4403


class Refused(Exception):
    """A client's command can't be done: `code` for programs, the text for people."""

    def __init__(self, code: ErrorCode, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after = retry_after  # seconds


class ChangedMeanwhile(Refused):
    """An edit of a text that the message no longer has: `rev` and `content` are the present ones."""

    def __init__(self, text: str, rev: int, content: str) -> None:
        super().__init__(ErrorCode.CHANGED, text)
        self.rev, self.content = rev, content


class FieldError(Exception):
    """A form's field is invalid; the text is shown beside it. An empty field name means the whole form."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def checked(field: str, check: Callable[[str], Checked], value: str) -> Checked:
    """Return what `check` returns for the field's value. Raises FieldError if it refuses."""
    try:
        return check(value)
    except (ValueError, Refused) as error:
        raise FieldError(field, str(error)) from None
