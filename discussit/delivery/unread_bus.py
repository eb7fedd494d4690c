"""What changes unread numbers, on its way between processes: gathered, so that a busy server publishes little."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from anyio import create_task_group, sleep

from discussit.bus import Bus, messages
from discussit.bus.messages import UNREAD_CHANNEL, BusMessage, ChangedGroups, Marked, UnreadChanges
from discussit.delivery.unread import Unread
from discussit.log.unread import Count, UnreadChange
from discussit.models.entries import EVERYONE

GATHER = 0.2  # seconds between two publications
MAX_GROUPS = 25  # in one message, which PostgreSQL limits to 7,999 bytes
MAX_USERS = 200  # in one message; of more who are mentioned, all are counted


class UnreadBus:
    """Posts what this process commits, and takes what any process does."""

    def __init__(self, bus: Bus, unread: Unread) -> None:
        self._bus = bus
        self._unread = unread
        self._id = secrets.token_hex(8)  # of this process
        self._changes: dict[UUID, UnreadChange] = {}
        self._marked: dict[UUID, set[int]] = defaultdict(set)
        self._filled = asyncio.Event()

    def post(self, changes: Iterable[UnreadChange], marks: Iterable[Count]) -> None:
        """Have all processes take note of the changes, this one among them, and all others of the marks."""
        for change in changes:
            self._merge(change)
        for count in marks:
            self._marked[count.group_uuid].add(count.user_id)
        if self._changes or self._marked:
            self._filled.set()

    def post_groups(self, groups: Mapping[UUID, int]) -> None:
        """Have all other processes take note of groups that were changed or deleted."""
        if groups:
            self._post(ChangedGroups(list(groups.items())))

    def _merge(self, change: UnreadChange) -> None:
        known = self._changes.setdefault(change.group_uuid, change)
        if known is change:
            return
        if known.after != change.before:
            # Another process wrote between the two. What it says of that may come after this, which covers it.
            known.mentioned.add(EVERYONE)
        known.add(change)

    async def run(self) -> None:
        """Post and listen for as long as the process lives."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._listen)
            while True:
                await self._filled.wait()
                self._filled.clear()
                self._post_gathered()
                await sleep(GATHER)

    def _post_gathered(self) -> None:
        changes, marked = list(self._changes.values()), list(self._marked.items())
        self._changes.clear()
        self._marked.clear()
        for some in _parts(changes, MAX_GROUPS):
            self._post(UnreadChanges([_short(change) for change in some]))
        for uuid, users in marked:
            for part in _parts(list(users), MAX_USERS):
                self._post(Marked([(uuid, list(part))], self._id))

    def _post(self, message: BusMessage) -> None:
        self._bus.post(UNREAD_CHANNEL, messages.encode(message), self._unread.check_soon)

    async def _listen(self) -> None:
        async with self._bus.subscribe(UNREAD_CHANNEL) as texts:
            async for text in texts:
                self._receive(messages.decode(text))

    def _receive(self, message: BusMessage) -> None:
        match message:
            case UnreadChanges(changes):
                for change in changes:
                    self._unread.changed(change)
            case Marked(members, sender):
                for uuid, users in members if sender != self._id else ():
                    self._unread.marked_elsewhere(uuid, users)
            case ChangedGroups(groups):
                self._unread.groups_changed(groups)
            case _:
                self._unread.check_soon()


def _short(change: UnreadChange) -> UnreadChange:
    if len(change.mentioned) <= MAX_USERS // MAX_GROUPS:
        return change
    return UnreadChange(change.group_uuid, change.before, change.after, {EVERYONE}, change.is_last_revised)


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
