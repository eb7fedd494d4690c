"""Limits on what clients may do at the same time, in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from discussit.limits.throttles import Throttled

RETRY_AFTER = 15  # seconds after which a client may try again


class ConcurrencyLimit:
    """Limits how many of something each holder has at the same time. A limit of 0 means no limit."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what  # in words for people
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, holder: str) -> Iterator[None]:
        """Count one more for the duration of the block. Raises Throttled at the limit. An empty holder is unlimited."""
        if holder and 0 < self._limit <= self._taken[holder]:
            raise Throttled(self._what, RETRY_AFTER)
        self._taken[holder] += 1
        try:
            yield
        finally:
            self._taken[holder] -= 1
            if not self._taken[holder]:
                del self._taken[holder]
