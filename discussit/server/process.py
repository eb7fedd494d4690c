"""The application as `discussit serve` runs it, in a process of its own."""

import gc

from starlette.types import ASGIApp

GC_THRESHOLD = 5_000  # allocations between garbage collections (generation 0)


def application() -> ASGIApp:
    """The application, loaded and exempt from garbage collection.

    Each collection stops everything. A loaded program's objects never become garbage, and searching them
    takes 22 ms, as long as three messages to 500 readers.
    """
    from discussit.app import app  # late: its modules are what is exempt

    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    return app
