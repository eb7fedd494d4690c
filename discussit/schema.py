"""The schema's revision: whether this program can use a database, and how it is migrated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from discussit.database import DATABASE_ERRORS, PRAGMAS, Database
from discussit.settings import ALEMBIC_INI, Settings

# The newest migration. Kept here, and held to Alembic's head by a test, so that an up-to-date
# server starts without importing Alembic.
REVISION = "0002"

TURN = 0x446973637573  # the advisory lock of the process that migrates a PostgreSQL database: any number of our own
TURN_INTERVAL = 0.2  # seconds between two attempts to take it
LOCK_LIMIT = 3  # seconds that a migration waits for a table on PostgreSQL: everybody else waits behind it
BUSY_LIMIT = 3600  # seconds that one process waits while another migrates the same file


class SchemaError(Exception):
    """The database can't be served as it is; its text is one line for the operator."""


async def prepare(database: Database, *, migrate: bool = False) -> None:
    """Bring the schema to REVISION where that is automatic or asked for, else make sure that it is there.

    Raises SchemaError when it is not, when it is newer than this program, or when the database
    does not answer.
    """
    is_automatic = database.settings.uses_sqlite
    try:
        await database.open()
        async with database.reader.connect() as connection:
            revision = await connection.run_sync(_revision)
        if revision == REVISION:
            return
        _refuse_newer(revision)
        if not (migrate or is_automatic):
            found = f"at revision {revision}" if revision else "empty"
            raise SchemaError(f"The database is {found}, this program needs {REVISION}: run `discussit migrate`.")
        await _migrate(database.settings)
    except DATABASE_ERRORS as error:
        raise SchemaError(f"The database can't be used: {_first_line(error)}") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(revision: str | None) -> None:
    # Alembic is imported late here and below: an up-to-date server never needs it.
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if revision is not None and revision not in known:
        text = f"The database is at revision {revision}, newer than this program: install a newer DiscussIt."
        raise SchemaError(text)


async def _migrate(settings: Settings) -> None:
    async with migrating(settings) as connection:
        await connection.run_sync(_upgrade)


@asynccontextmanager
async def migrating(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A connection for migrations. Of two processes that migrate, one waits and then finds it done.

    On SQLite it is in the one transaction that all of it is; elsewhere each migration has its own.
    """
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    if settings.uses_sqlite:
        _lock_whole_file(engine.sync_engine)
    try:
        async with engine.connect() as connection:
            if settings.uses_sqlite:
                await connection.begin()
            else:
                await _take_turn(connection)
            yield connection
            await connection.commit()
    finally:
        await engine.dispose()


def _lock_whole_file(engine: Engine) -> None:
    # SQLite changes a table by dropping it: with foreign keys on, all that refers to it would go too.
    pragmas = (*PRAGMAS, f"busy_timeout={BUSY_LIMIT * 1000}", "foreign_keys=OFF")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def _take_turn(connection: AsyncConnection) -> None:
    """Hold TURN until the connection is closed."""
    # One that waits inside pg_advisory_lock has a snapshot, for whose end CREATE INDEX CONCURRENTLY waits.
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({TURN})")):
        await connection.rollback()
        await asyncio.sleep(TURN_INTERVAL)
    await connection.execute(text(f"SET lock_timeout = '{LOCK_LIMIT}s'"))
    await connection.execute(text("SET statement_timeout = 0"))
    await connection.commit()


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _alembic() -> Any:
    from alembic.config import Config

    return Config(ALEMBIC_INI)


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


async def prepare_once(settings: Settings, *, migrate: bool = False) -> None:
    """`prepare` with engines of its own, for a process that will open its own later."""
    database = Database(settings)
    try:
        await asyncio.shield(prepare(database, migrate=migrate))
    finally:
        await database.close()
