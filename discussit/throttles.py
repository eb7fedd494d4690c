"""How often anyone may do what before they have to wait.

Counted in this process or, where several share a Redis, there. While that does not answer each process counts
for itself: a throttle is never a reason not to serve.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from anyio import current_time, fail_after
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.requests import HTTPConnection

from discussit.addresses import source_of
from discussit.device_cookies import DeviceCookies
from discussit.fields import FieldError
from discussit.models.accounts import username_key
from discussit.settings import Settings
from discussit.wire import ErrorCode, Refused

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

BURST = 5  # seconds' worth of messages that may be sent at once
ANSWER_LIMIT = 0.5  # seconds that Redis may take to count one
CONNECTIONS = 4  # to Redis, of one process
TRY_AGAIN = 15  # seconds after which a place may be free again
THIS_MACHINE = ("127.0.0.1", "::1")
REST = 30  # seconds until it is asked again after it did not answer

Answer = TypeVar("Answer")


class Throttled(Refused):
    """Too often: `retry_after` says in how many seconds to come back."""

    def __init__(self, what: str, seconds: int) -> None:
        wait = f"{seconds} s" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
        super().__init__(ErrorCode.RATE_LIMITED, f"Too many {what}. Please wait {wait}.", seconds)
        self.what = what


@dataclass(frozen=True)
class Limit:
    """How many of what in which time."""

    what: str  # in words for people, and the limit's name
    item: RateLimitItem


# Wrong passwords; right ones are taken off again. ASVS 6.3.1 allows a hundred an hour for an account.
GUESSES_OF_ACCOUNT = Limit("wrong passwords for this account", RateLimitItemPerMinute(10, 15))
GUESSES_OF_DEVICE = Limit("wrong passwords from this browser", RateLimitItemPerMinute(10, 15))
# By address there is room for an office or a school behind one.
GUESSES_OF_ADDRESS = Limit("wrong passwords from this network", RateLimitItemPerMinute(100, 15))
# Right passwords. Each costs as much as a wrong one, and who waits for theirs to be checked waits behind all others.
LOGINS = Limit("logins to this account", RateLimitItemPerMinute(120))
SIGN_UPS = Limit("new accounts from this network", RateLimitItemPerHour(300))
# No person is as quick; a browser that comes back takes ever longer pauses.
JOINS_AND_LEAVES = Limit("joins and leaves", RateLimitItemPerMinute(300))
CONNECTS = Limit("new connections", RateLimitItemPerMinute(1200))


class Throttles:
    """Everything that is counted. Whoever does it too often is Throttled."""

    def __init__(self, settings: Settings) -> None:
        self._tally = Tally(settings.broadcast_url)
        self.devices = DeviceCookies(settings.secret_key)
        rate = settings.message_rate
        self._messages = Limit("messages at once", RateLimitItemPerSecond(rate * BURST, BURST)) if rate else None
        self.close = self._tally.close

    async def message(self, username: str) -> None:
        if self._messages is not None:
            await self._tally.add(self._messages, username)

    async def join_or_leave(self, username: str) -> None:
        await self._tally.add(JOINS_AND_LEAVES, username)

    async def connect(self, username: str) -> None:
        await self._tally.add(CONNECTS, username)

    async def sign_up(self, conn: HTTPConnection) -> None:
        if address := address_of(conn):
            await self._tally.add(SIGN_UPS, address)

    @asynccontextmanager
    async def guess(self, conn: HTTPConnection, username: str) -> AsyncIterator[None]:
        """Around the check of a password: counts a login or, when a FieldError is raised, a wrong guess.

        Counted as both before, since many at once must not all be let through while none has been found wrong.
        """
        guesses = self._guesses(conn, username)
        for limit, whose in guesses:
            await self._tally.add(limit, whose)
        is_wrong = False
        try:
            await self._tally.add(LOGINS, _hidden(username))
            yield
        except FieldError:
            is_wrong = True
            # Who only guesses keeps nobody out.
            await self._tally.add(LOGINS, _hidden(username), -1)
            raise
        finally:
            for limit, whose in [] if is_wrong else guesses:
                await self._tally.add(limit, whose, -1)

    def _guesses(self, conn: HTTPConnection, username: str) -> list[tuple[Limit, str]]:
        if device := self.devices.device(conn, username):
            return [(GUESSES_OF_DEVICE, device)]
        address = address_of(conn)
        return [
            *([(GUESSES_OF_ADDRESS, address)] if address else []),
            (GUESSES_OF_ACCOUNT, _hidden(username)),
        ]


def _hidden(username: str) -> str:
    return hashlib.sha256(username_key(username).encode(errors="replace")).hexdigest()


def address_of(conn: HTTPConnection) -> str:
    """Where the request comes from, of IPv6 the /64 that one customer is given. Empty where nobody can tell.

    A proxy on this machine that does not say for whom it asks would make everybody one address, so its own counts
    as nobody's.
    """
    address = source_of(conn)
    if address is None or str(address) in THIS_MACHINE:
        return ""
    return str(IPv6Network((int(address), 64), strict=False) if isinstance(address, IPv6Address) else address)


class Places:
    """How much of something each holder has at a time, in this process; a limit of 0 is none."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, holder: str) -> Iterator[None]:
        """Raises Throttled when the holder has enough. Nobody, the empty name, has never."""
        if holder and 0 < self._limit <= self._taken[holder]:
            raise Throttled(self._what, TRY_AGAIN)
        self._taken[holder] += 1
        try:
            yield
        finally:
            self._taken[holder] -= 1
            if not self._taken[holder]:
                del self._taken[holder]


