"""Ways to read and write: a process's engines and the transactions on them."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from anyio import CancelScope, CapacityLimiter, fail_after, sleep_forever, to_thread
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import sessionmaker

from discussit.checkpoints import Checkpoints
from discussit.engines import ANSWER_LIMIT, async_engine, blocking_engine, configure_sqlite, postgres_engine
from discussit.log.committed import CommittedChanges, Publish
from discussit.many_rows import SqlConnection
from discussit.models import User
from discussit.settings import Settings
from discussit.sqlite_threads import WritingThread
from discussit.watched_file import WatchedFile

logger = logging.getLogger(__name__)

CONNECTIONS = 10  # to PostgreSQL, of one process
BATCH_CONNECTIONS = 2  # of these for batches of messages, which wait for no other transaction's connection
WRITERS = 5  # of the others for transactions at most: to read, one is always left
# Seconds that a transaction waits for a lock of somebody else's. Processes that write to the same group all the
# time wait for each other for some ten milliseconds.
LOCK_LIMIT, BATCH_LOCK_LIMIT = 2.0, 0.5
CONTENDED = ("40001", "40P01", "55P03")  # PostgreSQL's serialization failure, deadlock, and lock not available
# PostgreSQL's classes for insufficient resources and operator intervention; a standby, and missing privileges.
REFUSED_FOR_NOW = ("53", "57", "25006", "42501")
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
CHUNK = 5_000  # values in one IN (…): engines take some 32,000, and this many take 10 ms
READERS = 4  # connections to SQLite; more of them only wait for the same disk and the same interpreter

Result = TypeVar("Result")
Member = TypeVar("Member")

Then = Callable[[AsyncSession, User], Awaitable[None]]  # what is done for the user in the same transaction, last

# Errors a query may raise; `is_outage` tells outages from mistakes.
DATABASE_ERRORS = (SQLAlchemyError, OSError)


async def nothing(_session: AsyncSession, _user: User) -> None:
    """A `Then` for those who have nothing to do."""


def is_contended(error: Exception) -> bool:
    """Whether others hold what the transaction needs. It was rolled back, and may be repeated."""
    return _sqlstate(error) in CONTENDED


def is_outage(error: Exception) -> bool:
    """Whether the database did not answer, or refused for now, so that the same query may succeed later."""
    if is_contended(error) or _sqlstate(error).startswith(REFUSED_FOR_NOW):
        return True
    if isinstance(error, OperationalError):
        # SQLite also raises it for a mistake in a statement, and for a text that is not UTF-8.
        is_mistake = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR
        return not (isinstance(error.orig, sqlite3.Error) and is_mistake)
    return isinstance(error, PoolTimeoutError | OSError) or (
        isinstance(error, DBAPIError) and (error.connection_invalidated or _is_no_database(error))
    )


def _is_no_database(error: DBAPIError) -> bool:
    """Whether the file is not an SQLite database, as where another file has taken its place."""
    return getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB


def _sqlstate(error: Exception) -> str:
    return getattr(error.orig, "sqlstate", None) or "" if isinstance(error, DBAPIError) else ""


def log_failure(logger: logging.Logger, text: str, error: Exception) -> None:
    """Log one of DATABASE_ERRORS that ends nothing: an outage in one line, a mistake of ours with its traceback."""
    if is_outage(error):
        logger.warning("%s: %s", text, type(error).__name__)
    else:
        logger.error("%s: %s", text, type(error).__name__, exc_info=error)


def chunks(values: Sequence[Member]) -> Iterator[Sequence[Member]]:
    """The values in portions that one query takes."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


