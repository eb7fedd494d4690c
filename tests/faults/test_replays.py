"""Somebody records what is on the bus, and publishes it again: nothing happens twice."""

import json

from clients import V1, RemotePerson
from eavesdropper import eavesdropping


async def until_joined(home, group):
    """What a home page was told about joins and leaves, up to the join of this group."""
    told = []
    while ("join_group", group) not in told:
        objects = json.loads(await home.recv())
        told += [(each["type"], each["data"]) for each in objects if "data" in each]
    return told


async def test_a_leave_that_is_published_again_is_not_shown_again(share, engine):
    garden = share(engine.bus_url)
    lunch, elsewhere = garden.alice.creates("Lunch"), garden.bob.at(garden.servers[0])
    async with eavesdropping(engine) as mallory, garden.bob.socket("/", [V1]) as home:
        await home.recv()
        elsewhere.leaves(garden.group)
        elsewhere.joins(garden.group)
        assert await until_joined(home, garden.group) == [("leave_group", garden.group), ("join_group", garden.group)]
        await mallory.has_recorded(4)

        await mallory.replays(5)
        elsewhere.joins(lunch)

        assert await until_joined(home, lunch) == [("join_group", lunch)]


async def test_a_leave_from_before_the_start_is_not_shown(share, engine):
    garden = share(engine.bus_url)
    lunch, elsewhere = garden.alice.creates("Lunch"), garden.bob.at(garden.servers[0])
    async with eavesdropping(engine) as mallory:
        elsewhere.leaves(garden.group)
        elsewhere.joins(garden.group)
        await mallory.has_recorded(4)
        garden.servers[1].kill()
        garden.servers[1].start()
        async with garden.bob.socket("/", [V1]) as home:
            await home.recv()

            await mallory.replays(5)
            elsewhere.joins(lunch)

            assert await until_joined(home, lunch) == [("join_group", lunch)]


async def test_entries_and_endings_that_are_published_again_change_nothing(share, engine):
    garden = share(engine.bus_url)
    alice, bob = garden.alice.follows(garden.group, 0), garden.bob.follows(garden.group, 0)
    async with eavesdropping(engine) as mallory, alice, bob:
        await alice.has_said("secret", "1")
        await bob.has_said("hello", "2")
        RemotePerson(garden.servers[1], "alice").log_in()
        garden.deletes(3)
        sockets = alice.socket, bob.socket

        await mallory.replays(5)
        await alice.has_said("afterwards", "3")
        await garden.agrees(alice, bob)

        assert (alice.socket, bob.socket) == sockets
