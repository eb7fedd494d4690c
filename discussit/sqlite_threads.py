"""SQLite's own, blocking driver, in threads.

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
from sqlalchemy.orm import Session as OrmSession

from discussit.engines import BATCH_PRAGMAS, blocking_engine, configure_sqlite, drivers_error
from discussit.log.write import CommittedChanges, Publish
from discussit.many_rows import Driver
from discussit.watched_file import WatchedFile

THREAD = "SQLite writer"
BEGIN = "BEGIN IMMEDIATE"

Result = TypeVar("Result")


class WritingThread:
    """The connection that writes, and the one thread that uses it. Both are there from the first transaction on."""

    def __init__(self, url: str, file: WatchedFile) -> None:
        self._engine = blocking_engine(url, pool_size=1, max_overflow=0)
        configure_sqlite(self._engine, begin=BEGIN, pragmas=BATCH_PRAGMAS, watched=file)
        self._file = file
        self._open: Bare | None = None
        self._jobs: SimpleQueue[Job[object] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def batch(
        self,
        work: Callable[[Driver, CommittedChanges], Result],
        deliver: Callable[[Result], object],
        publish: Publish,
    ) -> Result:
        def transact(bare: Bare) -> tuple[Result, CommittedChanges]:
            changes = CommittedChanges()
            return bare.transact(lambda driver: work(driver, changes), self._file), changes

        def committed(outcome: tuple[Result, CommittedChanges]) -> None:
            deliver(outcome[0])
            publish(outcome[1])

        return (await self._run(transact, committed))[0]

    async def write(self, work: Callable[[OrmSession], Result], publish: Publish) -> Result:
        def transact(bare: Bare) -> tuple[Result, list[CommittedChanges]]:
            written: list[CommittedChanges] = []
            info = {"publish": written.append}
            with OrmSession(bare.connection, expire_on_commit=False, info=info) as session, session.begin():
                return work(session), written

        def committed(outcome: tuple[Result, list[CommittedChanges]]) -> None:
            for changes in outcome[1]:
                publish(changes)

        return (await self._run(transact, committed))[0]

    async def _run(self, transact: Callable[["Bare"], Result], committed: Callable[[Result], None]) -> Result:
        if self._thread is None:
            # It ends with the process, whatever it is doing then: a transaction that is killed was not committed.
            self._thread = Thread(target=self._work, name=THREAD, daemon=True)
            self._thread.start()
        job = Job(lambda: self._transacted(transact), committed)
        self._jobs.put(job)  # type: ignore[arg-type]  # what one job returns is another's matter
        try:
            return await asyncio.shield(job.result)
        except asyncio.CancelledError:
            # Only now, since a scope costs more than the wait.
            with CancelScope(shield=True):
                await job.result
            raise

    def _transacted(self, transact: Callable[["Bare"], Result]) -> Result:
        # Taking the connection from the pool each time costs as much as a statement.
        bare, self._open = self._open or Bare(self._engine.connect()), None
        try:
            result = transact(bare)
        except BaseException:
            bare.connection.close()  # the pool rolls it back
            raise
        self._open = bare
        return result

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # it may hold a batch of texts until the next one comes
        if self._open is not None:
            self._open.connection.close()
            self._open = None
        self._engine.dispose()

    def dispose(self) -> None:
        """Close the connection and end the thread, once the transaction that is under way is completed."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join()
        self._thread = None


class Bare:
    """A connection for batches: without SQLAlchemy, whose own steps around a statement take longer than SQLite's."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.dialect = connection, connection.dialect
        self._driver: Any = connection.connection.driver_connection

    def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...], /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self._driver.execute(statement, parameters)
        return cursor

    def transact(self, work: Callable[[Driver], Result], file: WatchedFile) -> Result:
        """Run `work` and commit; who owns the connection rolls it back. Raises what SQLAlchemy would."""
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
