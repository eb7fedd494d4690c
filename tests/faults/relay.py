"""What accepts connections in front of a server, in a thread of its own."""

import asyncio
import threading
from contextlib import contextmanager

from servers import free_port


class Relay:
    """Listens at `port` of 127.0.0.1. Subclasses say in `_serve` what they do with a connection."""

    def __init__(self) -> None:
        self.port = free_port()
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        return self

    def __exit__(self, *_):
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _end(self):
        for listener in self._server.sockets:
            self._loop.remove_reader(listener)
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.sleep(0)  # a task that is cancelled before its first step closes nothing
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self._server.close()  # last: asyncio leaks what was accepted, and begins after this

    async def _serve(self, reader, writer):
        raise NotImplementedError


@contextmanager
def closed_with(writer):
    """The connection is closed at the end: immediately if this is cancelled, else when all is sent."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()
