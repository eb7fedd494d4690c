"""Two processes on one PostgreSQL and one bus: engines and processes are killed in turn, and readers stay connected."""

import asyncio
import signal
import time
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from clients import Entry, Member, Talker, running
from garden import FaultyServer, Garden, until

from discussit.database import prepare_once
from discussit.settings import Settings

pytestmark = pytest.mark.xdist_group("engines")

LOG = """
SELECT seq, username, CASE kind WHEN 'Message' THEN content ELSE kind END, client_id
FROM entries JOIN users ON users.id = user_id JOIN groups ON groups.id = group_id WHERE groups.uuid = $1 ORDER BY seq
"""


@pytest.fixture(scope="module")
def migrated(postgres):
    """The name of a database at the newest schema, from which others are copied."""
    postgres.execute("CREATE DATABASE migrated")
    url = postgres.url("migrated").replace("postgresql:", "postgresql+asyncpg:")
    asyncio.run(prepare_once(Settings(url, secret_key="any key"), migrate=True))
    return "migrated"


class SharedGarden(Garden):
    """Two servers on a PostgreSQL of which others have databases too; alice is at one of them, bob at the other."""

    def __init__(self, servers, postgres, database):
        self.servers, self.postgres, self.database = servers, postgres, database
        alice, bob = Member(servers[0], "alice"), Member(servers[1], "bob")
        alice.sign_up()
        bob.sign_up()
        super().__init__(servers[0], alice, bob)

    def rows(self):
        found = self.postgres.execute(LOG, UUID(self.group), database=self.database)
        return [(Entry(*row[:3]), row[3]) for row in found]

    def says_it_is(self, status, **parts):
        """Whether both processes say so of themselves."""
        answers = [person.get("/readyz") for person in (self.alice, self.bob)]
        return all(answer.status_code == status and parts.items() <= answer.json().items() for answer in answers)


@pytest.fixture
def share(tmp_path, postgres, migrated):
    """Starts two servers on a new database and this bus, and makes a group there."""
    servers = []

    def share(bus_url):
        database = postgres.new_database(migrated)
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            urls = {"DATABASE_URL": postgres.url(database), "BROADCAST_URL": bus_url}
            servers.append(FaultyServer(tmp_path / name, **urls).start())
        return SharedGarden(servers, postgres, database)

    yield share
    for server in servers:
        server.end()


@pytest.fixture
def shared(share, redis):
    return share(redis.bus_url)


@asynccontextmanager
async def talking(garden):
    """Alice and bob follow the group. What this gives has both say something that both hear, each over the
    connection that it has had from the beginning."""
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:

        async def talk():
            await alice.has_said("still here", f"{time.monotonic()}")
            await bob.has_said("so am I", f"{time.monotonic()}")
            await garden.agrees(alice, bob)

        await talk()
        yield talk


# What works


async def test_what_is_said_in_one_process_is_heard_in_the_other(share, engine):
    garden = share(engine.bus_url)
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(20):
            await alice.has_said(f"{number}", f"a{number}")
            await bob.has_said(f"{number}", f"b{number}")

        await garden.agrees(alice, bob)
        assert garden.says_it_is(200, database="ok", bus="ok")


async def test_forty_messages_that_are_too_large_for_the_bus_arrive_all_the_same(share, postgres):
    garden = share(postgres.bus_url)
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(40):
            await alice.says("x" * 9_000, f"{number}")

        await alice.until(lambda: len(alice.acks) == 40)
        await garden.agrees(alice, bob)


@pytest.mark.parametrize(("goes", "code"), [("leaves", 4403), ("log_out", 4401)])
async def test_what_ends_in_one_process_ends_in_the_other_at_once(goes, code, share, engine):
    garden = share(engine.bus_url)
    here = garden.bob.at(garden.servers[0])
    async with garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        start = time.monotonic()
        await asyncio.to_thread(here.leaves if goes == "leaves" else here.log_out, *[garden.group][: goes == "leaves"])

        assert await bob.closed() == code
        # Sooner than the poll would find it.
        assert time.monotonic() - start < 1.5
        assert bob.entries == garden.log()[:2]


async def test_of_two_first_accounts_at_once_one_is_the_superuser(share, redis, postgres):
    garden = share(redis.bus_url)
    postgres.execute("TRUNCATE users CASCADE", database=garden.database)
    people = [Member(server, name) for server in garden.servers for name in ("dora", "emil", "finn")]
    for number, person in enumerate(people):
        person.name += str(number)

    await asyncio.gather(*(asyncio.to_thread(person.sign_up) for person in people))

    counts = "SELECT count(*), count(*) FILTER (WHERE is_superuser) FROM users"
    assert tuple(postgres.execute(counts, database=garden.database)[0]) == (6, 1)


def test_a_name_that_no_engine_can_hold_is_a_name_that_nobody_has(share, redis):
    garden = share(redis.bus_url)

    answer = garden.alice.post("/accounts/login/", username="ali\0ce", password="whatever it is")

    assert answer.status_code == 400


# The bus fails


async def test_a_bus_that_is_killed_and_comes_back_empty_is_joined_again(shared, redis):
    async with talking(shared) as talk:
        await asyncio.to_thread(redis.kill)
        await talk()
        await until(lambda: shared.says_it_is(503, bus="down"))
        await asyncio.to_thread(redis.start)

        await until(lambda: shared.says_it_is(200, bus="ok"))
        await talk()


async def test_a_bus_that_stands_still_is_noticed_and_joined_again(shared, redis):
    async with talking(shared) as talk:
        redis.send(signal.SIGSTOP)
        await until(lambda: shared.says_it_is(503, bus="down"))
        await talk()
        redis.send(signal.SIGCONT)

        await until(lambda: shared.says_it_is(200, bus="ok"))
        await talk()


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


# The database fails


async def test_connections_that_the_database_ends_lose_nothing(shared, postgres):
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    alice, bob = Talker(shared.alice, shared.group, 0), Talker(shared.bob, shared.group, 0)
    async with running(alice.talks(), bob.talks()):
        for _ in range(3):
            await alice.has_acks(len(alice.acks) + 10)
            await bob.has_acks(len(bob.acks) + 10)
            await asyncio.to_thread(postgres.execute, ends, shared.database)

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
        await asyncio.to_thread(postgres.start)

    await until(lambda: shared.says_it_is(200, database="ok", bus="ok"))
    async with alice, bob:
        await alice.settles()
        await bob.settles()
        await shared.agrees(alice, bob)


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
