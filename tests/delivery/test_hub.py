from collections import defaultdict
from contextlib import asynccontextmanager
from itertools import count

import pytest
from followers import at_home, entered, following
from shared_memory import SharedMemory

from discussit.bus import RESYNC, MemoryBackend
from discussit.bus.messages import UNREAD_CHANNEL
from discussit.errors import CloseCode


class FaultyBackend(SharedMemory):
    """An end of a bus with a fault in each channel of a group, and in that of unread numbers."""

    def __init__(self, fault, *others):
        super().__init__(*others)
        self._faults = defaultdict(fault)  # channel → what is done to each of its messages

    async def publish(self, channel, message):
        is_faulty = channel.startswith("group.") or channel == UNREAD_CHANNEL
        for each in self._faults[channel](message) if is_faulty else [message]:
            await super().publish(channel, each)


def swapped():
    """A fault that exchanges every two neighbours."""
    held = []

    def fault(message):
        held.append(message)
        return [held.pop(), held.pop()] if len(held) == 2 else []

    return fault


def every_other():
    numbers = count()
    return lambda message: [message] if next(numbers) % 2 else []


FAULTS = {
    "none": lambda: lambda message: [message],
    "dropped": lambda: lambda _message: [],
    "half dropped": every_other,
    "doubled": lambda: lambda message: [message, message],
    "reordered": swapped,
    "resynced": lambda: lambda _message: [RESYNC],
    "forged text": lambda: lambda message: [message.replace('"content":"', '"content":"FORGED ')],
    "forged place": lambda: lambda message: [message[:32] + "1" + message[32:]],
    "forged signature": lambda: lambda message: ["0" * 32 + message[32:]],
    "cut": lambda: lambda message: [message[:40]],
    "nonsense": lambda: lambda _message: ["nonsense"],
    "nonsense first": lambda: lambda message: ["\udcff", "", "\n", message],
}


class Unused(MemoryBackend):
    """The bus of a single process: nothing is published on it."""

    async def publish(self, channel, message):
        raise AssertionError(f"{channel}: {message}")


async def test_a_single_process_delivers_what_it_writes_without_its_bus(world, caplog):
    await world.joined(world.alice, world.bob)

    async with world.served(Unused()) as served, following(served, world) as entries:
        await world.wrote("hi")
        (room,) = served.hub.rooms
        assert room.last == 3

        await world.left(world.bob)
        assert [await anext(entries), (await anext(entries))[0]] == [(3, "hi"), 4]
    assert "could not publish" not in caplog.text


@asynccontextmanager
async def reading(world, fault):
    """A process whose readers are notified of what another one writes as `fault` has it."""
    engine = SharedMemory()
    async with world.served(engine) as served, world.served(FaultyBackend(fault, engine)):
        yield served


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_bus_does_a_follower_gets_the_log(world, impatient, fault):
    await world.joined(world.alice, world.bob)

    async with reading(world, FAULTS[fault]) as served, following(served, world) as entries:
        for number in range(6):
            await world.wrote(str(number))
        seen = [await anext(entries) for _ in range(6)]

    assert seen == [(seq, str(seq - 3)) for seq in range(3, 9)]


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_bus_does_numbers_become_exact(world, impatient, fault):
    await world.joined(world.alice, world.bob)

    async with reading(world, FAULTS[fault]) as served, at_home(served, world) as numbers:
        for number in range(3):
            await world.wrote(str(number))
        await world.marked(world.alice, 4)

        assert await numbers.until(read=4) == {"unread": 1, "mentions": 0, "read": 4, "read_rev": 0, "at": 5}


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_bus_does_a_leave_ends_its_followers(world, impatient, fault):
    await world.joined(world.alice, world.bob)

    async with reading(world, FAULTS[fault]) as served, following(served, world) as entries:
        await world.left(world.alice)

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_a_text_that_is_deleted_before_it_arrives_is_not_kept(world, unpolled):
    await world.joined(world.alice, world.bob)

    async with reading(world, swapped) as served, following(served, world) as entries:
        await world.wrote("oops")
        await world.deleted(3)

        assert await anext(entries) == (3, "")
