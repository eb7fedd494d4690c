"""A group that someone here is reading: the tail of its log, and who follows it."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from anyio import CancelScope

from discussit.readers import Follower
from discussit.slices import Slice, moves
from discussit.wire import CloseCode

TAIL = 1_000  # entries that a room keeps
SPACE = 4_000_000  # characters of them: a thousand entries as long as may be have thirty times as many
SLICES = 20  # cursors whose slices are kept at a time


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
    is_full: bool = False  # there is no space for what comes before the tail
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _tail: deque[str] = field(default_factory=deque)
    _space: int = SPACE
    _slices: dict[int, Slice] = field(default_factory=dict)

    def start(self, last: int) -> None:
        """Begin with an empty tail behind `last`."""
        self.last = last
        self._forget()
        self._ready.set()

    def _forget(self) -> None:
        self._tail.clear()
        self._slices.clear()
        self._space, self.is_full = SPACE, False

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
        self._keep(fresh)
        self.last += len(fresh)
        for move in moves(fresh):
            for follower in self.followers:
                follower.expel(move)
        if fresh:
            self._pass_on()
        return True

    def _keep(self, fresh: Sequence[str]) -> None:
        self._slices.clear()
        self._tail.extend(fresh)
        self._space -= sum(map(len, fresh))
        while len(self._tail) > TAIL or self._space < 0:
            self._space += len(self._tail.popleft())
            self.is_full = True

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
            if len(self._slices) == SLICES:
                self._slices.clear()
            self._slices[cursor] = Slice.after(cursor, islice(self._tail, len(self._tail) - missing, None))
        return self._slices[cursor]

    @property
    def first(self) -> int:
        """The seq with which the tail begins, or will."""
        assert self.last is not None
        return self.last + 1 - len(self._tail)

    def fitting(self, entries: Iterable[str]) -> list[str] | None:
        """The entries, read only as far as there is space for them before the tail; None where there is not."""
        space, fitting = self._space, []
        for text in entries:
            space -= len(text)
            if space < 0:
                return None
            fitting.append(text)
        return fitting

    def prepend(self, first: int, objects: Sequence[str] | None) -> None:
        """Have the tail begin with these entries. What does not lead up to it, or is too much for it, is ignored.

        None are more than there is space for: nobody needs to read them for this again.
        """
        if objects is None:
            self.is_full = True
            return
        size = sum(map(len, objects))
        if first + len(objects) == self.first and len(objects) + len(self._tail) <= TAIL and size <= self._space:
            self._tail.extendleft(reversed(objects))
            self._space -= size

    def revise(self) -> None:
        """Forget entries that were changed, and have every follower told to load the page again."""
        self.revisions += 1
        self._forget()
        for follower in self.followers:
            follower.is_outdated = True
        self.wake()

    def end(self, code: CloseCode) -> None:
        for follower in self.followers:
            follower.end(code)

    def wake(self) -> None:
        for follower in self.followers:
            follower.wake()
