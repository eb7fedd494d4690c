"""A limit on the bytes of large responses that are being sent, in this process."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from anyio import CancelScope, current_time, fail_after, move_on_after

from discussit.limits.throttles import Throttled

MAX_SENDING = 64 * 1024 * 1024  # bytes
MAX_WAITING = 16 * 1024 * 1024  # bytes of responses that wait for their turn
SHARE = 16 * 1024 * 1024  # bytes of one holder, sending and waiting
TURN_LIMIT = 5  # seconds a response waits for its turn
STALLED = 1  # seconds without reading after which a reader gives way to a response that waits
READ_CREDIT = 30  # seconds without reading after which a reader is cut off
MIN_RATE = 8 * 1024  # bytes a second that a reader must read on average
RETRY_AFTER = 5  # seconds


class Full(Exception):
    """Too much is being sent for one more response, and did not become less in time."""


class Reader:
    """Who a response is being sent to. They are cut off when they have fallen READ_CREDIT behind MIN_RATE."""

    def __init__(self) -> None:
        self._scope = CancelScope(deadline=current_time() + READ_CREDIT)
        self.seen = current_time()  # when they last read

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Wrap sending, which ends early if the reader is cut off."""
        with self._scope:
            yield

    def has_read(self, size: int) -> None:
        self.seen = current_time()
        self._scope.deadline = min(self._scope.deadline + size / MIN_RATE, self.seen + READ_CREDIT)

    def cut_off(self) -> None:
        self._scope.cancel()

    @property
    def is_cut_off(self) -> bool:
        return self._scope.cancelled_caught


class Volume:
    """How many bytes of responses are being sent, in all and to whom."""

    def __init__(self) -> None:
        self._of_holder: Counter[str] = Counter()
        self._sending = self._waiting = 0
        self._readers: set[Reader] = set()
        self._ended = asyncio.Event()  # replaced each time

    @asynccontextmanager
    async def taken(self, holder: str, size: int) -> AsyncIterator[Reader]:
        """Count a response for the duration of the block. Whoever has none yet may have one of any size.

        Raises Throttled at the holder's share, and Full.
        """
        if self._of_holder[holder] and self._of_holder[holder] + size > SHARE:
            raise Throttled("large pages loading at the same time", RETRY_AFTER)
        self._of_holder[holder] += size
        try:
            if not self._has_room(size):
                await self._turn(size)
            with self._sent(size) as reader:
                yield reader
        finally:
            self._of_holder[holder] -= size
            if not self._of_holder[holder]:
                del self._of_holder[holder]

    def _has_room(self, size: int) -> bool:
        return not self._sending or self._sending + size <= MAX_SENDING

    async def _turn(self, size: int) -> None:
        if self._waiting + size > MAX_WAITING:
            raise Full
        self._waiting += size
        try:
            with fail_after(TURN_LIMIT):
                while not self._has_room(size):
                    self._cut_off_stalled()
                    with move_on_after(STALLED / 4):
                        await self._ended.wait()
        except TimeoutError:
            raise Full from None
        finally:
            self._waiting -= size

    def _cut_off_stalled(self) -> None:
        slowest = min(self._readers, key=lambda reader: reader.seen)
        if current_time() - slowest.seen >= STALLED:
            slowest.cut_off()

    @contextmanager
    def _sent(self, size: int) -> Iterator[Reader]:
        reader = Reader()
        self._readers.add(reader)
        self._sending += size
        try:
            yield reader
        finally:
            self._readers.remove(reader)
            self._sending -= size
            self._ended.set()
            self._ended = asyncio.Event()
