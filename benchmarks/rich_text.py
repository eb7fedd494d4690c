"""How long it takes to read a text, however hostile: `python benchmarks/rich_text.py`. Takes about a minute.

First what people write, then the worst of what nobody does: all texts have 10,000 characters. It ends with exit
code 1 if one of them took LIMIT.
"""

import random
import sys
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from statistics import median

from servers import machine, table

from discussit.text.rich import parse

LENGTH = 10_000  # characters of the longest message
LIMIT = 0.015  # seconds
PROBES = 3_000
SHOWN = 8
SEED = 15

TYPICAL = {
    "a short plain text": "See you at the allotment at six, then?",
    "1,000 plain characters": "The tomatoes are late this year, and so are we. " * 21,
    "two lines and an address": "Here is what I meant:\nhttps://example.org/tomatoes",
    "two lines with bold, code and a link": "**Please** run `make all`,\nthen see [this](https://example.org/a).",
    "a mention": "@alice can you bring the spade?",
    "a list of three": "Bring:\n- gloves\n- a spade\n- water",
    "20 lines of code": "```python\n" + "def water(garden):\n    return garden * 2\n" * 10 + "```",
    "docs/protocol.md, its first 10,000": (Path(__file__).parents[1] / "docs/protocol.md").read_text()[:LENGTH],
}
HOSTILE = (
    *("*", "_", "~~", "`", "[", "]", "(", "\\", "@", ":", ">", "-", "|", "#", "a", " ", "\n", "\t", "é", "@田さ"),
    *("**a ", "*a* ", "[*", "[_*&*", "_*a", "*_**~~a", "***a** ", "*a **b ", "~~a *b", "**a\n", "*a\n\n"),
    *("` `` ", "`a``b```c", "`", "` a ", "```a\n", "```\n", "```\n```\n", "````\n```\n"),
    *("[a](http://a.b) ", "[a](http://", "[a](http://b(", "[a](http://b/((", "[](", "[a]", "[[", "![", "[a\\]("),
    *("www.|", "://", "http://", "http://[", "http://a.b/)", "https://a.b/(", "http://a.b/,", "http://a.b "),
    *("@a", "@a ", "@a-", "@a.b-c+d@e_f", "@bob-a-b-c-d ", "@" + "क्" * 150 + " ", "@" + "a-" * 149 + " ", "@𝐚ﷺ "),
    *(":a", ":a:", ":tada:", ":tada: ", ":+1:", ":" + "a" * 64, "🎉", "👍🏽 ", "1️⃣"),
    *("> ", ">> ", "> a\n", "> - ", ">\n", "> > > > a\n", "- ", "- a\n", "-\n", "- a\n\n", "- a\n  - b\n    - c\n"),
    *("1. a\n", "1. a\n2. b\n", "9. a\n\n\n", "  - a\n", "- > a\n", "> - ```\n", "    a\n", "\t- a\n", "\\*", "\\* "),
)
SIGNS = "*_~`[]()\\@:>-+.#!|'\" \n\ta1é田"
TOKENS = (*SIGNS, "**", "~~", "```", "http://", "https://a.b", "](", "@bob", ":tada:", "- ", "> ")


def long(unit: str) -> str:
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def probes() -> Iterator[str]:
    """Each hostile unit alone and after another one, then random repetitions of one to five tokens."""
    yield from map(long, HOSTILE)
    yield from (first * 50 + long(unit)[: LENGTH - 50 * len(first)] for first, unit in product(HOSTILE[:12], HOSTILE))
    chosen = random.Random(SEED)  # noqa: S311
    while True:
        yield long("".join(chosen.choices(TOKENS, k=chosen.randint(1, 5))))


def seconds(text: str, repeats: int = 1) -> float:
    """For reading the text and writing its body, the fastest of three."""

    def once() -> float:
        started = time.thread_time()
        for _ in range(repeats):
            parsed = parse(text)
            if parsed is not None:
                parsed.resolve(dict.fromkeys(parsed.keys, 1))
        return (time.thread_time() - started) / repeats

    return min(once() for _ in range(3))


def typical() -> list[tuple[str, ...]]:
    return [(name, f"{seconds(text, 200) * 1e6:,.1f} µs") for name, text in TYPICAL.items()]


def main() -> None:
    print(machine(), table(("text", "takes"), typical()), sep="\n\n")
    taken = sorted(((seconds(text), text) for text in islice(probes(), PROBES)), reverse=True)
    print(f"{PROBES:,} hostile texts: {median(each for each, _ in taken) * 1000:.2f} ms. The worst:\n")
    print(
        table(
            ("characters 30 to 70", "takes"),
            [(repr(text[30:70]), f"{each * 1000:.1f} ms") for each, text in taken[:SHOWN]],
        )
    )
    if taken[0][0] >= LIMIT:
        sys.exit(f"The worst takes {taken[0][0] * 1000:.1f} ms, more than {LIMIT * 1000:.0f} ms.")


if __name__ == "__main__":
    main()
