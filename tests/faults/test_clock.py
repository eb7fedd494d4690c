"""The clock of a server is set while people talk, forwards and backwards, for a moment or for longer."""

import asyncio
from functools import partial

import pytest
from clients import RemotePerson
from garden import FaultyServer

# By how much it is ahead, and the seconds until it is right again.
JUMPS = {
    "back an hour": ({"hours": -1}, 0.5),
    "back a year": ({"days": -365}, 0.5),
    "ahead a day": ({"days": 1}, 0.5),
    "ahead a year, for four seconds": ({"days": 365}, 4),
}

jumps = pytest.mark.parametrize(("ahead", "seconds"), JUMPS.values(), ids=JUMPS)
Stingy = partial(FaultyServer, MESSAGE_RATE="1")  # five messages in five seconds


@pytest.fixture
def garden(faulty):
    return faulty("jumping_clock")


@jumps
async def test_sockets_stay_open_and_entries_keep_their_order(garden, ahead, seconds):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        sockets = alice.socket, bob.socket
        await alice.has_said("before", "1")
        garden.server.sets_clock(**ahead)
        await asyncio.sleep(seconds)
        await alice.has_said("meanwhile", "2")
        garden.server.sets_clock()
        await alice.has_said("afterwards", "3")

        await garden.agrees(alice, bob)
        assert (alice.socket, bob.socket) == sockets
        await bob.returns()
        await garden.agrees(bob)


@jumps
async def test_nobody_is_logged_out_and_no_session_is_deleted(garden, ahead, seconds):
    elsewhere = RemotePerson(garden.server, "alice")
    garden.server.sets_clock(**ahead)
    garden.alice.get("/")
    elsewhere.log_in()

    garden.server.sets_clock()

    assert [person.get("/").status_code for person in (garden.alice, garden.bob)] == [200, 200]
    with garden.database() as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (3,)


@pytest.mark.parametrize("ahead", [{"hours": -1}, {"days": -365}, {"days": 1}], ids=str)
async def test_nobody_waits_longer_than_a_limit_lasts(faulty, ahead):
    garden = faulty("jumping_clock", program=Stingy)
    for _ in range(5):
        garden.alice.says(garden.group, "hi")

    garden.server.sets_clock(**ahead)
    refused = garden.alice.says(garden.group, "hi")
    seconds = int(refused.headers["retry-after"])
    await asyncio.sleep(min(seconds, 5))

    assert (refused.status_code, seconds <= 5) == (429, True)
    assert garden.alice.says(garden.group, "hi").status_code == 303


async def test_two_processes_need_not_agree_on_the_time(share, redis):
    garden = share(redis.bus_url, of_first=["jumping_clock"])
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number, hours in enumerate((-1, 0, 1, -24, 24)):
            garden.servers[0].sets_clock(hours=hours)
            await alice.has_said("hi", f"a{number}")
            await bob.has_said("hello", f"b{number}")
            await garden.agrees(alice, bob)
