"""What uvicorn logs of requests, without the secrets in their addresses.

    GET /accounts/reset/***/        GET /groups/?page=2&q=***        GET /accounts/login/?next=/groups/%3Fq%3D***

An unused reset link is as good as the password, and what people search for is theirs. Of a query, only values that
are known to be harmless are logged: a new parameter is hidden until it is listed here.
"""

import logging
import re
from urllib.parse import quote, unquote

LOGGERS = ("uvicorn.access", "uvicorn.error")  # of requests, and of WebSocket handshakes
MASK = "***"  # in ASCII: a log in an encoding that lacks a character of a line loses the line
MAX_LENGTH = 2_000  # characters of an address that are read; the rest is hidden
MAX_DECODED = 5  # times that something may be percent-encoded; login pages that lead to login pages do it twice

ESCAPES = r"%3A|%3B|%2C|%2B"  # of the punctuation of times and keys
HARMLESS = re.compile(
    rf"(?:account|after|at|before|epoch|from|group|left|page|pageSize|pks|replies|reply|since|unread|user|version|welcome)=(?:[\da-f:;,.+TZ-]|(?i:{ESCAPES}))*"
    r"|(?:sort|sortBy)=[a-z_]*",
    re.ASCII,
)
NAME = re.compile(r"[\w%.-]{1,30}", re.ASCII)
# What a path's secret comes after: the word in it that leads to one, or the beginning of an encoded query.
BEFORE_SECRETS = re.compile(r"reset|invitations?|[?#&=]|;(?!\d)", re.IGNORECASE)
PUNCTUATION = re.compile("[%?#&=;]")
# What may come after that word: an account's or an invitation's id, what is done to it, the ending of reset.css.
AFTER_WORDS = re.compile(r"\d{1,10}|revoke|uses|\.\w{1,4}", re.ASCII)


def hide_secrets() -> None:
    """Mask the addresses that uvicorn logs in this process from now on. May be called again."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    """Mask the addresses among a line's values. A filter, since every handler, of whatever format, comes after it."""
    if isinstance(record.args, tuple):
        record.args = tuple(map(_without_secrets, record.args))
    return True


def _without_secrets(value: object) -> object:
    return masked(value) if isinstance(value, str) and ("/" in value or "?" in value) else value


def masked(address: str, *, is_next: bool = False) -> str:
    """The address, or another text, without secrets. `is_next`: it is where the login of another address leads."""
    if len(address) > MAX_LENGTH:
        return masked(address[:MAX_LENGTH], is_next=is_next) + MASK
    path, mark, query = address.partition("?")
    if not mark:
        return _masked_path(path)
    parameters = [_masked_parameter(each, is_next=is_next) for each in query.split("&")]
    return f"{_masked_path(path)}?{'&'.join(parameters)}"


def _masked_path(path: str) -> str:
    if _is_plain(path):
        return path
    plain = _decoded(path)
    if plain is None:
        return MASK
    if (found := BEFORE_SECRETS.search(plain)) is None:
        return path
    known, rest = plain[: found.end()], plain[found.end() :]
    hidden = re.sub("[^/]+", _hidden_segment, rest) if found[0].isalpha() else rest and MASK
    return path if hidden == rest else quote(known) + hidden


def _is_plain(path: str) -> bool:
    """Whether a path, as most, has none of what may come before a secret. Quicker than the search for it."""
    lower = path.lower()
    return "reset" not in lower and "invitation" not in lower and not PUNCTUATION.search(path)


def _hidden_segment(segment: re.Match[str]) -> str:
    return segment[0] if AFTER_WORDS.fullmatch(segment[0]) else MASK


def _masked_parameter(parameter: str, *, is_next: bool) -> str:
    if not parameter or HARMLESS.fullmatch(parameter):
        return parameter
    name, equals, value = parameter.partition("=")
    if name == "next" and not is_next:
        return f"next={_masked_next(value)}"
    return f"{name}={MASK}" if equals and NAME.fullmatch(name) else MASK


def _masked_next(value: str) -> str:
    """The value of `next`; unchanged, and encoded as it was, if it has no secrets."""
    plain = _decoded(value)
    if plain is None:
        return MASK
    hidden = masked(plain, is_next=True)
    return value if hidden == plain else quote(hidden, safe="/*")


def _decoded(text: str) -> str | None:
    """The text without escapes; None if it was encoded more than MAX_DECODED times."""
    for _ in range(MAX_DECODED):
        if "%" not in text or (plain := unquote(text)) == text:
            return text
        text = plain
    return None
