"""What may enter a log: checks of texts and ids from outside."""

from discussit.errors import ErrorCode, Refused

MAX_CONTENT = 10_000  # characters of one message


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


def check_form_content(content: str) -> str:
    """The same for the field of a form, in which browsers send line breaks as CR LF. Raises Refused."""
    return check_content(content.replace("\r\n", "\n"))


def check_client_id(client_id: str | None) -> str | None:
    """The name that a client gave its message, if it may be one. Raises Refused."""
    if client_id is not None and ("\0" in client_id or not 1 <= len(client_id) <= 64):
        raise Refused(ErrorCode.BAD_FRAME, "A client_id has 1 to 64 characters, none of them NUL.")
    return client_id


def is_seq(text: str) -> bool:
    """Whether a text from outside is a place in a log, as every engine can store it."""
    return text.isascii() and text.isdecimal() and len(text) < 19
