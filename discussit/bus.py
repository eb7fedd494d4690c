"""What tells every process of what was written. The only module that knows `broadcaster`.

Delivery is at most once and may be doubled or late: a message is a hint. Whoever follows a
channel is told RESYNC whenever something may have been missed, and then reads the database.
"""

import asyncio
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from broadcaster import Broadcast, BroadcastBackend, Event

from discussit.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

RESYNC = ""  # in place of a message: read the database, something may have been missed
CAPACITY = 10_000  # messages that wait in a process, each way
PEOPLE = "people"  # the channel of ended sessions, and of who joined or left what


def group_channel(uuid: object) -> str:
    return f"group.{uuid}"


class Inbox:
    """Messages that arrived and wait to be delivered; when there are too many, one RESYNC for each channel."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._filled = asyncio.Event()

    def put(self, channel: str, message: str) -> None:
        if len(self._events) >= self._capacity:
            channels = dict.fromkeys(event.channel for event in self._events)
            self._events = deque(Event(waiting, RESYNC) for waiting in channels)
        self._events.append(Event(channel, message))
        self._filled.set()

    async def get(self) -> Event:
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        return self._events.popleft()


class MemoryBackend(BroadcastBackend):
    """One process, nothing to connect to.

    `subscribe` and `unsubscribe` contain no await and never raise, which closes the races of
    `Broadcast.subscribe`; every subscription is confirmed by RESYNC.
    """

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._inbox = Inbox()

    async def connect(self) -> None: ...

    async def disconnect(self) -> None: ...

    async def subscribe(self, channel: str) -> None:
        self._wanted.add(channel)
        self._inbox.put(channel, RESYNC)

    async def unsubscribe(self, channel: str) -> None:
        self._wanted.discard(channel)

    async def publish(self, channel: str, message: Any) -> None:
        if channel in self._wanted:
            self._inbox.put(channel, message)

    async def next_published(self) -> Event:
        return await self._inbox.get()


class Bus:
    """Signed messages on channels, through `broadcaster`."""

    def __init__(self, settings: Settings, backend: BroadcastBackend | None = None) -> None:
        self._backend = backend or make_backend(settings)
        self._broadcast = Broadcast(backend=self._backend)
        # Whoever can write to the engine must not be able to put words into a log.
        self._key = hashlib.sha256(b"discussit.bus" + settings.secret_key.encode()).digest()
        self._outbox: deque[tuple[str, str]] = deque(maxlen=CAPACITY)
        self._filled = asyncio.Event()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        async with self._broadcast:
            yield

    def post(self, channel: str, message: str) -> None:
        """Publish soon. Never waits or raises; when the engine is down or too slow the oldest are dropped."""
        self._outbox.append((channel, message))
        self._filled.set()

    async def deliver(self) -> None:
        """Publish what is posted, in order, for as long as the process lives."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outbox:
                await self._publish(*self._outbox.popleft())

    async def _publish(self, channel: str, message: str) -> None:
        try:
            await self._broadcast.publish(channel, self._sign(channel, message))
        except Exception:
            # The entry is committed and rooms re-check: a lost wake-up delays readers, so it
            # must not end this task. The backends' errors share no base class.
            logger.exception("could not publish to %s", channel)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """The channel's messages from now on; the first is RESYNC, once the engine has confirmed."""
        async with self._broadcast.subscribe(channel) as subscriber:
            # Broadcast tells its backend of a channel's first subscriber only; each wants its RESYNC.
            await self._backend.subscribe(channel)
            yield self._messages(channel, subscriber)

    async def _messages(self, channel: str, subscriber: Any) -> AsyncIterator[str]:
        async for event in subscriber:
            yield self._verified(channel, event.message)

    def _sign(self, channel: str, message: str) -> str:
        return self._signature(channel, message) + message

    def _verified(self, channel: str, signed: str) -> str:
        """The message, or RESYNC where its signature is not ours."""
        if signed == RESYNC:
            return RESYNC
        signature, message = signed[:SIGNATURE], signed[SIGNATURE:]
        if hmac.compare_digest(signature.encode(errors="surrogatepass"), self._signature(channel, message).encode()):
            return message
        logger.warning("a message on %s has a wrong signature; reading the database instead", channel)
        return RESYNC

    def _signature(self, channel: str, message: str) -> str:
        text = f"{channel}\n{message}".encode(errors="surrogatepass")
        mac = hashlib.blake2b(text, key=self._key, digest_size=SIGNATURE // 2)
        return mac.hexdigest()


SIGNATURE = 32  # hexadecimal digits


def make_backend(_settings: Settings) -> BroadcastBackend:
    return MemoryBackend()


def check_backend(settings: Settings) -> None:
    """Raises SettingsError for an engine that is not served yet, rather than let its processes be deaf."""
    if not settings.broadcast_url.startswith("memory:"):
        raise SettingsError("BROADCAST_URL", settings.broadcast_url, "this version serves memory:// only, one process")
