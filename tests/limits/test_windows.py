"""Windows of one process: how long they are open, and that they are forgotten."""

import pytest

from discussit.limits import windows
from discussit.limits.windows import LocalWindows


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


async def test_a_window_begins_with_the_first_act_and_ends_after_its_seconds(stopwatch):
    counts = LocalWindows()

    assert await counts.add("alice", 60, 1) == (1, 60)
    stopwatch.seconds += 59
    assert await counts.add("alice", 60, 1) == (2, 1)
    stopwatch.seconds += 1
    assert await counts.add("alice", 60, 1) == (1, 60)


async def test_windows_of_many_holders_are_forgotten_when_they_have_ended(stopwatch):
    counts = LocalWindows()
    for number in range(10_000):
        await counts.add(f"holder {number}", 60, 1)
        await counts.add(f"holder {number}", 3600, 1)

    stopwatch.seconds += 60
    await counts.add("alice", 5, 1)
    assert len(counts) == 10_001

    stopwatch.seconds += 3600
    await counts.add("alice", 5, 1)
    assert len(counts) == 1


async def test_what_is_taken_back_opens_no_window(stopwatch):
    counts = LocalWindows()

    await counts.add("alice", 60, -1)

    assert len(counts) == 0
    assert await counts.add("alice", 60, 1) == (1, 60)
