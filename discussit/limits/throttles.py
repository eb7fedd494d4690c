"""Rate limits: how often clients may do something.

Counted in Redis if the bus uses one, else in this process. While Redis does not answer, each process counts
by itself: requests are never refused because nothing can count them.
"""

import hashlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from anyio import current_time, fail_after
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.requests import HTTPConnection

from discussit.accounts.device_cookies import DeviceCookies
from discussit.client_address import client_network
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.models.accounts import username_key
from discussit.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

BURST = 5  # seconds' worth of messages that may be sent in one go
ANSWER_LIMIT = 0.5  # seconds Redis may take to count one act
CONNECTIONS = 4  # to Redis, per process
REDIS_PAUSE = 30  # seconds without asking Redis after it did not answer

Answer = TypeVar("Answer")


class Throttled(Refused):
    """Too many of `what`. `retry_after` is the number of seconds to wait."""

    def __init__(self, what: str, seconds: int) -> None:
        wait = f"{seconds} s" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
        super().__init__(ErrorCode.RATE_LIMITED, f"Too many {what}. Please wait {wait}.", seconds)
        self.what = what


@dataclass(frozen=True)
class Limit:
    """How many of `what` are allowed per period."""

    what: str  # in words for people, and the limit's name
    item: RateLimitItem


# Wrong passwords; right ones are subtracted again. ASVS 6.3.1 allows a hundred an hour per account.
GUESSES_OF_ACCOUNT = Limit("wrong passwords for this account", RateLimitItemPerMinute(10, 15))
GUESSES_OF_DEVICE = Limit("wrong passwords from this browser", RateLimitItemPerMinute(10, 15))
# An office or a school may share one address.
GUESSES_OF_ADDRESS = Limit("wrong passwords from this network", RateLimitItemPerMinute(100, 15))
# Right passwords. Each costs as much as a wrong one, and logins wait for each other's hashing.
LOGINS = Limit("logins to this account", RateLimitItemPerMinute(120))
SIGN_UPS = Limit("new accounts from this network", RateLimitItemPerHour(300))
# No person is that fast; a browser that reconnects pauses longer and longer.
JOINS_AND_LEAVES = Limit("joins and leaves", RateLimitItemPerMinute(300))
CONNECTS = Limit("new connections", RateLimitItemPerMinute(1200))


class Throttles:
    """This site's rate limits. All methods raise Throttled at the limit."""

    def __init__(self, settings: Settings) -> None:
        self._counter = RateCounter(settings.broadcast_url)
        self.device_cookies = DeviceCookies(settings.secret_key)
        rate = settings.message_rate
        self._messages = Limit("messages at once", RateLimitItemPerSecond(rate * BURST, BURST)) if rate else None
        self.close = self._counter.close

    async def message(self, username: str) -> None:
        if self._messages is not None:
            await self._counter.add(self._messages, username)

    async def join_or_leave(self, username: str) -> None:
        await self._counter.add(JOINS_AND_LEAVES, username)

    async def connect(self, username: str) -> None:
        await self._counter.add(CONNECTS, username)

    async def sign_up(self, conn: HTTPConnection) -> None:
        if network := client_network(conn):
            await self._counter.add(SIGN_UPS, network)

    @asynccontextmanager
    async def guess(self, conn: HTTPConnection, username: str) -> AsyncIterator[None]:
        """Wrap the check of a password: counts a login or, if it raises FieldError, a wrong guess.

        Counts both before the check, so that of many simultaneous attempts not all pass before the first one
        turns out wrong.
        """
        guesses = self._guesses(conn, username)
        for limit, holder in guesses:
            await self._counter.add(limit, holder)
        is_wrong = False
        try:
            await self._counter.add(LOGINS, _hidden(username))
            yield
        except FieldError:
            is_wrong = True
            # Guessing must not use up the logins of the account's owner.
            await self._counter.add(LOGINS, _hidden(username), -1)
            raise
        finally:
            for limit, holder in [] if is_wrong else guesses:
                await self._counter.add(limit, holder, -1)

    def _guesses(self, conn: HTTPConnection, username: str) -> list[tuple[Limit, str]]:
        if device := self.device_cookies.device(conn, username):
            return [(GUESSES_OF_DEVICE, device)]
        network = client_network(conn)
        return [
            *([(GUESSES_OF_ADDRESS, network)] if network else []),
            (GUESSES_OF_ACCOUNT, _hidden(username)),
        ]


def _hidden(username: str) -> str:
    return hashlib.sha256(username_key(username).encode(errors="replace")).hexdigest()


class RateCounter:
    """Counts in windows that begin with the first act. With Redis, all processes count together."""

    def __init__(self, broadcast_url: str) -> None:
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        self._errors: tuple[type[Exception], ...] = (OSError,)  # others are logged with a traceback
        self._pool: ConnectionPool | None = None
        self._paused_until = 0.0
        if broadcast_url.startswith(("redis", "unix")):
            self._share(broadcast_url)

    def _share(self, url: str) -> None:
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        # One retry, for a connection that Redis has dropped since it was last used.
        limits = {"retry": Retry(NoBackoff(), 1), "socket_connect_timeout": ANSWER_LIMIT, "timeout": ANSWER_LIMIT}
        self._pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, **limits)
        storage = RedisStorage("async+redis://", implementation="redispy", connection_pool=self._pool)  # type: ignore[arg-type]  # it says scalars only
        self._shared = FixedWindowRateLimiter(storage)
        self._errors = (RedisError, OSError)

    async def add(self, limit: Limit, holder: str, count: int = 1) -> None:
        """Count `count` more acts of the holder. Raises Throttled at the limit."""
        seconds = await self._counted(lambda limiter: _add(limiter, limit, holder, count))
        if seconds:
            raise Throttled(limit.what, seconds)

    async def _counted(self, count: Callable[[FixedWindowRateLimiter], Awaitable[Answer]]) -> Answer:
        if self._shared is not None and current_time() >= self._paused_until:
            try:
                with fail_after(ANSWER_LIMIT):
                    counted = await count(self._shared)
                self._paused_until = 0
                return counted
            except Exception as error:
                # redis-py raises anything when a connection breaks in the middle of an operation: RuntimeError,
                # AttributeError, IndexError. In any case nothing was counted that can be relied on.
                self._pause(error)
        return await count(self._local)

    def _pause(self, error: Exception) -> None:
        if self._paused_until == 0:
            unexpected = None if isinstance(error, self._errors) else error
            text = "Redis does not count (%s): each process does so for itself"
            logger.warning(text, type(error).__name__, exc_info=unexpected)
        self._paused_until = current_time() + REDIS_PAUSE

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.disconnect()


async def _add(limiter: FixedWindowRateLimiter, limit: Limit, holder: str, count: int) -> int:
    """Return the seconds to wait, 0 if allowed."""
    if await limiter.hit(limit.item, limit.what, holder, cost=count):
        return 0
    reset_time = (await limiter.get_window_stats(limit.item, limit.what, holder)).reset_time
    return max(1, ceil(reset_time - time.time()))
