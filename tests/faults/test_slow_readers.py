"""Clients that request large pages and hardly read them: they cost little, and everybody else is served."""

import asyncio
import socket
from contextlib import ExitStack

import pytest
from clients import LIMIT
from garden import CommandServer, memory

READERS = 60  # of a page of 2.5 MB each


@pytest.fixture
def filled(faulty):
    """Starts a server with a group whose page is large."""

    async def filled(*faults, **options):
        garden = faulty(*faults, **options)
        await garden.fill(50, "'" * 10_000)  # each is five characters on a page
        return garden

    return filled


def requested(stack, person, path):
    """A connection on which somebody has requested a page, and read its beginning."""
    narrow = stack.enter_context(socket.socket())
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.settimeout(LIMIT)
    host, port = person.address.split(":")
    narrow.connect((host, int(port)))
    narrow.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {person.cookie_header}\r\n\r\n".encode())
    return narrow


async def test_slow_readers_of_large_pages_cost_little_and_keep_nobody_out(filled):
    garden = await filled("short_buffers")
    page = f"/groups/{garden.group}/"
    size = len((await asyncio.to_thread(garden.alice.get, page)).content)
    before = memory(garden.server)
    with ExitStack() as stack:
        slow = [await asyncio.to_thread(requested, stack, garden.bob, page) for _ in range(READERS)]
        answers = [(await asyncio.to_thread(reader.recv, 12))[9:] for reader in slow]

        assert memory(garden.server) - before < READERS * size / 2
        assert 1 < answers.count(b"200") < 10
        assert answers.count(b"429") == READERS - answers.count(b"200")
        assert len((await asyncio.to_thread(garden.alice.get, page)).content) == size
        assert (await asyncio.to_thread(garden.bob.get, "/")).status_code == 200


async def test_a_reader_that_takes_too_long_is_disconnected(filled):
    garden = await filled("no_credit", program=CommandServer)
    with ExitStack() as stack:
        reader = requested(stack, garden.bob, f"/groups/{garden.group}/")
        await garden.logged("who was too slow")

        assert await asyncio.to_thread(length_of, reader) < 1_000_000

    assert "ERROR" not in garden.server.log.read_text()


def length_of(connection):
    """Of what there is to read until it ends."""
    return sum(iter(lambda: len(connection.recv(4096)), 0))
