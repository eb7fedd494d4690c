"""The thread that writes batches to SQLite, through its own, blocking driver.

Through aiosqlite every statement takes several trips to a thread, each more expensive than the statement. Here a whole
transaction takes one.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from anyio import CancelScope
from sqlalchemy import Connection

from discussit.engines import BATCH_PRAGMAS, blocking_engine, configure_sqlite, drivers_error
from discussit.log.committed import CommittedChanges, Publish
from discussit.many_rows import SqlConnection
from discussit.watched_file import WatchedFile

THREAD = "SQLite writer"
BEGIN = "BEGIN IMMEDIATE"

Result = TypeVar("Result")


class WritingThread:
    """A connection and the one thread that uses it, both created by the first transaction."""

    def __init__(self, url: str, file: WatchedFile) -> None:
        self._engine = blocking_engine(url, pool_size=1, max_overflow=0)
        configure_sqlite(self._engine, begin=BEGIN, pragmas=BATCH_PRAGMAS, watched=file)
        self._file = file
        self._kept: DriverConnection | None = None
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def batch(
        self,
        work: Callable[[SqlConnection, CommittedChanges], Result],
        deliver: Callable[[Result], object],
        publish: Publish,
    ) -> Result:
        """Like `Database.run_batch`. It is completed even if the caller is cancelled."""
        changes = CommittedChanges()

        def committed(result: Result) -> None:
            deliver(result)
            publish(changes)

        job = Job(lambda: self._transact(lambda connection: work(connection, changes)), committed)
        self._submit(job)
        try:
            return await asyncio.shield(job.result)
        except asyncio.CancelledError:
            # A CancelScope costs more than the usual wait, so it is entered only on cancellation.
            with CancelScope(shield=True):
                await job.result
            raise

    def _submit(self, job: "Job[Any]") -> None:
        if self._thread is None:
            # It ends with the process, whatever it is doing then: a transaction that is killed was not committed.
            self._thread = Thread(target=self._work, name=THREAD, daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _transact(self, work: Callable[["DriverConnection"], Result]) -> Result:
        # To take the connection from the pool each time would cost as much as a statement.
        connection, self._kept = self._kept or DriverConnection(self._engine.connect()), None
        try:
            result = connection.transact(work, self._file)
        except BaseException:
            connection.release()  # the pool rolls it back
            raise
        self._kept = connection
        return result

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # it may hold a batch of texts until the next one comes
        if self._kept is not None:
            self._kept.release()
            self._kept = None
        self._engine.dispose()

    def dispose(self) -> None:
        """Close the connection and end the thread, once the transaction that is under way is completed."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join()
        self._thread = None


class DriverConnection:
    """A connection of the driver: SQLAlchemy's own steps around a statement take longer than SQLite's."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        self._driver: Any = connection.connection.driver_connection
        self.release = connection.close

    def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...], /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self._driver.execute(statement, parameters)
        return cursor

    def transact(self, work: Callable[["DriverConnection"], Result], file: WatchedFile) -> Result:
        """Run `work` and commit. Raises what SQLAlchemy would, and leaves the rollback to `release`."""
        try:
            self._driver.execute(BEGIN)
            result = work(self)
            file.check()
            self._driver.execute("COMMIT")
        except sqlite3.Error as error:
            raise drivers_error(error) from error
        return result


class Job(Generic[Result]):
    """A transaction, to be run in the thread.

    What follows its commit runs in the event loop, even if nobody waits for the result any more.
    """

    def __init__(self, transact: Callable[[], Result], committed: Callable[[Result], None]) -> None:
        self._transact, self._committed = transact, committed
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Result] = self._loop.create_future()

    def run(self) -> None:
        try:
            outcome = self._transact()
        except BaseException as error:  # of whatever type: the caller gets it, and the thread goes on
            self._call(self._fail, error)
        else:
            self._call(self._succeed, outcome)

    def _call(self, function: Callable[..., None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            pass  # the loop is closed: the process is ending, and other processes read what was committed

    def _succeed(self, outcome: Result) -> None:
        if not self.result.done():
            self.result.set_result(outcome)  # whoever waits goes on after this step
        self._committed(outcome)

    def _fail(self, error: BaseException) -> None:
        if not self.result.done():
            self.result.set_exception(error)
