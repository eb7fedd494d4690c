"""The ASGI middleware around everything: headers of proxies and responses, hosts, origins, sockets, bodies.

What open sockets pass through are plain functions, which return what the next layer does. Coroutines would wait for
it, and be kept with their frames for as long as the socket is open.
"""
