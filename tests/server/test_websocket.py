"""Handshakes: each is answered, whatever it looks like."""

import asyncio

import pytest
from answering import END, GET, HANDSHAKE, KEY, LIMIT, connected, has_served, said, unread
from websockets.frames import Frame, Opcode

from discussit.middleware.headers import HEADERS
from discussit.server import websocket

PING = Frame(Opcode.PING, b"").serialize(mask=True)
TEXT = Frame(Opcode.TEXT, b"hi").serialize(mask=True)
SLOW = HANDSHAKE.replace(b"/", b"/slow", 1)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HANDSHAKE + b"X: 1\r\n" * 200 + END, 431),
        (HANDSHAKE + b"X: " + b"x" * 12_000 + END + END, 431),
        (HANDSHAKE + b"X: 1234567890\r\n" * 5_000 + END, 431),
        (HANDSHAKE.replace(b"/", b"/" + b"x" * 10_000, 1) + END, 414),
        (HANDSHAKE + b"Content-Length: 5\r\n\r\nhello", 400),
        (HANDSHAKE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HANDSHAKE.replace(b"13", b"8") + END, 426),
        (HANDSHAKE.replace(KEY, b"") + END, 400),
        (HANDSHAKE + KEY + END, 400),
        (HANDSHAKE.replace(b"cm9", b"\xe9\xff9") + END, 400),
    ],
    ids=[
        *("many headers", "long header", "long head", "long address", "body", "chunked body"),
        *("another version", "no key", "two keys", "no ASCII"),
    ],
)
async def test_a_handshake_that_can_not_be_read_is_refused(server, served, request_, status):
    answer = await said(served, request_)

    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert [name for name, value in HEADERS.items() if f"{name}: {value}\r\n" not in answer] == []
    assert not server.server_state.connections


async def test_another_version_is_told_which_one_is_served(served):
    assert "Sec-WebSocket-Version: 13\r\n" in await said(served, HANDSHAKE.replace(b"13", b"8") + END)


@pytest.mark.parametrize(
    "head",
    [
        HANDSHAKE.replace(b"websocket", b"WebSocket"),
        HANDSHAKE.replace(b"websocket", b"h2c, websocket"),
        HANDSHAKE + b"Upgrade: h2c\r\n",
        HANDSHAKE + b"Connection: keep-alive\r\n",
        HANDSHAKE + b"Content-Length: 0\r\n",
        HANDSHAKE + b"X: \xe9\xff\r\n",
        GET + END + HANDSHAKE,
    ],
    ids=["case", "choice", "two upgrades", "two options", "empty body", "no ASCII", "second request"],
)
async def test_a_handshake_may_look_different(served, head):
    async with connected(served, *head.partition(GET + END)) as (reader, writer):
        if head.startswith(GET + END):
            await reader.readuntil(b"GET .")
        writer.write(END)

        assert (await reader.readuntil(END)).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("parts", [[END + PING + TEXT], [END, PING, TEXT]], ids=["in one piece", "in parts"])
async def test_what_is_sent_before_the_answer_comes_after_it(served, parts):
    async with connected(served, SLOW, *parts) as (reader, _):
        answer = await reader.readuntil(END + END)

        assert answer.startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(6) == b"\x8a\x00\x81\x02hi"


async def test_what_is_no_frame_before_the_answer_is_no_error_of_ours(caplog, served):
    answer = await said(served, SLOW + END, GET + END)

    assert answer.startswith("HTTP/1.1 101")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_client_that_reads_nothing_does_not_keep_an_ended_socket(monkeypatch, server, served):
    monkeypatch.setattr(websocket, "END_LIMIT", 0.2)

    with unread(served, HANDSHAKE.replace(b"/", b"/leaving", 1) + END):
        async with asyncio.timeout(LIMIT / 2):  # the system takes longer
            await has_served(server)
