"""What uvicorn leaves open about requests, and `discussit serve` does not."""

import asyncio

import pytest
import uvicorn
from servers import free_port
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from discussit.middleware.headers import HEADERS
from discussit.server import http

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def application(scope, receive, send):
    request = Request(scope, receive)
    await request.body()
    if request.url.path == "/slow":
        await asyncio.sleep(0.5)
    await PlainTextResponse("ok")(scope, receive, send)


@pytest.fixture
async def served():
    """The port of a server that answers "ok" to everything."""
    port = free_port()
    config = uvicorn.Config(application, port=port, http=http.HttpProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield port
    await server.shutdown()


async def said(port, *parts):
    """What the server answers before it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer.decode()


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
    monkeypatch.setattr(http, "HEAD_LIMIT", 0.2)

    answer = await said(served, beginning)

    assert answer.count("200 OK") == beginning.count(b"\r\n\r\n")


async def test_an_answer_may_take_longer_than_a_head(monkeypatch, served):
    monkeypatch.setattr(http, "HEAD_LIMIT", 0.2)

    answer = await said(served, b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 200 OK")
