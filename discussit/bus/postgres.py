"""The bus on PostgreSQL: LISTEN on one connection, NOTIFY on another."""

import asyncio
from typing import Any

import asyncpg

from discussit.bus.backends import ANSWER_LIMIT, PING, RESYNC, SupervisedBackend

# One channel for all: names of channels are limited to 63 bytes, and each LISTEN is a commit.
CHANNEL = "discussit"
MAX_PAYLOAD = 7_999  # bytes, PostgreSQL's limit


class PostgresBackend(SupervisedBackend):
    """`postgresql://`, as asyncpg reads it."""

    name = "PostgreSQL"
    errors = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._publisher: asyncpg.Connection | None = None
        # One connection does one thing at a time; a second NOTIFY at once is an error.
        self._lock = asyncio.Lock()

    async def publish(self, channel: str, message: Any) -> None:
        payload = f"{channel} {message}"
        if len(payload.encode()) > MAX_PAYLOAD:
            payload = f"{channel} {RESYNC}"
        async with self._lock, asyncio.timeout(2 * ANSWER_LIMIT):
            if self._publisher is None or self._publisher.is_closed():
                self._publisher = await asyncpg.connect(self._url, timeout=ANSWER_LIMIT)
            await self._publisher.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=ANSWER_LIMIT)

    async def listen(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=ANSWER_LIMIT)
        try:
            connection.add_termination_listener(lambda _: self.changed.set())
            await connection.add_listener(CHANNEL, self._hear)
            self.changed.set()
            self.connected()
            await self._confirm_what_is_wanted(connection)
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        channel, _, message = str(payload).partition(" ")
        self.receive(channel, message)

    async def _confirm_what_is_wanted(self, connection: asyncpg.Connection) -> None:
        """Everything is listened to already; ask now and then whether the connection lives."""
        listened: set[str] = set()
        while not connection.is_closed():
            for channel in self.wanted - listened:
                self.confirm(channel)
            for channel in listened - self.wanted:
                self.release(channel)
            listened = set(self.wanted)
            self.changed.clear()
            try:
                # Not `wait_for`: before Python 3.12 that can swallow a cancellation.
                async with asyncio.timeout(PING):
                    await self.changed.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=ANSWER_LIMIT)
        raise ConnectionError("the connection was closed")

    async def disconnect(self) -> None:
        if self._publisher is not None:
            self._publisher.terminate()
