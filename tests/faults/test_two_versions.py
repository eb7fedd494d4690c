"""During an update: processes of two versions share the database and the bus."""

import pytest


@pytest.fixture
def updating(share, engine):
    """alice is at a process of a later version, bob at one of today's."""
    return share(engine.bus_url, of_first=["come_from_the_future"])


async def test_whatever_a_later_version_publishes_nobody_is_disconnected_and_nothing_is_lost(updating):
    garden = updating
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        sockets = alice.socket, bob.socket
        for number in range(200):
            await alice.says(f"{number}", f"a{number}")
            await bob.says(f"{number}", f"b{number}")
            await alice.until(lambda: len(alice.outbox) < 20)
        await alice.until(lambda: not alice.outbox)
        await bob.until(lambda: not bob.outbox)

        await garden.agrees(alice, bob)
        assert (alice.socket, bob.socket) == sockets
        assert len([entry for entry in bob.entries if entry.what == ""]) > 10


async def test_a_leave_in_a_process_of_a_later_version_ends_the_reader_in_the_other(updating):
    garden = updating
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.has_said("hi", "a")
        garden.bob.at(garden.servers[0]).leaves(garden.group)

        assert await bob.closed() == 4403


@pytest.mark.parametrize("older", ["of_first", "of_second"])
async def test_processes_that_count_messages_and_those_that_do_not_miss_nothing_of_each_other(share, engine, older):
    garden = share(engine.bus_url, **{older: ["speak_as_before"]})
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(20):
            await alice.has_said("hi", f"a{number}")
            await bob.has_said("hello", f"b{number}")
        await garden.agrees(alice, bob)

        garden.bob.at(garden.servers[0]).leaves(garden.group)
        assert await bob.closed() == 4403
    lines = [line for server in garden.servers for line in server.log.read_text().splitlines()]
    # A busy Redis may have counted too late.
    assert [line for line in lines if "WARNING" in line and "Redis does not count" not in line] == []
