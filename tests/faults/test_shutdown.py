"""SIGTERM: sockets are closed with 1012, queued messages are written, and the process ends in time."""

import asyncio
import signal
from contextlib import AsyncExitStack, aclosing

from clients import Talker, narrow_socket, running
from garden import CommandServer

IN_TIME = 5  # seconds
# uvicorn ends by the signal that it was sent, once all is done; our own command says that it went well.
WELL = {"uvicorn": -signal.SIGTERM, "discussit": 0}


async def test_two_hundred_sockets_are_closed_with_1012_and_the_process_ends(faulty):
    garden = faulty()
    async with AsyncExitStack() as open_sockets:
        clients = [await open_sockets.enter_async_context(garden.bob.follows(garden.group, 0)) for _ in range(200)]
        garden.server.send(signal.SIGTERM)
        codes = await asyncio.gather(*(client.closed() for client in clients))

        assert set(codes) == {1012}
        assert await asyncio.to_thread(garden.server.wait, IN_TIME) == WELL[garden.server.way]


async def test_a_stop_under_load_loses_nothing(faulty):
    garden = faulty()
    alice, bob = Talker(garden.alice, garden.group, 0), Talker(garden.bob, garden.group, 0)
    async with running(alice.talks(), bob.talks()):
        await alice.has_acks(50)
        assert await asyncio.to_thread(garden.server.stop, IN_TIME) == WELL[garden.server.way]
        await asyncio.to_thread(garden.server.start)

    async with alice, bob:
        await alice.settles()
        await bob.settles()
        await garden.agrees(alice, bob)


async def test_queued_messages_are_written_before_the_process_ends(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice:
        with garden.locked():
            for number in range(20):
                await alice.says(f"{number}", f"{number}")
                await alice.has_been_read()
            garden.server.send(signal.SIGTERM)
            assert await alice.closed() == 1012
            await garden.logged("Waiting for application shutdown")

        assert await asyncio.to_thread(garden.server.wait, IN_TIME) == WELL[garden.server.way]
        assert [entry.what for entry in garden.log()[2:]] == [f"{number}" for number in range(20)]


async def test_a_stuck_reader_does_not_delay_the_stop(faulty):
    garden = faulty(program=CommandServer)
    await garden.fill(900, "x" * 10_000)
    async with aclosing(garden.bob.follows(garden.group, 0)) as bob:
        await bob.connect(sock=narrow_socket(garden.bob), max_queue=1)
        await bob.receive()

        assert await asyncio.to_thread(garden.server.stop, IN_TIME) == 0
