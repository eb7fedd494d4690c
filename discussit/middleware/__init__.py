"""The ASGI middleware around everything: headers of proxies and responses, hosts, origins, sockets, bodies.

Middleware that sockets pass through are plain functions that return the next layer's awaitable: a coroutine would stay
suspended, with its frame, as long as the socket is open.
"""
