"""Counting acts in windows of time, which begin with the first act: in this process, or in Redis for several.

No window depends on this machine's clock, which may be set: it would be as long as the clock was set back. The
libraries that count know no other clock.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from anyio import current_time

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

# Redis measures with its machine's clock: where that was set back, too much would be left of a window.
# KEYS: the window. ARGV: its length in milliseconds, how many acts to count. Returns all acts, milliseconds left.
COUNT = """
local length, acts, left = tonumber(ARGV[1]), tonumber(ARGV[2]), redis.call("PTTL", KEYS[1])
if left < 0 and acts < 0 then
  return {0, 0}
elseif left < 0 then
  redis.call("SET", KEYS[1], acts, "PX", length)
  return {acts, length}
elseif left > length then
  redis.call("PEXPIRE", KEYS[1], length)
  left = length
end
return {redis.call("INCRBY", KEYS[1], acts), left}
"""


class Counted(NamedTuple):
    """How many acts a window has, and for how many more seconds it is open."""

    acts: int
    seconds_left: float


class Windows(Protocol):
    """Counts acts by their key."""

    async def add(self, key: str, seconds: int, acts: int) -> Counted:
        """Count more acts, in the key's open window or in a new one of so many seconds.

        A negative number takes acts back; it opens no window.
        """


@dataclass(slots=True)
class _Window:
    end: float  # by the event loop's clock
    acts: int = 0


class LocalWindows:
    """Windows of this process. They are forgotten when they have ended, at the next act."""

    def __init__(self) -> None:
        # By length, then by key. A dict keeps its order, and of windows of one length the first to begin ends first.
        self._open: defaultdict[int, dict[str, _Window]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    async def add(self, key: str, seconds: int, acts: int) -> Counted:
        now = current_time()
        self._forget_ended(now)
        windows = self._open[seconds]
        if key not in windows:
            if acts < 0:
                return Counted(0, 0)
            windows[key] = _Window(now + seconds)
        window = windows[key]
        window.acts += acts
        return Counted(window.acts, window.end - now)

    def _forget_ended(self, now: float) -> None:
        for windows in self._open.values():
            while windows and windows[first := next(iter(windows))].end <= now:
                del windows[first]


class RedisWindows:
    """Windows that all processes with the same Redis share. Raises whatever the client raises, and ValidationError."""

    def __init__(self, pool: "ConnectionPool") -> None:
        from redis.asyncio import Redis

        self._count: Callable[..., Awaitable[object]] = Redis(connection_pool=pool).register_script(COUNT)

    async def add(self, key: str, seconds: int, acts: int) -> Counted:
        answer = await self._count(keys=[f"discussit:limit:{key}"], args=[seconds * 1000, acts])
        counted, milliseconds = msgspec.convert(answer, tuple[int, int])
        return Counted(counted, milliseconds / 1000)
