"""The schema's revision: whether this program can use a database, and how it is migrated."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

from anyio import to_thread
from sqlalchemy import Connection, NullPool, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from discussit.data_folder import create_database, make_private, trouble_with
from discussit.database import DATABASE_ERRORS, Database
from discussit.engines import async_engine, blocking_engine, configure_sqlite
from discussit.environment import StartError
from discussit.models import Base
from discussit.settings import ALEMBIC_INI, Settings

logger = logging.getLogger(__name__)

# The newest migration. Kept here, and held to Alembic's head by a test, so that an up-to-date
# server starts without importing Alembic. Migrations are numbered without a gap.
REVISION = "0009"

MIGRATION_LOCK = 0x446973637573  # PostgreSQL's advisory lock of the process that migrates: an arbitrary number
LOCK_INTERVAL = 0.2  # seconds between two attempts to take it
LOCK_LIMIT = 3  # seconds that a migration waits for a table on PostgreSQL: other queries queue behind it
BUSY_LIMIT = 3600  # seconds that one process waits while another migrates the same file


READ_ONLY = text("SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')")
# Of tables, and of the sequences of their ids.
MISSING_PRIVILEGES = text("""
    SELECT name, privilege FROM unnest(CAST(:tables AS text[])) AS name,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE NOT has_table_privilege(quote_ident(name), privilege)
    UNION ALL
    SELECT pg_get_serial_sequence(table_name, column_name), 'USAGE' FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = ANY(CAST(:tables AS text[]))
        AND NOT has_sequence_privilege(pg_get_serial_sequence(table_name, column_name), 'USAGE')
""")


class SchemaError(StartError):
    """The database can't be used as it is; the text is one line for the operator."""


async def prepare(database: Database, *, migrate: bool = False, may_rewrite: bool = True) -> str:
    """Bring the schema to REVISION if that is automatic or requested; return the database's revision.

    `may_rewrite`: rewrite SQLite's file also where only a deleted group asks for it (`_erase_copies`).

    A database that is one revision ahead is used as it is: during an update, the next version has already
    migrated it. Raises StartError if it is further ahead, if it is behind and must not be migrated, or if
    the database does not answer or can't be written.
    """
    settings = database.settings
    try:
        if settings.uses_sqlite:
            create_database(settings.sqlite_file)
        # Before aiosqlite is used: if the file can't be opened, it would leave a thread that may write to stderr.
        revision = await database.run_read(lambda session: _revision(session.connection()))
        await _require_writable(database)
        if revision is None or _lead(revision) < 0:
            _require_permission(revision, is_given=migrate or settings.uses_sqlite)
            await _migrate(settings)
            revision, may_rewrite = REVISION, True
        if settings.uses_sqlite:
            if may_rewrite:
                await to_thread.run_sync(_erase_copies, settings.database_url)
            make_private(settings.sqlite_file)
        else:
            await database.run_read(lambda session: _require_privileges(session.connection()))
    except DATABASE_ERRORS as error:
        raise SchemaError(f"The database can't be used: {reason_of(error, settings)}") from error
    return revision


async def _require_writable(database: Database) -> None:
    """Raise an error if the database can only be read, which nobody would notice before the first write."""
    if database.settings.uses_sqlite:
        await to_thread.run_sync(_begin_writing, database.settings.database_url)
    else:
        await database.run_read(lambda session: check_answer(session.connection()))


def _begin_writing(database_url: str) -> None:
    engine = blocking_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            # On a read-only file, BEGIN IMMEDIATE begins to read. This table is rolled back.
            connection.exec_driver_sql("CREATE TABLE is_writable (id INTEGER)")
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_BUSY:  # another program is writing
                raise


