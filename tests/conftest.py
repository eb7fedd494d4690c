"""The sites that tests run against, and the people on them."""

import pytest
from people import Person
from servers import Server
from starlette.testclient import TestClient

from discussit.app import app

pytest_plugins = ["browsers_last", "no_skips"]

VARIABLES = ("DATABASE_URL", "BROADCAST_URL", "SECRET_KEY", "ALLOWED_HOSTS", "SIGNUP", "MESSAGE_RATE", "DEBUG")


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An empty working directory and none of our variables: what a new operator has."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def site(environment):
    """The application, running on a fresh SQLite database."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def alice(site):
    """Signed up first, so she is the superuser."""
    alice = Person(site, "alice")
    alice.sign_up()
    return alice


@pytest.fixture
def bob(site, alice):
    bob = Person(site, "bob")
    bob.sign_up()
    return bob


@pytest.fixture
def gardening(alice):
    """A group that alice has made and is in: her Join is its first entry."""
    group = alice.creates("Gardening")
    alice.joins(group)
    return group


@pytest.fixture
def server(tmp_path, environment):
    """A real uvicorn in a process of its own."""
    server = Server(tmp_path).start()
    yield server
    server.stop()
