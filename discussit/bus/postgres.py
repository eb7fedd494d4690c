"""The bus on PostgreSQL: LISTEN on one connection, NOTIFY on another."""

import asyncio
from typing import Any

import asyncpg
from anyio import move_on_after

from discussit.bus.backends import ANSWER_LIMIT, PING, SupervisedBackend

# One for all channels: PostgreSQL limits names to 63 bytes, and each LISTEN is a commit.
CHANNEL = "discussit"
MAX_PAYLOAD = 7_999  # bytes, PostgreSQL's limit


class PostgresBackend(SupervisedBackend):
    """`postgresql://`, as asyncpg reads it."""

    name = "PostgreSQL"
    errors = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._publisher: asyncpg.Connection | None = None

    def fits(self, channel: str, message: str) -> bool:
        return len(_payload(channel, message).encode(errors="surrogatepass")) <= MAX_PAYLOAD

    async def publish(self, channel: str, message: Any) -> None:
        """To be called by a single task: a connection runs one statement at a time."""
        payload = _payload(channel, message)
        try:
            async with asyncio.timeout(2 * ANSWER_LIMIT):
                if self._publisher is None or self._publisher.is_closed():
                    self._publisher = await self._connect()
                await self._publisher.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        except BaseException:
            # The connection's state is unknown: the next message gets a new one.
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        if self._publisher is not None:
            self._publisher.terminate()
            self._publisher = None

    async def listen(self) -> None:
        connection = await self._connect()
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, self._on_notify)
            self.connected()
            for channel in self.wanted:
                self.resync(channel)
            while True:
                with move_on_after(PING):
                    await ended.wait()
                await connection.execute("SELECT 1")  # raises if the connection has ended or does not answer
        finally:
            connection.terminate()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._url, timeout=ANSWER_LIMIT, command_timeout=ANSWER_LIMIT)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        channel, _, message = str(payload).partition(" ")
        self.receive(channel, message)


def _payload(channel: str, message: str) -> str:
    return f"{channel} {message}"
