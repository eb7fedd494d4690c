"""The blocks of a text: paragraphs, quotes, lists, code. Whatever is nothing else is a paragraph, as it was typed."""

import re
from typing import Any

from discussit.text.inline import Inline
from discussit.text.nodes import Findings, Node

MAX_QUOTES = 3  # a deeper quote becomes one of this depth
MAX_LISTS = 3  # deeper lists are text

FENCE = re.compile(r"( {0,3})(`{3,})([^`]*)")
LANGUAGE = re.compile(r"[\w+#.-]{1,32}")
QUOTE = re.compile(r">(?=[> ]|$)")
QUOTES = re.compile(r"(?:> ?)+")
# A longer number is none of a list: "1986. A great year".
ITEM = re.compile(r"( {0,3})(?:-|(0|[1-9][0-9]{0,2})\.) +(?=\S)")
INDENT = re.compile(r"[ \t]*")


class Blocks:
    """Reads lines once, from the first to the last. What a quote or an item contains is read as lines of its own."""

    def __init__(self, lines: list[str], findings: Findings, *, quotes: int = 0, lists: int = 0) -> None:
        self._lines, self._findings = lines, findings
        self._quotes, self._lists = quotes, lists
        self._at = 0

    def read(self) -> list[Node]:
        nodes: list[list[Node]] = []
        while True:
            blank = self._blank_lines()
            self._at += blank
            if self._at == len(self._lines):
                return [*nodes]
            node = self._read_block()
            if nodes and nodes[-1][0] == node[0] == "p":
                # The distance between paragraphs is one blank line; more of them are kept.
                node[1:1] = [["br"] for _ in range(blank - 1)]
            nodes.append(node)

    def _read_block(self) -> list[Node]:
        line = self._lines[self._at]
        if fence := FENCE.fullmatch(line):
            return self._read_fence(fence)
        if self._is_quote():
            return self._read_quote()
        if item := self._item():
            return self._read_list(item)
        return self._read_paragraph()

    def _read_fence(self, fence: re.Match[str]) -> list[Node]:
        """Code until a line that ends with as many backticks, or to the end. Without code, its lines are text."""
        start, ticks, first = self._at, fence[2], fence[3].strip()
        language, code = (first, []) if LANGUAGE.fullmatch(first) else ("", [first] if first else [])
        is_open = True
        self._at += 1
        while is_open and self._at < len(self._lines):
            line = self._lines[self._at]
            is_open = not line.rstrip().endswith(ticks)
            line = line if is_open else line.rstrip().rstrip("`")
            if is_open or line.strip():
                code.append(_dedented(line, len(fence[1])))
            self._at += 1
        if not any(map(str.strip, code)):
            return self._paragraph(self._lines[start : self._at])
        self._findings.is_rich = True
        return ["pre", language, "\n".join(code)]

    def _read_quote(self) -> list[Node]:
        start = self._at
        while self._at < len(self._lines) and self._is_quote():
            self._at += 1
        quoted = self._lines[start : self._at]
        sign = QUOTES if self._quotes + 1 == MAX_QUOTES else re.compile("> ?")
        inner = [line[_end(sign, line) :] for line in quoted]
        nodes = Blocks(inner, self._findings, quotes=self._quotes + 1, lists=self._lists).read()
        if not nodes:
            return self._paragraph(quoted)
        self._findings.is_rich = True
        return ["q", *nodes]

    def _read_list(self, item: re.Match[str]) -> list[Node]:
        """Items of the same kind. A number that does not follow the last one begins another list."""
        number, items = item[2], [self._read_item(item)]
        while (following := self._following_item(item)) is not None:
            items.append(self._read_item(following))
            item = following
        self._findings.is_rich = True
        return ["ul", *items] if number is None else ["ol", int(number), *items]

    def _read_item(self, item: re.Match[str]) -> Node:
        """The rest of its line, and the lines below that are indented."""
        lines = [self._lines[self._at][item.end() :]]
        self._at += 1
        while self._at < len(self._lines):
            blank = self._blank_lines()
            line = self._line(self._at + blank)
            if _indent(line) < len(item[1]) + 2:
                break
            lines += [""] * blank + [_dedented(line, item.end())]
            self._at += blank + 1
        nodes: Any = Blocks(lines, self._findings, quotes=self._quotes, lists=self._lists + 1).read()
        first, rest = nodes[0], nodes[1:]
        return ["li", *(first[1:] if first[0] == "p" else [first]), *rest]

    def _following_item(self, item: re.Match[str]) -> re.Match[str] | None:
        blank = self._blank_lines()
        following = ITEM.match(self._line(self._at + blank))
        number = None if item[2] is None else str(int(item[2]) + 1)
        if following is None or following[2] != number:
            return None
        self._at += blank
        return following

    def _read_paragraph(self) -> list[Node]:
        start = self._at
        self._at += 1
        while self._at < len(self._lines) and not self._ends_paragraph(self._lines[self._at]):
            self._at += 1
        return self._paragraph(self._lines[start : self._at])

    def _ends_paragraph(self, line: str) -> bool:
        return not line.strip() or bool(self._is_quote() or self._item() or FENCE.fullmatch(line))

    def _paragraph(self, lines: list[str]) -> list[Node]:
        return ["p", *Inline("\n".join(lines), self._findings, may_mention=self._quotes == 0).read()]

    def _is_quote(self) -> bool:
        return self._quotes < MAX_QUOTES and QUOTE.match(self._lines[self._at]) is not None

    def _item(self) -> re.Match[str] | None:
        return ITEM.match(self._lines[self._at]) if self._lists < MAX_LISTS else None

    def _blank_lines(self) -> int:
        """How many blank lines are next."""
        end = self._at
        while end < len(self._lines) and not self._lines[end].strip():
            end += 1
        return end - self._at

    def _line(self, place: int) -> str:
        return self._lines[place] if place < len(self._lines) else ""


def _end(sign: re.Pattern[str], line: str) -> int:
    match = sign.match(line)
    return match.end() if match else 0


def _indent(line: str) -> int:
    """The columns of white space before its text."""
    return len(line[: _end(INDENT, line)].expandtabs(4))


def _dedented(line: str, columns: int) -> str:
    """With less white space before its text, as far as it has that."""
    end, indent = _end(INDENT, line), _indent(line)
    return line if columns == 0 else " " * max(0, indent - columns) + line[end:]
