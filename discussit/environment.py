"""The environment: the process's variables, then the assignments in the file `.env` of the working directory."""

import logging
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

FILE = Path(".env")
ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(\s*)(.*)")
# A value is a row of these, as in a shell.
PART = re.compile(
    r"""
    '(?P<literal>[^']*)'
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^\s'"\\]+)
    """,
    re.VERBOSE,
)
ESCAPES = re.compile(r'\\([$`"\\])')  # within double quotes, a backslash before anything else stands for itself
EXPANSION = re.compile(r"\$[\w{(@*#?$!-]|`")
ALIKE = 0.8  # of difflib's ratio: SIGN_UP and SINGUP are like SIGNUP


class StartError(Exception):
    """The program can't start as things are; the text is one line for the operator."""


class Environment:
    """What the settings are read from: `read("SIGNUP", default="open")`."""

    def __init__(self, variables: Mapping[str, str], file: Mapping[str, str]) -> None:
        self._variables = variables
        self._file = file
        self._read: set[str] = set()

    def __call__(self, name: str, *, default: str) -> str:
        self._read.add(name)
        return self._variables.get(name, self._file.get(name, default))

    def warn_of_typos(self) -> None:
        """Log the names in the file that are almost those read so far, such as SIGN_UP. The others belong to others."""
        for name in self._file.keys() - self._read:
            for meant in get_close_matches(name.upper(), self._read, 1, ALIKE):
                _warn_once(f"{FILE.absolute()} sets {name}, which is not a setting of DiscussIt: is it {meant}?")


@cache  # settings are read more than once
def _warn_once(text: str) -> None:
    logger.warning(text)


def read_environment() -> Environment:
    """Raises StartError for a file or a line that can't be understood, so that no setting is ignored by mistake."""
    return Environment(os.environ, _assignments(_text_of_file()))


def _text_of_file() -> str:
    try:
        # Editors on Windows begin a file with a byte order mark, and end lines with \r\n.
        return FILE.read_text("utf-8-sig")
    except FileNotFoundError:
        if not FILE.is_symlink():
            return ""
        raise StartError(f"{FILE.absolute()} is a link to a file that does not exist") from None
    except OSError as error:
        text = f"{FILE.absolute()} can't be read ({error.strerror}): it has to be a file that this user may read"
        raise StartError(text) from None
    except UnicodeError:
        raise StartError(f"{FILE.absolute()} can't be understood: it has to be text in UTF-8") from None


def _assignments(text: str) -> dict[str, str]:
    """The values by name. Of several for one name the last counts."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            values |= _assignment(line.strip())
        except ValueError as error:
            # Without the line, which may contain a secret.
            raise StartError(f"{FILE.absolute()}, line {number}, can't be understood: {error}") from None
    return values


def _assignment(line: str) -> dict[str, str]:
    """The line's name and value, none for a comment. Raises ValueError, whose text says what is wrong."""
    if not line or line.startswith("#"):
        return {}
    found = ASSIGNMENT.fullmatch(line)
    if found is None or "\0" in line:
        raise ValueError("a line has the form NAME=value or export NAME=value, or is a comment after #")
    name, space, value = found.groups()
    return {name: "" if space and value.startswith("#") else _value(value)}


def _value(text: str) -> str:
    """The value that a shell would assign. Raises ValueError where it would do something else."""
    values, end = [], 0
    while part := PART.match(text, end):
        values.append(_part(part))
        end = part.end()
    rest = text[end:]
    if rest.startswith(("'", '"')):
        raise ValueError("a quote is not closed")
    if rest.startswith("\\"):
        raise ValueError("it ends in a backslash")
    if rest and not rest.lstrip().startswith("#"):
        raise ValueError("a value that contains spaces has to be in quotes")
    return "".join(values)


def _part(part: re.Match[str]) -> str:
    kind, value = part.lastgroup, part[part.lastgroup or 0]
    if kind == "quoted":
        _refuse_expansions(re.sub(r"\\.", "", value))
        return ESCAPES.sub(r"\1", value)
    if kind == "plain":
        _refuse_expansions(value)
    return value


def _refuse_expansions(text: str) -> None:
    if EXPANSION.search(text):
        # A shell would replace them. Taken literally, SECRET_KEY=$(cat key) would be a secret that anyone can guess.
        raise ValueError("$ and ` are not replaced here as in a shell: put the value in single quotes")
