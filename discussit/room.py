"""A group that someone here is reading: the tail of its log, and who follows it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from anyio import CancelScope

from discussit.readers import Follower
from discussit.slices import Slice, moves
from discussit.wire import CloseCode

TAIL = 1_000  # entries that a room keeps


@dataclass(eq=False)
class Room:
    """A group that someone here is reading. `last` is None until the database was read."""

    uuid: UUID
    group_id: int
    last: int | None = None
    is_behind: bool = True
    followers: set[Follower] = field(default_factory=set)
    scope: CancelScope = field(default_factory=CancelScope)
    bringing_back: asyncio.Lock = field(default_factory=asyncio.Lock)
    revisions: int = 0
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))
    _slices: dict[int, Slice] = field(default_factory=dict)

    def start(self, last: int) -> None:
        """Begin with an empty tail behind `last`."""
        self.last = last
        self._tail.clear()
        self._slices.clear()
        self._ready.set()

    async def ready(self) -> int:
        """The log's last seq as this room knows it, once it does."""
        await self._ready.wait()
        assert self.last is not None
        return self.last

    def append(self, first: int, objects: Sequence[str]) -> bool:
        """Continue the tail with the entries from seq `first` on; those it has are ignored. False: a gap."""
        if self.last is None or first > self.last + 1:
            return False
        fresh = objects[self.last + 1 - first :]
        self._tail.extend(fresh)
        self.last += len(fresh)
        self._slices.clear()
        for move in moves(fresh):
            for follower in self.followers:
                follower.expel(move)
        if fresh:
            self._pass_on()
        return True

    def _pass_on(self) -> None:
        """Hand on what was appended; one loop over all followers costs less than waking the task of each."""
        assert self.last is not None
        last, slices = self.last, self._slices
        for follower in self.followers:
            while follower.cursor < last:
                part = slices.get(follower.cursor) or self.slice(follower.cursor)
                if part is None or not follower.take(part):
                    follower.wake()
                    break

    def contradicts(self, first: int, objects: Sequence[str]) -> bool:
        """Whether the entries from seq `first` on are others than those the tail has there."""
        if self.last is None:
            return False
        places = range(max(first, self.first), min(first + len(objects), self.last + 1))
        return any(objects[seq - first] != self._tail[seq - self.first] for seq in places)

    def slice(self, cursor: int) -> Slice | None:
        """The next entries after `cursor`; None when they are no longer in the tail."""
        assert self.last is not None
        if cursor not in self._slices:
            missing = max(self.last - cursor, 0)
            if missing > len(self._tail):
                return None
            self._slices[cursor] = Slice.after(cursor, islice(self._tail, len(self._tail) - missing, None))
        return self._slices[cursor]

    @property
    def first(self) -> int:
        """The seq with which the tail begins, or will."""
        assert self.last is not None
        return self.last + 1 - len(self._tail)

    def prepend(self, first: int, objects: Sequence[str]) -> None:
        """Have the tail begin with these entries. What does not lead up to it, or is too much for it, is ignored."""
        if first + len(objects) == self.first and len(objects) + len(self._tail) <= TAIL:
            self._tail.extendleft(reversed(objects))

    def revise(self) -> None:
        """Forget entries that were changed, and have every follower told to load the page again."""
        self.revisions += 1
        self._tail.clear()
        self._slices.clear()
        for follower in self.followers:
            follower.is_outdated = True
        self.wake()

    def end(self, code: CloseCode) -> None:
        for follower in self.followers:
            follower.end(code)

    def wake(self) -> None:
        for follower in self.followers:
            follower.wake()
