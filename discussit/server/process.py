"""The application in a process of its own, as `discussit serve` runs it."""

import gc

from starlette.types import ASGIApp

GC_THRESHOLD = 5_000  # allocations between garbage collections (generation 0)


def application() -> ASGIApp:
    """The application, loaded and exempt from garbage collection.

    Python stops everything to search all objects for garbage, again and again. Those of a loaded program
    never become any, and searching them takes 22 ms, as long as three messages to 500 readers.
    """
    from discussit.app import app  # late: its modules are what is exempt

    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    return app
