"""A chat like broadcaster's example: one subscription and two tasks for each socket, nothing stored."""

from contextlib import asynccontextmanager

import anyio
from broadcaster import Broadcast
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

broadcast = Broadcast("memory://")


async def chat(websocket):
    await websocket.accept()
    async with anyio.create_task_group() as tasks:

        async def receive():
            async for message in websocket.iter_text():
                await broadcast.publish(websocket.path_params["room"], message)
            tasks.cancel_scope.cancel()

        tasks.start_soon(receive)
        async with broadcast.subscribe(websocket.path_params["room"]) as subscriber:
            async for event in subscriber:
                await websocket.send_text(event.message)


@asynccontextmanager
async def lifespan(_app):
    async with broadcast:
        yield


app = Starlette(routes=[WebSocketRoute("/{room}/", chat)], lifespan=lifespan)
