"""The bus: notifies every process of what was written. The only package that imports `broadcaster`.

Messages are hints: they may be lost, repeated or late. A subscriber receives RESYNC whenever it
may have missed something, and then reads the database.
"""

from discussit.bus.backends import CAPACITY, RESYNC, Inbox, MemoryBackend
from discussit.bus.bus import Bus

__all__ = ["CAPACITY", "RESYNC", "Bus", "Inbox", "MemoryBackend"]
