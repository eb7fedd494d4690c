"""What a rich text says, without its markup: what static/js/log/excerpt.js takes from its elements."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

BLOCKS = frozenset({"p", "q", "ul", "ol", "li", "pre", "big"})


def words(body: str, mentions: Sequence[str]) -> str:
    """The words of a body (docs/protocol.md), with white space between its blocks."""
    return "".join(_of_nodes(msgspec.json.decode(body)["t"], mentions))


def _of_nodes(nodes: Sequence[Any], mentions: Sequence[str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, list):
            within = _of_element(node, mentions)
            yield from (" ", *within, " ") if node[0] in BLOCKS else within


def _of_element(node: list[Any], mentions: Sequence[str]) -> Iterator[str]:
    match node:
        case ["br"]:
            yield " "
        case ["@", place]:
            yield f"@{mentions[place] if place < len(mentions) else ''}"
        case ["e", emoji, _alias]:
            yield emoji
        case ["big", *emoji]:
            yield " ".join(emoji)
        case ["a" | "pre" | "ol", _attribute, *nodes]:
            yield from _of_nodes(nodes, mentions)
        case [_tag, *nodes]:
            yield from _of_nodes(nodes, mentions)