def check_answer(connection: Connection) -> None:
    """Query the database. Raises SchemaError for a PostgreSQL that can only be read."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("SELECT count(*) FROM sqlite_master"))  # reads the file, unlike SELECT 1
        return
    in_recovery, read_only = connection.execute(READ_ONLY).one()
    if in_recovery:
        raise SchemaError("The database is a standby, which can't be written: set DATABASE_URL to its primary.")
    if read_only == "on":
        setting = "default_transaction_read_only is on for this role or database"
        raise SchemaError(f"The database can't be written: {setting}; turn it off with ALTER ROLE or ALTER DATABASE.")


def _require_privileges(connection: Connection) -> None:
    names = [*Base.metadata.tables]
    missing = connection.execute(MISSING_PRIVILEGES, {"tables": names}).all()
    if missing:
        lacking = ", ".join(f"{privilege} on {name}" for name, privilege in missing)
        raise SchemaError(f"The database can't be written: GRANT this role {lacking}.")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _lead(revision: str) -> int:
    """How many revisions the database is ahead of this program; negative if behind. Raises SchemaError above 1."""
    lead = int(revision) - int(REVISION) if revision.isdecimal() else None
    if lead is None or lead > 1:
        found = f"The database is at revision {revision}, newer than this program"
        raise SchemaError(f"{found}, which needs {REVISION}: install a newer DiscussIt.")
    return lead


def _require_permission(revision: str | None, *, is_given: bool) -> None:
    if not is_given:
        found = f"at revision {revision}" if revision else "empty"
        raise SchemaError(f"The database is {found}, this program needs {REVISION}: run `discussit migrate`.")


async def _migrate(settings: Settings) -> None:
    async with migrating(settings) as connection:
        await connection.run_sync(_upgrade)


@asynccontextmanager
async def migrating(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A connection for migrations. If two processes migrate, one waits and then finds nothing left to do.

    On SQLite all migrations share one transaction; elsewhere each has its own.
    """
    engine = async_engine(settings.database_url, poolclass=NullPool)
    if settings.uses_sqlite:
        create_database(settings.sqlite_file)
        # SQLite changes a table by dropping it: with foreign keys on, the rows that refer to it would be deleted.
        pragmas = (f"busy_timeout={BUSY_LIMIT * 1000}", "foreign_keys=OFF")
        configure_sqlite(engine.sync_engine, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    try:
        async with engine.connect() as connection:
            if settings.uses_sqlite:
                await connection.begin()
            else:
                await _lock_migrations(connection)
            yield connection
            await connection.commit()
    finally:
        await engine.dispose()


async def _lock_migrations(connection: AsyncConnection) -> None:
    """Wait for MIGRATION_LOCK, and hold it until the connection is closed."""
    # Waiting inside pg_advisory_lock would hold a snapshot, and CREATE INDEX CONCURRENTLY waits for its end.
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})")):
        await connection.rollback()
        await asyncio.sleep(LOCK_INTERVAL)
    await connection.execute(text(f"SET lock_timeout = '{LOCK_LIMIT}s'"))
    await connection.execute(text("SET statement_timeout = 0"))
    await connection.commit()


def _upgrade(connection: Connection) -> None:
    # Alembic is imported late: an up-to-date server never needs it.
    from alembic import command
    from alembic.config import Config

    config = Config(ALEMBIC_INI)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _erase_copies(database_url: str) -> None:
    """Rewrite SQLite's file where a migration moved texts, or a group was deleted: free space contains copies of them.

    Either raises PRAGMA user_version, which is reset only when the rewrite has reached the file: if it was interrupted,
    or prevented by another reader, or if another process deleted a group meanwhile, the next start repeats it.
    """
    engine = blocking_engine(database_url, poolclass=NullPool)
    with closing(engine.raw_connection()) as raw:
        connection: Any = raw.driver_connection
        connection.isolation_level = None
        asked = connection.execute("PRAGMA user_version").fetchone()
        if asked == (0,):
            return
        try:
            connection.execute("VACUUM")
            is_blocked, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            if not is_blocked and connection.execute("PRAGMA user_version").fetchone() == asked:
                connection.execute("PRAGMA user_version=0")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            logger.warning(
                "the database still has copies of moved or deleted texts; the next start erases them: %s", error
            )


def reason_of(error: Exception, settings: Settings) -> str:
    """Why the database does not do what it should, and what to do, in one line without values."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return trouble_with(settings.sqlite_file, cause)
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


async def prepare_once(settings: Settings, *, migrate: bool = False) -> str:
    """`prepare` with temporary engines, for a process that opens its own later."""
    database = Database(settings)
    try:
        return await asyncio.shield(prepare(database, migrate=migrate))
    finally:
        await database.close()
