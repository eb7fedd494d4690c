"""Engines, SQLite's settings, the two ways to a session, and the schema's revision."""

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
from sqlalchemy.orm import Session, sessionmaker

from discussit.log.write import Publish
from discussit.settings import ALEMBIC_INI, Settings

# The newest migration. Kept here, and held to Alembic's head by a test, so that an up-to-date
# server starts without importing Alembic.
REVISION = "0003"

# FULL, since what is acknowledged is durable: NORMAL may lose the last commits at a power cut.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL")
CONNECT_LIMIT, ANSWER_LIMIT = 5, 10  # seconds that PostgreSQL has to take a connection, and to answer a statement
CONNECTIONS = 10  # to PostgreSQL, of one process
READERS = 4  # connections; more of them only wait for the same disk and the same interpreter

Result = TypeVar("Result")

# What a database raises that does not answer, and more: `is_outage` tells.
DATABASE_ERRORS = (SQLAlchemyError, OSError)


def is_outage(error: Exception) -> bool:
    """Whether the database did not answer, so that the same may succeed later."""
    if isinstance(error, OperationalError):
        # SQLite says so of a mistake in a statement, too.
        return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, PoolTimeoutError | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


class SchemaError(Exception):
    """The database can't be served as it is; its text is one line for the operator."""


class Database:
    """The engines of one process.

    On SQLite one transaction writes at a time, so that they queue in the process rather than
    collide in the file, and a few connections read beside it. Other engines have one pool for both.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._plain: Engine | None = None
        self._threaded: sessionmaker[Session] | None = None
        self._threaded_readings: sessionmaker[Session] | None = None
        self._reading = CapacityLimiter(READERS)
        self._turn: asyncio.Lock | nullcontext[None] = nullcontext()
        if settings.uses_sqlite:
            self._turn = asyncio.Lock()
            self._plain = _plain_engine(settings.database_url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._plain_reader = _plain_engine(settings.database_url, begin="BEGIN", pool_size=READERS)
            self._threaded = sessionmaker(self._plain, expire_on_commit=False)
            self._threaded_readings = sessionmaker(self._plain_reader)
            self.writer = _sqlite_engine(settings.database_url, begin="BEGIN IMMEDIATE", pool_size=1)
            self.reader = _sqlite_engine(settings.database_url, begin="BEGIN", pool_size=READERS)
        else:
            self.writer = _pooled_engine(settings.database_url)
            self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # expire_on_commit would load every object again to answer with what was just written.
        self.sessions = async_sessionmaker(self.writer, expire_on_commit=False)
        self._readings = async_sessionmaker(self.reader, expire_on_commit=False)

    def publish_to(self, publish: Publish) -> None:
        """From now on `publish` hears what each committed transaction of this process wrote.

        It is called in the loop that calls this, right after the commit, so it must neither wait nor raise.
        """
        self.sessions.configure(info={"publish": publish})
        if self._threaded is not None:
            loop = asyncio.get_running_loop()
            self._threaded.configure(info={"publish": lambda written: loop.call_soon_threadsafe(publish, written)})

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end, or rolls back when the block raises."""
        # Cancelling a query of aiosqlite's can hang its connection, and a cancelled COMMIT may
        # have happened all the same: what has begun is brought to its end.
        with CancelScope(shield=True):
            async with self._turn, self.sessions() as session, session.begin():
                yield session

    async def transact(self, work: Callable[[Session], Result]) -> Result:
        """What `work` returns, once what it wrote is committed. It may be called in another thread.

        For transactions that many wait for: on SQLite the whole of it is one trip to a thread,
        where `transaction` makes several for each statement, of which each costs more than the statement.
        """
        if self._threaded is None:
            async with self.transaction() as session:
                return await session.run_sync(work)
        with CancelScope(shield=True):
            async with self._turn:
                result = await to_thread.run_sync(_transact, self._threaded, work)
        return result

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """What `work` makes of one state of the database. It changes nothing, and may be called in another thread.

        For what is read often: on SQLite it takes a quarter of the time of `reading`, for the same reason.
        """
        if self._threaded_readings is None:
            async with self.reading() as session:
                return await session.run_sync(work)
        return await to_thread.run_sync(_read, self._threaded_readings, work, limiter=self._reading)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database and changes nothing."""
        with CancelScope(shield=True):
            async with self._readings() as session:
                yield session

    async def open(self) -> None:
        """Raise where SQLite's file can't be opened.

        aiosqlite would raise as well, but leave a thread that may complain on standard error.
        """
        if self._plain is not None:
            await to_thread.run_sync(lambda engine: engine.connect().close(), self._plain)

    async def close(self) -> None:
        await self.writer.dispose()
        await self.reader.dispose()
        if self._plain is not None:
            self._plain.dispose()
            self._plain_reader.dispose()


def _transact(sessions: sessionmaker[Session], work: Callable[[Session], Result]) -> Result:
    with sessions.begin() as session:
        return work(session)


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
            # asyncpg's own, for example "the database system is starting up", which nobody else knows.
            raise OperationalError("connect", None, error) from error

    return engine


def _read(sessions: sessionmaker[Session], work: Callable[[Session], Result]) -> Result:
    with sessions() as session:
        return work(session)


def _plain_engine(url: str, *, begin: str, pool_size: int) -> Engine:
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
