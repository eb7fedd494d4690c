"""The schema's revision: whether this program can use a database, and how it is migrated."""

import asyncio
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from discussit.database import DATABASE_ERRORS, Database, _sqlite_engine
from discussit.settings import ALEMBIC_INI, Settings

# The newest migration. Kept here, and held to Alembic's head by a test, so that an up-to-date
# server starts without importing Alembic.
REVISION = "0002"


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
    """Run the migrations in one transaction; of two processes at once, one waits and finds it done."""
    engine = create_async_engine(settings.database_url)
    if settings.uses_sqlite:
        # SQLite changes a table by dropping it: with foreign keys on, all that refers to it would go too.
        engine = _sqlite_engine(settings.database_url, begin="BEGIN IMMEDIATE", pool_size=1, foreign_keys="OFF")
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


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
