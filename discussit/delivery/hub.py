"""Delivery in one process: from its commits and from the bus to its open connections."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from uuid import UUID

from anyio import create_task_group

from discussit.bus import Bus, messages
from discussit.bus.messages import (
    Appended,
    BusMessage,
    EndedSessions,
    MembershipChange,
    MembershipChanges,
    Resync,
    Revised,
    group_channel,
    person_channel,
)
from discussit.database import Database
from discussit.delivery.counting import Counting
from discussit.delivery.people import People
from discussit.delivery.polling import Polling
from discussit.delivery.rooms import Rooms
from discussit.delivery.unread import Unread
from discussit.delivery.unread_bus import UnreadBus
from discussit.log.committed import CommittedChanges
from discussit.log.kinds import Effect


class Hub:
    """The rooms and people of this process, and what keeps them up to date."""

    def __init__(self, database: Database, bus: Bus) -> None:
        look = asyncio.Event()
        self._bus = bus
        self.started = asyncio.Event()  # connections and readers may come
        self.unread = Unread()
        self.rooms = Rooms(database, bus, look)
        self.people = People(database, bus, look, self.unread.memberships_changed)
        self.polling = Polling(database, self.rooms, self.people, look)
        self._unread_bus = UnreadBus(bus, self.unread)
        self._counting = Counting(database, self.unread)

    async def run(self) -> None:
        """Keep rooms and connections up to date for as long as the process lives."""
        async with create_task_group() as tasks:
            self.rooms.tasks = self.people.tasks = tasks
            tasks.start_soon(self._unread_bus.run)
            tasks.start_soon(self._counting.run)
            self.started.set()
            await self.polling.run()

    def publish(self, changes: CommittedChanges) -> None:
        """Deliver what a transaction of this process wrote.

        What it ended or revised takes effect here immediately, in other processes over the bus. Its entries travel over
        the bus to all processes, or directly to the rooms if there is only this one.
        """
        memberships, of_groups = list(_membership_changes(changes)), list(_group_messages(changes))
        # Before the entries: whoever the transaction sent away is sent none of them.
        self.people.sessions_ended(list(changes.ended_sessions))
        self.people.memberships_changed(memberships)
        for uuid, message in of_groups:
            self.rooms.wrote(uuid, message)
        if self._bus.reaches_others:
            self._post_to_people(changes, memberships)
            for uuid, message in of_groups:
                self._post(group_channel(uuid), message, partial(self.rooms.look_at, uuid))
        self._publish_unread(changes)

    def _publish_unread(self, changes: CommittedChanges) -> None:
        self.unread.marked(changes.marks)
        self.unread.groups_changed(changes.changed_groups.items())
        if self._bus.reaches_others:
            self._unread_bus.post_groups(changes.changed_groups)
            self._unread_bus.post(changes.unread.values(), changes.marks)
            return
        for change in changes.unread.values():
            self.unread.changed(change)

    def _post_to_people(self, changes: CommittedChanges, memberships: Iterable[MembershipChange]) -> None:
        ended: dict[str, list[str]] = defaultdict(list)
        for session_id, user_id in changes.ended_sessions.items():
            ended[person_channel(user_id)].append(session_id)
        changed: dict[str, list[MembershipChange]] = defaultdict(list)
        for change in memberships:
            changed[person_channel(change.user_id)].append(change)
        for channel, ids in ended.items():
            self._post(channel, EndedSessions(ids))
        for channel, some in changed.items():
            self._post(channel, MembershipChanges(some))

    def _post(self, channel: str, message: BusMessage, if_lost: Callable[[], object] = lambda: None) -> None:
        self._bus.post(channel, messages.encode(message), if_lost)


def _group_messages(changes: CommittedChanges) -> Iterator[tuple[UUID, BusMessage]]:
    for uuid, (revisions, epoch) in changes.revised_groups.items():
        yield uuid, Revised(revisions, epoch)
    for uuid, entries in changes.entries.items():
        yield uuid, Appended(entries, changes.revisions[uuid])
    for uuid in changes.resync_groups:
        yield uuid, Resync()


def _membership_changes(changes: CommittedChanges) -> Iterator[MembershipChange]:
    for uuid, entries in changes.entries.items():
        for entry in entries:
            if entry.effect in (Effect.JOINED, Effect.LEFT):
                yield MembershipChange(uuid, entry.seq, entry.user_id, entry.effect)
    for uuid, seq, user_id, is_hidden in changes.shown:
        yield MembershipChange(uuid, seq, user_id, Effect.HIDDEN if is_hidden else Effect.SHOWN)
