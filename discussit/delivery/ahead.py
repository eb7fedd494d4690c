"""Entries that arrive before those that precede them.

Where two processes write to a group, each publishes its own entries: 8 may arrive before the other's 7, which was
committed first. Reading the database would cost more than waiting for it.
"""

import asyncio
from collections.abc import Callable

from discussit.bus.messages import Appended

AHEAD_LIMIT = 0.05  # seconds that an entry is held at most
MAX_AHEAD = 500  # entries held by a room: a batch of the writer
AHEAD_SPACE = 500_000  # characters of them


class Ahead:
    """A room's entries after a gap: held until it closes. When one was held for AHEAD_LIMIT, all are given up."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self._give_up = give_up  # has the room read the database, which has them all
        self._held: dict[int, tuple[float, Appended]] = {}  # by the first seq of each, with its deadline
        self._count, self._space = 0, AHEAD_SPACE
        self._timer: asyncio.TimerHandle | None = None  # while something is held

    def hold(self, message: Appended) -> bool:
        """Hold these entries as well. False: they would be too many, or too long."""
        count, size = len(message.entries), _size(message)
        if message.first in self._held:
            return True
        if self._count + count > MAX_AHEAD or size > self._space:
            return False
        loop = asyncio.get_running_loop()
        until = loop.time() + AHEAD_LIMIT
        self._held[message.first] = (until, message)
        self._count += count
        self._space -= size
        self._timer = self._timer or loop.call_at(until, self._end_wait)
        return True

    def take_next(self, last: int) -> Appended | None:
        """Take held entries that continue a log of this last seq, if there are any, and drop those that it has."""
        if not self._held:
            return None  # as nearly always
        for first in [first for first in self._held if first <= last + 1]:
            message = self._take(first)
            if message.entries[-1].seq > last:
                return message
        return None

    def _take(self, first: int) -> Appended:
        _, message = self._held.pop(first)
        self._count -= len(message.entries)
        self._space += _size(message)
        if not self._held:
            self.drop()
        return message

    def drop(self) -> None:
        """Hold nothing any more."""
        self._held.clear()
        self._count, self._space = 0, AHEAD_SPACE
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def give_up(self) -> None:
        """Have the database read instead, if anything is held."""
        if self._held:
            self.drop()
            self._give_up()

    def _end_wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        first, _ = next(iter(self._held.values()))  # in order of arrival
        if first > loop.time():
            # The gap before it has closed, and another one has opened since.
            self._timer = loop.call_at(first, self._end_wait)
        else:
            self.give_up()


def _size(message: Appended) -> int:
    return sum(len(entry.text) for entry in message.entries)
