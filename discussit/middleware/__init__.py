"""The ASGI middleware around everything: headers of proxies and responses, hosts, origins, bodies, open sockets."""
