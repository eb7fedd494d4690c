"""Databases at any revision, on SQLite and on PostgreSQL, with what a server of revision 0001 or 0002 had written."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.config import Config
from engines import run_apart
from sqlalchemy import Connection, NullPool, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from discussit.schema import migrating, prepare_once
from discussit.settings import ALEMBIC_INI, Settings

Result = TypeVar("Result")

# Two logs and an empty one. In each log a message was withdrawn; in Cooking, alice's Join as well.
CONTENT = """
INSERT INTO users VALUES (1, 'alice', 'alice', '!', TRUE, TRUE, '2026-11-22 22:00:00.000000');
INSERT INTO users VALUES (2, 'bob', 'bob', '!', FALSE, TRUE, '2026-11-22 22:00:00.000000');
INSERT INTO users VALUES (3, 'carol', 'carol', '!', FALSE, TRUE, '2026-11-22 22:00:00.000000');
INSERT INTO groups VALUES (7, '0123456789abcdef0123456789abcde7', 'Gardening', 6, '2026-11-22 22:00:00.000000');
INSERT INTO groups VALUES (8, '0123456789abcdef0123456789abcde8', 'Cooking', 4, '2026-11-22 22:00:00.000000');
INSERT INTO groups VALUES (9, '0123456789abcdef0123456789abcde9', 'Reading', 0, '2026-11-22 22:00:00.000000');
INSERT INTO memberships VALUES (7, 1, '2026-11-22 22:01:00.000001', 0);
INSERT INTO memberships VALUES (8, 3, '2026-11-22 22:01:00.000001', 0);
INSERT INTO memberships VALUES (8, 1, '2026-11-22 22:04:00.000001', 0);
INSERT INTO entries VALUES (7, 1, 'Join', 1, '2026-11-22 22:01:00.000001', 'alice Join the Gardening group', NULL);
INSERT INTO entries VALUES (7, 2, 'Message', 1, '2026-11-22 22:02:00.000001', 'hello', 'a1');
INSERT INTO entries VALUES (7, 3, 'Join', 2, '2026-11-22 22:03:00.000001', 'bob Join the Gardening group', NULL);
INSERT INTO entries VALUES (7, 4, 'Message', 2, '2026-11-22 22:04:00.000001', '', 'b1');
INSERT INTO entries VALUES (7, 5, 'Message', 1, '2026-11-22 22:05:00.000001', 'tomatoes', 'a2');
INSERT INTO entries VALUES (7, 6, 'Left', 2, '2026-11-22 22:06:00.000001', 'bob Left the Gardening group', NULL);
INSERT INTO entries VALUES (8, 1, 'Join', 3, '2026-11-22 22:01:00.000001', 'carol Join the Cooking group', NULL);
INSERT INTO entries VALUES (8, 2, 'Message', 3, '2026-11-22 22:02:00.000001', 'soup', NULL);
INSERT INTO entries VALUES (8, 3, 'Message', 3, '2026-11-22 22:03:00.000001', '', 'c1');
INSERT INTO entries VALUES (8, 4, 'Join', 1, '2026-11-22 22:04:00.000001', '', NULL);
"""


class Store:
    """A database in a folder of its own, and the migrations that bring it to its revisions."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = Settings(url, secret_key="any key")
        self.folder = folder
        self.config = Config(ALEMBIC_INI)

    def upgrade(self, revision: str = "head", *, times: int = 1) -> None:
        """Bring it to a revision; so many `times` at the same time."""
        self._run_command(lambda: command.upgrade(self.config, revision), times=times)

    def downgrade(self, revision: str) -> None:
        self._run_command(lambda: command.downgrade(self.config, revision))

    def check(self) -> None:
        """Raise where the models describe another schema than it has."""
        self._run_command(lambda: command.check(self.config))

    def _run_command(self, run_command: Callable[[], None], *, times: int = 1) -> None:
        async def run_all() -> None:
            await asyncio.gather(*(run() for _ in range(times)))

        async def run() -> None:
            async with migrating(self.settings) as connection:
                await connection.run_sync(run_on)

        def run_on(connection: Connection) -> None:
            self.config.attributes["connection"] = connection
            run_command()

        run_apart(run_all())

    def fill(self, revision: str) -> None:
        """Bring it to revision 0001 or 0002, with CONTENT."""
        self.upgrade(revision)
        self.execute(*CONTENT.strip().splitlines())

    def prepare(self, *, times: int = 1) -> list[str]:
        """Migrate as `discussit migrate` does, so many times at the same time; the revisions that they report."""

        async def prepare_all() -> list[str]:
            return await asyncio.gather(*(prepare_once(self.settings, migrate=True) for _ in range(times)))

        return run_apart(prepare_all())

    def execute(self, *statements: str) -> None:
        self.run(lambda connection: [connection.execute(text(statement)) for statement in statements])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.run(lambda connection: [tuple(row) for row in connection.execute(text(query))])

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, in one transaction."""

        async def run() -> Result:
            engine = create_async_engine(self.settings.database_url, poolclass=NullPool)
            if self.settings.uses_sqlite:
                event.listen(engine.sync_engine, "connect", _as_other_programs_do)
            async with engine.begin() as connection:
                return await connection.run_sync(work)

        return run_apart(run())

    def files(self) -> bytes:
        """All that SQLite keeps: the database and its log."""
        return b"".join(path.read_bytes() for path in self.folder.glob("discussit.db*"))

    def copy_migrations(self) -> Path:
        """From now on its migrations are a copy, to which a test may add; the folder of the revisions."""
        copy = self.folder / "migrations"
        shutil.copytree(ALEMBIC_INI.parent / "migrations", copy)
        self.config.set_main_option("script_location", str(copy))
        return copy / "versions"


def _as_other_programs_do(connection: Any, _record: object) -> None:
    # Debian's SQLite overwrites what it deletes without being asked to; others don't.
    for pragma in ("foreign_keys=ON", "secure_delete=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def query(statement: str) -> list[tuple[Any, ...]]:
    """The rows that the SQLite database in the working directory gives."""
    with closing(sqlite3.connect("discussit.db")) as connection:
        return connection.execute(statement).fetchall()


def new_store(kind: str, request: pytest.FixtureRequest) -> Store:
    folder = request.getfixturevalue("tmp_path_factory").mktemp("store")
    if kind == "sqlite":
        return Store(f"sqlite+aiosqlite:///{folder}/discussit.db", folder)
    postgres = request.getfixturevalue("postgres")
    return Store(postgres.sqlalchemy_url(postgres.new_database()), folder)


KINDS = ["sqlite", "postgres"]


@pytest.fixture(params=KINDS)
def store(request):
    """An empty database, on each engine."""
    return new_store(request.param, request)


@pytest.fixture
def sqlite_store(request):
    return new_store("sqlite", request)


@pytest.fixture
def postgres_store(request):
    return new_store("postgres", request)
