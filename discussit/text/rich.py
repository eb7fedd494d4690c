"""What a text shows besides its characters: one function from the content of a message to its `body`.

A body is made once, when the text is written. A text that shows nothing but itself is plain and has none.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from discussit.text import emoji
from discussit.text.blocks import Blocks
from discussit.text.inline import ALIAS
from discussit.text.nodes import Findings, Node, PossibleMention, TooMuchMarkup, joined

VERSION = 1
MAX_LINES = 1_000
MAX_GROWTH = 4  # times the bytes of the text, that the body may have
MIN_BODY = 256  # bytes that any body may have: that of "*a*" has ten times those of the text
MAX_BIG = 3  # emoji that are shown large
LONGEST_BIG = 200  # characters of a message of so many, by aliases

# Without any of these a text is plain.
ANY_SIGN = re.compile(r"[*_~`@:\]\\\r\n]")
# Nor is it rich with less than this of them: signs that enclose something come in twos.
SIGNS = re.compile(r"\*.*\*|_.*_|~~.*~~|`.*`|@|:[a-z0-9_+-]{1,64}:|\]\(|[\\\r\n]", re.DOTALL)
LINE_BREAK = re.compile(r"\r\n?|\n")
BEGINNING = re.compile(
    r"\s*(?:>|-|[0-9]{1,3}\.|[0-9#*]?[\ufe0f\u20e3]"
    "|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff])"
)
CONTAINERS = frozenset({"p", "q", "ul", "ol", "li", "b", "i", "s"})  # in which there may be mentions


class Resolved(NamedTuple):
    """A text whose mentions are known: the JSON of its body, None if it is plain, and the ids of who is mentioned.

    `["@", i]` in the body means the id at place i.
    """

    body: str | None
    mentioned: tuple[int, ...]


PLAIN = Resolved(None, ())


def is_plain(content: str) -> bool:
    """Whether the text is plain for sure: one cheap look decides for most messages."""
    has_signs = ANY_SIGN.search(content) is not None and SIGNS.search(content) is not None
    return not has_signs and BEGINNING.match(content) is None


def parse(content: str) -> "Parsed | None":
    """Read a text, unless it is plain at a glance. None: it is plain, whoever the members are."""
    return None if is_plain(content) else read(content)


def read(content: str) -> "Parsed | None":
    """Read a text, in time linear in its length. None: it is plain, whoever the members are."""
    lines, findings = LINE_BREAK.split(content), Findings()
    if len(lines) > MAX_LINES:
        return None
    try:
        tree = _big(content, findings) or Blocks(lines, findings).read()
    except TooMuchMarkup:
        return None
    return Parsed(content, tree, findings) if findings.is_rich or findings.mentions else None


class Parsed:
    """A text that has been read, except that who is a member is not known yet."""

    def __init__(self, content: str, tree: list[Node], findings: Findings) -> None:
        self._tree, self._is_rich = tree, findings.is_rich
        self._limit = max(MIN_BODY, MAX_GROWTH * len(content.encode()))
        self.keys = frozenset(key for mention in findings.mentions for key, _ in mention.prefixes)

    def resolve(self, ids: Mapping[str, int]) -> Resolved:
        """The body, given which of `keys` are members: username_key → user id, and `everyone` → 0 where allowed."""
        people = _People(ids)
        tree = people.put_into(self._tree) if self.keys else self._tree
        if not self._is_rich and not people.mentioned:
            return PLAIN
        body = msgspec.json.encode({"v": VERSION, "t": tree})
        return Resolved(body.decode(), tuple(people.mentioned)) if len(body) <= self._limit else PLAIN


class _People:
    """The members whom a text mentions, each once, in the order of their first mention: id → place."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self._ids = ids
        self.mentioned: dict[int, int] = {}

    def put_into(self, nodes: list[Node]) -> list[Node]:
        found: list[Node] = []
        for node in nodes:
            if isinstance(node, PossibleMention):
                found += self._mention(node)
            elif isinstance(node, list) and node[0] in CONTAINERS:
                found.append([node[0], *self.put_into(node[1:])])
            else:
                found.append(node)
        return joined(found)

    def _mention(self, mention: PossibleMention) -> list[Node]:
        for key, end in mention.prefixes:
            if key in self._ids:
                place = self.mentioned.setdefault(self._ids[key], len(self.mentioned))
                return [["@", place], mention.name[end:]]
        return [f"@{mention.name}"]


def _big(content: str, findings: Findings) -> list[Node]:
    """The tree of a text that is a few emoji, or nothing."""
    if len(content) > LONGEST_BIG:
        return []
    found = emoji.split(ALIAS.sub(lambda alias: emoji.named(alias[1]) or alias[0], content)) or []
    findings.is_rich = 1 <= len(found) <= MAX_BIG
    return [["big", *found]] if findings.is_rich else []
