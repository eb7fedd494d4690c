"""Whom an "@" may mean: the names that may follow it."""

import unicodedata
from collections.abc import Iterator
from itertools import islice

from discussit.models.accounts import MAX_USERNAME, username_key
from discussit.models.names import JOINERS, PUNCTUATION, SIGNS, TSHEG
from discussit.text.nodes import PossibleMention
from discussit.text.scripts import LATIN, script_of

MAX_CUTS = 10  # places before its end where a name may end
SIGNS_IN_NAMES = SIGNS | PUNCTUATION | {TSHEG, *JOINERS}


def mention_at(text: str, start: int, *, is_emphasized: bool) -> PossibleMention | None:
    """What an "@" that ends at `start` may mean, or None if no name follows it. Within _emphasis_, that ends a name."""
    name = text[start : _end_of_name(text, start)]
    if is_emphasized:
        name = name.rstrip("_")
    if len(name) > MAX_USERNAME or not any(map(str.isalnum, name)):
        return None
    ends = [*islice(_cuts(name), MAX_CUTS), len(name)]
    return PossibleMention(name, tuple((username_key(name[:end]), end) for end in reversed(ends)))


def is_in_names(character: str) -> bool:
    return character.isalnum() or character in SIGNS_IN_NAMES or unicodedata.category(character) in ("Mn", "Mc")


def _end_of_name(text: str, start: int) -> int:
    """The first place without a character of names, or one that is too far for any name."""
    limit = min(len(text), start + MAX_USERNAME + 1)
    return next((place for place in range(start, limit) if not is_in_names(text[place])), limit)


def _cuts(name: str) -> Iterator[int]:
    return (end for end in range(1, len(name)) if _may_end(name, end))


def _may_end(name: str, end: int) -> bool:
    """Whether a name may be only this much of what was typed: @bob. and @bobさん may mean bob, @bobby does not."""
    after = name[end]
    if after == "_":
        return not name[end:].strip("_.")
    return after in ".@+-" or (after.isalpha() and script_of(after) not in (script_of(name[end - 1]), LATIN))
