"""Whatever people do in two processes, on whatever bus: all readers come to the same, and so does what rooms keep."""

import asyncio
import json
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
from anyio import fail_after
from followers import Reader
from hypothesis import given
from hypothesis import strategies as some
from intents import NAMES, examples, intents
from naive_log import NaiveLog, Screen
from shared_memory import SharedMemory

from discussit.database import Database
from discussit.delivery import polling
from discussit.delivery.connections import Follower
from discussit.delivery.protocols import V1
from discussit.errors import Refused
from discussit.log.draft import DeleteDraft, EditDraft, MessageDraft, ReactionDraft
from discussit.log.read import LogState, entries_since
from discussit.models import Group, User

LIMIT = 20  # seconds after which what is awaited counts as lost


# What happens


@dataclass(frozen=True)
class Batch:
    """Commands that reach a process at the same moment, and perhaps others that reach the other one meanwhile."""

    process: int
    intents: list
    meanwhile: list


@dataclass(frozen=True)
class Turn:
    """Somebody joins, or leaves."""

    process: int
    name: str


@dataclass(frozen=True)
class Mood:
    """What the bus does from now on with what is posted to the group."""

    name: str


@dataclass(frozen=True)
class Return:
    """A reader loses the connection, and returns."""

    process: int


@dataclass(frozen=True)
class Kill:
    """A process ends, and another one takes its place."""

    process: int


processes = some.sampled_from([0, 1])
batches = some.builds(
    Batch,
    processes,
    some.lists(intents, min_size=1, max_size=5),
    some.one_of(some.just([]), some.lists(intents, max_size=3)),
)
steps = some.one_of(
    *[batches] * 5,
    some.builds(Turn, processes, some.sampled_from(NAMES[1:])),
    some.builds(Mood, some.sampled_from(["works", "loses", "delays", "reorders"])),
    some.builds(Return, processes),
    some.builds(Kill, processes),
)


class Moody(SharedMemory):
    """An end of the bus that may lose, keep back or reorder what is posted to groups."""

    def __init__(self, *others):
        super().__init__(*others)
        self.mood, self._kept = "works", []

    async def publish(self, channel, message):
        if self.mood == "works" or not channel.startswith("group."):
            await super().publish(channel, message)
        elif self.mood != "loses":
            self._kept.append((channel, message))

    async def become(self, mood):
        kept, self._kept = self._kept, []
        for each in reversed(kept) if self.mood == "reorders" else kept:
            await super().publish(*each)
        self.mood = mood


# Where it happens


class Process:
    """Bus, hub and writer with a database of their own on the same file, in a task that can be killed."""

    def __init__(self, world, end):
        self.world, self.end = world, end

    async def start(self):
        started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(started))
        await asyncio.wait([self._task, started], return_when=asyncio.FIRST_COMPLETED)
        self.served = started.result()

    async def _run(self, started):
        async with self.world.served(self.end) as served:
            started.set_result(served)
            await asyncio.Event().wait()

    async def kill(self):
        self._task.cancel()
        await asyncio.wait([self._task])
        self.end.wanted.clear()

    @asynccontextmanager
    async def running(self):
        await self.start()
        try:
            yield self
        finally:
            await self.kill()
            await self.world.database.close()

    async def carries_out(self, commands):
        """The answers to commands that arrive at the same moment."""
        drafts = [self._draft(name, command) for name, command in commands]
        answers = await asyncio.gather(*map(self.served.writer.append, drafts), return_exceptions=True)
        return [each.code if isinstance(each, Refused) else each for each in answers]

    def _draft(self, name, command):
        start = self.world.group.id, self.world.people[name].id, command["client_id"]
        target = command.get("target")
        match command["type"]:
            case "text_message":
                return MessageDraft(*start, content=command["message"], reply_to=command.get("reply_to"))
            case "edit_message":
                return EditDraft(*start, target=target, rev=command["rev"], content=command["message"])
            case "delete_message":
                return DeleteDraft(*start, target=target)
            case "react":
                return ReactionDraft(*start, target=target, emoji=command["emoji"], is_on=command["on"])


class Watcher:
    """Alice's client: it follows the group, and shows what it is sent."""

    def __init__(self, process, *, is_slow):
        self.process, self.is_slow, self.screen = process, is_slow, Screen()
        self._task = None

    async def follows(self):
        world, served = self.process.world, self.process.served
        group = await world.read_group()
        follower = Follower("session of alice", world.alice.id, V1, group.uuid)
        follower.sender = Eyes(self.screen, is_slow=self.is_slow)
        follower.admitted, follower.cursor = group.last_seq, len(self.screen.rows)
        state = LogState(group.last_seq, group.revisions, group.epoch)
        with served.hub.people.connected(follower):
            async with served.hub.rooms.entered(follower, group.id, state) as room:
                await room.ready()
                while follower.ended is None:
                    async for part in served.hub.rooms.follow(room, follower):
                        follower.sender.show(part)
                    await follower.sender.woken()
        raise AssertionError(f"alice was sent away: {follower.ended}")

    def start(self):
        self._task = asyncio.create_task(self.follows())

    async def stop(self):
        self._task.cancel()
        await asyncio.wait([self._task])

    @asynccontextmanager
    async def following(self, seq):
        """Follows the group, and has come to this entry."""
        self.start()
        try:
            with fail_after(LIMIT):
                await self.reaches(seq)
            yield
        finally:
            await self.stop()

    async def reaches(self, seq):
        while len(self.screen.rows) < seq:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.001)


