"""The readers of this process: rooms with the tails of their logs, and cursors into them.

A room is opened by its first follower and closed by its last. It subscribes, waits for the bus
to confirm, and only then reads the database, so that nothing falls between. From there on each
hint either continues the tail or sends the room to the database; every POLL seconds all rooms
look there without being asked. Lost, doubled, reordered and late hints cost time, never an entry.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar
from uuid import UUID

import msgspec
from anyio import CancelScope, create_task_group, move_on_after
from anyio.abc import TaskGroup
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from discussit import log, wire
from discussit.bus import PEOPLE, RESYNC, Bus, group_channel
from discussit.database import Database
from discussit.models import Group, Session, User, Written
from discussit.wire import CloseCode

logger = logging.getLogger(__name__)

TAIL = 1_000  # entries that a room keeps
POLL = 2.0  # seconds between two looks at the database
CHUNK = 500  # values in one IN (…)
REVISED = "revised"  # on a group's channel: its history was changed, load it again

Member = TypeVar("Member")


class News(msgspec.Struct):
    """What goes over the channel of people."""

    ended_sessions: list[str] = []
    moves: list[wire.EventMessage] = []


class Connection:
    """One open socket of this process: who speaks on it, what it is still to be told."""

    def __init__(self, session_id: str, username: str) -> None:
        self.session_id = session_id
        self.username = username
        self.ended: CloseCode | None = None
        self._replies: list[str] = []
        self._woken = asyncio.Event()
        self._taken = asyncio.Event()

    def end(self, code: CloseCode) -> None:
        """From now on nothing more is sent; the socket is closed with `code` as soon as it can be."""
        self.ended = self.ended or code
        self.wake()

    def reply(self, frame: wire.Frame) -> None:
        self._replies.append(wire.encode(frame))
        self.wake()

    def take_replies(self) -> list[str]:
        replies, self._replies = self._replies, []
        self._taken.set()
        return replies

    async def answered(self, *, but: int) -> None:
        """Wait until fewer than `but` replies wait: a client that sends but does not read must wait, too."""
        while len(self._replies) >= but:
            self._taken.clear()
            await self._taken.wait()

    def wake(self) -> None:
        self._woken.set()

    async def woken(self) -> None:
        await self._woken.wait()
        self._woken.clear()


class Watcher(Connection):
    """A home page: it is told of its person's joins and leaves, wherever they were made."""

    def __init__(self, session_id: str, username: str) -> None:
        super().__init__(session_id, username)
        self._told: dict[UUID, int] = {}

    def tell(self, move: wire.EventMessage) -> None:
        # A move is heard twice, at its commit and from the bus; seq tells which is news.
        if move.seq > self._told.get(move.group_uuid, 0):
            self._told[move.group_uuid] = move.seq
            frame = wire.Join if move.status == "Join" else wire.Leave
            self.reply(frame(data=move.group_uuid))


class Follower(Connection):
    """A reader of one group's log, who has seen everything up to `cursor`."""

    def __init__(self, session_id: str, username: str, group_uuid: UUID) -> None:
        super().__init__(session_id, username)
        self.group_uuid = group_uuid
        self.admitted = 0  # the log's last seq when membership was checked
        self.cursor = 0
        self.is_outdated = False  # history it has seen was changed

    def expel(self, left: wire.EventMessage) -> None:
        """End this reader if the event is its own member's Left."""
        # A Left from before the admission is history: its member has joined again since.
        if left.status == "Left" and left.user == self.username and left.seq > self.admitted:
            self.end(CloseCode.MEMBERSHIP_ENDED)


@dataclass(frozen=True)
class Slice:
    """Consecutive entries, shared by all followers whose cursors are equal."""

    last: int
    objects: tuple[str, ...]
    array: str

    @classmethod
    def of(cls, last: int, objects: Iterable[str]) -> "Slice":
        shared = tuple(objects)
        return cls(last, shared, wire.array(shared))


