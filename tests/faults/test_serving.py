"""What `discussit serve` adds to uvicorn: above all, that a reader who takes nothing costs little, and not for long."""

import asyncio
import json
import re
import time
from contextlib import AsyncExitStack

import pytest
from clients import narrow_socket
from garden import CommandServer, FaultyServer, connections_to, memory, until
from raw import PONG, TEXT, frame, raw
from websockets.frames import Opcode

KIB = 1024
DEFLATE = {"Sec-WebSocket-Extensions": "permessage-deflate"}


class DeflatingServer(FaultyServer):
    """Our WebSocket class in a uvicorn that compresses."""

    way = "uvicorn"

    def program(self):
        return [*super().program(), "--ws", "discussit.server.websocket:WebSocketProtocol"]


@pytest.fixture
def served(faulty):
    return faulty(program=CommandServer)


async def test_stuck_readers_are_cut_off_within_ten_seconds_and_cost_at_most_256_kib_each(served):
    async with AsyncExitStack() as stuck, served.alice.follows(served.group, 0) as alice:
        await says_a_megabyte(alice, "before")
        before, connected = memory(served.server), len(clients_of(served.server))
        for _ in range(100):
            await stuck.enter_async_context(raw(served.bob, f"/groups/{served.group}/"))
        for part in range(4):
            await says_a_megabyte(alice, f"{part}")
        begin = time.monotonic()

        assert memory(served.server) - before < 100 * (256 - 64) * KIB  # 64 of them are the system's
        await until(lambda: len(clients_of(served.server)) <= connected)
        assert time.monotonic() - begin < 10


async def test_a_client_that_requests_pages_and_reads_none_is_cut_off(faulty):
    garden = faulty("impatient", program=CommandServer)
    async with garden.alice.follows(garden.group, 0) as alice:
        await says_a_megabyte(alice, "long")
        with narrow_socket(garden.bob) as bob:
            cookies = garden.bob.cookie_header
            head = f"GET /groups/{garden.group}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n"
            bob.sendall(head.encode() * 50)

            await until(lambda: bob.getsockname()[1] not in clients_of(garden.server))


async def test_stuck_readers_do_not_delay_the_stop(served):
    async with AsyncExitStack() as stuck, served.alice.follows(served.group, 0) as alice:
        for _ in range(10):
            await stuck.enter_async_context(raw(served.bob, f"/groups/{served.group}/"))
        await says_a_megabyte(alice, "unread")

        assert await asyncio.to_thread(served.server.stop) == 0
        assert "timeout graceful shutdown exceeded" not in served.server.log.read_text()


async def test_pings_of_a_client_that_reads_nothing_are_not_answered_one_by_one(faulty):
    served = faulty("tireless", program=CommandServer)
    async with raw(served.bob, f"/groups/{served.group}/") as bob:
        before = memory(served.server)
        for _ in range(100):
            await bob.has_sent(frame(Opcode.PING, b"x" * 125) * 1_000)
        await bob.has_sent(frame(Opcode.PING, b"last"))
        grown = memory(served.server) - before
        received = []
        while (PONG, b"last") not in received:
            received.append(await bob.receives())

    assert len(received) < 50_000
    assert grown < 4 * KIB * KIB


IDLE = {
    "pings": frame(Opcode.PING),
    "pongs": frame(Opcode.PONG),
    "parts of nothing": frame(Opcode.CONT, fin=False),
}


@pytest.mark.parametrize("idle", IDLE.values(), ids=IDLE)
async def test_a_flood_of_frames_that_end_no_message_delays_nobody(served, idle):
    async with raw(served.bob, f"/groups/{served.group}/") as bob:
        before = memory(served.server)
        bob.sends(frame(Opcode.TEXT, b"", fin=False), idle * 500_000)
        begin = time.monotonic()
        for _ in range(20):
            assert (await asyncio.to_thread(served.alice.get, "/")).status_code == 200

        assert time.monotonic() - begin < 5
        assert memory(served.server) - before < 4 * KIB * KIB


async def test_a_client_that_sent_such_frames_is_read_again(served):
    async with raw(served.bob, f"/groups/{served.group}/") as bob:
        bob.sends(frame(Opcode.PONG) * 300, frame(Opcode.TEXT, b'{"type": "text_message", "message": "hi"}'))
        bob.sends(frame(Opcode.PING, b"one") * 300, frame(Opcode.TEXT, b'{"type": "text_message", "message": "there"}'))
        received = [await bob.receives() for _ in range(302)]

    said = [json.loads(payload)["content"] for first, payload in received if first == TEXT]
    assert said == ["hi", "there"]


async def test_compression_is_declined(served):
    async with raw(served.bob, f"/groups/{served.group}/", **DEFLATE) as bob:
        bob.sends(frame(Opcode.TEXT, b'{"type": "text_message", "message": "plainly"}'))
        first, payload = await bob.receives()

    assert "permessage-deflate" not in bob.answer
    assert (first, json.loads(payload)["content"]) == (TEXT, "plainly")


async def test_a_client_that_was_granted_compression_is_sent_entries_as_they_are_for_all(faulty):
    garden = faulty(program=DeflatingServer)
    async with raw(garden.bob, f"/groups/{garden.group}/", **DEFLATE) as bob:
        bob.sends(frame(Opcode.TEXT, b'{"type": "text_message", "message": "in short"}'))
        first, payload = await bob.receives()

    assert "permessage-deflate" in bob.answer
    assert (first, json.loads(payload)["content"]) == (TEXT, "in short")


@pytest.mark.parametrize("path", ["/groups/", "/nope"])
async def test_a_refused_handshake_is_no_error_of_ours(path, served):
    async with raw(served.bob, path) as bob:
        assert bob.answer.startswith("HTTP/1.1 404")
        assert await bob.receives() is None

    served.server.stop()
    assert not re.findall("ERROR|Traceback", served.server.log.read_text())


async def says_a_megabyte(client, name):
    for number in range(50):
        await client.says("x" * 10_000, f"{name} {number}")
    await client.until(lambda: not client.outbox)


def clients_of(server):
    """The ports of those who are connected to it, as the system sees it."""
    return [int(remote.split(":")[1], 16) for _, _, remote, *_ in connections_to(server)]