class Eyes(Reader):
    """Takes what a connection is sent, and shows it."""

    def __init__(self, screen, *, is_slow):
        super().__init__(is_slow=is_slow)
        self._screen = screen

    def write(self, part=None):
        if self.is_slow:
            return False
        self.show(part)
        return True

    def show(self, part):
        for entry in part.entries:
            self._screen.show(json.loads(entry.text))


class Garden:
    """A group in two processes, and what is so there by a naive list."""

    def __init__(self, processes):
        self.processes, self.log = processes, NaiveLog()
        self.watchers = [Watcher(process, is_slow=bool(place)) for place, process in enumerate(processes)]

    async def begin(self):
        for name in NAMES:
            await self.turn(0, name)
        for watcher in self.watchers:
            watcher.start()

    async def do(self, step):
        match step:
            case Batch(process, first, meanwhile):
                await self.commands(self.processes[process], first, self.processes[1 - process], meanwhile)
            case Turn(process, name):
                await self.turn(process, name)
            case Mood(name):
                for process in self.processes:
                    await process.end.become(name)
            case Return(process):
                await self.watchers[process].stop()
                self.watchers[process].start()
            case Kill(process):
                await self.watchers[process].stop()
                await self.processes[process].kill()
                await self.processes[process].start()
                self.watchers[process].start()

    async def turn(self, process, name):
        world = self.processes[process].world
        if name in self.log.members:
            await world.left(world.people[name])
            self.log.leaves(name)
        else:
            await world.joined(world.people[name])
            self.log.joins(name)

    async def commands(self, one, first, other, meanwhile):
        """Two processes are asked to carry these out: one of them was the first."""
        here, there = planned(self.log, first), planned(self.log, meanwhile)
        answers = await asyncio.gather(one.carries_out(here), other.carries_out(there))
        stored, deleted = shown(await from_database(one.world)), self.log.deleted()
        orders = [(here + there, answers[0] + answers[1]), (there + here, answers[1] + answers[0])]
        found = [log for log in (self.after(*order) for order in orders) if log is not None and log.rows == stored]
        assert found, (answers, stored)
        self.log = found[0]
        if self.log.deleted() != deleted:
            await self.newcomers_are_sent_nothing_of_deleted_texts()

    def after(self, commands, answers):
        """The list after these commands, if it has the same answers."""
        log = deepcopy(self.log)
        return log if [log.does(*each) for each in commands] == answers else None

    async def newcomers_are_sent_nothing_of_deleted_texts(self):
        """Whatever the bus does, and before anybody looks."""
        for process in self.processes:
            newcomer = Watcher(process, is_slow=False)
            async with newcomer.following(len(self.log.rows)):
                assert [newcomer.screen.texts_of(seq) for seq in self.log.deleted()] == [[]] * len(self.log.deleted())
                assert newcomer.screen.rows == self.log.rows

    async def settles(self):
        """Once the bus works again, everybody sees what the list says."""
        await self.do(Mood("works"))
        for watcher in self.watchers:
            with fail_after(LIMIT):
                await watcher.reaches(len(self.log.rows))
            assert watcher.screen.rows == self.log.rows


def planned(log, some_intents):
    """The commands of somebody who knows what was written before, and what becomes of it."""
    log, messages, found = deepcopy(log), log.messages(), []
    for intent in some_intents:
        found.append(intent.command(log, messages))
        log.does(*found[-1])
    return found


@pytest.fixture
async def city(world, monkeypatch):
    """The world, with carol, and alice as a superuser."""
    monkeypatch.setattr(polling, "POLL", 0.05)
    async with world.database.transaction() as session:
        session.add(carol := User(username="carol", password="!"))
        (await session.get_one(User, world.alice.id)).is_superuser = True
    world.people = {"alice": world.alice, "bob": world.bob, "carol": carol}
    return world


@asynccontextmanager
async def gardening(city):
    """A new group, open in two processes."""
    async with city.database.transaction() as session:
        session.add(group := Group(name="Gardening"))
    engine = Moody()
    one, two = (Process(world_of(city, group), end) for end in (engine, Moody(engine)))
    async with one.running(), two.running():
        garden = Garden([one, two])
        await garden.begin()
        try:
            yield garden
        finally:
            for watcher in garden.watchers:
                await watcher.stop()


def world_of(city, group):
    world = replace(city, database=Database(city.database.settings), group=group)
    world.people = city.people
    return world


# What is so


@given(history=some.lists(steps, min_size=1, max_size=30))
@examples(25)
async def test_all_readers_come_to_the_same_whatever_was_done(city, history):
    async with gardening(city) as garden:
        for step in history:
            await garden.do(step)

        await garden.settles()
        for process in garden.processes:
            stored = await from_database(process.world)
            assert shown(stored) == garden.log.rows
            for room in process.served.hub.rooms:
                assert comparable(room._tail) == comparable(stored)[len(stored) - len(room._tail) :]


async def from_database(world):
    group = world.group
    return await world.database.run_read(lambda session: list(entries_since(session, group.id, group.uuid, 0, 1_000)))


def shown(entries):
    screen = Screen()
    for entry in entries:
        screen.show(json.loads(entry.text))
    return screen.rows


def comparable(entries):
    """As they are kept and stored: of reactions that others have followed, numbers are those of their time."""
    objects = [json.loads(entry.text) for entry in entries]
    last = {(each["target"], each["emoji"]): each["seq"] for each in objects if each["type"] == "reaction"}
    for each in objects:
        if each["type"] == "reaction" and last[each["target"], each["emoji"]] != each["seq"]:
            each |= {"on": None, "count": None, "message": None}
    return objects
