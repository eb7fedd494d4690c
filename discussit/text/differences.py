"""What of a text was added and removed against an earlier one, word by word."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A word (one of Chinese, Japanese or Thai is a character, since no space ends it), white space, or a sign: an emoji and
# a letter with its marks are not torn apart.
_TOKEN = re.compile(
    f"[{_UNSPACED}]|(?:[^\\W{_UNSPACED}]|[\u0300-\u036f\u0900-\u0dff])+|\n|[^\\S\n]+|[\U0001f1e6-\U0001f1ff]{{2}}"
    "|.(?:\u200d.|[\ufe0f\u20e3\u0300-\u036f\U0001f3fb-\U0001f3ff])*"
)
MAX_TOKENS = 2_000  # between the common ends of two texts; of more, all is replaced
MAX_WORD = 50  # characters
MAX_CHANGES = 200  # to a text: nobody reads more, and each is an element


class Change(StrEnum):
    """What became of a part of a text: the name of its element."""

    KEPT = ""
    REMOVED = "del"
    ADDED = "ins"


class Part(NamedTuple):
    """Text that was kept, removed or added."""

    change: Change
    text: str


Tokens = Sequence[str]


def differences(before: str, after: str) -> list[Part]:
    """Both texts in one: `before` without what was added, and `after` without what was removed.

    Takes a few milliseconds, whatever the texts.
    """
    start, end = _common_ends(before, after)
    one, other = (_TOKEN.findall(text[start : len(text) - end]) for text in (before, after))
    head, tail = kept(before[:start]), kept(before[len(before) - end :])
    if len(one) <= MAX_TOKENS and len(other) <= MAX_TOKENS:
        parts = list(_joined(_bridged([head, *_aligned(one, other), tail])))
        if len(parts) <= MAX_CHANGES:
            return parts
    return list(_joined([head, Part(Change.REMOVED, "".join(one)), Part(Change.ADDED, "".join(other)), tail]))


def kept(text: str) -> Part:
    return Part(Change.KEPT, text)


def _common_ends(one: str, other: str) -> tuple[int, int]:
    """How many characters both begin and end with: up to white space, if there is some near."""
    start = _up_to_space(one, _common(one, other))
    backwards, others = one[start:][::-1], other[start:][::-1]
    return start, _up_to_space(backwards, _common(backwards, others))


def _up_to_space(text: str, end: int) -> int:
    """Where the word begins that `end` is in or after; `end` itself if that is further away than a word is long."""
    first = max(end - MAX_WORD, 0)
    found = max(text.rfind(space, first, end) for space in " \n")
    return found + 1 if found >= 0 else end if first else 0


def _common(one: str, other: str) -> int:
    """How many characters both begin with: by halves, since slices are compared in no time."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _all(change: Change, tokens: Tokens) -> list[Part]:
    return [Part(change, token) for token in tokens]


def _aligned(one: Tokens, other: Tokens) -> list[Part]:
    """All tokens of both: those of a longest common subsequence are kept."""
    rows, row, column = _lengths(one, other), len(other), len(one)
    parts: list[Part] = []
    while row and column:
        if one[column - 1] == other[row - 1]:
            row, column = row - 1, column - 1
            parts.append(Part(Change.KEPT, one[column]))
        elif rows[row] >> (column - 1) & 1:
            column -= 1
            parts.append(Part(Change.REMOVED, one[column]))
        else:
            row -= 1
            parts.append(Part(Change.ADDED, other[row]))
    return [*_all(Change.REMOVED, one[:column]), *_all(Change.ADDED, other[:row]), *reversed(parts)]


def _lengths(one: Tokens, other: Tokens) -> list[int]:
    """For each beginning of `other`, how long its longest common subsequences with those of `one` are.

    A bit is 0 where one more token of `one` makes it longer. All bits are computed at once: Hyyrö, "Bit-parallel LCS-
    length computation revisited" (2004).
    """
    places: dict[str, int] = defaultdict(int)
    for place, token in enumerate(one):
        places[token] |= 1 << place
    every = (1 << len(one)) - 1
    rows = [every]
    for token in other:
        last = rows[-1]
        matches = last & places.get(token, 0)
        rows.append(((last + matches) | (last - matches)) & every)
    return rows


def _bridged(parts: Iterable[Part]) -> Iterator[Part]:
    """With single spaces between words that were replaced as replaced, too: so they make one change."""
    groups = [(is_kept, list(group)) for is_kept, group in groupby(parts, key=_is_kept)]
    for place, (is_kept, group) in enumerate(groups):
        beside = [each for _, each in groups[max(place - 1, 0) : place + 2 : 2]]
        if is_kept and len(group) == 1 and group[0].text == " " and len(beside) == 2 and all(map(_replaces, beside)):
            yield from (Part(Change.REMOVED, " "), Part(Change.ADDED, " "))
        else:
            yield from group


def _is_kept(part: Part) -> bool:
    return part.change == Change.KEPT


def _replaces(group: Iterable[Part]) -> bool:
    return {part.change for part in group} == {Change.REMOVED, Change.ADDED}


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """As few as possible. What was removed comes before what was added in its place."""
    for is_kept, grouped in groupby(parts, key=_is_kept):
        group = list(grouped)
        for change in (Change.KEPT,) if is_kept else (Change.REMOVED, Change.ADDED):
            if text := "".join(part.text for part in group if part.change == change):
                yield Part(change, text)
