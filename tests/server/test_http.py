"""What uvicorn leaves open about requests, and `discussit serve` does not."""

import asyncio
import socket

import pytest
from answering import END, GET, HANDSHAKE, HOST, LIMIT, OPENING, connected, has_served, said, unread

from discussit.middleware.headers import HEADERS
from discussit.server import http

POST = b"POST / HTTP/1.1\r\n" + HOST
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
CLOSE = b"Connection: close\r\n"


async def test_a_head_of_ordinary_length_is_read(served):
    answer = await said(served, GET, b"Cookie: " + b"x" * 16_000, b"\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (GET + b"X: ", b"x"),
        (GET, b"X: 1\r\n"),
        (b"GET /", b"x"),
        (b"POST" + GET[3:] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n"),
    ],
    ids=["one header", "many headers", "address", "trailers"],
)
async def test_a_head_that_is_too_long_is_refused(served, beginning, more):
    # No more than that: what a server has not read when it closes can take its answer along.
    head = (beginning + more * http.MAX_HEAD)[: http.MAX_HEAD + 1]

    assert (await said(served, head)).startswith("HTTP/1.1 431 Request Header Fields Too Large")


async def test_a_body_is_no_part_of_the_head(served):
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\nConnection: close\r\n\r\n"

    assert (await said(served, head, b"x" * 900_000)).startswith("HTTP/1.1 200 OK")


async def test_an_invalid_request_is_refused_with_all_headers(served):
    answer = await said(served, b"nonsense\r\n\r\n")

    assert answer.startswith("HTTP/1.1 400 Bad Request")
    assert [name for name, value in HEADERS.items() if f"{name}: {value}\r\n" not in answer] == []


@pytest.mark.parametrize("beginning", [b"", GET, GET + b"\r\n" + GET], ids=["silent", "first", "second"])
async def test_an_idle_client_is_not_waited_for(monkeypatch, served, beginning):
    monkeypatch.setattr(http, "HEAD_LIMIT", 1)

    answer = await said(served, beginning)

    assert answer.count("200 OK") == beginning.count(b"\r\n\r\n")


async def test_an_answer_may_take_longer_than_a_head(monkeypatch, served):
    monkeypatch.setattr(http, "HEAD_LIMIT", 0.2)

    answer = await said(served, b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 200 OK")


async def test_pipelined_requests_are_no_long_head(served):
    answer = await said(served, (GET + END) * 2_000 + GET + CLOSE + END)

    assert answer.count("HTTP/1.1 200 OK") == 2_001


async def test_a_request_whose_head_is_too_long_is_not_carried_out(caplog, server, served):
    answer = await said(served, GET + b"X: 1\r\n" * 11_000 + END)

    assert answer.count("HTTP/1.1") == 1
    assert server.server_state.total_requests == 0


# None of these begins another request.
@pytest.mark.parametrize("more", [END, b"x"], ids=["an empty line", "a part of a body"])
async def test_an_idle_client_stays_connected_no_longer_than_it_may(monkeypatch, server, served, more):
    monkeypatch.setattr(server.config, "timeout_keep_alive", 0.2)
    length = b"Content-Length: 9\r\n" if more == b"x" else b""

    async with connected(served, b"GET /early HTTP/1.1\r\n" + HOST + length + END) as (reader, writer):
        await reader.readuntil(b"GET .")
        writer.write(more)

        assert await reader.read() == b""


async def test_a_second_head_has_its_own_time(monkeypatch, server, served):
    monkeypatch.setattr(server.config, "timeout_keep_alive", 0.1)

    async with connected(served, b"GET /slow HTTP/1.1\r\n" + HOST + END + GET) as (reader, writer):
        await reader.readuntil(b"GET .")
        await asyncio.sleep(0.2)
        writer.write(CLOSE + END)

        assert (await reader.read()).endswith(b"GET .")


@pytest.mark.parametrize("end", [END, CLOSE + END], ids=["kept alive", "closed"])
async def test_a_client_that_reads_nothing_is_cut_off(monkeypatch, server, served, end):
    monkeypatch.setattr(http, "USER_TIMEOUT", 0.3)
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")  # which not every system has
    with unread(served, b"GET /large HTTP/1.1\r\n" + HOST + end):
        async with asyncio.timeout(LIMIT):
            await has_served(server)


# RFC 9110, 7.8: a server may ignore an upgrade, and then answers the request.
@pytest.mark.parametrize(
    "parts",
    [
        [b"Content-Length: 5\r\n" + END + b"hello"],
        [b"Content-Length: 5\r\n" + END, b"he", b"llo"],
        [b"Transfer-Encoding: chunked\r\n" + END + b"5\r\nhello\r\n", b"0\r\n\r\n"],
        [b"Expect: 100-continue\r\nContent-Length: 5\r\n" + END, b"hello"],
    ],
    ids=["with the head", "later", "chunked", "on request"],
)
@pytest.mark.parametrize("upgrade", [H2C, OPENING, H2C.replace(b"h2c", b"websocket, h2c")], ids=["h2c", "ws", "both"])
async def test_a_body_is_read_whatever_upgrade_is_offered(served, upgrade, parts):
    answer = await said(served, POST + upgrade + CLOSE, *parts)

    assert "HTTP/1.1 200 OK" in answer
    assert answer.endswith("POST hello.")


async def test_requests_that_offer_an_upgrade_are_answered_in_their_order(served):
    posts = [POST + H2C + b"Content-Length: %d\r\n" % number + END + b"x" * number for number in range(1, 400)]

    answer = await said(served, b"".join(posts), GET + CLOSE + END)

    assert [line.count("x") for line in answer.splitlines() if line.startswith("POST")] == list(range(1, 400))


@pytest.mark.parametrize(
    "head",
    [
        HANDSHAKE.replace(b"GET", b"HEAD"),
        HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HANDSHAKE.replace(b"Connection: Upgrade", b"Connection: close"),
        GET + H2C,
    ],
    ids=["HEAD", "HTTP/1.0", "not on this connection", "h2c"],
)
async def test_what_opens_no_websocket_is_an_ordinary_request(served, head):
    assert (await said(served, head + END + GET + CLOSE + END)).startswith("HTTP/1.1 200 OK")


async def test_a_handshake_behind_an_unanswered_request_opens_nothing(served):
    answer = await said(served, b"GET /slow HTTP/1.1\r\n" + HOST + END + HANDSHAKE + CLOSE + END)

    assert answer.count("HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("target", [b"localhost:80", b"/"])
async def test_a_tunnel_is_refused(served, target):
    answer = await said(served, b"CONNECT " + target + b" HTTP/1.1\r\n" + HOST + END + GET + END)

    assert answer.startswith("HTTP/1.1 501")
    assert answer.count("HTTP/1.1") == 1
