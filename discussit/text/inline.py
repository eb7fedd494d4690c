"""What stands within the lines of a text: emphasis, code, links, mentions, aliases of emoji."""

import re

from discussit.text.addresses import LABELLED, address_around, is_address
from discussit.text.emoji import named
from discussit.text.mentions import is_in_names, mention_at
from discussit.text.nodes import Findings, Node, joined
from discussit.text.scripts import is_spaced

TOKEN = re.compile(r"([*_~`])\1*|[@:\[\\\n]")
ALIAS = re.compile(r"(?<![^\W_]):([a-z0-9_+-]{1,64}):(?![^\W_])")  # no letter or digit touches it
TAGS = {"*": "i", "_": "i", "**": "b", "~~": "s"}
MARKS = {mark: (mark,) for mark in TAGS} | {"***": ("**", "*")}
# Outside, beside these a sign is not emphasis, as in /usr/_x_/, /*x*/ and ¯\_(ツ)_/¯.
GLUE = frozenset("/\\@#$%&=+^")
# Inside, beside these it isn't either, as in (*), -_- and ^_^.
NO_BEGINNING = frozenset(")]},;")
NO_END = frozenset("([{")
FACES = frozenset("-^<>=.")
STARRY_EYES = "*_*"
ESCAPABLE = frozenset("*_`~[")
BEFORE_ESCAPE = frozenset("([{<\"'“\u2018«*_~>|-")
AFTER_ESCAPE = frozenset(".,:;!?)]}>\"'”\u2019»*_~|-\\")


class Open:
    """Emphasis that has begun: with which sign, and the nodes since."""

    def __init__(self, mark: str = "") -> None:
        self.mark = mark
        self.nodes: list[Node] = []


