"""The readers of this process: rooms with the tails of their logs, and cursors into them.

A room is opened by its first follower and closed by its last. It subscribes, waits for the bus
to confirm, and only then reads the database, so that nothing falls between. From there on each
hint either continues the tail or sends the room to the database; every POLL seconds all rooms
look there without being asked. Lost, doubled, reordered and late hints cost time, never an entry.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar
from uuid import UUID

import msgspec
from anyio import CancelScope, create_task_group, current_time
from anyio.abc import TaskGroup
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from discussit import log, wire
from discussit.bus import PEOPLE, RESYNC, Bus, group_channel
from discussit.database import DATABASE_ERRORS, Database
from discussit.models import Group, Session, User, Written
from discussit.readers import Connection, Follower, Watcher
from discussit.room import TAIL, Room
from discussit.slices import Slice
from discussit.wire import CloseCode

logger = logging.getLogger(__name__)

POLL = 2.0  # seconds between two looks at the database
CHUNK = 5_000  # values in one IN (…): engines take some 32,000, and so many take 10 ms
REVISED = "revised"  # on a group's channel: its history was changed, load it again

Member = TypeVar("Member")


class News(msgspec.Struct):
    """What goes over the channel of people."""

    ended_sessions: list[str] = []
    moves: list[wire.EventMessage] = []


class Hub:
    """All open sockets of this process and the rooms they read."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._nudged = asyncio.Event()
        self._due = self._looked = current_time()  # when all that is open is looked at next, and was last
        self._tasks: TaskGroup | None = None
        self.rooms: dict[UUID, Room] = {}
        self.connections: set[Connection] = set()

    async def run(self) -> None:
        """Keep the rooms up to date for as long as the process lives."""
        async with create_task_group() as self._tasks:
            self._tasks.start_soon(self._hear_news)
            await self._keep_up()

    @property
    def lag(self) -> float:
        """For how many seconds all that is open here has not been compared with the database."""
        return current_time() - self._looked

    # What the commit hook tells

    def publish(self, written: Written) -> None:
        """What a transaction of this process wrote: end what it ended at once, then tell every process."""
        moves = [e for entries in written.entries.values() for e in entries if isinstance(e, wire.EventMessage)]
        news = News(written.ended_sessions, moves)
        if news.ended_sessions or news.moves:
            self._take(news)
            self._bus.post(PEOPLE, msgspec.json.encode(news).decode())
        for uuid, entries in written.entries.items():
            lines = [str(entries[0].seq), *(wire.encode(entry) for entry in entries)]
            self._bus.post(group_channel(uuid), "\n".join(lines))
        for uuid in written.unclear:
            self._bus.post(group_channel(uuid), RESYNC)
        for uuid in written.revised:
            self._bus.post(group_channel(uuid), REVISED)

    def _take(self, news: News) -> None:
        ended = set(news.ended_sessions)
        for connection in self.connections:
            if connection.session_id in ended:
                connection.end(CloseCode.SESSION_ENDED)
        for move in news.moves:
            self._move(move)

    def _move(self, move: wire.EventMessage) -> None:
        # Not left to the room: its tail may be behind, but whoever left is sent nothing more.
        for connection in self.connections:
            if isinstance(connection, Watcher) and connection.username == move.user:
                connection.tell(move)
            elif isinstance(connection, Follower) and connection.group_uuid == move.group_uuid:
                connection.expel(move)

    # What sockets do

    @contextmanager
    def connected(self, connection: Connection) -> Iterator[None]:
        """The time during which a socket hears of its session's and memberships' ends.

        Connect first and check the right to be here then: what ends in between is heard.
        """
        self.connections.add(connection)
        try:
            yield
        finally:
            self.connections.discard(connection)

    @asynccontextmanager
    async def entered(self, follower: Follower, group: Group) -> AsyncIterator[Room]:
        room = self.rooms.get(group.uuid) or self._open(group)
        room.followers.add(follower)
        try:
            yield room
        finally:
            room.followers.discard(follower)
            if not room.followers:
                self._close(room)

    async def follow(self, room: Room, follower: Follower) -> AsyncIterator[Slice | None]:
        """The entries after the follower's cursor, for ever; None when only its replies wait.

        Ends when the follower is ended. One that is slower than the room gets larger slices, and from the
        database what the tail has no more.
        """
        await room.ready()
        while follower.ended is None:
            part = room.slice(follower.cursor) or await self._earlier(room, follower.cursor)
            for move in part.moves:
                # One that was written elsewhere may not have been heard of while this reader came in.
                follower.expel(move)
            if follower.ended is not None:
                return
            if part.objects:
                follower.cursor = part.last
                yield part
            else:
                await follower.woken()
                yield None

    async def _earlier(self, room: Room, cursor: int) -> Slice:
        """Entries from before the tail. They are brought back into it where they fit, for all who missed the same."""
        async with room.bringing_back:
            if room.slice(cursor) is None and not room.is_full and cursor + TAIL >= await room.ready():
                await self._bring_back(room, cursor)
        return room.slice(cursor) or await self._page(room, cursor)

    async def _bring_back(self, room: Room, cursor: int) -> None:
        revisions, missing = room.revisions, room.first - 1 - cursor
        objects = await self._database.run_read(lambda session: room.fitting(_since(session, room, cursor, missing)))
        if room.revisions == revisions:  # else they may be as they were before
            room.prepend(cursor + 1, objects)

    async def _page(self, room: Room, cursor: int) -> Slice:
        return await self._database.run_read(lambda session: Slice.after(cursor, _since(session, room, cursor)))

    # What keeps rooms up to date

    def _open(self, group: Group) -> Room:
        assert self._tasks is not None, "the hub is not running"
        room = self.rooms[group.uuid] = Room(group.uuid, group.id)
        self._tasks.start_soon(self._hear_room, room)
        return room

    def _close(self, room: Room) -> None:
        if self.rooms.get(room.uuid) is room:
            del self.rooms[room.uuid]
        room.scope.cancel()

    async def _hear_room(self, room: Room) -> None:
        with room.scope:
            async with self._bus.subscribe(group_channel(room.uuid)) as messages:
                async for message in messages:
                    self._hint(room, message)

    def _hint(self, room: Room, message: str) -> None:
        if message == REVISED:
            room.revise()
        elif message == RESYNC:
            self._nudge(room)
        else:
            first, *objects = message.split("\n")
            self._continue(room, int(first), objects)

    def _continue(self, room: Room, first: int, objects: Sequence[str]) -> None:
        if room.contradicts(first, objects):
            self._abandon(room)
        elif not room.append(first, objects):
            self._nudge(room)

    def _nudge(self, room: Room) -> None:
        room.is_behind = True
        self._nudged.set()

    def _abandon(self, room: Room) -> None:
        """The log is not the one that was read: the database is a copy that lacks its last entries.

        Its readers come back, and are told to load it again.
        """
        logger.error("the log of group %s has lost entries that were read: its readers are sent away", room.uuid)
        room.end(CloseCode.RESTART)
        self._close(room)

    async def _hear_news(self) -> None:
        async with self._bus.subscribe(PEOPLE) as messages:
            async for message in messages:
                if message == RESYNC:
                    self._miss_news()
                else:
                    self._take(msgspec.json.decode(message, type=News))

    def _miss_news(self) -> None:
        """Who ended, joined or left may not have been heard: look at all sessions, tell home pages anew."""
        for connection in self.connections:
            if isinstance(connection, Watcher):
                connection.miss_moves()
        self._look_everywhere()

    def _look_everywhere(self) -> None:
        self._due = current_time()
        self._nudged.set()

    async def _keep_up(self) -> None:
        """Look at the database when a room is behind, and every POLL seconds for all that is open."""
        while True:
            with CancelScope(deadline=self._due):
                await self._nudged.wait()
            self._nudged.clear()
            try:
                # However often rooms are behind, everything has its turn.
                await self._look(everywhere=current_time() >= self._due)
            except DATABASE_ERRORS as error:
                # The database does not answer: readers wait, and the next look finds what they miss.
                logger.warning("could not look for new entries: %s", type(error).__name__)
                await asyncio.sleep(POLL / 4)
                self._look_everywhere()

    async def _look(self, *, everywhere: bool) -> None:
        started = current_time()
        if everywhere:
            self._due = started + POLL
        for rooms in chunks([room for room in self.rooms.values() if everywhere or room.is_behind]):
            await self._look_at(rooms)
        if everywhere:
            await self._check_sessions(list(self.connections))
            self._looked = started

    async def _look_at(self, rooms: Sequence[Room]) -> None:
        # Before the database is read: a hint that comes meanwhile asks for another look, or continues the tail.
        known = {room.group_id: room.last or 0 for room in rooms}
        for room in rooms:
            room.is_behind = False
        rows = select(Group.id, Group.last_seq).where(Group.id.in_([room.group_id for room in rooms]))
        found = await self._database.run_read(lambda session: {row.id: row.last_seq for row in session.execute(rows)})
        for room in rooms:
            if room.group_id not in found:
                room.end(CloseCode.MEMBERSHIP_ENDED)
            elif found[room.group_id] < known[room.group_id]:
                self._abandon(room)
            else:
                await self._bring(room, to=found[room.group_id])

    async def _bring(self, room: Room, *, to: int) -> None:
        if room.last is None:
            room.start(to)
            return
        while (last := room.last) < to:
            part = await self._page(room, last)
            # A hint may have continued the tail meanwhile: the page still begins where it was asked for.
            if not part.objects or not room.append(last + 1, part.objects):
                return

    async def _check_sessions(self, connections: Sequence[Connection]) -> None:
        ids = {connection.session_id for connection in connections}
        alive = {id for some in chunks(list(ids)) for id in await self._alive(some)}
        for connection in connections:
            if connection.session_id not in alive:
                connection.end(CloseCode.SESSION_ENDED)

    async def _alive(self, session_ids: Sequence[str]) -> set[str]:
        rows = select(Session.id).join(User).where(Session.id.in_(session_ids), Session.is_alive())
        return await self._database.run_read(lambda session: set(session.scalars(rows)))


def _since(session: OrmSession, room: Room, cursor: int, limit: int = log.PAGE) -> Iterator[str]:
    return (wire.encode(entry.frame()) for entry in log.since(session, room.group_id, cursor, limit))


def chunks(values: Sequence[Member]) -> Iterator[Sequence[Member]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
