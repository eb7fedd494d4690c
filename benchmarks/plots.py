"""Draws lines over two logarithmic axes, as an SVG for light and dark colour schemes.

Without a library: matplotlib and pygal need as much code to label lines at their ends, to follow the reader's
colour scheme and to write the same file for the same figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from math import floor, inf, log10

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 540, 56, 320  # of the area between the axes
APART = 17  # the least distance between labels
COLOURS = ("#2f81f7", "#d9730d", "#1a9e5c", "#d6409f")  # each has a contrast of 3:1 on both backgrounds

STYLE = """
svg { color: #1f2328; background: #fff; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; background: #0d1117 } }
text { fill: currentColor }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: currentColor; opacity: 0.15 }
.line { fill: none; stroke-width: 2 }
"""


@dataclass(frozen=True)
class Plot:
    """Lines by name, each a mapping of x to y. All figures are above 0."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Mapping[float, float]]

    def svg(self) -> str:
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
                f'<title id="title">{escape(self.title)}</title>',
                f'<desc id="desc">{escape(self._description())}</desc>',
                f"<style>{STYLE}</style>",
                text(LEFT, TOP - 32, self.title, "title"),
                text(LEFT, TOP - 12, self.y),
                text((LEFT + RIGHT) / 2, BOTTOM + 44, self.x, anchor="middle"),
                *self._drawn(),
                "</svg>\n",
            ]
        )

    def _description(self) -> str:
        """The figures, for readers who don't see the lines."""
        lines = (
            f"{name}: {', '.join(f'{y:.3g} at {x:,}' for x, y in line.items())}" for name, line in self.lines.items()
        )
        return f"{self.y}, by {self.x}. {'; '.join(lines)}."

    def _drawn(self) -> Iterator[str]:
        xs = sorted({x for line in self.lines.values() for x in line})
        ys = [y for line in self.lines.values() for y in line.values()]
        # In less than a tenfold range, noise would look like growth.
        across, up = Axis(xs, LEFT, RIGHT), Axis(steps(min(ys), max(*ys, 10 * min(ys))), BOTTOM, TOP)
        for x in across.marks:
            yield stroke([(across.at(x), TOP), (across.at(x), BOTTOM)], 'class="grid"')
            yield text(across.at(x), BOTTOM + 20, f"{x:,}", anchor="middle")
        for y in up.marks:
            yield stroke([(LEFT, up.at(y)), (RIGHT, up.at(y))], 'class="grid"')
            yield text(LEFT - 8, up.at(y) + 4, f"{y:,g}", anchor="end")
        yield from self._lines(across, up)

    def _lines(self, across: "Axis", up: "Axis") -> Iterator[str]:
        labels = apart({name: up.at(line[max(line)]) for name, line in self.lines.items()})
        for (name, line), colour in zip(self.lines.items(), cycle(COLOURS), strict=False):
            points = [(across.at(x), up.at(y)) for x, y in sorted(line.items())]
            yield stroke(points, f'class="line" stroke="{colour}"')
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)
            yield stroke([points[-1], (RIGHT + 14, labels[name])], f'stroke="{colour}"')
            yield text(RIGHT + 18, labels[name] + 4, name)


@dataclass(frozen=True)
class Axis:
    """Maps numbers to coordinates, from the first mark to the last."""

    marks: Sequence[float]
    begin: float
    end: float

    def at(self, number: float) -> float:
        first, last = log10(self.marks[0]), log10(self.marks[-1])
        return self.begin + (self.end - self.begin) * (log10(number) - first) / ((last - first) or 1)


def steps(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 … from the last one up to `low` to the first one from `high` on."""
    decades = range(floor(log10(low)) - 1, floor(log10(high)) + 2)
    every = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
    first, last = max(step for step in every if step <= low), min(step for step in every if step >= high)
    return [step for step in every if first <= step <= last]


def apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The heights of labels, as near as possible to these: the lower of two that would touch is moved down."""
    placed: dict[str, float] = {}
    above = -inf
    for name in sorted(heights, key=heights.__getitem__):
        placed[name] = above = max(heights[name], above + APART)
    return placed


def stroke(points: Sequence[tuple[float, float]], attributes: str) -> str:
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" {attributes}/>'


def text(x: float, y: float, words: str, kind: str = "label", *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'