class Inline:
    """Reads a paragraph once, from its beginning to its end. A sign that begins nothing, or that nothing ends, is text.

    Of each sign one is open at most: that bounds the depth of the tree, and the time.
    """

    def __init__(self, text: str, findings: Findings, *, may_mention: bool, may_link: bool = True) -> None:
        self._text, self._findings = text, findings
        self._may_mention, self._may_link = may_mention, may_link
        self._done = 0  # up to where the text is in the nodes
        self._open = [Open()]
        self._no_address_before = 0
        self._last_ticks: dict[int, int] | None = None
        self._escaped: set[str] = set()

    def read(self) -> list[Node]:
        place = 0
        while token := TOKEN.search(self._text, place):
            self._findings.count_token()
            place = READERS[token[0][0]](self, *token.span())
        self._take(len(self._text), len(self._text))
        while len(self._open) > 1:
            self._spill(-1)
        return joined(self._open[0].nodes)

    # Each reader returns up to where it has read. What it does not take stays text.

    def _read_emphasis(self, start: int, end: int) -> int:
        if self._text.startswith(STARRY_EYES, start):
            return start + len(STARRY_EYES)
        marks = MARKS.get(self._text[start:end], ())
        before, after = self._around(start, end)
        if marks and _may_close(marks[0], before, after) and {*marks} <= {each.mark for each in self._open}:
            self._take(start, end)
            self._close({*marks})
        elif marks and _may_open(marks[0], before, after):
            self._take(start, end)
            for mark in marks:
                self._begin(mark)
        return end

    def _read_code(self, start: int, end: int) -> int:
        if self._last_ticks is None:
            # Where the last run of each length is: searching for one that is not there takes quadratic time.
            self._last_ticks = {len(run[0]): run.start() for run in re.finditer("`+", self._text)}
        if self._last_ticks.get(end - start, 0) <= start:
            return end
        closing = re.compile(f"(?<!`)`{{{end - start}}}(?!`)").search(self._text, end)
        assert closing is not None
        return self._put(["code", _without_padding(self._text[end : closing.start()])], start, closing.end())

    def _read_link(self, start: int, end: int) -> int:
        match = LABELLED.match(self._text, start) if self._may_link else None
        if match is None or not match[1].strip() or not is_address(match[2]):
            return end
        label = Inline(match[1], self._findings, may_mention=False, may_link=False).read()
        return self._put(["a", match[2], *label], start, match.end())

    def _read_colon(self, start: int, end: int) -> int:
        """The end of an address's scheme, or the beginning of an alias."""
        if self._may_link and start >= self._no_address_before:
            marks = "".join(each.mark for each in self._open)
            begin, address_end, self._no_address_before = address_around(self._text, start, marks) or (0, 0, start)
            if self._done <= begin < address_end:
                address = self._text[begin:address_end]
                return self._put(["a", address, address], begin, address_end, is_rich=False)
        alias = ALIAS.match(self._text, start)
        emoji = named(alias[1]) if alias else None
        return self._put(["e", emoji, alias[1]], start, alias.end()) if alias and emoji else end

    def _read_mention(self, start: int, end: int) -> int:
        before = self._text[start - 1] if start > self._done else ""
        if not self._may_mention or _ends_name(before) or not self._findings.may_mention():
            return end
        mention = mention_at(self._text, end, is_emphasized=any(each.mark == "_" for each in self._open))
        if mention is None:
            return end
        self._findings.mentions.append(mention)
        return self._put(mention, start, end + len(mention.name), is_rich=False)

    def _read_escape(self, start: int, end: int) -> int:
        """A backslash before a sign, where a word begins. Where it ends only if the same sign was escaped before."""
        escaped = self._text[end : end + 1]
        before, after = self._around(start, end + 1)
        if escaped not in ESCAPABLE or (escaped == "[" and not LABELLED.match(self._text, end)):
            return end
        if not _is_edge(before, BEFORE_ESCAPE) and not (escaped in self._escaped and _is_edge(after, AFTER_ESCAPE)):
            return end
        self._escaped.add(escaped)
        return self._put(escaped, start, end + 1)

    def _read_break(self, start: int, end: int) -> int:
        return self._put(["br"], start, end, is_rich=False)

    def _around(self, start: int, end: int) -> tuple[str, str]:
        return self._text[max(0, start - 1) : start], self._text[end : end + 1]

    def _put(self, node: Node, start: int, end: int, *, is_rich: bool = True) -> int:
        """Have the node stand for the text between start and end."""
        self._take(start, end)
        self._open[-1].nodes.append(node)
        self._findings.is_rich |= is_rich
        return end

    def _take(self, start: int, end: int) -> None:
        self._open[-1].nodes.append(self._text[self._done : start])
        self._done = end

    def _begin(self, mark: str) -> None:
        for place, each in enumerate(self._open):
            if each.mark == mark:
                self._spill(place)
                break
        self._open.append(Open(mark))

    def _close(self, marks: set[str]) -> None:
        """All of them are open."""
        self._findings.is_rich = True
        while marks:
            if self._open[-1].mark in marks:
                closed = self._open.pop()
                marks.remove(closed.mark)
                self._open[-1].nodes.append([TAGS[closed.mark], *joined(closed.nodes)])
            else:
                self._spill(-1)

    def _spill(self, place: int) -> None:
        """Turn a sign that nothing ended into text."""
        spilt = self._open.pop(place)
        self._open[place - 1 if place > 0 else -1].nodes += [spilt.mark, *spilt.nodes]


READERS = {
    "*": Inline._read_emphasis,
    "_": Inline._read_emphasis,
    "~": Inline._read_emphasis,
    "`": Inline._read_code,
    "[": Inline._read_link,
    ":": Inline._read_colon,
    "@": Inline._read_mention,
    "\\": Inline._read_escape,
    "\n": Inline._read_break,
}


def _may_open(mark: str, before: str, after: str) -> bool:
    is_face = mark == "_" and after in FACES
    return _may_stand(mark, outside=before, inside=after) and after not in NO_BEGINNING and not is_face


def _may_close(mark: str, before: str, after: str) -> bool:
    return _may_stand(mark, outside=after, inside=before) and before not in NO_END


def _may_stand(mark: str, *, outside: str, inside: str) -> bool:
    """Whether a sign may be emphasis between these characters, one of which is emphasized."""
    if _is_edge(inside) or is_spaced(outside):
        return False
    # **Yes**/**no** can't be anything else.
    return outside not in GLUE or (len(mark) == 2 and inside.isalnum() and outside != "\\")


def _is_edge(character: str, signs: frozenset[str] = frozenset()) -> bool:
    """Whether it is the beginning or end of the text, white space, or one of the signs."""
    return not character or character.isspace() or character in signs


def _ends_name(before: str) -> bool:
    """Whether an "@" after this is within an address of mail."""
    return before != "" and is_in_names(before) and (is_spaced(before) or not before.isalnum())


def _without_padding(code: str) -> str:
    """Without the space that separates a backtick within from those around: `` ` ``."""
    is_padded = code.startswith(" ") and code.endswith(" ") and code.strip() != ""
    return code[1:-1] if is_padded else code
