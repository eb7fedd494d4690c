"""The ASGI middleware around everything: proxies' headers, response headers, hosts, origins, request bodies, open sockets."""
