"""Servers of these tests: a calm one that many share, and faulty ones that each has for itself."""

import shutil
from itertools import count

import pytest
from engines import run_apart

pytest.register_assert_rewrite(
    "clients", "garden", "group_histories", "histories", "naive_groups", "naive_log", "shared_garden"
)

from clients import RemotePerson  # noqa: E402 - asserts in them are to say what they found
from garden import FaultyServer, Garden  # noqa: E402
from shared_garden import SharedGarden  # noqa: E402

from discussit.schema import prepare_once  # noqa: E402
from discussit.settings import Settings  # noqa: E402

numbers = count(1)


@pytest.fixture(scope="session")
def calm_server(tmp_path_factory):
    server = FaultyServer(tmp_path_factory.mktemp("calm"), "short_buffers").start()
    for name in ("alice", "bob", "carol"):
        RemotePerson(server, name).sign_up()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def new_garden(calm_server):
    """Makes a group of its own on a server that works; alice and bob log in for it."""

    def make():
        alice, bob = RemotePerson(calm_server, "alice"), RemotePerson(calm_server, "bob")
        alice.log_in()
        bob.log_in()
        return Garden(calm_server, alice, bob, f"Garden {next(numbers):03}")

    return make


@pytest.fixture
def garden(new_garden):
    return new_garden()


@pytest.fixture
def carol(garden):
    carol = RemotePerson(garden.server, "carol")
    carol.log_in()
    carol.joins(garden.group)
    return carol


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """An SQLite database at the newest schema: to copy it takes less time than every server's migrations."""
    file = tmp_path_factory.mktemp("migrated") / "discussit.db"
    settings = Settings(f"sqlite+aiosqlite:///{file}", secret_key="any key")
    run_apart(prepare_once(settings, migrate=True))
    return file


@pytest.fixture
def start(tmp_path, migrated_file):
    """Starts servers on one database, all of which end with the test."""
    servers = []
    shutil.copy(migrated_file, tmp_path)

    def start(*faults, program=FaultyServer):
        servers.append(program(tmp_path, *faults))
        return servers[-1].start()

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def faulty(start):
    """Starts a server with these faults, and a group on it."""
    return lambda *faults, **options: Garden.on(start(*faults, **options))


@pytest.fixture
def share(tmp_path, postgres, migrated):
    """Starts two servers on a new database and this bus, with these faults, and makes a group there."""
    servers = []

    def share(bus_url, *faults, of_first=(), of_second=(), database_port=None):
        database = postgres.new_database(migrated)
        for name, more in (("one", of_first), ("two", of_second)):
            (tmp_path / name).mkdir()
            urls = {"DATABASE_URL": postgres.url(database, database_port), "BROADCAST_URL": bus_url}
            servers.append(FaultyServer(tmp_path / name, *faults, *more, **urls).start())
        return SharedGarden(servers, postgres, database)

    yield share
    for server in servers:
        server.end()


@pytest.fixture
def shared(share, redis):
    return share(redis.bus_url)
