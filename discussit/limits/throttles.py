"""Rate limits: how often clients may do something.

Counted in Redis if the bus uses one, else in this process. While Redis does not answer, each process counts
by itself: requests are never refused because nothing can count them. What a limit refuses counts nowhere, so that
trying again neither extends a limit nor reaches another one.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from math import ceil
from random import getrandbits
from typing import TYPE_CHECKING

from anyio import CancelScope, current_time, fail_after
from starlette.requests import HTTPConnection

from discussit.accounts.device_cookies import DeviceCookies
from discussit.client_address import client_network
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.limits.windows import Full, LocalWindows, RedisWindows, Window, Windows
from discussit.models.accounts import username_key
from discussit.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

BURST = 5  # seconds' worth of messages that may be sent in one go
ANSWER_LIMIT = 0.5  # seconds Redis may take to count one act
CONNECTIONS = 4  # to Redis, per process
REDIS_PAUSE = 30  # seconds without asking Redis after it did not answer
MINUTE, HOUR = 60, 3600  # seconds


class Throttled(Refused):
    """Too many of `what`. `retry_after` is the number of seconds to wait."""

    def __init__(self, what: str, seconds: int) -> None:
        wait = f"{seconds} s" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
        super().__init__(ErrorCode.RATE_LIMITED, f"Too many {what}. Please wait {wait}.", seconds)
        self.what = what


@dataclass(frozen=True)
class Limit:
    """How many of `what` are allowed in a window of so many seconds."""

    what: str  # in words for people, and the limit's name
    amount: int
    seconds: int


Place = tuple[Limit, str]  # a limit, and whose acts it counts

# Wrong passwords. ASVS 6.3.1 allows a hundred an hour per account.
GUESSES_OF_ACCOUNT = Limit("wrong passwords for this account", 10, 15 * MINUTE)
GUESSES_OF_DEVICE = Limit("wrong passwords from this browser", 10, 15 * MINUTE)
# An office or a school may share one address.
GUESSES_OF_ADDRESS = Limit("wrong passwords from this network", 100, 15 * MINUTE)
# Right passwords. Each costs as much as a wrong one, and logins wait for each other's hashing.
LOGINS = Limit("logins to this account", 120, MINUTE)
SIGN_UPS = Limit("new accounts from this network", 300, HOUR)
# Names that are taken, mostly. Each may cost as much as a login, and says who has an account.
REFUSED_SIGN_UPS = Limit("refused sign-ups from this network", 300, 15 * MINUTE)
# No person is that fast; a browser that reconnects pauses longer and longer.
JOINS_AND_LEAVES = Limit("joins and leaves", 300, MINUTE)
# By moderators and owners. Each may be an entry of a log, or fifty.
GROUP_CHANGES = Limit("changes of groups and their members", 120, MINUTE)
CONNECTS = Limit("new connections", 1200, MINUTE)
# Twenty pages of a browser without WebSockets ask 400 times.
POLLS = Limit("requests for new messages", 1200, MINUTE)
# While somebody types names, at most five a second.
LOOK_UPS = Limit("look-ups of members", 300, MINUTE)


class Throttles:
    """This site's rate limits. All methods raise Throttled at the limit."""

    def __init__(self, settings: Settings) -> None:
        self._counter = RateCounter(settings.broadcast_url)
        self.device_cookies = DeviceCookies(settings.secret_key)
        rate = settings.message_rate
        self._messages = Limit("messages at once", rate * BURST, BURST) if rate else None
        self.close = self._counter.close

    def messages_of(self, username: str) -> "Repeated":
        """The counter of this user's messages. Keep it as long as messages may come."""
        return Repeated(self._counter, [(self._messages, username)] if self._messages else [])

    async def join_or_leave(self, username: str) -> None:
        await self._counter.count((JOINS_AND_LEAVES, username))

    async def change_group(self, username: str) -> None:
        await self._counter.count((GROUP_CHANGES, username))

    async def connect(self, username: str) -> None:
        await self._counter.count((CONNECTS, username))

    async def poll(self, username: str) -> None:
        await self._counter.count((POLLS, username))

    async def look_up(self, username: str) -> None:
        await self._counter.count((LOOK_UPS, username))

    def sign_up(self, conn: HTTPConnection) -> AbstractAsyncContextManager[None]:
        """Wrap a sign-up: counts a new account or, if it raises FieldError, a refused sign-up."""
        networks = [network] if (network := client_network(conn)) else []
        return self._attempt([(SIGN_UPS, each) for each in networks], [(REFUSED_SIGN_UPS, each) for each in networks])

    def guess(self, conn: HTTPConnection, username: str) -> AbstractAsyncContextManager[None]:
        """Wrap the check of a password: counts a login or, if it raises FieldError, a wrong guess."""
        # Guessing must not use up the logins of the account's owner.
        return self._attempt([(LOGINS, _hidden(username))], self._guesses(conn, username))

    @asynccontextmanager
    async def _attempt(self, if_done: Sequence[Place], if_refused: Sequence[Place]) -> AsyncIterator[None]:
        """Count what turns out one or the other at the end of the block: as both until then, and then as that one.

        Of many simultaneous attempts, not all get past a limit before the first one turns out wrong. One that is
        cancelled, or fails for another reason than a FieldError, is not counted at all.
        """
        counted, undone = await self._counter.count(*if_done, *if_refused), [*if_done, *if_refused]
        try:
            yield
            undone = [*if_refused]
        except FieldError:
            undone = [*if_done]
            raise
        finally:
            await self._counter.take_back(counted, *undone)

    def _guesses(self, conn: HTTPConnection, username: str) -> list[Place]:
        if device := self.device_cookies.device(conn, username):
            return [(GUESSES_OF_DEVICE, device)]
        network = client_network(conn)
        return [
            *([(GUESSES_OF_ADDRESS, network)] if network else []),
            (GUESSES_OF_ACCOUNT, _hidden(username)),
        ]