@dataclass(eq=False)
class Room:
    """A group that someone here is reading. `last` is None until the database was read."""

    uuid: UUID
    group_id: int
    last: int | None = None
    is_behind: bool = True
    followers: set[Follower] = field(default_factory=set)
    scope: CancelScope = field(default_factory=CancelScope)
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
        for move in _moves(fresh):
            for follower in self.followers:
                follower.expel(move)
        if fresh:
            self.wake()
        return True

    def slice(self, cursor: int) -> Slice | None:
        """The entries after `cursor`; None when they are no longer in the tail."""
        assert self.last is not None
        if cursor not in self._slices:
            missing = max(self.last - cursor, 0)
            if missing > len(self._tail):
                return None
            self._slices[cursor] = Slice.of(self.last, islice(self._tail, len(self._tail) - missing, None))
        return self._slices[cursor]

    def revise(self) -> None:
        """Forget entries that were changed, and have every follower told to load the page again."""
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


def _moves(objects: Iterable[str]) -> Iterator[wire.EventMessage]:
    for text in objects:
        if text.startswith('{"type":"event_message"'):
            entry = wire.decode_entry(text)
            assert isinstance(entry, wire.EventMessage)
            yield entry


class Hub:
    """All open sockets of this process and the rooms they read."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._nudged = asyncio.Event()
        self._tasks: TaskGroup | None = None
        self.rooms: dict[UUID, Room] = {}
        self.connections: set[Connection] = set()

    async def run(self) -> None:
        """Keep the rooms up to date for as long as the process lives."""
        async with create_task_group() as self._tasks:
            self._tasks.start_soon(self._hear_news)
            await self._keep_up()

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

        Ends when the follower is ended. A follower that is slower than the room gets larger
        slices, one that has lost the tail reads pages from the database.
        """
        await room.ready()
        while follower.ended is None:
            part = room.slice(follower.cursor) or await self._page(room, follower.cursor)
            if follower.ended is not None:
                return
            if part.objects:
                follower.cursor = part.last
                yield part
            else:
                await follower.woken()
                yield None

    async def _page(self, room: Room, cursor: int) -> Slice:
        async with self._database.reading() as session:
            entries = await log.since(session, room.group_id, cursor)
            return Slice.of(entries[-1].seq if entries else cursor, [wire.encode(entry.frame()) for entry in entries])

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
        elif message == RESYNC or not _continue(room, message):
            room.is_behind = True
            self._nudged.set()

    async def _hear_news(self) -> None:
        async with self._bus.subscribe(PEOPLE) as messages:
            async for message in messages:
                if message != RESYNC:
                    self._take(msgspec.json.decode(message, type=News))

    async def _keep_up(self) -> None:
        """Look at the database when a room is behind, and every POLL seconds for all that is open."""
        while True:
            with move_on_after(POLL) as pause:
                await self._nudged.wait()
            self._nudged.clear()
            try:
                await self._look(everywhere=pause.cancelled_caught)
            except (SQLAlchemyError, OSError) as error:
                # The database does not answer: readers wait, and the next look finds what they miss.
                logger.warning("could not look for new entries: %s", type(error).__name__)
                await asyncio.sleep(POLL / 4)
                self._nudged.set()

    async def _look(self, *, everywhere: bool) -> None:
        for rooms in chunks([room for room in self.rooms.values() if everywhere or room.is_behind]):
            await self._look_at(rooms)
        if everywhere:
            for connections in chunks(list(self.connections)):
                await self._check_sessions(connections)

    async def _look_at(self, rooms: Sequence[Room]) -> None:
        async with self._database.reading() as session:
            rows = select(Group.id, Group.last_seq).where(Group.id.in_([room.group_id for room in rooms]))
            found = {id: last_seq for id, last_seq in await session.execute(rows)}
        for room in rooms:
            if room.group_id not in found:
                room.end(CloseCode.MEMBERSHIP_ENDED)
            else:
                await self._bring(room, to=found[room.group_id])

    async def _bring(self, room: Room, *, to: int) -> None:
        room.is_behind = False
        if room.last is None:
            room.start(to)
            return
        while room.last < to:
            part = await self._page(room, room.last)
            if not part.objects or not room.append(room.last + 1, part.objects):
                return

    async def _check_sessions(self, connections: Sequence[Connection]) -> None:
        ids = {connection.session_id for connection in connections}
        async with self._database.reading() as session:
            alive = set(await session.scalars(select(Session.id).join(User).where(Session.id.in_(ids), User.is_active)))
        for connection in connections:
            if connection.session_id not in alive:
                connection.end(CloseCode.SESSION_ENDED)


def _continue(room: Room, message: str) -> bool:
    first, *objects = message.split("\n")
    return room.append(int(first), objects)


def chunks(values: Sequence[Member]) -> Iterator[Sequence[Member]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
