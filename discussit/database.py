"""Engines, their settings and limits, ways to read and write, and the schema's revision."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import sessionmaker

from discussit.log.write import CommittedChanges, Publish
from discussit.settings import ALEMBIC_INI, Settings

# The newest migration. A test compares it with Alembic's head; so an up-to-date server starts
# without importing Alembic.
REVISION = "0003"

# FULL, since acknowledged messages are durable: NORMAL may lose the last commits at a power cut.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL")
CONNECT_LIMIT, ANSWER_LIMIT = 5, 10  # seconds that PostgreSQL has to accept a connection, and to answer a statement
CONNECTIONS = 10  # to PostgreSQL, of one process
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
READERS = 4  # connections to SQLite; more of them only wait for the same disk and the same interpreter

Result = TypeVar("Result")

# Errors a query may raise; `is_outage` tells outages from mistakes.
DATABASE_ERRORS = (SQLAlchemyError, OSError)


def is_outage(error: Exception) -> bool:
    """Whether the database did not answer, so that the same query may succeed later."""
    if isinstance(error, OperationalError):
        # SQLite also raises it for a mistake in a statement.
        return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, PoolTimeoutError | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


class SchemaError(Exception):
    """The database can't be used as it is. The text is one line for the operator."""


class Database:
    """The engines of one process.

    On SQLite one transaction writes at a time, so that they queue in the process rather than
    collide in the file, and a few connections read beside it. Other engines have one pool for both.

    `transaction` is for code that awaits between its statements. `run_write` and `run_read` are for
    code that many wait for: it is written without `await` and takes a single trip to a thread.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._turn: asyncio.Lock | nullcontext[None] = nullcontext()
        self._threads: SQLiteThreads | None = None
        if settings.uses_sqlite:
            self._turn = asyncio.Lock()
            self._threads = SQLiteThreads(settings.database_url)
            self.engine = _sqlite_engine(settings.database_url, begin="BEGIN IMMEDIATE", pool_size=1)
        else:
            self.engine = _pooled_engine(settings.database_url)
            self._snapshots = async_sessionmaker(self.engine.execution_options(**SNAPSHOT))
        # expire_on_commit would load every object again to answer with what was just written.
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    def publish_to(self, publish: Publish) -> None:
        """From now on, call `publish` with what each committed transaction of this process wrote.

        It is called in the event loop that calls this, immediately after the commit, so it must neither wait nor raise.
        """
        self.sessions.configure(info={"publish": publish})
        if self._threads is not None:
            loop = asyncio.get_running_loop()
            self._threads.publish_to(lambda written: loop.call_soon_threadsafe(publish, written))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end, or rolls back when the block raises."""
        # Cancelling a query of aiosqlite's can hang its connection, and a cancelled COMMIT may
        # have happened all the same: a transaction that has begun is completed.
        with CancelScope(shield=True):
            async with self._turn, self.sessions() as session, session.begin():
                yield session

    async def run_write(self, work: Callable[[OrmSession], Result]) -> Result:
        """Run `work` in a transaction and return its result once that is committed. May run in a thread."""
        if self._threads is None:
            async with self.transaction() as session:
                return await session.run_sync(work)
        with CancelScope(shield=True):
            async with self._turn:
                result = await self._threads.write(work)
        return result

    async def run_read(self, work: Callable[[OrmSession], Result]) -> Result:
        """Run `work` in a read-only snapshot and return its result. May run in a thread."""
        if self._threads is not None:
            return await self._threads.read(work)
        with CancelScope(shield=True):
            async with self._snapshots() as session:
                result = await session.run_sync(work)
        return result

    async def close(self) -> None:
        await self.engine.dispose()
        if self._threads is not None:
            self._threads.dispose()


class SQLiteThreads:
    """SQLite's own driver, which blocks, in threads.

    Through aiosqlite every statement takes several trips to a thread, each more expensive than the statement.
    Here a whole transaction takes one.
    """

    def __init__(self, url: str) -> None:
        self._writer = _blocking_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
        self._reader = _blocking_engine(url, begin="BEGIN", pool_size=READERS)
        self._write_sessions = sessionmaker(self._writer, expire_on_commit=False)
        self._read_sessions = sessionmaker(self._reader)
        self._reading = CapacityLimiter(READERS)

    def publish_to(self, publish: Callable[[CommittedChanges], object]) -> None:
        """From now on, call `publish` after each commit, in the thread that wrote."""
        self._write_sessions.configure(info={"publish": publish})

    async def write(self, work: Callable[[OrmSession], Result]) -> Result:
        return await to_thread.run_sync(self._write, work)

    async def read(self, work: Callable[[OrmSession], Result]) -> Result:
        return await to_thread.run_sync(self._read, work, limiter=self._reading)

    def _write(self, work: Callable[[OrmSession], Result]) -> Result:
        with self._write_sessions.begin() as session:
            return work(session)

    def _read(self, work: Callable[[OrmSession], Result]) -> Result:
        with self._read_sessions() as session:
            return work(session)

    def dispose(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def _pooled_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=ANSWER_LIMIT,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_LIMIT, "command_timeout": ANSWER_LIMIT},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except Exception as error:
            # asyncpg's own, for example "the database system is starting up", which SQLAlchemy does not translate.
            raise OperationalError("connect", None, error) from error

    return engine


def _blocking_engine(url: str, *, begin: str, pool_size: int) -> Engine:
    engine = create_engine(make_url(url).set(drivername="sqlite"), pool_size=pool_size, max_overflow=0)
    _configure(engine, begin=begin, foreign_keys="ON")
    return engine


def _sqlite_engine(url: str, *, begin: str, pool_size: int, foreign_keys: str = "ON") -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0)
    _configure(engine.sync_engine, begin=begin, foreign_keys=foreign_keys)
    return engine


def _configure(engine: Engine, *, begin: str, foreign_keys: str) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver's own transactions lose updates: it begins late and never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*PRAGMAS, f"foreign_keys={foreign_keys}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


async def prepare(database: Database, *, migrate: bool = False) -> None:
    """Bring the schema to REVISION where that is automatic or asked for, else make sure that it is there.

    Raises SchemaError when it is not, when it is newer than this program, or when the database
    does not answer.
    """
    is_automatic = database.settings.uses_sqlite
    try:
        # Before aiosqlite is used: if the file can't be opened, it would leave a thread that may complain on stderr.
        revision = await database.run_read(lambda session: _revision(session.connection()))
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
