"""Checkpoints after which no file of SQLite's contains the texts that were erased.

A commit that erases a text writes pages without it to `-wal`, where the pages with it may remain, as in the
database, until both have been replaced: SQLite's own checkpoints copy to the database, but never shorten `-wal`.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from typing import Any, NamedTuple, TypeVar

from anyio import CapacityLimiter, sleep, to_thread
from sqlalchemy.exc import SQLAlchemyError

from discussit.engines import blocking_engine, configure_sqlite
from discussit.watched_file import WatchedFile

logger = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between two attempts, and from a commit to the first: many erasures share a checkpoint
FEW = 1_000  # pages that may be copied while nobody can write: as many as SQLite itself copies in a commit
# Milliseconds that truncating waits for others who read and write, while nobody else can write: most end sooner. Where
# they never leave a gap, only a longer wait gets its turn: in one of ten attempts, so that they cost others a fiftieth
# of the time at the most.
WAIT, LONG_WAIT = 10, 100
PATIENCE = 60.0  # seconds for which something else may prevent it before that is logged

Result = TypeVar("Result")


class Checkpoints:
    """Truncates `-wal` after texts were erased, on a connection of its own that hardly waits for locks.

    A snapshot that somebody reads keeps `-wal`, so it is tried until it succeeds. `turn` keeps out this process's
    transactions: they queue for it instead of colliding in the file.
    """

    def __init__(self, url: str, file: WatchedFile, turn: AbstractAsyncContextManager[None]) -> None:
        self._engine = blocking_engine(url, pool_size=1, max_overflow=0)
        configure_sqlite(self._engine, begin="BEGIN", watched=file)
        self._file, self._turn = file, turn
        self._thread = CapacityLimiter(1)
        self._due = asyncio.Event()
        self._attempts = 0  # since the last success
        self._failures = Failures()

    def request(self) -> None:
        """Have a checkpoint made soon: texts were erased."""
        self._due.set()

    async def run(self) -> None:
        """Make the checkpoints that are due, until cancelled. The first is for whoever was killed before its own."""
        self.request()
        while True:
            await self._due.wait()
            await sleep(INTERVAL)
            await self._attempt()

    async def close(self) -> None:
        """Make the checkpoint that is due, if nobody prevents it, and close the connection."""
        if self._due.is_set():
            await self._attempt()
        self._engine.dispose()

    async def _attempt(self) -> None:
        self._due.clear()  # before, so that what is erased meanwhile remains due
        is_done = False
        try:
            is_done = await self._checkpoint()
            self._failures.note(None if is_done else "another program is reading the database", after=PATIENCE)
        except (sqlite3.Error, SQLAlchemyError, OSError) as error:
            self._failures.note(f"{type(error).__name__}: {error}")
        finally:
            self._attempts = 0 if is_done else self._attempts + 1
            if not is_done:
                self._due.set()

    async def _checkpoint(self) -> bool:
        """Truncate `-wal`. False: somebody prevents it."""
        copied = 0
        while True:  # most pages are copied while others write, so that the last ones hold nobody up
            wal = await self._in_thread(self._passive)
            if wal.pages - wal.copied > FEW:
                return False
            if wal.copied - copied <= FEW:
                break
            copied = wal.copied
        async with self._turn:
            return await self._in_thread(self._truncated)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await to_thread.run_sync(work, limiter=self._thread)

    def _passive(self) -> "Wal":
        return self._checkpointed("PASSIVE", 0)

    def _truncated(self) -> bool:
        is_tenth = self._attempts % 10 == 9
        return not self._checkpointed("TRUNCATE", LONG_WAIT if is_tenth else WAIT).is_blocked

    def _checkpointed(self, mode: str, wait: int) -> "Wal":
        with closing(self._engine.raw_connection()) as connection:
            self._file.check()
            driver: Any = connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout={wait}")
            return Wal(*driver.execute(f"PRAGMA wal_checkpoint({mode})").fetchone())


class Wal(NamedTuple):
    """What SQLite answers to a checkpoint."""

    is_blocked: int
    pages: int
    copied: int  # of these pages, to the database


class Failures:
    """Logs why texts are still in the files: each reason once, until it has succeeded."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._logged: str | None = None

    def note(self, reason: str | None, *, after: float = 0) -> None:
        """Note an attempt's outcome: None if it succeeded. A reason is logged once they fail for `after` seconds."""
        if reason is None:
            self._since = self._logged = None
            return
        self._since = self._since or time.monotonic()
        if reason != self._logged and time.monotonic() - self._since >= after:
            self._logged = reason
            logger.warning("deleted texts are still in SQLite's files, and will be erased later: %s", reason)