class Database:
    """The engines of one process.

    On SQLite one transaction writes at a time, so that writers queue in the process instead of
    colliding in the file, and a few connections read beside it. On PostgreSQL they share a pool, of which
    transactions that wait for a lock never take all; batches of messages have a pool of their own.

    `transaction` is for code that awaits between its statements. `run_batch` and `run_read` are for hot paths: code
    without `await`, which on SQLite takes a single trip to a thread.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._queues: WeakValueDictionary[Hashable, Turns] = WeakValueDictionary()
        self._publish: Publish = lambda _changes: None
        self._others_notified: Callable[[], Awaitable[None]] | None = None
        self._writer: WritingThread | None = None
        self._checkpoints: Checkpoints | None = None
        if settings.uses_sqlite:
            self._turn = Turns(1)
            file = WatchedFile(settings.sqlite_file)
            self._writer = WritingThread(settings.database_url, file)
            self._reader = SQLiteReaders(settings.database_url, file)
            self._checkpoints = Checkpoints(settings.database_url, file, self._turn)
            self.engine = async_engine(settings.database_url, pool_size=1, max_overflow=0)
            configure_sqlite(self.engine.sync_engine, begin="BEGIN IMMEDIATE", watched=file)
        else:
            self._turn = Turns(WRITERS)
            shared = CONNECTIONS - BATCH_CONNECTIONS
            self.engine = postgres_engine(settings.database_url, connections=shared, lock_limit=LOCK_LIMIT)
            self._batch_engine = postgres_engine(
                settings.database_url, connections=BATCH_CONNECTIONS, lock_limit=BATCH_LOCK_LIMIT
            )
            self._snapshots = async_sessionmaker(self.engine.execution_options(**SNAPSHOT))
        # expire_on_commit would load every object again to answer with what was just written.
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, info={"publish": self._published})

    @property
    def has_writing_thread(self) -> bool:
        """Whether `run_batch` runs in a thread of its own, and not in the event loop."""
        return self._writer is not None

    def publish_to(self, publish: Publish, others_notified: Callable[[], Awaitable[None]] | None = None) -> None:
        """From now on, call `publish` with the changes of each transaction that this process commits.

        It is called in the event loop, immediately after the commit, so it must not wait. `others_notified` waits until
        other processes know of them.
        """
        self._publish, self._others_notified = publish, others_notified

    async def run_checkpoints(self) -> None:
        """Until cancelled, have texts that are erased in this process leave SQLite's files within seconds."""
        if self._checkpoints is None:
            await sleep_forever()
        else:
            await self._checkpoints.run()

    def _published(self, changes: CommittedChanges) -> None:
        if changes.erases and self._checkpoints is not None:
            self._checkpoints.request()
        try:
            self._publish(changes)
        except Exception:
            # It is committed, and readers look for themselves: an error here would make the writer
            # believe that it is not. What fails is a mistake of ours, of any type.
            logger.exception("could not publish what was committed")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end, or rolls back if the block raises.

        Where it ended sessions, it takes until other processes know.
        """
        written: list[CommittedChanges] = []

        def publish(changes: CommittedChanges) -> None:
            written.append(changes)
            self._published(changes)

        # Cancelling a query of aiosqlite's can hang its connection, and a cancelled COMMIT may
        # still succeed: a transaction that has begun is completed.
        with CancelScope(shield=True):
            async with self._turn, self.sessions(info={"publish": publish}) as session, session.begin():
                yield session
        if self._others_notified is not None and any(changes.ended_sessions for changes in written):
            # Otherwise another process could send an ended session what it writes after this is acknowledged.
            # Memberships need no wait: a missed Left shows as a gap in the log.
            await self._others_notified()

    async def run_batch(
        self, work: Callable[[SqlConnection, CommittedChanges], Result], deliver: Callable[[Result], object]
    ) -> Result:
        """Run `work` in a transaction of messages. May run in a thread.

        Locks are waited for BATCH_LOCK_LIMIT seconds, and on SQLite its turn ANSWER_LIMIT, then TimeoutError is raised.
        After the commit `deliver`, which must not raise, is called with the result, and then what `work` added to the
        changes is published, in one step: an answer and what others are sent can leave together.
        """
        if self._writer is not None:
            async with self._turn:
                return await self._writer.batch(work, deliver, self._published)
        changes = CommittedChanges()
        with CancelScope(shield=True):
            async with self._batch_engine.connect() as connection:
                async with connection.begin():
                    result = await connection.run_sync(work, changes)
                deliver(result)
                self._published(changes)
        return result

    @asynccontextmanager
    async def one_at_a_time(self, what: Hashable) -> AsyncIterator[None]:
        """Have those who will lock the same row wait here, and not each with a connection. Raises TimeoutError."""
        if self._writer is not None:
            yield  # all transactions are one at a time
            return
        async with self._queues.setdefault(what, Turns(1)):
            yield

    async def run_read(self, work: Callable[[OrmSession], Result]) -> Result:
        """Run `work` in a read-only snapshot and return its result. May run in a thread."""
        if self._writer is not None:
            return await self._reader.read(work)
        with CancelScope(shield=True):
            async with self._snapshots() as session:
                result = await session.run_sync(work)
        return result

    async def close(self) -> None:
        await self.engine.dispose()
        if self._writer is not None:
            self._writer.dispose()
            self._reader.dispose()
        else:
            await self._batch_engine.dispose()
        if self._checkpoints is not None:
            await self._checkpoints.close()  # last: nothing else of this process has the file open


class Turns:
    """At most so many at a time. The others wait ANSWER_LIMIT at most, then TimeoutError is raised."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    async def __aenter__(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # does not wait, and needs no timer
            return
        with fail_after(ANSWER_LIMIT):
            await self._free.acquire()

    async def __aexit__(self, *_error: object) -> None:
        self._free.release()


class SQLiteReaders:
    """A few connections of SQLite's own driver that read, each in a thread."""

    def __init__(self, url: str, file: WatchedFile) -> None:
        self._engine = blocking_engine(url, pool_size=READERS, max_overflow=0)
        configure_sqlite(self._engine, begin="BEGIN", watched=file)
        self._sessions = sessionmaker(self._engine)
        self._turns = Turns(READERS)
        self._threads = CapacityLimiter(READERS)  # threads of their own, whatever all others do

    async def read(self, work: Callable[[OrmSession], Result]) -> Result:
        async with self._turns:
            return await to_thread.run_sync(self._read, work, limiter=self._threads)

    def _read(self, work: Callable[[OrmSession], Result]) -> Result:
        with self._sessions() as session:
            return work(session)

    def dispose(self) -> None:
        self._engine.dispose()
