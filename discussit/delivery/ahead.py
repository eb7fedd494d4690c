"""Entries that arrive before those that precede them.

Where two processes write to a group, each publishes its own entries: 8 may arrive before the other's 7, which was
committed first. Reading the database would cost more than waiting for it.
"""

import asyncio
from collections.abc import Callable, Sequence

from discussit.log.compose import EncodedEntry

AHEAD_LIMIT = 0.05  # seconds that an entry is held at most
MAX_AHEAD = 500  # entries held by a room: a batch of the writer
AHEAD_SPACE = 500_000  # characters of them


class Ahead:
    """A room's entries after a gap: held until it closes. When one was held for AHEAD_LIMIT, all are given up."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self._give_up = give_up  # has the room read the database, which has them all
        self._held: dict[int, tuple[float, EncodedEntry]] = {}  # by seq, each with its deadline
        self._space = AHEAD_SPACE
        self._timer: asyncio.TimerHandle | None = None  # while something is held

    def hold(self, entries: Sequence[EncodedEntry]) -> bool:
        """Hold these as well. False: they would be too many, or too long."""
        new = [entry for entry in entries if entry.seq not in self._held]
        size = sum(len(entry.text) for entry in new)
        if len(self._held) + len(new) > MAX_AHEAD or size > self._space:
            return False
        loop = asyncio.get_running_loop()
        until = loop.time() + AHEAD_LIMIT
        self._held.update((entry.seq, (until, entry)) for entry in new)
        self._space -= size
        self._timer = self._timer or loop.call_at(until, self._end_wait)
        return True

    def take_after(self, last: int) -> list[EncodedEntry]:
        """Take the entries that continue a log of this last seq, and drop those that it has."""
        if not self._held:
            return []
        taken = []
        while last + 1 in self._held:
            last += 1
            taken.append(self._held[last][1])
        for seq in [seq for seq in self._held if seq <= last]:
            self._space += len(self._held.pop(seq)[1].text)
        if not self._held:
            self.drop()
        return taken

    def drop(self) -> None:
        """Hold nothing any more."""
        self._held.clear()
        self._space = AHEAD_SPACE
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
