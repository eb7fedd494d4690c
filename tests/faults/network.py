"""What lies between a server and its engine: it may drop everything, or cut a connection at a word."""

import asyncio
import threading
from contextlib import closing, suppress

from servers import free_port


class Network:
    """A way to 127.0.0.1:`target` that begins at `port`, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._passes = asyncio.Event()
        self._passes.set()
        self._word, self._arrives = None, True
        self.was_cut = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", self.port))
        return self

    def __exit__(self, *_):
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _end(self):
        self._server.close()
        carriers = asyncio.all_tasks() - {asyncio.current_task()}
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

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

    async def _carry(self, server_reader, server_writer):
        with closing(server_writer), suppress(OSError, asyncio.CancelledError):
            await self._passes.wait()
            engine_reader, engine_writer = await asyncio.open_connection("127.0.0.1", self._target)
            with closing(engine_writer):
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
