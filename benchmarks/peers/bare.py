"""An open WebSocket under uvicorn and nothing else: the memory of a connection without any chat."""


async def app(scope, receive, send):
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass
