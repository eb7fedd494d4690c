"""The sites that tests run against, and the people on them."""

import gc
import logging

import pytest
from clocks import JumpingClock
from rights import arrive
from servers import CHEAP, VARIABLES, Server
from sqlalchemy import Engine, event
from starlette.testclient import TestClient
from world import World

from discussit.accounts import passwords
from discussit.app import app
from discussit.database import Database
from discussit.delivery import counting, polling
from discussit.models import Group, Session, User
from discussit.settings import Settings

pytest_plugins = ["browsers_last", "compiled", "engines", "no_skips", "scenes", "serving", "stores"]


def pytest_collection_finish():
    # Modules and tests are here for good: to look through them for garbage again and again takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An empty working directory and none of our variables: what a new operator has."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(passwords, "hasher", CHEAP)
    return monkeypatch


@pytest.fixture
def impatient(monkeypatch):
    """The safety poll comes after a tenth of a second: it is all that is left where every hint is lost."""
    monkeypatch.setattr(polling, "POLL", 0.1)
    monkeypatch.setattr(counting, "CHECK", 0.1)


@pytest.fixture
def one_a_second(environment):
    """Each person may send one message a second, after a burst of five. Before `alice` among a test's fixtures."""
    environment.setenv("MESSAGE_RATE", "1")


@pytest.fixture
def administered(environment):
    """Only administrators create groups."""
    environment.setenv("GROUP_CREATION", "administrators")


@pytest.fixture
def clock(monkeypatch):
    """The time of day, which the test may set: `clock.is_set(hours=-1)`."""
    return JumpingClock(monkeypatch)


@pytest.fixture
def site(scene):
    """The application, running on a fresh database."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def state(site):
    """The running application's `Site`: database, bus, hub, writer."""
    return site.app._app.state.site


@pytest.fixture
def queries():
    """The statements that any engine is sent, without those that begin a transaction."""
    statements = []

    def note(_connection, _cursor, statement, *_details):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def faultless(caplog):
    """Fails the test if the server logs an error: nothing that a client sends may cause one."""
    yield
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


@pytest.fixture
def logged(caplog):
    """The lines of the security log since it was last asked, each with its level."""
    caplog.set_level(logging.INFO, "discussit.security")

    def logged():
        lines = [(each.levelname, each.getMessage()) for each in caplog.records if each.name == "discussit.security"]
        caplog.clear()
        return lines

    return logged


@pytest.fixture
def alice(site, scene):
    """Signed up first, so she is the superuser."""
    return scene.person(site, "alice")


@pytest.fixture
def bob(site, scene, alice):
    return scene.person(site, "bob")


@pytest.fixture
def gardening(scene, alice):
    """A group that alice created and joined: her Join is its first entry."""
    return scene.gardening


@pytest.fixture
def cleo(site, alice):
    """She has just signed up, and shares no group with anybody."""
    return arrive(site, "cleo")[0]


@pytest.fixture
def lunch(bob, cleo, gardening):
    """An open group of bob's, in which cleo is; both share Gardening."""
    uuid = bob.founds("Lunch")
    for person in (bob, cleo):
        person.joins(gardening)
    cleo.joins(uuid)
    return uuid


@pytest.fixture
def settings(environment):
    return Settings.from_environment()


@pytest.fixture
async def database(scene):
    """A migrated database, without the application."""
    database = Database(Settings.from_environment())
    yield database
    await database.close()


@pytest.fixture
async def world(database):
    """A database with alice, who is logged in, bob, and a group in which nobody is yet."""
    alice, bob = User(username="alice", password="!"), User(username="bob", password="!")
    group = Group(name="Gardening")
    async with database.transaction() as session:
        session.add_all([alice, bob, group, Session(id="session of alice", user=alice)])
    return World(database, alice, bob, group)


@pytest.fixture
def server(tmp_path, environment):
    """A real uvicorn in a process of its own."""
    server = Server(tmp_path).start()
    yield server
    server.stop()
