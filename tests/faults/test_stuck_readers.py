"""A reader that takes nothing: it harms nobody, costs little, and finds everything when it comes back."""

import time
from contextlib import AsyncExitStack, aclosing

from clients import narrow_socket
from garden import memory

SEND_LIMIT = 2  # seconds, by the fault `short_send_limit`
MIB = 1024 * 1024


async def test_a_reader_that_stops_reading_misses_nothing_and_delays_nobody(faulty):
    garden = faulty("short_send_limit", "short_buffers")
    async with garden.alice.follows(garden.group, 0) as alice, aclosing(garden.bob.follows(garden.group, 0)) as bob:
        await bob.connect(sock=narrow_socket(garden.bob), max_queue=1)
        await says_more_than_a_socket_holds(alice)
        slowest = await chats_for(2 * SEND_LIMIT, alice)

        assert slowest < SEND_LIMIT
        assert await bob.closed() in (1013, 1006)
        assert bob.cursor < alice.cursor
        await bob.returns()
        await garden.agrees(alice, bob)


async def test_a_reader_that_pauses_goes_on_where_it_was(garden):
    async with garden.alice.follows(garden.group, 0) as alice, aclosing(garden.bob.follows(garden.group, 0)) as bob:
        await bob.connect(sock=narrow_socket(garden.bob), max_queue=1)
        await says_more_than_a_socket_holds(alice)

        await garden.agrees(alice, bob)


async def test_forty_stuck_readers_cost_the_server_little_memory(faulty):
    garden = faulty("short_send_limit")
    async with garden.alice.follows(garden.group, 0) as alice, AsyncExitStack() as stuck:
        await says_more_than_a_socket_holds(alice)
        before = memory(garden.server)
        for _ in range(40):
            reader = await stuck.enter_async_context(aclosing(garden.bob.follows(garden.group, alice.cursor)))
            await reader.connect(sock=narrow_socket(garden.bob), max_queue=1)
        for _ in range(4):
            await says_more_than_a_socket_holds(alice)

        # As queues of their own they would hold 40 times what was said: 320 MB.
        assert memory(garden.server) - before < 100 * MIB
        await garden.agrees(alice)


async def says_more_than_a_socket_holds(client):
    """2 MB, where its buffers are short."""
    for _ in range(4):
        await says_at_length(client, 50)


async def chats_for(seconds, client):
    """Send messages, and then only ask, for so long; the seconds that the slowest answer took.

    A reader who missed more than a thousand entries is reset: on a quick machine that many are soon sent.
    """
    start, slowest, said = time.monotonic(), 0.0, 0
    while (begin := time.monotonic()) < start + seconds:
        await (says_at_length(client, 1) if said < 100 else client.has_been_read())
        said += 1
        slowest = max(slowest, time.monotonic() - begin)
    return slowest


async def says_at_length(client, times):
    for _ in range(times):
        await client.says("x" * 10_000, f"{len(client.acks) + len(client.outbox)}")
    await client.until(lambda: not client.outbox)
