"""The bus on Redis: one connection receives, a pool publishes."""

import asyncio
from typing import Any

from anyio import CancelScope, current_time
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from discussit.bus.backends import ANSWER_LIMIT, PING, SupervisedBackend


class RedisBackend(SupervisedBackend):
    """`redis://`, `rediss://` and `unix://`, as redis-py reads them."""

    name = "Redis"
    errors = (RedisError, OSError)

    def __init__(self, url: str) -> None:
        super().__init__()
        # Anyone may publish bytes that are not UTF-8: decoded like this, their signature is wrong, which means RESYNC.
        texts: dict[str, Any] = {"decode_responses": True, "encoding_errors": "replace"}
        # This class limits the listener's waits; socket_timeout would also limit the silence between messages.
        self._listener = ConnectionPool.from_url(url, **texts, socket_timeout=None, retry=Retry(NoBackoff(), 0))
        limits: dict[str, Any] = {"socket_timeout": ANSWER_LIMIT, "socket_connect_timeout": ANSWER_LIMIT}
        self._publisher = Redis.from_url(url, **texts, **limits, retry=Retry(NoBackoff(), 1))
        self._subscribed: set[str] = set()  # channels requested from Redis
        self._confirmed: set[str] = set()  # those of them that Redis has confirmed
        self._reading = CancelScope()

    async def subscribe(self, channel: str) -> None:
        self.want(channel)
        # Redis does not confirm a subscribed channel again. If it is down, it will confirm this one
        # later, and until then readers rely on the database.
        if channel in self._confirmed or not self.is_connected:
            self.resync(channel)
        self._reading.cancel()

    async def unsubscribe(self, channel: str) -> None:
        await super().unsubscribe(channel)
        self._reading.cancel()

    async def publish(self, channel: str, message: Any) -> None:
        async with asyncio.timeout(2 * ANSWER_LIMIT):
            await self._publisher.publish(channel, message)

    async def listen(self) -> None:
        # A bare connection: redis-py's PubSub silently replaces a lost one, and messages published
        # meanwhile would be missed.
        connection: AbstractConnection = self._listener.make_connection()  # type: ignore[no-untyped-call]
        self._subscribed.clear()
        self._confirmed.clear()
        try:
            async with asyncio.timeout(2 * ANSWER_LIMIT):
                await connection.connect()  # type: ignore[no-untyped-call]
            self.connected()
            await self._subscribe_and_read(connection)
        finally:
            await connection.disconnect(nowait=True)

    async def _subscribe_and_read(self, connection: AbstractConnection) -> None:
        """Subscribe and read in turn while Redis answers: two tasks on one connection would break it."""
        deadline, is_asked = current_time() + PING, False
        while True:
            await self._update_subscriptions(connection)
            # Cancelling a read loses nothing: the received part of a message stays in the stream for the next read.
            with CancelScope(deadline=deadline) as self._reading:
                while True:
                    self._on_reply(await connection.read_response(disconnect_on_error=False, push_request=True))
                    self._reading.deadline, is_asked = current_time() + PING, False
            deadline = self._reading.deadline
            if current_time() >= deadline:
                if is_asked:
                    raise ConnectionError("no answer to a ping")
                await self._send(connection, "PING")
                deadline, is_asked = current_time() + ANSWER_LIMIT, True

    async def _update_subscriptions(self, connection: AbstractConnection) -> None:
        while self.wanted != self._subscribed:
            new, old = self.wanted - self._subscribed, self._subscribed - self.wanted
            self._subscribed = set(self.wanted)
            if new:
                await self._send(connection, "SUBSCRIBE", *new)
            if old:
                await self._send(connection, "UNSUBSCRIBE", *old)

    async def _send(self, connection: AbstractConnection, *words: str) -> None:
        async with asyncio.timeout(ANSWER_LIMIT):
            await connection.send_command(*words, check_health=False)

    def _on_reply(self, reply: object) -> None:
        match reply:
            case ["message", str(channel), str(message)]:
                self.receive(channel, message)
            case ["subscribe", str(channel), _]:
                self._confirmed.add(channel)
                self.resync(channel)
            case ["unsubscribe", str(channel), _]:
                self._confirmed.discard(channel)

    async def disconnect(self) -> None:
        await self._publisher.aclose()
