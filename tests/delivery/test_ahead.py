"""Entries of two processes that arrive in the wrong order: a process's own before the other's, which they follow."""

from contextlib import asynccontextmanager

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint
from followers import following
from shared_memory import SharedMemory

from discussit.bus.messages import Appended
from discussit.delivery import ahead
from discussit.delivery.ahead import AHEAD_SPACE, MAX_AHEAD, Ahead
from discussit.log.compose import EncodedEntry
from discussit.models import Session

pytestmark = pytest.mark.usefixtures("unpolled")


class Late(SharedMemory):
    """An end of the bus whose messages, but for those to people, stay on their way until they arrive."""

    def __init__(self, *others):
        super().__init__(*others)
        self._on_the_way = []

    async def publish(self, channel, message):
        if not channel.startswith("people."):
            self._on_the_way.append((channel, message))
        else:
            await super().publish(channel, message)

    async def arrive(self, count):
        """Return when so many have been published, and have arrived."""
        while len(self._on_the_way) < count:
            await checkpoint()
        for each in self._on_the_way:
            await super().publish(*each)


@asynccontextmanager
async def two_writers(world):
    await world.joined(world.alice, world.bob)
    engine = SharedMemory()
    late = Late(engine)
    async with world.served(engine) as ours, world.served(late) as theirs:
        yield Two(world, ours, theirs, late)


class Two:
    """Two processes that write to the group. What the second one posts is late."""

    def __init__(self, world, ours, theirs, late):
        self._world, self.ours, self._theirs, self.late = world, ours, theirs, late

    async def they_write(self, text):
        self._world.database.publish_to(self._theirs.hub.publish)
        await self._world.wrote(text)

    async def we_write(self, text):
        self._world.database.publish_to(self.ours.hub.publish)
        await self._world.wrote(text)


@pytest.fixture
def patient(monkeypatch):
    """What is held is held until what precedes it arrives."""
    monkeypatch.setattr(ahead, "AHEAD_LIMIT", 3600)


async def test_an_entry_that_overtook_another_is_sent_after_it_without_a_look_at_the_database(world, patient, queries):
    async with two_writers(world) as two, following(two.ours, world) as entries:
        await two.they_write("three")
        await two.we_write("four")
        await two.we_write("five")
        (room,) = two.ours.hub.rooms
        assert room.last == 2

        queries.clear()
        await two.late.arrive(1)
        assert [await anext(entries) for _ in range(3)] == [(3, "three"), (4, "four"), (5, "five")]
        assert queries == []


async def test_an_entry_whose_predecessor_does_not_arrive_is_read_from_the_database_with_it(world):
    async with two_writers(world) as two, following(two.ours, world) as entries:
        await two.they_write("lost")
        await two.we_write("four")

        with fail_after(10):
            assert [await anext(entries), await anext(entries)] == [(3, "lost"), (4, "four")]


async def test_more_than_is_held_is_read_from_the_database_immediately(world, patient, monkeypatch):
    monkeypatch.setattr(ahead, "MAX_AHEAD", 1)
    async with two_writers(world) as two, following(two.ours, world) as entries:
        await two.they_write("lost")
        await two.we_write("four")
        await two.we_write("five")

        assert [(await anext(entries))[0] for _ in range(3)] == [3, 4, 5]


async def test_a_reader_whose_logout_was_lost_with_an_entry_is_sent_nothing_after_it(world):
    async with two_writers(world) as two, following(two.ours, world) as entries:
        world.listen()
        async with world.database.transaction() as session:
            await session.delete(await session.get_one(Session, "session of alice"))
        await world.wrote("lost")
        await two.we_write("four")

        with fail_after(10):
            assert [entry async for entry in entries] == []


async def test_a_text_that_is_deleted_while_it_is_held_is_not_sent(world, patient):
    async with two_writers(world) as two, following(two.ours, world) as entries:
        await two.they_write("three")
        await two.we_write("secret")
        await world.deleted(4)
        await two.late.arrive(1)

        assert [await anext(entries) for _ in range(3)] == [(3, "three"), (4, ""), (5, "bob deleted a message")]


async def test_a_text_that_was_deleted_before_it_arrives_is_not_sent(world, patient):
    async with two_writers(world) as two, following(two.ours, world) as entries:
        await two.they_write("secret")
        await two.we_write("four")
        await world.deleted(3)
        await two.late.arrive(1)

        assert [await anext(entries) for _ in range(3)] == [(3, ""), (4, "four"), (5, "bob deleted a message")]


async def test_a_single_process_holds_nothing_since_nobody_could_close_the_gap(world, patient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote_elsewhere(served, "by another program")
        await world.wrote("four")

        assert [(await anext(entries))[0] for _ in range(2)] == [3, 4]


# Bounds


def taken(held, last):
    message = held.take_next(last)
    return [entry.seq for entry in message.entries] if message else []


def entries(first, *texts):
    return Appended([EncodedEntry(seq, "Message", 1, "", None, text) for seq, text in enumerate(texts, first)], 0)


@pytest.fixture
async def given_up():
    return []


@pytest.fixture
async def held(given_up):
    held = Ahead(lambda: given_up.append("once"))
    yield held
    held.drop()


@pytest.mark.parametrize("text", ["", "x" * (AHEAD_SPACE // MAX_AHEAD)], ids=["many", "long"])
async def test_what_is_held_is_bounded_and_takes_no_space_once_it_is_taken(held, text):
    for _ in range(2):
        assert held.hold(entries(8, *[text] * MAX_AHEAD))
        assert held.hold(entries(8, text))  # is held already
        assert not held.hold(entries(8 + MAX_AHEAD, text))

        assert len(taken(held, 7)) == MAX_AHEAD


async def test_only_what_continues_the_log_is_taken_and_what_it_has_is_dropped(held):
    held.hold(entries(8, "8", "9"))
    held.hold(entries(11, "11"))
    held.hold(entries(13, "13"))

    assert taken(held, 6) == []
    assert taken(held, 8) == [8, 9]
    assert taken(held, 12) == [13]
    assert taken(held, 10) == []


async def test_a_gap_that_opens_after_another_one_closed_has_its_own_time(held, given_up, monkeypatch):
    held.hold(entries(8, "8"))
    monkeypatch.setattr(ahead, "AHEAD_LIMIT", 3600)
    held.hold(entries(10, "10"))
    held.take_next(7)

    held._end_wait()

    assert given_up == []
    assert taken(held, 9) == [10]


async def test_what_waits_too_long_is_given_up_once_with_all_that_is_held(held, given_up):
    held.hold(entries(8, "8"))
    held.hold(entries(10, "10"))

    with fail_after(10):
        while not given_up:
            await checkpoint()

    assert (given_up, taken(held, 7)) == (["once"], [])


async def test_a_room_that_holds_nothing_gives_up_nothing(held, given_up):
    held.hold(entries(8, "8"))
    held.take_next(7)

    held.give_up()

    assert given_up == []
