"""Engines, SQLite's settings, and the two ways to a session."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from discussit.models import Publish
from discussit.settings import Settings

# FULL, since what is acknowledged is durable: NORMAL may lose the last commits at a power cut.
# A deleted text is overwritten, not only marked as free space. Inserts cost the same.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
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
