"""The rooms of this process: opened by their first follower, closed after their last.

A room subscribes, waits until the bus confirms, and only then reads the database, so that nothing falls between.
From there on, whatever is written, in this process or in another, either continues the tail or sends the room to the
database (polling.py). Lost, doubled, reordered and late messages cost time, never an entry.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from anyio.abc import TaskGroup
from sqlalchemy import update
from sqlalchemy.orm import Session as OrmSession

from discussit.bus import Bus, messages
from discussit.bus.messages import Appended, BusMessage, Revised, group_channel
from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.delivery.connections import Follower
from discussit.delivery.room import TAIL, Room
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode
from discussit.groups.membership import members_of
from discussit.log.compose import EncodedEntry
from discussit.log.kinds import Effect
from discussit.log.read import LogState, entries_since, log_state, timestamp_of
from discussit.models import Group, User
from discussit.models.groups import new_epoch

logger = logging.getLogger(__name__)

PAGE = 200  # entries read from the database at a time
RETRY = 1.0  # seconds between attempts to replace the epoch of a log that has lost entries

Found = TypeVar("Found")


class Rooms:
    """The open rooms, by their groups' uuids."""

    def __init__(self, database: Database, bus: Bus, look: asyncio.Event) -> None:
        self._database = database
        self._bus = bus
        self._look = look
        self._open: dict[UUID, Room] = {}
        self._lost: set[tuple[int, str]] = set()  # groups and epochs of logs that lost entries, until they are replaced
        self.tasks: TaskGroup | None = None  # while the hub runs

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def readers(self, uuid: UUID, limit: int) -> list[int]:
        """The ids of users who follow the group in this process, at most `limit`."""
        room, found = self._open.get(uuid), set[int]()
        for follower in room.followers if room else ():
            if len(found) == limit:
                break
            found.add(follower.user_id)
        return list(found)

    @asynccontextmanager
    async def entered(self, follower: Follower, group_id: int, state: LogState) -> AsyncIterator[Room]:
        """The room of the follower's group, with the follower in it. `state`: the log's at its admission."""
        room = self._open.get(follower.group_uuid) or self._start(follower.group_uuid, group_id, state)
        room.followers.add(follower)
        try:
            self._agree(room, follower, state)
            if (group_id, state.epoch) in self._lost:
                follower.end(CloseCode.RESTART)  # its place could be one in the lost log, and nothing shows that yet
            yield room
        finally:
            room.followers.discard(follower)
            if not room.followers:
                self.close(room)

    def _start(self, uuid: UUID, group_id: int, state: LogState) -> Room:
        assert self.tasks is not None, "the hub is not running"
        room = self._open[uuid] = Room(uuid, group_id, state.revisions, state.epoch, self._look)
        self.tasks.start_soon(self._listen, room)
        return room

    def _agree(self, room: Room, follower: Follower, state: LogState) -> None:
        """Have both know the latest revision: either may have been looked at before the other."""
        is_older = state.epoch != room.epoch and state.revisions < room.revisions
        self.agrees(room, state)
        follower.is_outdated = is_older

    def restart(self, room: Room) -> None:
        """Disconnect the readers of a log that is no longer the group's: they return to the one that is."""
        room.end(CloseCode.RESTART)
        self.close(room)

    def close(self, room: Room) -> None:
        if self._open.get(room.uuid) is room:
            del self._open[room.uuid]
        room.ahead.drop()
        room.scope.cancel()

    # What was written

    def wrote(self, uuid: UUID, message: BusMessage) -> None:
        """Have the group's room, if it is open, take what a transaction of this process wrote."""
        room = self._open.get(uuid)
        if room is None:
            return
        if not (isinstance(message, Appended) and self._bus.reaches_others):
            self._receive(room, message)
            return
        # The bus brings it, after what other processes published before: that may have ended a reader's session. But
        # what it deleted is read by nobody any more, and neither is what others deleted before it.
        room.expect(message)
        if not self._bus.is_connected:
            room.mark_behind()

    def look_at(self, uuid: UUID) -> None:
        """Have the group's room, if it is open, compared with the database: a message to it was lost."""
        room = self._open.get(uuid)
        if room is not None:
            room.mark_behind()

    async def _listen(self, room: Room) -> None:
        with room.scope:
            async with self._bus.subscribe(group_channel(room.uuid)) as texts:
                async for text in texts:
                    self._receive(room, messages.decode(text))

    def _receive(self, room: Room, message: BusMessage) -> None:
        match message:
            case Appended(entries) if entries:
                self._continue(room, message)
            case Revised(revisions, epoch) if epoch == room.epoch:
                room.learn(revisions)
            case Revised(revisions, epoch):
                if revisions > room.revisions:
                    room.outdate(revisions, epoch)
            case _:
                room.mark_behind()

    def _continue(self, room: Room, message: Appended) -> None:
        if room.differs_from(message.entries):
            self.drop_diverged(room, room.state)
        # In a single process nobody would close the gap that held entries wait for.
        elif has_unknown_effect(message.entries) or not room.take(message, may_hold=self._bus.reaches_others):
            room.mark_behind()

    def drop_diverged(self, room: Room, found: LogState) -> None:
        """The database is not what readers have seen (a failover lost entries). Disconnect them; they reload."""
        logger.error("the log of group %s has lost entries that were read: its readers have to reload it", room.uuid)
        self.restart(room)
        # With another epoch, the log that was found is another already, unless it is from before a revision.
        if found.epoch == room.epoch or found.revisions < room.known_revisions:
            assert self.tasks is not None
            self._lost.add((room.group_id, found.epoch))
            self.tasks.start_soon(self._replace_epoch, room, found)

    async def _replace_epoch(self, room: Room, found: LogState) -> None:
        """Have everyone who returns reload this log, wherever they were connected."""
        lost = (room.group_id, found.epoch)
        # Of several processes that notice, one draws the new epoch: for the others nothing is left to replace. With it
        # the revisions are again at least what processes know.
        revisions = max(room.known_revisions, found.revisions)
        replace = (
            update(Group)
            .where(Group.id == room.group_id, Group.epoch == found.epoch)
            .values(epoch=new_epoch(), revisions=revisions)
        )
        while lost in self._lost:
            try:
                async with self._database.transaction() as session:
                    await session.execute(replace)
                self._lost.discard(lost)
            except DATABASE_ERRORS as error:
                log_failure(logger, f"could not note that group {room.uuid} has lost entries", error)
                await asyncio.sleep(RETRY)

    # Reading

    async def follow(self, room: Room, follower: Follower) -> AsyncIterator[Slice]:
        """The entries after the follower's cursor, until it has all or is ended.

        One that is slower than the room is given larger slices, and from the database what is no longer in the tail.
        """
        await room.ready()
        while follower.ended is None:
            part = room.slice(follower.cursor) or await self._earlier(room, follower.cursor)
            for entry in part.with_effects:
                # It may have been written elsewhere, and not have arrived yet, while this reader came in.
                follower.end_if_left(entry.seq, entry.user_id, entry.effect)
            if not await self.still_current(room, part):
                continue
            if follower.ended is not None or not part.entries:
                return
            follower.cursor = part.last
            yield part.readable_from(follower.first)

    async def still_current(self, room: Room, part: Slice) -> bool:
        """Check the members if the part's entries make that necessary. False: texts may have changed meanwhile."""
        revisions = room.known_revisions
        if has_unknown_effect(part.with_effects):
            await self.check_members(room)
        return room.known_revisions == revisions

    async def check_members(self, room: Room) -> None:
        """End followers who are no longer members, after entries of which only a newer version knows what they do."""
        ids, followers = members_of(room.group_id).with_only_columns(User.id), list(room.followers)
        members = await self._database.run_read(lambda session: set(session.scalars(ids)))
        for follower in followers:  # one that came meanwhile may have joined meanwhile
            if follower.user_id not in members:
                follower.end(CloseCode.MEMBERSHIP_ENDED)

    async def _earlier(self, room: Room, cursor: int) -> Slice:
        """Entries from before the tail. They are restored to it where they fit, for all who missed the same."""
        async with room.restoring:
            if room.slice(cursor) is None and not room.is_full and cursor + TAIL >= await room.ready():
                await self._restore(room, cursor)
        return room.slice(cursor) or await self.page(room, cursor)

    async def _restore(self, room: Room, cursor: int) -> None:
        missing = room.first - 1 - cursor
        nothing: list[EncodedEntry] = []
        entries = await self._read(
            room, lambda session: room.take_within(_since(session, room, cursor, missing)), nothing
        )
        if not room.restore(cursor + 1, entries):
            # Too long for the space that is left: nobody needs to read them for this again.
            room.is_full = len(entries) < missing

    async def page(self, room: Room, cursor: int) -> Slice:
        """The next entries after `cursor`, from the database."""
        nothing = Slice(cursor, ())
        return await self._read(room, lambda session: Slice.after(cursor, _since(session, room, cursor)), nothing)

    async def _read(self, room: Room, read: Callable[[OrmSession], Found], nothing: Found) -> Found:
        """What `read` finds in the room's log, none of it older than the room's revision.

        `nothing` if the log is gone, or is no longer the one that the room's readers were sent. What was read is
        discarded if the room learned of a revision in the meantime.
        """
        while True:
            known = room.state
            state, last_at, found = await self._database.run_read(_with_state(room, read))
            if state is None:
                room.end(CloseCode.MEMBERSHIP_ENDED)
                return nothing
            if known.is_lost_in(state) or known.last_at not in (None, last_at):
                self.drop_diverged(room, state)
                return nothing
            if not self.agrees(room, state):
                return nothing
            if state.revisions >= room.known_revisions:
                return found

    def agrees(self, room: Room, state: LogState) -> bool:
        """Have the room know what was read of its log. False: it is not the log that its readers were sent."""
        if state.epoch == room.epoch:
            room.learn(state.revisions)
        elif state.revisions > room.revisions:
            room.outdate(state.revisions, state.epoch)
        elif state.revisions == room.revisions:
            # Another process found that it is not the log that was sent, or it was restored from a copy.
            self.restart(room)
            return False
        return True


def has_unknown_effect(entries: Iterable[EncodedEntry]) -> bool:
    return any(entry.effect == Effect.UNKNOWN for entry in entries)


def _with_state(
    room: Room, read: Callable[[OrmSession], Found]
) -> Callable[[OrmSession], tuple[LogState | None, str | None, Found]]:
    """Reads, in one snapshot, the log's state, the timestamp of the room's last entry, and what `read` does."""
    group_id, last = room.group_id, room.state.last_seq
    return lambda session: (log_state(session, group_id), timestamp_of(session, group_id, last), read(session))


def _since(session: OrmSession, room: Room, cursor: int, limit: int = PAGE) -> Iterator[EncodedEntry]:
    return entries_since(session, room.group_id, room.uuid, cursor, limit)
