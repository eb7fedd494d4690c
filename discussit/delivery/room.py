"""A group that someone in this process is reading: the tail of its log, and its followers."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from anyio import CancelScope

from discussit.bus.messages import Appended
from discussit.delivery.ahead import Ahead
from discussit.delivery.connections import Follower
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode
from discussit.log.compose import EncodedEntry
from discussit.log.read import LogState
from discussit.log.revise import revised

TAIL = 1_000  # entries that a room keeps
SPACE = 4_000_000  # characters kept; 1,000 entries of maximum length would need 30 times this
# Entries, and their characters, that are encoded again when texts change; of more, the database is read. It takes a
# millisecond: somebody may edit one long message over and over.
MAX_REVISED, REVISED_SPACE = 100, 50_000
SLICES = 20  # cursors whose slices are kept at a time


@dataclass(eq=False)
class Room:
    """A group that someone in this process is reading. `last` is None until the database was read."""

    uuid: UUID
    group_id: int
    revisions: int  # of the group at `last`
    epoch: str
    look: asyncio.Event = field(default_factory=asyncio.Event)  # set when the room is behind
    last: int | None = None
    last_at: str | None = None  # the timestamp of the last entry, where it is known: which entry it is
    known_revisions: int = field(init=False)  # the highest of which the room was told: older texts are out of date
    is_behind: bool = True
    ahead: Ahead = field(init=False)  # what can't be appended yet
    followers: set[Follower] = field(default_factory=set)
    scope: CancelScope = field(default_factory=CancelScope)
    restoring: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_full: bool = False  # there is no space for what comes before the tail
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _tail: deque[EncodedEntry] = field(default_factory=deque)
    _space: int = SPACE
    _slices: dict[int, Slice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ahead = Ahead(self.mark_behind)
        self.known_revisions = self.revisions

    def start(self, last: int, last_at: str | None = None) -> None:
        """Begin with an empty tail after the entry `last`, which has this timestamp."""
        self.last, self.last_at = last, last_at
        self._forget()
        self._ready.set()

    def _forget(self) -> None:
        self._tail.clear()
        self._slices.clear()
        self._space, self.is_full = SPACE, False

    def mark_behind(self) -> None:
        """Have the room compared with the database soon."""
        self.is_behind = True
        self.look.set()

    async def ready(self) -> int:
        """The log's last seq as far as this room knows, as soon as it does."""
        await self._ready.wait()
        assert self.last is not None
        return self.last

    @property
    def state(self) -> LogState:
        """The log as this room knows it."""
        return LogState(self.last or 0, self.known_revisions, self.epoch, self.last_at)

    @property
    def first(self) -> int:
        """The seq with which the tail begins, or will begin."""
        assert self.last is not None
        return self.last + 1 - len(self._tail)

    def take(self, message: Appended, *, may_hold: bool) -> bool:
        """Continue the tail with entries as they were published, and with those held until these arrived.

        Where others precede them, hold them if that is allowed. False: the database has to be read.
        """
        if self.last is None:
            return False
        if message.first > self.last + 1:
            return may_hold and self.ahead.hold(message)
        following: Appended | None = message
        while following is not None:
            if not self._take(following):
                return False
            following = self.ahead.take_next(self.last)
        return True

    def _take(self, message: Appended) -> bool:
        assert self.last is not None
        last = message.entries[-1].seq
        if last <= self.last:
            return True
        revisions = message.revisions_at(last)
        # Texts may have been changed by what was not read here, before these entries or after.
        if message.revisions_at(self.last) != self.revisions or revisions < self.known_revisions:
            return False
        self.append(message.entries)
        self.revisions = self.known_revisions = revisions
        return True

    def append(self, entries: Sequence[EncodedEntry]) -> bool:
        """Continue the tail with consecutive entries, except those that it has. False: there is a gap before them."""
        if self.last is None or entries[0].seq > self.last + 1:
            return False
        fresh = entries[self.last + 1 - entries[0].seq :]
        if fresh:
            self.revise_tail(fresh)
            self._keep(fresh)
            self.last, self.last_at = fresh[-1].seq, fresh[-1].timestamp
            self._end_left(fresh)
            self._pass_on()
        return True

    def revise_tail(self, entries: Iterable[EncodedEntry]) -> None:
        """Have the tail show what these entries made of their targets, as the database does."""
        revising = [entry for entry in entries if entry.target is not None and entry.revises]
        if not revising:
            return
        # A deletion doesn't say how often the message was edited just before it, so that edit is needed as well.
        latest: dict[int | None, dict[str, EncodedEntry]] = defaultdict(dict)
        for entry in revising:
            latest[entry.target][entry.kind] = entry
        # Of each message's entries, as far as they are older than its change.
        about = ((place, entry, latest.get(entry.target or entry.seq, {})) for place, entry in enumerate(self._tail))
        older = [
            (place, entry, change) for place, entry, some in about for change in some.values() if entry.seq < change.seq
        ]
        if len(older) > MAX_REVISED or _size(entry for _, entry, _ in older) > REVISED_SPACE:
            self._forget()
            return
        for place, _, change in older:
            self._replace(place, revised(self._tail[place], change))

    def _replace(self, place: int, new: EncodedEntry) -> None:
        self._space += len(self._tail[place].text) - len(new.text)
        self._tail[place] = new
        self._slices.clear()

    def _keep(self, fresh: Sequence[EncodedEntry]) -> None:
        self._slices.clear()
        self._tail.extend(fresh)
        self._space -= _size(fresh)
        while len(self._tail) > TAIL or self._space < 0:
            self._space += len(self._tail.popleft().text)
            self.is_full = True

    def _end_left(self, fresh: Iterable[EncodedEntry]) -> None:
        for entry in fresh:
            if entry.effect is not None:
                for follower in self.followers:
                    follower.end_if_left(entry.seq, entry.user_id, entry.effect)

    def _pass_on(self) -> None:
        """Send what was appended: one loop over all followers costs less than waking the task of each."""
        assert self.last is not None
        last, slices = self.last, self._slices
        for follower in self.followers:
            while follower.cursor < last:
                part = slices.get(follower.cursor) or self.slice(follower.cursor)
                if part is None or not follower.take(part):
                    follower.wake()
                    break

    def differs_from(self, entries: Sequence[EncodedEntry]) -> bool:
        """Whether the tail has other entries at the places of these."""
        if self.last is None or entries[0].seq > self.last:
            return False
        shared = (entry for entry in entries if self.first <= entry.seq <= self.last)
        return not all(entry.is_same_as(self._tail[entry.seq - self.first]) for entry in shared)

    def slice(self, cursor: int) -> Slice | None:
        """The next entries after `cursor`; None if they are no longer in the tail."""
        assert self.last is not None
        if cursor not in self._slices:
            missing = max(self.last - cursor, 0)
            if missing > len(self._tail):
                return None
            if len(self._slices) == SLICES:
                self._slices.clear()
            # From the end of the tail: islice would go through all that comes before.
            self._slices[cursor] = Slice.after(cursor, (self._tail[place] for place in range(-missing, 0)))
        return self._slices[cursor]

    def take_within(self, entries: Iterable[EncodedEntry]) -> list[EncodedEntry]:
        """Older entries, as far as there is space for them in front of the tail."""
        space, taken = self._space, []
        for entry in entries:
            space -= len(entry.text)
            if space < 0:
                break
            taken.append(entry)
        return taken

    def restore(self, first: int, entries: Sequence[EncodedEntry]) -> bool:
        """Put older entries back in front of the tail, for other readers who missed them.

        Return False if they don't end where the tail begins or don't fit.
        """
        fits = len(entries) + len(self._tail) <= TAIL and _size(entries) <= self._space
        if not fits or first + len(entries) != self.first:
            return False
        self._tail.extendleft(reversed(entries))
        self._space -= _size(entries)
        return True

    def learn(self, revisions: int) -> None:
        """Take note that texts were changed by entries up to these revisions: drop those that may be out of date."""
        if revisions <= self.known_revisions:
            return
        self.known_revisions = revisions
        self._forget()
        self.mark_behind()

    def expect(self, message: Appended) -> None:
        """Have the tail show what entries that are on their way here made of their targets."""
        revisions = message.revisions_at(message.entries[-1].seq)
        if revisions > self.known_revisions:
            self.learn(message.revisions)  # of others, whose changes the tail can't show
            self.revise_tail(message.entries)
            self.known_revisions = revisions

    def outdate(self, revisions: int, epoch: str) -> None:
        """Drop the texts that are kept, and have every follower load the log again: entries changed in place."""
        self.revisions, self.known_revisions = revisions, max(revisions, self.known_revisions)
        self.epoch = epoch
        self._forget()
        self.ahead.give_up()
        for follower in self.followers:
            follower.is_outdated = True
            follower.wake()

    def end(self, code: CloseCode) -> None:
        for follower in self.followers:
            follower.end(code)


def _size(entries: Iterable[EncodedEntry]) -> int:
    return sum(len(entry.text) for entry in entries)
