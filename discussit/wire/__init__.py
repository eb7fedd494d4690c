"""What travels on the sockets besides entries: commands from clients and objects to them (docs/protocol.md)."""
