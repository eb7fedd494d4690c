"""People who are connected without a socket, such as alice, who follows a group."""

import asyncio
import json
from contextlib import asynccontextmanager

from shared_memory import SharedMemory

from discussit.delivery.connections import Follower, HomeConnection
from discussit.delivery.protocols import V1
from discussit.log.read import LogState
from discussit.log.unread import count_for


class Reader:
    """Takes what a connection is sent, in place of a socket. A slow one takes nothing, and is woken instead."""

    def __init__(self, *, is_slow):
        self.is_slow, self.sent = is_slow, []
        self.is_woken = asyncio.Event()
        self.flush = self.wake = self.cut_off = self.is_woken.set

    def write(self, part=None):
        if not self.is_slow:
            self.sent.append(tuple(entry.text for entry in part.entries))
        return not self.is_slow

    async def woken(self):
        await self.is_woken.wait()
        self.is_woken.clear()


def connected(connection, *, is_slow=True):
    """The connection, with a reader as its sender."""
    connection.sender = Reader(is_slow=is_slow)
    return connection


@asynccontextmanager
async def two_served(world):
    """Two processes on one bus. What is written is written in the second."""
    engine = SharedMemory()
    async with world.served(engine) as one, world.served(SharedMemory(engine)) as other:
        yield one, other


@asynccontextmanager
async def following(served, world, cursor=None):
    """The entries that alice is given, as seq and text, from her admission on or after a cursor."""
    group = await world.read_group()
    alice = connected(Follower("session of alice", world.alice.id, V1, group.uuid))
    alice.admitted = group.last_seq
    alice.cursor = group.last_seq if cursor is None else cursor
    state = LogState(group.last_seq, group.revisions, group.epoch)
    with served.hub.people.connected(alice):
        async with served.hub.rooms.entered(alice, group.id, state) as room:
            await room.ready()
            yield given(served.hub.rooms, room, alice)


@asynccontextmanager
async def at_home(served, world, user=None):
    """The unread numbers that a home page of alice's is sent, or another user's."""
    user = user or world.alice
    page = connected(HomeConnection(f"session of {user.username}", user.id, V1))
    unread = served.hub.unread
    with served.hub.people.connected(page), unread.connecting(page):
        unread.greeted(page, await counted(world, user))
        yield Numbers(page)


async def counted(world, user):
    return await world.database.run_read(lambda session: list(count_for(session.connection(), user.id)))


class Numbers:
    """What a connection is sent of one group's unread numbers."""

    def __init__(self, connection):
        self._connection, self._sent = connection, []
        self.lasts = []  # last messages that came with them

    async def next(self):
        while not self._sent:
            found = [json.loads(reply) for reply in self._connection.take_replies()]
            self._sent = [each for each in found if each.pop("type") == "unread" and each.pop("group_uuid")]
            self.lasts += [each.pop("last") for each in self._sent if "last" in each]
            if not self._sent:
                await self._connection.sender.woken()
        return self._sent.pop(0)

    async def until(self, **wanted):
        while not (numbers := await self.next()).items() >= wanted.items():
            pass
        return numbers


async def given(rooms, room, alice):
    while alice.ended is None:
        async for part in rooms.follow(room, alice):
            for encoded in part.entries:
                entry = json.loads(encoded.text)
                yield entry["seq"], entry.get("content", entry["message"])
        await alice.sender.woken()


def entered(served):
    return [each for each in served.hub.people.connections if isinstance(each, Follower)]
