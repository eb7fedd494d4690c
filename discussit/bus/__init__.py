"""What tells every process of what was written. The only package that knows `broadcaster`.

Delivery is at most once and may be doubled or late: a message is a hint. Whoever follows a
channel is told RESYNC whenever something may have been missed, and then reads the database.
"""

from discussit.bus.backends import CAPACITY, RESYNC, Inbox, MemoryBackend
from discussit.bus.bus import Bus

__all__ = ["CAPACITY", "RESYNC", "Bus", "Inbox", "MemoryBackend"]
