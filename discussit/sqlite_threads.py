"""SQLite's own, blocking driver, in threads.

Through aiosqlite every statement takes several trips to a thread, each more expensive than the statement. Here a whole
transaction takes one.
"""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import sessionmaker

from discussit.engines import blocking_engine, configure_sqlite
from discussit.log.write import CommittedChanges, Publish
from discussit.watched_file import WatchedFile

THREAD = "SQLite writer"

Result = TypeVar("Result")


class WritingThread:
    """The engine of a connection that writes, and the one thread that uses it. It starts with the first transaction."""

    def __init__(self, url: str, file: WatchedFile) -> None:
        self._engine = blocking_engine(url, pool_size=1, max_overflow=0)
        configure_sqlite(self._engine, begin="BEGIN IMMEDIATE", watched=file)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        self._jobs: SimpleQueue[Job[object] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def batch(
        self,
        work: Callable[[Connection, CommittedChanges], Result],
        deliver: Callable[[Result], object],
        publish: Publish,
    ) -> Result:
        def transact() -> tuple[Result, CommittedChanges]:
            changes = CommittedChanges()
            with self._engine.begin() as connection:
                return work(connection, changes), changes

        def committed(outcome: tuple[Result, CommittedChanges]) -> None:
            deliver(outcome[0])
            publish(outcome[1])

        return (await self._run(transact, committed))[0]

    async def write(self, work: Callable[[OrmSession], Result], publish: Publish) -> Result:
        def transact() -> tuple[Result, list[CommittedChanges]]:
            written: list[CommittedChanges] = []
            with self._sessions(info={"publish": written.append}) as session, session.begin():
                return work(session), written

        def committed(outcome: tuple[Result, list[CommittedChanges]]) -> None:
            for changes in outcome[1]:
                publish(changes)

        return (await self._run(transact, committed))[0]

    async def _run(self, transact: Callable[[], Result], committed: Callable[[Result], None]) -> Result:
        if self._thread is None:
            # It ends with the process, whatever it is doing then: a transaction that is killed was not committed.
            self._thread = Thread(target=self._work, name=THREAD, daemon=True)
            self._thread.start()
        job = Job(transact, committed)
        self._jobs.put(job)  # type: ignore[arg-type]  # what one job returns is another's matter
        return await job.result

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # it may hold a batch of texts until the next one comes
        self._engine.dispose()

    def dispose(self) -> None:
        """Close the connection and end the thread, once the transaction that is under way is completed."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join()
        self._thread = None


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
