"""Two processes on one PostgreSQL, which is killed, locked and cut off."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import asyncpg
import pytest
from clients import Talker, running
from garden import until
from network import Network
from shared_garden import talking
from websockets.exceptions import InvalidStatus

from discussit.database import CONNECTIONS


async def test_connections_that_the_database_ends_lose_nothing(shared, postgres):
    alice, bob = Talker(shared.alice, shared.group, 0), Talker(shared.bob, shared.group, 0)
    async with running(alice.talks(), bob.talks()):
        for _ in range(3):
            await alice.has_acks(len(alice.acks) + 10)
            await bob.has_acks(len(bob.acks) + 10)
            await asyncio.to_thread(postgres.end_connections_to, shared.database)

    async with alice, bob:
        await alice.settles()
        await bob.settles()
        await shared.agrees(alice, bob)


async def test_a_database_that_is_stopped_and_started_loses_nothing(shared, postgres):
    alice, bob = Talker(shared.alice, shared.group, 0), Talker(shared.bob, shared.group, 0)
    async with running(alice.talks(), bob.talks()):
        await alice.has_acks(20)
        await bob.has_acks(20)
        await asyncio.to_thread(postgres.kill)
        await until(lambda: shared.says_it_is(503, database="down"))
        assert shared.alice.get(f"/groups/{shared.group}/").status_code == 503
        with pytest.raises(InvalidStatus) as refused:
            await shared.alice.socket(f"/groups/{shared.group}/")
        assert refused.value.response.status_code == 503  # not 403: nobody knows whether alice is a member
        await asyncio.to_thread(postgres.start)

    await until(lambda: shared.says_it_is(200, database="ok", bus="ok"))
    async with alice, bob:
        await alice.settles()
        await bob.settles()
        await shared.agrees(alice, bob)


@pytest.mark.parametrize("arrives", [False, True], ids=["nothing is committed", "all is committed"])
async def test_a_message_whose_commit_was_cut_off_is_stored_once(arrives, share, redis, postgres):
    with Network(postgres.port) as network:
        garden = share(redis.bus_url, database_port=network.port)
        async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
            await alice.reaches(2)
            network.cut_at(b"COMMIT;", arrives=arrives)
            await alice.says("once", "id")
            assert await alice.refused("id") == "busy"
            await until(lambda: len(garden.log()) == (3 if arrives else 2))

            await alice.has_said("once", "id")
            await garden.agrees(alice, bob)
            assert len(garden.log()) == 3


async def test_an_exhausted_pool_is_reported_and_fills_again(shared, postgres):
    people = [shared.alice.at(shared.servers[0]) for _ in range(CONNECTIONS + 5)]
    async with talking(shared) as talk:
        async with locked(postgres, shared.database):
            with ThreadPoolExecutor(len(people)) as threads:
                pages = [threads.submit(person.get, f"/groups/{shared.group}/") for person in people]
                answers = await asyncio.gather(*map(asyncio.wrap_future, pages))

        assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answers} == {(503, "5")}
        await until(lambda: shared.says_it_is(200, database="ok"))
        await talk()


@asynccontextmanager
async def locked(postgres, database):
    """Somebody holds the groups, even against readers, and does not come to an end."""
    other = await asyncpg.connect(postgres.url(database))
    async with other.transaction():
        await other.execute("LOCK TABLE groups IN ACCESS EXCLUSIVE MODE")
        yield
    await other.close()


async def test_readers_of_entries_that_a_copy_lacks_are_disconnected_and_reset(shared, postgres):
    async with shared.alice.follows(shared.group, 0) as alice, shared.bob.follows(shared.group, 0) as bob:
        for number in range(5):
            await alice.has_said(f"{number}", f"{number}")
        await bob.reaches(7)
        lose_entries_after(4, postgres, shared)
        assert {await alice.closed(), await bob.closed()} == {1012}

        await bob.returns()
        await bob.until(lambda: bob.reset is not None)
        assert bob.reset == 4
    async with talking(shared) as talk:
        await talk()


def lose_entries_after(seq, postgres, garden):
    """A copy of the database takes its place that had not received them."""
    postgres.end_connections_to(garden.database)
    postgres.execute("UPDATE groups SET last_seq = $1", seq, database=garden.database)
    postgres.execute("DELETE FROM entries WHERE seq > $1", seq, database=garden.database)


READ_ONLY = {
    "read-only": ("ALTER DATABASE {} SET default_transaction_read_only = ", "on", "off", 503),
    "no privileges": ("ALTER ROLE postgres IN DATABASE {} SET role = ", "pg_read_all_data", "postgres", 200),
}


@pytest.mark.parametrize(("setting", "lost", "back", "status"), READ_ONLY.values(), ids=READ_ONLY)
async def test_a_database_that_can_no_longer_be_written_refuses_messages_until_it_can(
    shared, postgres, setting, lost, back, status
):
    def sets(value):
        postgres.execute(setting.format(shared.database) + value)
        postgres.end_connections_to(shared.database)

    sets(lost)
    async with shared.alice.follows(shared.group, 0) as alice:
        await alice.says("hi", "1")
        assert await alice.refused("1") == "busy"
        assert shared.alice.post("/groups/", name="Cooking").status_code == 503
        assert shared.alice.get("/readyz").status_code == status
        sets(back)

        await until(lambda: shared.says_it_is(200, database="ok"))
        await alice.returns()
        await alice.acked("1")
    assert "Traceback" not in shared.servers[0].log.read_text()