class Tally:
    """Counts in windows that begin with the first of a kind. Redis, where there is one, counts for all processes."""

    def __init__(self, broadcast_url: str) -> None:
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        self._faults: tuple[type[Exception], ...] = (OSError, TimeoutError)
        self._pool: ConnectionPool | None = None
        self._rests_until = 0.0
        if broadcast_url.startswith(("redis", "unix")):
            self._share(broadcast_url)

    def _share(self, url: str) -> None:
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        # One retry, for a connection that Redis has dropped since it was last used.
        patience = {"retry": Retry(NoBackoff(), 1), "socket_connect_timeout": ANSWER_LIMIT, "timeout": ANSWER_LIMIT}
        self._pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, **patience)
        storage = RedisStorage("async+redis://", implementation="redispy", connection_pool=self._pool)  # type: ignore[arg-type]  # it says scalars only
        self._shared = FixedWindowRateLimiter(storage)
        self._faults = (*self._faults, RedisError)

    async def add(self, limit: Limit, whose: str, count: int = 1) -> None:
        """Raises Throttled when that was too many."""
        seconds = await self._counted(lambda limiter: _add(limiter, limit, whose, count))
        if seconds:
            raise Throttled(limit.what, seconds)

    async def _counted(self, count: Callable[[FixedWindowRateLimiter], Awaitable[Answer]]) -> Answer:
        if self._shared is not None and current_time() >= self._rests_until:
            try:
                with fail_after(ANSWER_LIMIT):
                    counted = await count(self._shared)
                self._rests_until = 0
                return counted
            except self._faults as error:
                self._rest(error)
        return await count(self._here)

    def _rest(self, error: Exception) -> None:
        if self._rests_until == 0:
            logger.warning("Redis does not count (%s): each process does so for itself", type(error).__name__)
        self._rests_until = current_time() + REST

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.disconnect()


async def _add(limiter: FixedWindowRateLimiter, limit: Limit, whose: str, count: int) -> int:
    """Seconds to wait, 0 for none."""
    if await limiter.hit(limit.item, limit.what, whose, cost=count):
        return 0
    reset_time = (await limiter.get_window_stats(limit.item, limit.what, whose)).reset_time
    return max(1, ceil(reset_time - time.time()))
