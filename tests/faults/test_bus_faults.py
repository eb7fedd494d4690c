"""The bus loses, doubles, mixes up and invents messages: what it says is only ever a hint."""

import asyncio

import pytest
from clients import Talker, running
from faulty_server import FATAL
from garden import FaultyServer, until


@pytest.mark.parametrize("fault", ["drop_half", "double_half", "reorder_half", "forge_half", "raise_in_publish"])
async def test_everyone_is_sent_everything_once_and_in_order_by_a_bus_that(fault, share, redis):
    garden = share(redis.bus_url, fault)
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(20):
            await alice.has_said(f"from alice {number}", f"a{number}")
            await bob.has_said(f"from bob {number}", f"b{number}")

        await garden.agrees(alice, bob)


async def test_readers_in_the_process_that_writes_need_neither_bus_nor_poll(share, redis):
    garden = share(redis.bus_url, "never_look")
    bob = garden.bob.at(garden.servers[0])
    try:
        async with garden.alice.follows(garden.group, 0) as alice, bob.follows(garden.group, 0) as bob:
            await alice.reaches(2)
            await bob.reaches(2)
            redis.kill()
            for number in range(3):
                await alice.has_said("hi", f"a{number}")
                await bob.has_said("hello", f"b{number}")

            await garden.agrees(alice, bob)
    finally:
        redis.start_if_down()


async def test_a_hint_that_arrives_while_its_room_reads_the_database_adds_nothing_twice(share, redis):
    garden = share(redis.bus_url, of_first=["publish_late"], of_second=["hold_reads"])
    one, two = (server.folder / "go" for server in garden.servers)
    one.touch(), two.touch()
    async with garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        one.unlink(), two.unlink()
        garden.alice.says(garden.group, "late")
        await until((garden.servers[1].folder / "held").exists)
        one.touch()
        await bob.reaches(3)
        two.touch()
        garden.alice.says(garden.group, "later")

        await garden.agrees(bob)


async def test_a_forged_message_ends_nobodys_session(share, redis):
    garden = share(redis.bus_url, "forge_half")
    async with garden.bob.follows(garden.group, 0) as bob:
        for _ in range(10):
            garden.alice.leaves(garden.group)
            garden.alice.joins(garden.group)

        await garden.agrees(bob)
        assert await bob.has_said("still here", "here")


@pytest.mark.parametrize(("goes", "code"), [("leaves", 4403), ("log_out", 4401)])
async def test_an_ending_in_the_same_process_needs_no_bus(goes, code, share, redis):
    garden = share(redis.bus_url, "raise_in_publish")
    async with garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        leaves_or_logs_out(garden, goes)
        await garden.fill(20)

        assert await bob.closed() == code
        assert bob.entries == garden.log()[:2]


def leaves_or_logs_out(garden, goes):
    if goes == "leaves":
        garden.bob.leaves(garden.group)
    else:
        garden.bob.log_out()


async def test_messages_that_the_hub_can_not_publish_are_stored_once_and_acknowledged(faulty):
    garden = faulty("raise_after_commit")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for _ in range(8):
            await alice.sends({"type": "text_message", "message": FATAL})
        await alice.has_said(FATAL, "fatal")

        await garden.agrees(alice, bob)
        assert str(garden.log()).count(FATAL) == 9


@pytest.fixture
def second_server(calm_server):
    """Another process on the same database, with a bus of its own: neither is notified of the other's writes."""
    server = FaultyServer(calm_server.folder).start()
    yield server
    server.stop()


async def test_two_processes_without_a_common_bus_are_slow_not_wrong(garden, second_server):
    bob = Talker(garden.bob.at(second_server), garden.group, 0)
    async with Talker(garden.alice, garden.group, 0) as alice:
        async with running(alice.talks(in_flight=2), bob.talks(in_flight=2)):
            await asyncio.gather(alice.has_acks(100), bob.has_acks(100))

        async with alice, bob:
            await alice.settles()
            await bob.settles()
            await garden.agrees(alice, bob)


@pytest.mark.parametrize(("goes", "code"), [("leaves", 4403), ("log_out", 4401)])
async def test_endings_in_one_process_reach_the_other_without_a_common_bus(goes, code, garden, second_server):
    async with garden.bob.at(second_server).follows(garden.group, 0) as bob:
        await bob.reaches(2)
        leaves_or_logs_out(garden, goes)
        await garden.fill(5)

        assert await bob.closed() == code
        if goes == "leaves":
            assert bob.entries == garden.log()[:2]
