"""Signed messages on channels, over any engine."""

import asyncio
import logging
import multiprocessing
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from anyio import create_task_group, current_time, move_on_after, sleep_until
from broadcaster import Broadcast

from discussit.bus.backends import CAPACITY, RESYNC, Backend, MemoryBackend
from discussit.bus.signing import Receiver, Sender, Signatures
from discussit.settings import Settings

logger = logging.getLogger(__name__)

CHECKED_WITHIN = 2.0  # seconds within which each process compares all with the database (delivery/polling.py)
NO_SHARED_BUS = (
    "workers share no bus: each finds the others' entries only when it polls, up to 2 seconds later:"
    " set BROADCAST_URL=redis://… or postgresql://…"
)


class _Posted(NamedTuple):
    channel: str
    message: str
    if_lost: Callable[[], object]


class Bus:
    """Publishes and receives signed messages on channels, through `broadcaster`."""

    def __init__(self, settings: Settings, backend: Backend | None = None) -> None:
        self._backend = backend or new_backend(settings)
        self._broadcast = Broadcast(backend=self._backend)
        # Write access to the engine must not be enough to forge entries.
        signatures = Signatures(settings.secret_key)
        self._sender = Sender(signatures)
        self._backend.checks = Receiver(signatures)
        self._outbox: deque[_Posted] = deque()
        self._filled = asyncio.Event()
        self._posted = self._settled = 0  # messages, in all; settled are those that were published or lost
        self._settles = asyncio.Event()
        self._lost_at = -CHECKED_WITHIN  # when one was lost, by the loop's clock

    @property
    def is_connected(self) -> bool:
        """Whether the engine answers. While it does not, readers rely on the database."""
        return self._backend.is_connected

    @property
    def reaches_others(self) -> bool:
        """Whether what is posted is delivered: to other processes, and to this one in the same order."""
        return self._backend.reaches_others

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        await self._broadcast.connect()
        try:
            yield
        finally:
            # Not its disconnect(), which would raise its listener's error here and leave the engine connected.
            self._broadcast._listener_task.cancel()
            await self._backend.disconnect()

    def post(self, channel: str, message: str, if_lost: Callable[[], object] = lambda: None) -> None:
        """Queue a message to publish. Never waits or raises; if the engine is down or slow, the oldest are dropped.

        `if_lost` is called if it can't be published.
        """
        if len(self._outbox) == CAPACITY:
            self._settle(self._outbox.popleft(), is_lost=True)
        self._posted += 1
        self._outbox.append(_Posted(channel, message, if_lost))
        self._filled.set()

    async def others_notified(self) -> None:
        """Return when other processes know what was posted: it is published, or they have read the database."""
        last = self._posted
        with move_on_after(CHECKED_WITHIN):
            while self._settled < last:
                self._settles.clear()
                await self._settles.wait()
            await sleep_until(self._lost_at + CHECKED_WITHIN)

    async def run(self) -> None:
        """Keep the engine's connection and publish queued messages in order, for the life of the process."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._backend.run)
            tasks.start_soon(self._watch_listener)
            await self._deliver()

    async def _watch_listener(self) -> None:
        """Raise if the task in which `broadcaster` distributes messages ends: nothing else would notice."""
        listener = self._broadcast._listener_task
        await asyncio.wait([listener])
        raise RuntimeError("broadcaster's listener ended") from (None if listener.cancelled() else listener.exception())

    async def _deliver(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outbox:
                posted = self._outbox.popleft()
                self._settle(posted, is_lost=not await self._publish(posted.channel, posted.message))

    def _settle(self, posted: "_Posted", *, is_lost: bool) -> None:
        if is_lost:
            self._lost_at = current_time()
            posted.if_lost()
        self._settled += 1
        self._settles.set()

    async def _publish(self, channel: str, message: str) -> bool:
        try:
            await self._broadcast.publish(channel, self._signed(channel, message))
        except Exception as error:
            # The entry is committed and rooms poll: a lost message only delays readers, so it
            # must not end this task. The engines' errors share no base class.
            unexpected = None if isinstance(error, self._backend.errors) else error
            logger.warning("could not publish to %s: %s", channel, type(error).__name__, exc_info=unexpected)
            return False
        return True

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """The channel's messages from now on; the first is RESYNC, once the engine has confirmed the subscription."""
        async with self._broadcast.subscribe(channel) as subscriber:
            # Broadcast calls its backend only for a channel's first subscriber; each needs its RESYNC.
            await self._backend.subscribe(channel)
            yield self._messages(subscriber)

    async def _messages(self, subscriber: Any) -> AsyncIterator[str]:
        async for event in subscriber:
            yield event.message

    def _signed(self, channel: str, message: str) -> str:
        """The message as it is published; RESYNC in its place if it is too long for the engine."""
        signed = self._sender.signed(channel, message)
        return signed if self._backend.fits(channel, signed) else self._sender.signed(channel, RESYNC)


def new_backend(settings: Settings) -> Backend:
    """The backend for BROADCAST_URL. Its client library is imported only if it is used."""
    url = settings.broadcast_url
    if url.startswith("memory:"):
        if _is_worker():
            logger.warning(NO_SHARED_BUS)
        return MemoryBackend()
    if url.startswith("postgresql:"):
        from discussit.bus.postgres import PostgresBackend

        return PostgresBackend(url)
    from discussit.bus.redis import RedisBackend

    return RedisBackend(url)


def _is_worker() -> bool:
    """Whether this is one of uvicorn's `--workers`, which starts the process of `--reload` in the same way."""
    return isinstance(multiprocessing.current_process(), SpawnProcess) and "--reload" not in sys.argv
