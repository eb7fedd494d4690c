"""The ASGI middleware around everything: headers, hosts, origins, body size, number of sockets."""
