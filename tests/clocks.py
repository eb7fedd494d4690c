"""A clock that is set while everything runs: the time of day as our own code and the libraries read it.

What measures time by itself (the event loop, `time.monotonic`) is left alone, as it is where an operator sets a clock.
"""

import time
from datetime import datetime, timedelta

from discussit.models import base

true_time = time.time


def jumping(offset):
    """What stands in for `time.time` and for the `datetime` of our models. `offset` says by how much they are ahead."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + offset()

    return lambda: true_time() + offset().total_seconds(), Clock


class JumpingClock:
    """The clock of the test's own process, and of a site that runs in it."""

    def __init__(self, monkeypatch):
        self._ahead = timedelta()
        now, clock = jumping(lambda: self._ahead)
        monkeypatch.setattr(time, "time", now)
        monkeypatch.setattr(base, "datetime", clock)

    def is_set(self, **ahead):
        """So much ahead of the true time, as in `is_set(hours=-1)`; right again without an argument."""
        self._ahead = timedelta(**ahead)