def _hidden(username: str) -> str:
    return hashlib.sha256(username_key(username).encode(errors="replace")).hexdigest()


@dataclass(frozen=True)
class Counted:
    """An act, and where it was counted."""

    act: int
    windows: Windows


class RateCounter:
    """Counts in windows that begin with the first act. With Redis, all processes count together."""

    def __init__(self, broadcast_url: str) -> None:
        self._local = LocalWindows()
        self._shared: Windows | None = None
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
        self._shared = RedisWindows(self._pool)
        self._errors = (RedisError, OSError)

    async def count(self, *places: Place) -> Counted:
        """Count one act in each of these places. In none if one is at its limit: then raises Throttled."""
        act = getrandbits(62)
        full, counting = await self._count(act, _windows(places))
        _check(full, places)
        return Counted(act, counting)

    def count_here(self, places: Sequence[Place], windows: Sequence[Window]) -> bool:
        """`count` without waiting. False: Redis has to be asked, and nothing is counted. `windows`: of the places."""
        if self._redis() is not None:
            return False
        _check(self._local.count_now(getrandbits(62), windows), places)
        return True

    def _redis(self) -> Windows | None:
        """The windows in Redis; None where there is none, or it did not answer lately."""
        return self._shared if self._shared is not None and current_time() >= self._paused_until else None

    async def _count(self, act: int, windows: Sequence[Window]) -> tuple[Full | None, Windows]:
        """The window that refuses the act, and who counted it or refused it."""
        if windows and (shared := self._redis()) is not None:
            try:
                # Not cancelled on the way, or an act could stay in Redis that nobody takes back.
                with CancelScope(shield=True), fail_after(ANSWER_LIMIT):
                    full = await shared.count(act, windows)
                self._paused_until = 0
                return full, shared
            except Exception as error:
                # redis-py raises anything when a connection breaks in the middle of an operation: RuntimeError,
                # AttributeError, IndexError. In any case nothing was counted that can be relied on.
                self._pause(error)
        return await self._local.count(act, windows), self._local

    async def take_back(self, counted: Counted, *places: Place) -> None:
        """Undo that in these places. Where Redis counted but no longer answers, the act stays until its window ends."""
        try:
            with CancelScope(shield=True), fail_after(ANSWER_LIMIT):
                await counted.windows.take_back(counted.act, _windows(places))
        except Exception as error:
            self._pause(error)  # as in _count

    def _pause(self, error: Exception) -> None:
        if self._paused_until == 0:
            unexpected = None if isinstance(error, self._errors) else error
            text = "Redis does not count (%s): each process does so for itself"
            logger.warning(text, type(error).__name__, exc_info=unexpected)
        self._paused_until = current_time() + REDIS_PAUSE

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.disconnect()


class Repeated:
    """An act that is counted again and again in the same places, whose windows are named only once.

    Costs 2 µs where this process counts, which is why messages do not go through `RateCounter.count`.
    """

    def __init__(self, counter: RateCounter, places: Sequence[Place]) -> None:
        self._counter, self._places, self._windows = counter, places, _windows(places)

    def count_here(self) -> bool:
        """Count one more without waiting. False: nothing is counted, await `count`. Raises Throttled."""
        return not self._places or self._counter.count_here(self._places, self._windows)

    async def count(self) -> None:
        """Count one more, also if Redis has to be asked. Raises Throttled."""
        if not self.count_here():
            await self._counter.count(*self._places)


def _check(full: Full | None, places: Sequence[Place]) -> None:
    if full is not None:
        raise Throttled(places[full.place][0].what, max(1, ceil(full.seconds_left)))


def _windows(places: Sequence[Place]) -> list[Window]:
    return [Window(f"{limit.what}:{limit.seconds}:{holder}", limit.seconds, limit.amount) for limit, holder in places]
