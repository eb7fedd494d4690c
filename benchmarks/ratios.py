"""Ratios of a figure on two sides, formed within each round: a machine's speed changes from round to round."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MIN_DIFFERENCE = 0.02  # closer to 1 no ratio is told from noise
MIN_ROUNDS = 5  # rounds that can tell anything from noise
RULE = f"""\
ratio: the median of the rounds' ratios; spread: the smallest and the largest of them.
noise: the spread contains 1, or the ratio is within {MIN_DIFFERENCE:.0%} of it, or there are fewer than {MIN_ROUNDS} \
rounds."""


@dataclass(frozen=True)
class Figure:
    """What is measured, with its unit."""

    name: str
    form: str
    more_is_better: bool = False


@dataclass(frozen=True)
class Comparison:
    """A figure of both sides in the same rounds."""

    figure: Figure
    before: Sequence[float]
    after: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [after / before for before, after in zip(self.before, self.after, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.ratios), max(self.ratios)

    @property
    def verdict(self) -> str:
        low, high = self.spread
        if len(self.ratios) < MIN_ROUNDS or low <= 1 <= high or abs(self.ratio - 1) < MIN_DIFFERENCE:
            return "noise"
        return "better" if (self.ratio > 1) == self.figure.more_is_better else "worse"

    def cells(self) -> tuple[str, ...]:
        """A row of compare.py's table, without the workload."""
        low, high = self.spread
        sides = (self.figure.form.format(median(side)) for side in (self.before, self.after))
        return (self.figure.name, *sides, f"{self.ratio:.2f}", f"{low:.2f} to {high:.2f}", self.verdict)
