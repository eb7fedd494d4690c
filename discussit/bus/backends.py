"""The engines behind the bus, as backends of `broadcaster`: memory, and what supervised ones share.

The stock backends lose messages: they die with their connection and never come back, and two
first subscribers at once make one of them deaf. Here `subscribe` and `unsubscribe` contain no
await and never raise: they say what is wanted, and one task brings the engine to it.
"""

import asyncio
import logging
import random
from abc import abstractmethod
from collections import deque
from typing import Any

from broadcaster import BroadcastBackend, Event

logger = logging.getLogger(__name__)

RESYNC = ""  # in place of a message: read the database, something may have been missed
CAPACITY = 10_000  # messages that wait in a process
PING = 2.0  # seconds of silence after which an engine is asked whether it lives
ANSWER_LIMIT = 2.0  # seconds that an engine has to answer
PAUSES = (0.1, 5.0)  # seconds between attempts to connect: the first, and the longest


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


class Backend(BroadcastBackend):
    """What every engine does: it delivers what is wanted, and confirms each subscription with RESYNC."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self.is_connected = False
        self._inbox = Inbox()

    async def connect(self) -> None:
        pass

    @abstractmethod
    async def run(self) -> None:
        """Keep the connection for as long as the process lives. An error that is not the engine's is raised."""

    def receive(self, channel: str, message: str) -> None:
        if channel in self.wanted:
            self._inbox.put(channel, message)

    async def unsubscribe(self, channel: str) -> None:
        self.wanted.discard(channel)

    async def next_published(self) -> Event:
        return await self._inbox.get()


class MemoryBackend(Backend):
    """One process, nothing to connect to."""

    async def connect(self) -> None:
        self.is_connected = True

    async def run(self) -> None:
        pass

    async def disconnect(self) -> None:
        self.is_connected = False

    async def subscribe(self, channel: str) -> None:
        self.wanted.add(channel)
        self.receive(channel, RESYNC)

    async def publish(self, channel: str, message: Any) -> None:
        self.receive(channel, message)


class SupervisedBackend(Backend):
    """An engine in another process: one task owns the connection and brings it back when it is lost."""

    name: str
    errors: tuple[type[Exception], ...]  # what tells that the connection is lost

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()
        self._confirmed: set[str] = set()

    async def run(self) -> None:
        """That the engine is down is no error: it is joined when it comes up."""
        pause, longest = PAUSES
        while True:
            try:
                await self.listen()
            except self.errors as error:
                logger.warning("the %s bus is down: %s; readers rely on the database", self.name, type(error).__name__)
            if self.is_connected:
                pause = PAUSES[0]
            self.is_connected = False
            self._confirmed.clear()
            # Random, so that a restarted engine does not meet all its processes in the same moment.
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(pause * 2, longest)

    async def subscribe(self, channel: str) -> None:
        self.wanted.add(channel)
        self.changed.set()
        # A channel that is being listened to already is not confirmed again; one of an engine that
        # is down will be, and until then its readers rely on the database.
        if channel in self._confirmed or not self.is_connected:
            self.receive(channel, RESYNC)

    async def unsubscribe(self, channel: str) -> None:
        await super().unsubscribe(channel)
        self.changed.set()

    def confirm(self, channel: str) -> None:
        self._confirmed.add(channel)
        self.receive(channel, RESYNC)

    def release(self, channel: str) -> None:
        self._confirmed.discard(channel)

    @abstractmethod
    async def listen(self) -> None:
        """Connect, call `connected`, keep the subscriptions to what is wanted; raises when the connection is lost."""

    def connected(self) -> None:
        self.is_connected = True
        logger.info("the %s bus is connected", self.name)
