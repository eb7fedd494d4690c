"""Two processes on one PostgreSQL and one bus: bus and processes are killed in turn, and readers stay connected."""

import asyncio
import json
import signal
import time
from functools import partial

import pytest
from clients import LIMIT, RemotePerson, Talker, running
from garden import Garden, Workers, on_each_worker, until
from network import Network
from shared_garden import talking

# What works


async def test_messages_sent_in_one_process_arrive_in_the_other(share, engine):
    garden = share(engine.bus_url)
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(20):
            await alice.has_said(f"{number}", f"a{number}")
            await bob.has_said(f"{number}", f"b{number}")

        await garden.agrees(alice, bob)
        await until(lambda: garden.says_it_is(200, database="ok", bus="ok"))


async def test_forty_messages_that_are_too_large_for_the_bus_arrive_all_the_same(share, postgres):
    garden = share(postgres.bus_url)
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(40):
            await alice.says("x" * 9_000, f"{number}")

        await alice.until(lambda: len(alice.acks) == 40)
        await garden.agrees(alice, bob)


@pytest.mark.parametrize(("goes", "code"), [("leaves", 4403), ("log_out", 4401)])
async def test_endings_in_one_process_reach_the_other_immediately(goes, code, share, engine):
    garden = share(engine.bus_url, "never_look")
    here = garden.bob.at(garden.servers[0])
    async with garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        await asyncio.to_thread(here.leaves if goes == "leaves" else here.log_out, *[garden.group][: goes == "leaves"])

        assert await bob.closed() == code
        assert bob.entries == garden.log()[:2]


async def test_one_of_two_simultaneous_first_accounts_is_the_superuser(share, redis, postgres):
    garden = share(redis.bus_url)
    postgres.execute("TRUNCATE users CASCADE", database=garden.database)
    people = [RemotePerson(server, name) for server in garden.servers for name in ("dora", "emil", "finn")]
    for number, person in enumerate(people):
        person.name += str(number)

    await asyncio.gather(*(asyncio.to_thread(person.sign_up) for person in people))

    counts = "SELECT count(*), count(*) FILTER (WHERE is_superuser) FROM users"
    assert tuple(postgres.execute(counts, database=garden.database)[0]) == (6, 1)


def test_a_name_that_no_engine_can_hold_is_a_name_that_nobody_has(share, redis):
    garden = share(redis.bus_url)

    answer = garden.alice.post("/accounts/login/", username="ali\0ce", password="whatever it is")

    assert answer.status_code == 400


async def test_workers_of_one_machine_share_sqlite_and_a_bus(start, redis):
    garden = Garden.on(start(program=partial(Workers, BROADCAST_URL=redis.bus_url)))
    async with on_each_worker(garden) as followers:
        for number in range(20):
            await followers[number % len(followers)].has_said(f"{number}", f"{number}")

        await garden.agrees(*followers)
    assert garden.server.stop() == 0


# The bus fails


@pytest.mark.parametrize("seconds", [1, 15])
async def test_a_bus_that_is_killed_and_comes_back_empty_is_joined_again(seconds, shared, redis):
    async with talking(shared) as talk:
        back = time.monotonic() + seconds
        await asyncio.to_thread(redis.kill)
        await until(lambda: shared.says_it_is(503, bus="down"))
        await talks_until(back, talk)
        await asyncio.to_thread(redis.start)

        await until(lambda: shared.says_it_is(200, bus="ok"))
        await talk()


async def test_a_bus_that_stands_still_is_noticed_and_joined_again(shared, redis):
    async with talking(shared) as talk:
        back = time.monotonic() + 10
        redis.send(signal.SIGSTOP)
        await until(lambda: shared.says_it_is(503, bus="down"))
        await talks_until(back, talk)
        redis.send(signal.SIGCONT)

        await until(lambda: shared.says_it_is(200, bus="ok"))
        await talk()


async def test_a_network_that_drops_everything_for_ten_seconds_is_noticed_and_used_again(share, redis):
    with Network(redis.port) as network:
        garden = share(redis.url(network.port))
        async with talking(garden) as talk:
            back = time.monotonic() + 10
            network.drop_everything()
            await until(lambda: garden.says_it_is(503, bus="down"))
            await talks_until(back, talk)
            network.mend()

            await until(lambda: garden.says_it_is(200, bus="ok"))
            await talk()


async def talks_until(end, talk):
    while time.monotonic() < end:
        await talk()
        await asyncio.sleep(0.5)


async def test_a_home_page_is_sent_the_joins_and_leaves_made_elsewhere_while_the_bus_was_down(shared, redis):
    async with shared.bob.socket("/") as home:
        assert await told_groups(home) == [shared.group]
        await asyncio.to_thread(redis.kill)
        await until(lambda: shared.says_it_is(503, bus="down"))
        shared.bob.at(shared.servers[0]).leaves(shared.group)
        await asyncio.to_thread(redis.start)

        # Redis may have confirmed so late that the page was told its groups again.
        while (told := await told_groups(home)) == [shared.group]:
            pass
        assert told == []


async def told_groups(home):
    async with asyncio.timeout(LIMIT):
        while (frame := json.loads(await home.recv())[0])["type"] != "ready":
            pass
    return frame["groups"]


async def test_a_subscriber_that_the_bus_throws_out_subscribes_again(shared, redis):
    async with talking(shared) as talk:
        for _ in range(3):
            redis.command_line("CLIENT", "KILL", "TYPE", "pubsub")
            await talk()


async def test_a_bus_that_is_down_at_the_start_is_joined_when_it_comes_up(share, redis):
    redis.kill()
    try:
        garden = share(redis.bus_url)
        async with talking(garden) as talk:
            assert garden.says_it_is(503, database="ok", bus="down")
            await asyncio.to_thread(redis.start)

            await until(lambda: garden.says_it_is(200, bus="ok"))
            await talk()
    finally:
        redis.start_if_down()


# A process fails


async def test_a_process_that_is_killed_takes_nothing_with_it(shared):
    alice, bob = Talker(shared.alice, shared.group, 0), shared.bob.follows(shared.group, 0)
    async with bob:
        async with running(alice.talks()):
            await alice.has_acks(30)
            shared.servers[0].kill()
            await asyncio.to_thread(shared.servers[0].start)
            await alice.has_acks(60)

        async with alice:
            await alice.settles()
            await shared.agrees(alice, bob)
