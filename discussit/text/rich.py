"""A message's text as a tree."""

from collections.abc import Mapping
from typing import NamedTuple


class Resolved(NamedTuple):
    """A text whose mentions are known: its tree, encoded, and the ids of those mentioned, in order of their places."""

    body: str | None
    mentioned: tuple[int, ...]


class Parsed(NamedTuple):
    """A text whose mentions are not resolved yet. `keys`: what they may mean."""

    keys: frozenset[str]

    def resolve(self, ids: Mapping[str, int]) -> Resolved:
        return Resolved(None, tuple(ids.values()))


def is_plain(content: str) -> bool:
    """Whether the text is plain for sure: one cheap look decides for most messages."""
    return True


def parse(content: str) -> Parsed | None:
    return None
