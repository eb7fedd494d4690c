"""The tree that a text becomes: strings, and lists of a tag and what is in it (`body` in docs/protocol.md)."""

from typing import NamedTuple, TypeAlias

MAX_MENTIONS = 50  # "@"s of a text that may mean somebody, and so people whom it mentions
MAX_TOKENS = 1_000  # signs of a text that may be markup; documentation has some 200 in 10,000 characters


class PossibleMention(NamedTuple):
    """An "@" and the name after it, until it is known who is a member."""

    name: str
    prefixes: tuple[tuple[str, int], ...]  # a username_key, and where in the name it ends; the longest first


Node: TypeAlias = "str | int | PossibleMention | list[Node]"


class TooMuchMarkup(Exception):
    """The text has more than MAX_TOKENS signs: nobody wrote it to be read."""


class Findings:
    """What is found while a text is read, besides its tree."""

    def __init__(self) -> None:
        self.is_rich = False  # the tree shows anything that the text alone would not
        self.mentions: list[PossibleMention] = []
        self._tokens = self._ats = 0

    def count_token(self) -> None:
        """Raises TooMuchMarkup."""
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise TooMuchMarkup

    def may_mention(self) -> bool:
        """Whether one more "@" may be read: looking for names is the most that a sign can cost."""
        self._ats += 1
        return self._ats <= MAX_MENTIONS


def joined(nodes: list[Node]) -> list[Node]:
    """The same with each run of strings as one."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        elif node != "":
            found.append(node)
    return found
