"""What lies between a server and its engine: it may drop everything, or cut a connection at a word."""

import asyncio
import threading
from contextlib import suppress

from faults.relay import Relay, closed_with


class Network(Relay):
    """A way to 127.0.0.1:`target` that begins at `port`."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        self._passes = asyncio.Event()
        self._passes.set()
        self._word, self._arrives = None, True
        self.was_cut = threading.Event()

    # What happens to it

    def drop_everything(self):
        """Nothing passes any more, either way, and neither side is notified."""
        self._loop.call_soon_threadsafe(self._passes.clear)

    def mend(self):
        self._loop.call_soon_threadsafe(self._passes.set)

    def cut_at(self, word, *, arrives):
        """Once, when a server says this: cut its connection before the engine receives it, or before it can answer."""
        self._word, self._arrives = word, arrives

    # What it does

    async def _serve(self, server_reader, server_writer):
        with suppress(OSError, asyncio.CancelledError), closed_with(server_writer):
            await self._passes.wait()
            engine_reader, engine_writer = await asyncio.open_connection("127.0.0.1", self._target)
            with closed_with(engine_writer):
                cut = asyncio.Event()
                there = asyncio.create_task(self._pass_on(server_reader, engine_writer, cut))
                back = asyncio.create_task(self._pass_on(engine_reader, server_writer, cut))
                try:
                    await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    there.cancel()
                    back.cancel()
                    await asyncio.gather(there, back, return_exceptions=True)

    async def _pass_on(self, reader, writer, cut):
        while (data := await reader.read(65536)) and not cut.is_set():
            await self._passes.wait()
            if self._word and self._word in data:
                self._word = None
                cut.set()
            if self._arrives or not cut.is_set():
                writer.write(data)
                await writer.drain()
            if cut.is_set():
                self.was_cut.set()
                return
