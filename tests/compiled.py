"""A statement is compiled once for all databases of these tests, as in a server, which has the same one for weeks.

To compile every statement again for each test took a third of the time.
"""

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

COMPILED = LRUCache(5_000)


def pytest_configure():
    # A dialect is part of the key. Here all those of a driver are alike, since there is one version of each engine.
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)
    DefaultDialect.__hash__ = lambda self: hash(type(self))
    event.listen(Engine, "engine_connect", share)


def share(connection):
    connection.engine._compiled_cache = COMPILED
