"""The process dies, at the worst points of a message's way and at random."""

import asyncio
import random

import pytest
from clients import Marker, Talker, running
from faulty_server import FATAL


async def test_a_message_whose_commit_never_came_is_stored_when_its_sender_returns(faulty):
    garden = faulty("die_before_commit")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.says(FATAL, "fatal")
        await alice.closed()
        await bob.closed()
        garden.server.mend()
        assert FATAL not in str(garden.log())

        await alice.returns()
        await bob.returns()

        assert await alice.acked("fatal") == 3
        await garden.agrees(alice, bob)


async def test_a_message_that_was_committed_but_not_acknowledged_is_not_stored_twice(faulty):
    garden = faulty("die_after_commit")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.says(FATAL, "fatal")
        await alice.closed()
        await bob.closed()
        garden.server.mend()
        assert str(garden.log()).count(FATAL) == 1

        await alice.returns()
        await bob.returns()

        assert await alice.acked("fatal") == 3
        await garden.agrees(alice, bob)


async def test_a_message_that_was_acknowledged_but_not_published_reaches_everyone_who_returns(share, redis):
    garden = share(redis.bus_url, "never_look", of_first=["hang_in_publish"])
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        await alice.has_said(FATAL, "fatal")
        garden.server.kill()
        garden.server.mend()
        assert FATAL not in str(bob.entries)

        await alice.returns()
        await bob.returns()

        await garden.agrees(alice, bob)


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_lost_by_two_kills_under_load(seed, faulty):
    garden, chance = faulty(), random.Random(seed)  # noqa: S311
    alice, bob = Talker(garden.alice, garden.group, 0), Talker(garden.bob, garden.group, 0)
    async with running(alice.talks(), bob.talks()):
        for _ in range(2):
            await alice.has_acks(len(alice.acks) + 10)
            await bob.has_acks(len(bob.acks) + 10)
            await asyncio.sleep(chance.random() / 10)  # the case itself: no moment is chosen
            garden.server.kill()
            await asyncio.to_thread(garden.server.start)

    async with alice, bob:
        await alice.settles()
        await bob.settles()
        await garden.agrees(alice, bob)


async def test_a_mark_stays_once_it_is_answered_and_is_repeated_until_then(faulty):
    garden = faulty()
    async with Marker(garden.bob, garden.group, 0) as bob:
        await bob.has_said("hi", "a")
        await bob.marks(3)
        await restarted(garden)

        await bob.returns()
        await bob.marks(3)
        await bob.until(lambda: bob.read == 3)
        await restarted(garden)

        bob.read = None
        await bob.returns()
        await bob.until(lambda: bob.read == 3)


async def restarted(garden):
    garden.server.kill()
    await asyncio.to_thread(garden.server.start)
