"""A server with `discussit serve`'s protocols and a small application, and what it answers to bytes."""

import asyncio
import socket
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from servers import free_port
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from discussit.server import http, websocket

LIMIT = 10  # seconds
HOST = b"Host: localhost\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
KEY = b"Sec-WebSocket-Key: cm9zZW1hcnkgcm9zZW1hcg==\r\n"
OPENING = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + KEY
HANDSHAKE = GET + OPENING
END = b"\r\n"


async def application(scope, receive, send):
    """Answers requests with their method and body, or early without it, and messages with themselves."""
    if scope["type"] == "websocket":
        await echo(WebSocket(scope, receive, send))
        return
    request = Request(scope, receive)
    body = b"" if request.url.path == "/early" else await request.body()
    text = f"{request.method} {body.decode()}."
    if request.url.path == "/slow":
        await asyncio.sleep(0.5)
    if request.url.path == "/large":
        text *= 1_000_000
    await PlainTextResponse(text)(scope, receive, send)


async def echo(client):
    if client.url.path == "/slow":
        await asyncio.sleep(0.2)
    await client.accept()
    if client.url.path == "/leaving":
        for _ in range(2):
            await client.send_text("x" * 60_000)  # of which the second waits, and does not stop the application
        return
    try:
        while True:
            await client.send_text(await client.receive_text())
    except WebSocketDisconnect:
        pass


@asynccontextmanager
async def serving(**options):
    port = free_port()
    protocols = {"http": http.HttpProtocol, "ws": websocket.WebSocketProtocol, "ws_per_message_deflate": False}
    config = uvicorn.Config(application, port=port, lifespan="off", **protocols | options)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server
    await server.shutdown()


@asynccontextmanager
async def connected(port, *parts):
    """The two ends of a connection on which a client has sent this."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(LIMIT):
            for part in parts:
                writer.write(part)
                await writer.drain()
            yield reader, writer
    finally:
        writer.transport.abort()


async def said(port, *parts):
    """What the server answers before it closes."""
    async with connected(port, *parts) as (reader, _):
        return (await reader.read()).decode("latin-1")


@contextmanager
def unread(port, request):
    """A client requests this and reads nothing."""
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", port))
        narrow.sendall(request)
        yield


async def has_served(server):
    """Somebody was connected to it, and nobody is any more."""
    for is_connected in (True, False):
        while bool(server.server_state.connections) != is_connected:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
