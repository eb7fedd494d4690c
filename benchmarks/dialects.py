"""The protocols of the servers: addresses, messages from clients, and messages from the server."""

import json
import re
from collections.abc import Sequence

import crowd

TEXT = rb"~\d+:\d+ m+"  # of load.py's messages
Entry = tuple[bytes, int | None]  # a text, and its seq if the server has one


class Plain:
    """Each message is sent to everyone as it is. The room is a number in the path."""

    welcome: bytes | None = None  # the beginning of the frame after which a socket may send; None: the handshake

    def address(self, room: int, _person: int) -> Sequence[str]:
        """Path, and headers."""
        return (f"/{room}/",)

    def say(self, text: bytes) -> bytes:
        return text

    def entries(self, payload: bytes) -> list[Entry]:
        return [(text, None) for text in re.findall(TEXT, payload)]

    def answer(self, _payload: bytes) -> bytes | None:
        """The answer that a frame without a message requires."""
        return None


class Tutorial(Plain):
    """The protocol of "WebSocket Protocol with Django Channels"."""

    def address(self, room: int, _person: int) -> Sequence[str]:
        return (crowd.path(room),)

    def say(self, text: bytes) -> bytes:
        return json.dumps({"type": "text_message", "message": text.decode(), "author": crowd.name(0)}).encode()


class SocketIO(Plain):
    """Frames of Engine.IO 4 with a digit before each: 0 open, 2 ping, 3 pong, 40 connect, 42 event."""

    welcome = b"40"

    def address(self, room: int, _person: int) -> Sequence[str]:
        return (f"/socket.io/?EIO=4&transport=websocket&room={room}",)

    def say(self, text: bytes) -> bytes:
        return b'42["message","%s"]' % text

    def answer(self, payload: bytes) -> bytes | None:
        return {b"0": b"40", b"2": b"3"}.get(payload[:1])


class DiscussIt(Plain):
    """`discussit.v1`: arrays of entries, each with its seq. An entry contains its text twice."""

    welcome = b'[{"type":"ready"'
    entry = re.compile(rb'{"type":"text_message".+?"seq":(\d+).+?"content":"(%s)"' % TEXT)

    def address(self, room: int, person: int) -> Sequence[str]:
        headers = ("Sec-WebSocket-Protocol: discussit.v1", f"Cookie: {crowd.cookie(person)}")
        return (crowd.path(room), *headers)

    def say(self, text: bytes) -> bytes:
        client_id = text.rstrip(b"m ").decode()
        return json.dumps({"type": "text_message", "message": text.decode(), "client_id": client_id}).encode()

    def entries(self, payload: bytes) -> list[Entry]:
        return [(text, int(seq)) for seq, text in self.entry.findall(payload)]
