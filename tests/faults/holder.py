"""Another program on the same PostgreSQL, which locks rows and does not come to an end."""

import asyncio
import threading
import time

import asyncpg

WAITING = "SELECT pg_sleep(0.01), count(*) FROM pg_locks WHERE NOT granted"


class Holder:
    """One transaction, in a thread of its own. Leaving the block rolls it back."""

    def __init__(self, postgres, database):
        self._url = postgres.url(database)
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._do(asyncpg.connect(self._url))
        self.executes("BEGIN")
        return self

    def __exit__(self, *_):
        self._do(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _start(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _do(self, coroutine):
        return self._start(coroutine).result()

    def executes(self, statement, *arguments):
        return self._do(self._connection.execute(statement, *arguments))

    def begins_to_execute(self, statement, *arguments):
        """A future: the statement may have to wait itself."""
        return self._start(self._connection.execute(statement, *arguments))

    def locks(self, table, id, how=""):
        self.executes(f"SELECT FROM {table} WHERE id = $1 FOR UPDATE {how}", id)

    def waits_until_it_waits(self):
        """Until somebody waits for what it has locked."""
        deadline = time.monotonic() + 10
        while not self._do(self._connection.fetchrow(WAITING))["count"]:
            assert time.monotonic() < deadline, "nothing waits"
