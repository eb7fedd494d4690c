"""Somebody who can read and write the bus's engine, but has no key."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
from engines import Redis
from redis.asyncio import Redis as Client

LIMIT = 20  # seconds


class Eavesdropper:
    """Records what is published, and publishes it again."""

    def __init__(self, publish):
        self.recorded = []
        self.publish = publish

    async def has_recorded(self, count):
        async with asyncio.timeout(LIMIT):
            while len(self.recorded) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def replays(self, times=1):
        for channel, message in self.recorded[:] * times:
            await self.publish(channel, message)


@asynccontextmanager
async def eavesdropping(engine):
    async with on_redis(engine) if isinstance(engine, Redis) else on_postgres(engine) as mallory:
        yield mallory


@asynccontextmanager
async def on_redis(engine):
    async with Client.from_url(engine.bus_url) as client, client.pubsub() as listener:
        mallory = Eavesdropper(client.publish)
        await listener.psubscribe("*")

        async def listen():
            async for each in listener.listen():
                if each["type"] == "pmessage":
                    mallory.recorded.append((each["channel"], each["data"]))

        listening = asyncio.create_task(listen())
        yield mallory
        listening.cancel()
        await asyncio.wait([listening])


@asynccontextmanager
async def on_postgres(engine):
    listener, writer = await asyncpg.connect(engine.bus_url), await asyncpg.connect(engine.bus_url)
    mallory = Eavesdropper(lambda channel, text: writer.execute("SELECT pg_notify($1, $2)", channel, text))
    await listener.add_listener("discussit", lambda _on, _pid, *message: mallory.recorded.append(message))
    yield mallory
    listener.terminate()
    writer.terminate()
