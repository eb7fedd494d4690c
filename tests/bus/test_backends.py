"""The bus over real engines, which are killed and come back."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from eavesdropper import eavesdropping
from engines import Redis

import discussit.bus.postgres
import discussit.bus.redis
from discussit.bus import RESYNC, Bus
from discussit.bus.backends import ANSWER_LIMIT, PING
from discussit.bus.signing import Sender, Signatures
from discussit.settings import Settings

LIMIT = 20  # seconds


@asynccontextmanager
async def bus_on(engine):
    """A bus as a process of its own has it."""
    bus = Bus(Settings("sqlite+aiosqlite:///unused.db", secret_key="shared", broadcast_url=engine.bus_url))
    async with bus.connected():
        delivering = asyncio.create_task(bus.run())
        yield bus
        delivering.cancel()


@asynccontextmanager
async def two_on(engine):
    """The buses of two processes, and what the second receives on a channel."""
    async with bus_on(engine) as ours, bus_on(engine) as theirs, theirs.subscribe("group.a") as messages:
        await connected(theirs)
        yield ours, messages


async def received(messages, wanted):
    """Wait for a message; what comes before it is returned with it."""
    found = []
    async with asyncio.timeout(LIMIT):
        while not found or found[-1] != wanted:
            found.append(await anext(messages))
    return found


async def test_one_process_receives_anothers_messages_in_order(engine):
    async with two_on(engine) as (ours, messages):
        for number in range(20):
            ours.post("group.a", str(number))

        found = await received(messages, "19")
        assert [each for each in found if each != RESYNC] == [str(number) for number in range(20)]


async def test_a_subscription_is_confirmed_without_the_engine_being_asked_again_whether_it_lives(engine, monkeypatch):
    for module in (discussit.bus.postgres, discussit.bus.redis):
        monkeypatch.setattr(module, "PING", 3600)
    async with bus_on(engine) as ours, bus_on(engine) as theirs:
        await connected(ours)
        await connected(theirs)
        async with asyncio.timeout(LIMIT):
            for channel in ("group.a", "group.b", "group.c"):
                async with theirs.subscribe(channel) as messages:
                    assert await anext(messages) == RESYNC
                    ours.post(channel, "now")
                    await received(messages, "now")


async def test_an_idle_connection_is_asked_and_kept(engine, caplog):
    async with two_on(engine) as (ours, messages):
        await asyncio.sleep(1.5 * PING + ANSWER_LIMIT)  # the case itself: nothing happens
        ours.post("group.a", "still here")
        await received(messages, "still here")

    assert "bus is down" not in caplog.text


async def test_subscribers_are_sent_resync_when_a_killed_engine_is_back(engine):
    async with two_on(engine) as (ours, messages):
        ours.post("group.a", "before")
        await received(messages, "before")

        await asyncio.to_thread(engine.kill)
        await asyncio.to_thread(engine.start)

        await received(messages, RESYNC)


async def test_an_engine_that_is_down_at_the_start_is_joined_when_it_comes_up(engine):
    engine.kill()
    async with bus_on(engine) as ours, bus_on(engine) as theirs, theirs.subscribe("group.a") as messages:
        assert not theirs.is_connected

        await asyncio.to_thread(engine.start)
        await connected(ours)
        await connected(theirs)
        ours.post("group.a", "at last")

        assert "at last" in await received(messages, "at last")


async def test_a_message_too_large_for_the_engine_is_a_reason_to_look(engine):
    async with two_on(engine) as (ours, messages):
        ours.post("group.a", "before")
        await received(messages, "before")

        ours.post("group.a", "x" * 9_000)

        async with asyncio.timeout(LIMIT):
            assert await anext(messages) in (RESYNC, "x" * 9_000)


async def connected(bus):
    """Wait until the engine has answered and has confirmed every subscription."""
    async with asyncio.timeout(LIMIT):
        while not bus.is_connected:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        async with bus.subscribe("confirmed") as messages:
            await anext(messages)


async def test_two_hundred_passing_subscribers_lose_no_message_and_leave_no_channel_behind(engine):
    async with bus_on(engine) as ours, bus_on(engine) as theirs:
        await connected(theirs)

        async def comes_and_goes(number):
            for turn in range(20):
                async with theirs.subscribe(f"group.{(number + turn) % 7}") as messages:
                    await anext(messages)

        async with (
            asyncio.timeout(3 * LIMIT),
            theirs.subscribe("group.0") as messages,
            asyncio.TaskGroup() as tasks,
        ):
            for number in range(200):
                tasks.create_task(comes_and_goes(number))
            await asyncio.sleep(0)
            ours.post("group.0", "in the middle of it")
            await received(messages, "in the middle of it")

        assert theirs._backend.wanted == set()
        async with theirs.subscribe("group.0") as messages:
            await connected(theirs)
            ours.post("group.0", "afterwards")
            await received(messages, "afterwards")


# Somebody who can write to the engine


async def test_what_is_published_again_takes_no_effect_again(engine):
    async with eavesdropping(engine) as mallory, two_on(engine) as (ours, messages):
        for number in range(20):
            ours.post("group.a", str(number))
        await received(messages, "19")
        await mallory.has_recorded(20)

        await mallory.replays(3)
        ours.post("group.a", "marker")

        assert set(await received(messages, "marker")) == {RESYNC, "marker"}


async def test_a_process_that_starts_is_told_nothing_from_before(engine):
    async with eavesdropping(engine) as mallory, bus_on(engine) as ours:
        await connected(ours)
        for number in range(5):
            ours.post("group.a", str(number))
        await mallory.has_recorded(5)

        async with bus_on(engine) as theirs, theirs.subscribe("group.a") as messages:
            await connected(theirs)
            await mallory.replays()
            ours.post("group.a", "marker")

            assert set(await received(messages, "marker")) == {RESYNC, "marker"}


async def test_what_was_sent_while_the_engine_was_lost_is_not_delivered_later(engine):
    async with bus_on(engine) as ours, bus_on(engine) as theirs, theirs.subscribe("group.a") as messages:
        await connected(theirs)
        await asyncio.to_thread(engine.kill)
        await lost(theirs)
        missed = Sender(Signatures("shared")).signed("group.a", "missed")
        await asyncio.to_thread(engine.start)
        await connected(ours)
        await connected(theirs)
        async with eavesdropping(engine) as mallory:
            await mallory.publish(*addressed(engine, "group.a", missed))
            ours.post("group.a", "marker")

            assert set(await received(messages, "marker")) == {RESYNC, "marker"}


async def lost(bus):
    """Wait until the bus knows that it was cut off."""
    async with asyncio.timeout(LIMIT):
        while bus.is_connected:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def addressed(engine, channel, text):
    """How a message for this channel travels on the engine."""
    return (channel, text) if isinstance(engine, Redis) else ("discussit", f"{channel} {text}")


async def test_nothing_is_lost_or_looked_for_while_two_processes_talk_at_the_same_time(engine):
    async with two_on(engine) as (ours, messages), bus_on(engine) as others:
        await connected(others)
        ours.post("group.a", "before")
        await received(messages, "before")
        for number in range(200):
            ours.post("group.a", f"ours {number}")
            others.post("group.a", f"others {number}")

        async with asyncio.timeout(LIMIT):
            found = [await anext(messages) for _ in range(400)]

        assert [each for each in found if each.startswith("ours")] == [f"ours {number}" for number in range(200)]
        assert [each for each in found if each.startswith("others")] == [f"others {number}" for number in range(200)]


async def test_a_flood_of_forged_messages_has_the_database_read_once_in_a_while(engine, caplog):
    async with eavesdropping(engine) as mallory, two_on(engine) as (ours, messages):
        ours.post("group.a", "before")
        await received(messages, "before")

        for forged in ["", "forged", "0" * 99] * 300:
            await mallory.publish(*addressed(engine, "group.a", forged))
        ours.post("group.a", "marker")

        found = await received(messages, "marker")
        assert 1 <= found.count(RESYNC) <= LIMIT
        await mallory.publish(*addressed(engine, "group.a", "forged"))
        assert await received(messages, RESYNC) == [RESYNC]
    assert caplog.text.count("wrong signature") == 1


@pytest.mark.parametrize("length", range(7_860, 8_000, 7))
async def test_a_message_of_any_length_is_delivered_or_looked_for(postgres, length):
    async with two_on(postgres) as (ours, messages):
        ours.post("group.a", "before")
        await received(messages, "before")

        ours.post("group.a", "é" * (length // 2))
        ours.post("group.a", "after")

        assert set(await received(messages, "after")) <= {RESYNC, "é" * (length // 2), "after"}
