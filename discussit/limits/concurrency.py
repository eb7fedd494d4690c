"""Limits on what clients may do at the same time, in this process."""

from collections import Counter
from contextlib import AbstractContextManager

from discussit.limits.throttles import Throttled

RETRY_AFTER = 15  # seconds after which a client may try again


class ConcurrencyLimit:
    """Limits how many of something each holder has at the same time. A limit of 0 means no limit."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what  # in words for people
        self._taken: Counter[str] = Counter()

    def taken(self, holder: str) -> AbstractContextManager[None]:
        """Count one more for the duration of the block. Raises Throttled at the limit. An empty holder is unlimited."""
        return _Taken(self, holder)

    def take(self, holder: str) -> None:
        if holder and 0 < self._limit <= self._taken[holder]:
            raise Throttled(self._what, RETRY_AFTER)
        self._taken[holder] += 1

    def give_back(self, holder: str) -> None:
        self._taken[holder] -= 1
        if not self._taken[holder]:
            del self._taken[holder]


class _Taken(AbstractContextManager[None]):
    """Smaller than a generator with its frame, since each open socket has two."""

    __slots__ = ("_holder", "_limit")

    def __init__(self, limit: ConcurrencyLimit, holder: str) -> None:
        self._limit, self._holder = limit, holder

    def __enter__(self) -> None:
        self._limit.take(self._holder)

    def __exit__(self, *_error: object) -> None:
        self._limit.give_back(self._holder)
