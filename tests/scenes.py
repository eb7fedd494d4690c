"""Fresh databases in which those are already whom a test names: made once, since a copy is there sooner.

`--database postgresql` runs the tests that use one on PostgreSQL, and no others.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from engines import Postgres
from httpx2 import Cookies
from people import HttpPerson
from starlette.testclient import TestClient

from discussit.app import create_app
from discussit.schema import prepare_once
from discussit.settings import Settings

CAST = frozenset(("alice", "bob", "gardening"))
KEY = "what signs the cookies of every scene"


class Files:
    """SQLite. A test has its database where an operator has it: in its working directory."""

    empty = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def new(self, template: str) -> str:
        file = self._folder / f"{next(self._numbers)}.db"
        if template:
            shutil.copy(template, file)
        return str(file)

    def url(self, database: str) -> str:
        return f"sqlite+aiosqlite:///{database}"

    @contextmanager
    def lent(self, template: str, environment: pytest.MonkeyPatch) -> Iterator[None]:
        """A copy, where the environment says that the database is, for as long as a test takes."""
        shutil.copy(template, "discussit.db")
        yield


class Databases:
    """PostgreSQL."""

    empty = "template1"

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self.new, self.url = postgres.new_database, postgres.sqlalchemy_url

    @contextmanager
    def lent(self, template: str, environment: pytest.MonkeyPatch) -> Iterator[None]:
        database = self.new(template)
        environment.setenv("DATABASE_URL", self._postgres.url(database))
        yield
        self._postgres.drop_database(database)


@dataclass
class Scene:
    """A database to copy, and who has signed up there."""

    template: str
    cookies: dict[str, Cookies] = field(default_factory=dict)
    gardening: str = ""

    def person(self, site: TestClient, name: str) -> HttpPerson:
        person = HttpPerson(site, name)
        person.browser.cookies.update(self.cookies[name])
        return person


class Scenes:
    def __init__(self, storage: Files | Databases) -> None:
        self._storage = storage
        self._known: dict[frozenset[str], Scene] = {}

    def scene(self, cast: frozenset[str]) -> Scene:
        if cast not in self._known:
            self._known[cast] = self._play(cast) if cast else self._migrated()
        return self._known[cast]

    def copied(self, cast: frozenset[str]) -> tuple[Scene, Settings]:
        """A copy for a whole file of tests, and the settings with which an application runs on it."""
        known = self.scene(cast)
        scene = Scene(self._storage.new(known.template), dict(known.cookies), known.gardening)
        return scene, self._settings(scene.template)

    def lent(self, scene: Scene, environment: pytest.MonkeyPatch):
        return self._storage.lent(scene.template, environment)

    def _migrated(self) -> Scene:
        database = self._storage.new(self._storage.empty)
        asyncio.run(prepare_once(self._settings(database), migrate=True))
        return Scene(database)

    def _play(self, cast: frozenset[str]) -> Scene:
        """Alice signs up first, so she is the superuser, and makes Gardening, whose first entry is her Join."""
        scene = Scene(self._storage.new(self.scene(frozenset()).template))
        with TestClient(create_app(self._settings(scene.template))) as site:
            alice, bob = HttpPerson(site, "alice"), HttpPerson(site, "bob")
            for person in (alice, bob) if "bob" in cast else (alice,):
                person.sign_up()
                scene.cookies[person.name] = person.browser.cookies
            if "gardening" in cast:
                scene.gardening = alice.creates("Gardening")
                alice.joins(scene.gardening)
        return scene

    def _settings(self, database: str) -> Settings:
        return Settings(self._storage.url(database), secret_key=KEY)


def pytest_addoption(parser):
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the engine of the tests that use a database",
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("database") == "sqlite":
        return
    wanted = [item for item in items if "scenes" in item.fixturenames and not item.get_closest_marker("sqlite")]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


@pytest.fixture(scope="session")
def scenes(request, tmp_path_factory):
    if request.config.getoption("database") == "postgresql":
        return Scenes(Databases(request.getfixturevalue("postgres")))
    return Scenes(Files(tmp_path_factory.mktemp("scenes")))


@pytest.fixture
def scene(request, scenes, environment):
    """The fresh database. With a site before it, those are already there whom the test names."""
    cast = CAST.intersection(request.fixturenames if "site" in request.fixturenames else ())
    scene = scenes.scene(cast)
    environment.setenv("SECRET_KEY", KEY)
    with scenes.lent(scene, environment):
        yield scene
