"""The emoji that Unicode recommends for exchange, and their aliases. scripts/emoji writes emoji.json.

Many are typed with or without U+FE0F, which asks for the coloured form. What is stored, counted and shown is always
Unicode's fully qualified form, so that the same emoji never stands there twice.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

FILE = Path(__file__).with_name("emoji.json")

SUGGESTED = ("👍", "❤️", "😂", "🎉", "😮", "😢")  # one press away for users who have used no others

VARIATION = "\ufe0f"
# What can only be one emoji together, or none: a character with its skin tone, keycap or tags and all that U+200D joins
# to it, or the two letters of a flag.
ELEMENT = r"\S[\U0001f3fb-\U0001f3ff]?\u20e3?[\U000e0020-\U000e007f]*+"
CLUSTER = re.compile(rf"[\U0001f1e6-\U0001f1ff]{{2}}|{ELEMENT}(?:\u200d{ELEMENT})*+")


class Known(NamedTuple):
    qualified: dict[str, str]  # by the form without VARIATION
    named: dict[str, str]


def qualified(text: str) -> str | None:
    """Return the one emoji that the text is, fully qualified, or None if it is anything else.

    Skin tones make emoji of their own.
    """
    return _known().qualified.get(text.replace(VARIATION, ""))


def named(alias: str) -> str | None:
    """Return the fully qualified emoji of an alias such as `tada` or `+1`, which is given without colons."""
    return _known().named.get(alias)


def split(text: str) -> list[str] | None:
    """Return the emoji of a text that has nothing but emoji and white space, fully qualified, or None."""
    known = _known().qualified
    found = []
    for cluster in CLUSTER.finditer(text.replace(VARIATION, "")):  # between them is only white space
        emoji = known.get(cluster[0])
        if emoji is None:
            return None
        found.append(emoji)
    return found or None


@cache
def _known() -> Known:
    # When first needed, since that takes some milliseconds, and many processes never do.
    rows = list(_rows())
    characters = [each for emoji, _name, _aliases, tones in rows for each in (emoji, *tones.split())]
    return Known(
        {each.replace(VARIATION, ""): each for each in characters},
        {alias: emoji for emoji, _name, aliases, _tones in rows for alias in aliases.split()},
    )


def _rows() -> Iterator[list[str]]:
    for rows in msgspec.json.decode(FILE.read_bytes())["groups"].values():
        yield from rows
