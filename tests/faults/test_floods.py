"""Connections that want nothing but to be there: they cost little, and everybody else is served."""

import asyncio
import resource
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from garden import CommandServer, memory
from raw import frame, raw
from websockets.frames import Opcode

MIB = 1024 * 1024
HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = HEAD + b"Content-Length: 1000000\r\n\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cm9zZW1hcnkgcm9zZW1hcg==\r\n"
)


@pytest.mark.parametrize(
    ("number", "beginning", "limit"),
    [(1_000, b"", 20), (1_000, HEAD + b"X: " + b"x" * 10_000, 60), (200, BODY + b"x" * 200_000, 60)],
    ids=["silent", "slow heads", "slow bodies"],
)
async def test_idle_connections_cost_little_and_delay_nobody(faulty, number, beginning, limit):
    garden = faulty(program=CommandServer)
    async with garden.alice.follows(garden.group, 0) as alice, AsyncExitStack() as flood:
        before = memory(garden.server)
        for _ in range(number):
            await flood.enter_async_context(begun(garden.server, beginning))

        assert await alice.has_said("still here", "a") == 3
        assert (await asyncio.to_thread(garden.bob.get, "/")).status_code == 200
        assert memory(garden.server) - before < limit * MIB
        await garden.agrees(alice)


@pytest.mark.parametrize(
    ("more", "status"),
    [(b"X: 1\r\n" * 200, b"431"), (b"X: " + b"x" * 12_000 + b"\r\n", b"431"), (b"Content-Length: 5\r\n", b"400")],
    ids=["many headers", "a long header", "a body"],
)
async def test_handshakes_that_can_not_be_read_keep_nobody_out(faulty, more, status):
    garden = faulty(program=CommandServer)
    resource.prlimit(garden.server.pid, resource.RLIMIT_NOFILE, (200, 200))
    async with AsyncExitStack() as flood:
        begin = [await flood.enter_async_context(begun(garden.server, HANDSHAKE + more + b"\r\n")) for _ in range(450)]

        assert (await asyncio.to_thread(garden.bob.get, "/")).status_code == 200
        assert {(await reader.readline())[9:12] for reader, _ in begin} == {status}


async def test_a_client_that_sends_only_invalid_frames_is_answered_slowly(faulty):
    garden = faulty(program=CommandServer)
    async with raw(garden.bob, f"/groups/{garden.group}/") as bob:
        bob.sends(frame(Opcode.TEXT, b"x") * 10_000, frame(Opcode.BINARY) * 10_000)
        begin, answers = time.monotonic(), 0
        while time.monotonic() - begin < 1:
            assert b"error" in (await bob.receives()).payload
            answers += 1

    assert answers < 400


async def test_one_endless_header_is_cut_off(faulty):
    garden = faulty(program=CommandServer)
    before = memory(garden.server)

    async with begun(garden.server, HEAD + b"X: ") as (_, writer):
        with pytest.raises(ConnectionError):
            await writes(writer, 64 * MIB)

    assert memory(garden.server) - before < 20 * MIB


async def writes(writer, length):
    for _ in range(length // 1_024):
        writer.write(b"x" * 1_024)
        await writer.drain()


@asynccontextmanager
async def begun(server, beginning):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=("127.0.0.2", 0))
    writer.write(beginning)
    yield reader, writer
    writer.transport.abort()
