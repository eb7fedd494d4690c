"""Long lists in parts that a query takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

CHUNK = 5_000  # values in one IN (…): engines take some 32,000, and this many take 10 ms

Member = TypeVar("Member")


def chunks(values: Sequence[Member]) -> Iterator[Sequence[Member]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
