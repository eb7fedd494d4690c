"""Counting acts in windows of time, which begin with the first act: in this process, or in Redis for several.

A window is the set of its acts' ids. So an act that is counted again (a client library that retries) counts once, one
that is taken back twice is taken back once, and one whose window has ended is not taken back from the next.

No window depends on this machine's clock, which may be set: it would be as long as the clock was set back. The
libraries that count know no other clock.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

# Redis measures with its machine's clock: where that was set back, too much would be left of a window. A window without
# an end, or a value that is no set, is not ours, and would otherwise refuse its holder for ever.
# KEYS: the windows. ARGV: the act's id, then each window's length in milliseconds and its limit.
# Returns which window refuses the act for the longest (0: none, and it is counted), and for how many milliseconds.
COUNT = """
local full, wait = 0, -1
for i, key in ipairs(KEYS) do
  local length, limit, left = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1]), redis.call("PTTL", key)
  if left == -1 or redis.call("TYPE", key).ok ~= "set" then
    redis.call("DEL", key)
  elseif left > length then
    redis.call("PEXPIRE", key, length)
    left = length
  end
  if left > wait and redis.call("SCARD", key) >= limit and redis.call("SISMEMBER", key, ARGV[1]) == 0 then
    full, wait = i, left
  end
end
for i, key in ipairs(full == 0 and KEYS or {}) do
  redis.call("SADD", key, ARGV[1])
  if redis.call("PTTL", key) == -1 then
    redis.call("PEXPIRE", key, ARGV[2 * i])
  end
end
return {full, wait}
"""
# KEYS: the windows. ARGV: the act's id. pcall, since one that is no set has nothing to take back.
TAKE_BACK = """
for _, key in ipairs(KEYS) do
  redis.pcall("SREM", key, ARGV[1])
end
"""


def current_time() -> float:
    """The event loop's clock. anyio's `current_time` takes half as long as counting a message."""
    return asyncio.get_running_loop().time()


class Window(NamedTuple):
    """Where acts are counted: at most `limit` in so many seconds."""

    key: str
    seconds: int
    limit: int


class Full(NamedTuple):
    """The window that refuses an act for the longest, and for how many seconds."""

    place: int  # among those in which it was to be counted
    seconds_left: float


class Windows(Protocol):
    """Counts acts, each by an id of its own."""

    async def count(self, act: int, windows: Sequence[Window]) -> Full | None:
        """Count an act in all of these windows, each of which it opens if necessary. In none if one of them is full."""

    async def take_back(self, act: int, windows: Sequence[Window]) -> None:
        """Undo that in these windows, as far as they still are those in which the act was counted."""


@dataclass(slots=True)
class _Open:
    end: float  # by the event loop's clock
    acts: set[int] = field(default_factory=set)


class LocalWindows:
    """Windows of this process. They are forgotten when they have ended, at the next act."""

    def __init__(self) -> None:
        # By length, then by key. A dict keeps its order, and of windows of one length the first to begin ends first.
        self._open: defaultdict[int, dict[str, _Open]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    async def count(self, act: int, windows: Sequence[Window]) -> Full | None:
        return self.count_now(act, windows)

    def count_now(self, act: int, windows: Sequence[Window]) -> Full | None:
        """`count`, which has nothing to wait for here."""
        now = current_time()
        self._forget_ended(now)
        full = self._full(act, windows, now)
        if full is None:
            for key, seconds, _limit in windows:
                of_length = self._open[seconds]
                if key not in of_length:
                    of_length[key] = _Open(now + seconds)
                of_length[key].acts.add(act)
        return full

    def _full(self, act: int, windows: Sequence[Window], now: float) -> Full | None:
        full = None
        for place, (key, seconds, limit) in enumerate(windows):
            found = self._open[seconds].get(key)
            if found is None or len(found.acts) < limit or act in found.acts:
                continue
            if full is None or found.end - now > full.seconds_left:
                full = Full(place, found.end - now)
        return full

    async def take_back(self, act: int, windows: Sequence[Window]) -> None:
        for key, seconds, _limit in windows:
            found = self._open[seconds].get(key)
            if found is not None:
                found.acts.discard(act)
                if not found.acts:
                    del self._open[seconds][key]

    def _forget_ended(self, now: float) -> None:
        for windows in self._open.values():
            while windows and windows[first := next(iter(windows))].end <= now:
                del windows[first]


class RedisWindows:
    """Windows that all processes with the same Redis share. Raises whatever the client raises, and ValidationError."""

    def __init__(self, pool: "ConnectionPool") -> None:
        from redis.asyncio import Redis

        redis = Redis(connection_pool=pool)
        self._count: Callable[..., Awaitable[object]] = redis.register_script(COUNT)
        self._take_back: Callable[..., Awaitable[object]] = redis.register_script(TAKE_BACK)

    async def count(self, act: int, windows: Sequence[Window]) -> Full | None:
        limits = [number for window in windows for number in (window.seconds * 1000, window.limit)]
        answer = await self._count(keys=_keys(windows), args=[act, *limits])
        full, milliseconds = msgspec.convert(answer, tuple[int, int])
        return Full(full - 1, milliseconds / 1000) if full else None

    async def take_back(self, act: int, windows: Sequence[Window]) -> None:
        await self._take_back(keys=_keys(windows), args=[act])


def _keys(windows: Sequence[Window]) -> list[str]:
    # Not `discussit:limit:`, whose values were numbers: during an update, each version counts by itself.
    return [f"discussit:window:{window.key}" for window in windows]
