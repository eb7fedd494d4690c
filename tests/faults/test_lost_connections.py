"""The bus's connections are ended again and again, at any moment of what is done on them, or carry garbage."""

import asyncio
from itertools import count

from clients import RemotePerson, running
from garden import until
from shared_garden import talking

LOST = 200
VISITORS = ("carl", "dora", "emil", "finn", "gina", "hans", "inga", "jack")


async def test_two_hundred_lost_connections_lose_no_entry_and_no_socket(share, engine):
    garden = share(engine.bus_url, "hasty")
    visits = [comes_and_goes(*visitor(garden, name)) for name in VISITORS]
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        async with running(talks(alice), talks(bob), *visits):
            lost = 0
            while lost < LOST:
                lost += await asyncio.to_thread(engine.end_connections)
                await asyncio.sleep(0.002)  # while they connect again

        await settle(alice, bob)
        await garden.agrees(alice, bob)
    await until(lambda: garden.says_it_is(200, bus="ok"))
    async with talking(garden) as talk:
        await talk()


def visitor(garden, name):
    """Somebody, and a group in which only they are."""
    member = RemotePerson(garden.servers[VISITORS.index(name) % 2], name)
    member.sign_up()
    group = garden.alice.creates(f"Group of {name}")
    member.joins(group)
    return member, group


async def comes_and_goes(member, group):
    """Each time a room is opened and closed again, and its channel with it."""
    while True:
        async with member.follows(group, 0) as client:
            await client.reaches(1)


async def talks(client):
    for number in count():
        await client.has_said(f"number {number}", f"{client.name} {number}")


async def settle(*clients):
    for client in clients:
        await client.until(lambda client=client: not client.outbox)


# Garbage


async def test_invalid_utf_8_costs_redis_no_connection_and_loses_no_entry(shared, redis):
    async with talking(shared) as talk:
        for channel in ("people.1", "people.2", f"group.{shared.group}"):
            for garbage in ("\udcff\udcfe", "x" * 40 + "\udcff"):
                redis.command_line("PUBLISH", channel, garbage)
        await talk()

    # alice, the first account, is at the first server, bob at the second.
    for server, channel in zip(shared.servers, ("people.1", "people.2"), strict=True):
        await until(lambda: f"a message on {channel} has a wrong signature" in server.log.read_text())  # noqa: B023
        assert "bus is down" not in server.log.read_text()


async def test_invalid_utf_8_loses_no_entry_with_postgresql(share, postgres):
    """Only a database without an encoding carries such bytes; asyncpg then closes the connection."""
    postgres.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    garden = share(postgres.url("bytes"))
    async with talking(garden) as talk:
        garbage = rf"DO $$ BEGIN PERFORM pg_notify('discussit', 'group.{garden.group} ' || E'\xff\xfe'); END $$"
        postgres.execute(garbage, database="bytes")
        await until(lambda: "bus is down" in garden.server.log.read_text())

        await talk()
        await until(lambda: garden.says_it_is(200, bus="ok"))
