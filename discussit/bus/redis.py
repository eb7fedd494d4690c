"""The bus on Redis: one connection listens, a pool publishes."""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from discussit.bus.backends import ANSWER_LIMIT, PING, SupervisedBackend

# Redis closes nothing and redis-py ends its loop when no channel is left: this one always is.
KEEPALIVE = "discussit.keepalive"


class RedisBackend(SupervisedBackend):
    """`redis://`, `rediss://` and `unix://`, as redis-py reads them."""

    name = "Redis"
    errors = (RedisError, OSError)

    def __init__(self, url: str) -> None:
        super().__init__()
        limits: dict[str, Any] = {
            "socket_timeout": ANSWER_LIMIT,
            "socket_connect_timeout": ANSWER_LIMIT,
            "decode_responses": True,
        }
        # A lost connection must be noticed rather than mended behind our back: what was published
        # meanwhile is missed, and only a RESYNC says so.
        self._listener = Redis.from_url(url, **limits, retry=Retry(NoBackoff(), 0))
        self._publisher = Redis.from_url(url, **limits, retry=Retry(NoBackoff(), 1))

    async def publish(self, channel: str, message: Any) -> None:
        async with asyncio.timeout(2 * ANSWER_LIMIT):
            await self._publisher.publish(channel, message)

    async def listen(self) -> None:
        pubsub = self._listener.pubsub()
        try:
            await pubsub.subscribe(KEEPALIVE)
            self.changed.set()
            self.connected()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear(pubsub))
                tasks.create_task(self._subscribe(pubsub))
        except BaseExceptionGroup as lost:
            raise lost.exceptions[0] from None
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _hear(self, pubsub: PubSub) -> None:
        """Deliver messages. A connection that is silent even when it is asked is dead."""
        is_asked = False
        while True:
            message = await pubsub.get_message(timeout=PING)
            if message is None and is_asked:
                raise ConnectionError("no answer to a ping")
            is_asked = message is None
            if message is None:
                await pubsub.ping()
            elif message["type"] == "message":
                self.receive(message["channel"], message["data"])
            elif message["type"] == "subscribe":
                self.confirm(message["channel"])
            elif message["type"] == "unsubscribe":
                self.release(message["channel"])

    async def _subscribe(self, pubsub: PubSub) -> None:
        """Keep what the connection listens to equal to what is wanted."""
        listened: set[str] = set()
        task = asyncio.current_task()
        assert task is not None
        # Before Python 3.12 `asyncio.wait_for`, with which redis-py sends, can swallow a cancellation.
        while not task.cancelling():
            await self.changed.wait()
            self.changed.clear()
            if new := self.wanted - listened:
                await pubsub.subscribe(*new)
            if old := listened - self.wanted:
                await pubsub.unsubscribe(*old)
            listened = (listened | new) - old

    async def disconnect(self) -> None:
        await self._listener.aclose()
        await self._publisher.aclose()
