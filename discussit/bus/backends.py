"""Backends of `broadcaster` for the engines behind the bus: memory, and the base of all others.

The stock backends lose messages: they die with their connection and never reconnect, and if a
channel's first two subscribers come at the same time, one receives nothing. Here `subscribe` and
`unsubscribe` contain no await and never raise: they record what is wanted, and one task makes the
engine agree.
"""

import asyncio
import logging
import random
from abc import abstractmethod
from collections import deque
from typing import Protocol

from broadcaster import BroadcastBackend, Event

logger = logging.getLogger(__name__)

RESYNC = ""  # in place of a message: something may have been missed, read the database
CAPACITY = 10_000  # messages queued in a process
PING = 2.0  # seconds of silence before an engine is pinged
ANSWER_LIMIT = 2.0  # seconds an engine has to answer
RESYNC_PAUSE = 1.0  # seconds between two of a channel's RESYNCs that others may have caused
PAUSES = (0.1, 5.0)  # seconds between attempts to connect: the first pause, and the longest


class Inbox:
    """Received messages, queued for delivery. When it is full, one RESYNC per channel replaces them."""

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


class Checks(Protocol):
    """Tells messages that may be trusted from all others."""

    def begin(self, channel: str) -> None:
        """The channel is about to be delivered: what was sent until now, its subscribers will read in the database."""

    def forget(self, channel: str) -> None:
        """Nobody subscribes to the channel any more."""

    def message(self, channel: str, received: str) -> str | None:
        """The message; None if the database has to be read instead."""


class Backend(BroadcastBackend):
    """Delivers the messages of wanted channels, and confirms each subscription with RESYNC."""

    errors: tuple[type[Exception], ...] = (OSError,)  # raised when the engine is lost; others get a traceback
    reaches_others = True  # whether other processes may be on the same engine
    checks: Checks  # set by the bus

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self.is_connected = False
        self._inbox = Inbox()
        self._pausing: dict[str, bool] = {}  # channels that had a RESYNC in the last RESYNC_PAUSE: is another due?

    async def connect(self) -> None:
        pass

    @abstractmethod
    async def run(self) -> None:
        """Keep the connection for the life of the process, whatever happens to it."""

    def fits(self, _channel: str, _message: str) -> bool:
        """Whether the engine takes a message of this length."""
        return True

    async def subscribe(self, channel: str) -> None:
        """Deliver the channel's messages from now on. Engines that need a request per channel override this."""
        self.want(channel)
        self.resync(channel)

    def want(self, channel: str) -> None:
        if channel not in self.wanted:
            self.wanted.add(channel)
            self.checks.begin(channel)

    async def unsubscribe(self, channel: str) -> None:
        self.wanted.discard(channel)
        self.checks.forget(channel)

    def resync(self, channel: str) -> None:
        """Have the channel's subscribers read the database: it is delivered from now on, or again."""
        if channel in self.wanted:
            self._inbox.put(channel, RESYNC)

    def receive(self, channel: str, received: str) -> None:
        """Called with whatever the engine delivers."""
        if channel not in self.wanted:
            return
        message = self.checks.message(channel, received)
        if message is None:
            self._resync_sometimes(channel)
        else:
            self._inbox.put(channel, message)

    def _resync_sometimes(self, channel: str) -> None:
        """The same, now or at the end of a pause: the database must not be read for each forged message."""
        if channel in self._pausing:
            self._pausing[channel] = True
            return
        self.resync(channel)
        self._pausing[channel] = False
        asyncio.get_running_loop().call_later(RESYNC_PAUSE, self._end_pause, channel)

    def _end_pause(self, channel: str) -> None:
        if self._pausing.pop(channel):
            self._resync_sometimes(channel)

    async def next_published(self) -> Event:
        return await self._inbox.get()


class MemoryBackend(Backend):
    """For a single process: there is nothing to connect to, and nobody to publish to."""

    reaches_others = False

    async def connect(self) -> None:
        self.is_connected = True

    async def run(self) -> None:
        pass

    async def disconnect(self) -> None:
        self.is_connected = False


class SupervisedBackend(Backend):
    """An engine in another process. A single task uses the connection, and replaces it when it is lost."""

    name: str

    async def run(self) -> None:
        pause, longest = PAUSES
        while True:
            await self._listen_until_lost()
            if self.is_connected:
                pause = PAUSES[0]
            self.is_connected = False
            # Random, so that not all processes reconnect to a restarted engine at the same moment.
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(pause * 2, longest)

    async def _listen_until_lost(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            await self.listen()
        except (Exception, asyncio.CancelledError) as error:
            # Client libraries raise anything when a connection breaks in the middle of an operation: AttributeError,
            # RuntimeError, even CancelledError from a future of their own. In any case the connection is replaced.
            if isinstance(error, asyncio.CancelledError) and task.cancelling():
                raise
            unexpected = None if isinstance(error, self.errors) else error
            text = "the %s bus is down: %s; readers rely on the database"
            logger.warning(text, self.name, type(error).__name__, exc_info=unexpected)

    @abstractmethod
    async def listen(self) -> None:
        """Connect, call `connected`, confirm and deliver wanted channels. Raises when the connection is lost."""

    def connected(self) -> None:
        self.is_connected = True
        for channel in self.wanted:
            self.checks.begin(channel)
        logger.info("the %s bus is connected", self.name)
