"""Windows: how long they are open, what counts in them, and that they are forgotten."""

import asyncio

import pytest
from redis.asyncio import BlockingConnectionPool

from discussit.limits import windows
from discussit.limits.windows import LocalWindows, RedisWindows, Window

ALICE = Window("alice", 60, 2)
NETWORK = Window("network", 900, 3)
KEY = "discussit:window:alice"


class Stopwatch:
    """The event loop's clock, stopped."""

    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch):
    stopwatch = Stopwatch()
    monkeypatch.setattr(windows, "current_time", stopwatch)
    return stopwatch


@pytest.fixture
async def in_redis(redis):
    redis.command_line("FLUSHALL")
    pool = BlockingConnectionPool.from_url(redis.bus_url)
    yield RedisWindows(pool)
    await pool.disconnect()
    redis.command_line("CONFIG", "SET", "maxmemory", "0")


@pytest.fixture(params=["in this process", "in Redis"])
def counts(request):
    return LocalWindows() if request.param == "in this process" else request.getfixturevalue("in_redis")


async def wait(counts, act, *of):
    """Seconds for which an act is refused, if it is."""
    full = await counts.count(act, of)
    return full and pytest.approx(full.seconds_left, abs=5)


async def test_a_window_begins_with_the_first_act_and_ends_after_its_seconds(stopwatch):
    counts = LocalWindows()

    assert await counts.count(1, [ALICE]) is None
    stopwatch.seconds += 59
    assert await counts.count(2, [ALICE]) is None
    assert await wait(counts, 3, ALICE) == 1
    stopwatch.seconds += 1
    assert await counts.count(3, [ALICE]) is None


async def test_an_act_that_one_window_refuses_counts_in_no_other(counts):
    assert [await wait(counts, act, ALICE, NETWORK) for act in range(9)] == [None, None, *[60] * 7]

    assert await wait(counts, 10, NETWORK) is None
    assert await wait(counts, 11, NETWORK) == 900


async def test_of_two_full_windows_the_one_that_ends_last_is_named(counts):
    for act in range(3):
        await counts.count(act, [NETWORK])
        await counts.count(act, [ALICE])

    assert (await counts.count(9, [NETWORK, ALICE])).place == 0
    assert (await counts.count(9, [ALICE, NETWORK])).place == 1


async def test_an_act_that_was_refused_helps_nobody_when_it_is_taken_back(counts):
    await counts.count(1, [ALICE])
    await counts.count(2, [ALICE])
    await counts.count(3, [ALICE])

    await counts.take_back(3, [ALICE])

    assert await wait(counts, 4, ALICE) == 60


async def test_an_act_is_counted_once_and_taken_back_once(counts):
    for _ in range(3):
        await counts.count(1, [ALICE])
    assert await counts.count(2, [ALICE]) is None
    assert await counts.count(2, [ALICE]) is None

    for _ in range(3):
        await counts.take_back(1, [ALICE])

    assert [await wait(counts, act, ALICE) for act in (3, 4)] == [None, 60]


async def test_an_act_of_an_ended_window_is_not_taken_back_from_the_next(stopwatch):
    counts = LocalWindows()
    await counts.count(1, [ALICE])
    stopwatch.seconds += 60
    await counts.count(2, [ALICE])
    await counts.count(3, [ALICE])

    await counts.take_back(1, [ALICE])

    assert await wait(counts, 4, ALICE) == 60


async def test_an_act_of_a_window_that_redis_forgot_is_not_taken_back_from_the_next(in_redis, redis):
    await in_redis.count(1, [ALICE])
    redis.command_line("FLUSHALL")
    await in_redis.count(2, [ALICE])
    await in_redis.count(3, [ALICE])

    await in_redis.take_back(1, [ALICE])

    assert await wait(in_redis, 4, ALICE) == 60


async def test_simultaneous_acts_are_counted_in_all_windows_or_in_none(counts):
    outcomes = await asyncio.gather(*(counts.count(act, [ALICE, NETWORK]) for act in range(40)))

    assert outcomes.count(None) == 2
    assert [await wait(counts, act, NETWORK) for act in (50, 51)] == [None, 900]


async def test_windows_of_many_holders_are_forgotten_when_they_have_ended(stopwatch):
    counts = LocalWindows()
    for number in range(10_000):
        await counts.count(number, [Window(f"holder {number}", 60, 3), Window(f"holder {number}", 3600, 3)])

    stopwatch.seconds += 60
    await counts.count(1, [Window("alice", 5, 3)])
    assert len(counts) == 10_001

    stopwatch.seconds += 3600
    await counts.count(1, [Window("alice", 5, 3)])
    assert len(counts) == 1


async def test_a_window_of_which_all_is_taken_back_is_forgotten():
    counts = LocalWindows()
    await counts.count(1, [ALICE, NETWORK])

    await counts.take_back(1, [ALICE, NETWORK])

    assert len(counts) == 0


async def test_what_is_taken_back_opens_no_window(counts):
    await counts.take_back(1, [ALICE])

    assert [await wait(counts, act, ALICE) for act in (1, 2, 3)] == [None, None, 60]


# What others put into Redis


@pytest.mark.parametrize(
    "command",
    [
        ["PERSIST", KEY],
        ["SET", KEY, "99"],
        ["SET", KEY, "many", "EX", "9999"],
        ["LPUSH", KEY, "1"],
        ["HSET", KEY, "1", "2"],
        ["ZADD", KEY, "1", "2"],
        ["XADD", KEY, "*", "1", "2"],
    ],
    ids=" ".join,
)
async def test_a_value_that_is_no_window_refuses_nobody_for_ever(in_redis, redis, command):
    await in_redis.count(1, [ALICE])
    await in_redis.count(2, [ALICE])
    if command[0] != "PERSIST":
        redis.command_line("DEL", KEY)
    redis.command_line(*command)

    await in_redis.take_back(1, [ALICE])
    refused = [await wait(in_redis, act, ALICE) for act in (3, 4, 5)]

    assert refused == [None, None, 60]


async def test_a_window_that_would_last_too_long_is_cut(in_redis, redis):
    await in_redis.count(1, [ALICE])
    await in_redis.count(2, [ALICE])
    # What a clock of Redis' machine that was set back by an hour makes of what is left.
    redis.command_line("PEXPIRE", KEY, "3660000")

    assert await wait(in_redis, 3, ALICE) == 60
