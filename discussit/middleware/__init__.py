"""The ASGI middleware around everything: headers, hosts, origins, request bodies, open sockets."""
