"""Rooms of a chat server and the sockets in them, which check every message that they are sent.

All sockets of a room are sent the same bytes, so a frame is understood
once and looked up by the others: what a delivery costs here is mostly its recv().
"""

import socket
import struct
import time
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from dialects import Plain
from frames import CLOSE, PING, PONG, TEXT, frame, handshake, split

LENGTH = 100  # characters of a message
PATIENCE = 10  # seconds without a delivery after which what is missing counts as lost

SCRATCH = memoryview(bytearray(1 << 18))


class Wrong(Exception):
    """A delivery is missing, doubled or out of order, or a socket was refused or closed."""


class Heard(NamedTuple):
    """What a frame delivers: messages that follow each other in their room, from the `first` on."""

    first: int
    said_at: Sequence[float]
    speakers: Sequence["Socket"]


class Room:
    """What was said in a room, in the order in which its first reader heard it: all others must agree."""

    def __init__(self, dialect: Plain, number: int) -> None:
        self.dialect, self.number = dialect, number
        self.sockets: list[Socket] = []
        self.latencies: dict[int, array[float]] = defaultdict(lambda: array("d"))  # of each port
        self._said: dict[bytes, tuple[float, Socket]] = {}
        self._places: dict[bytes, int] = {}
        self._known: dict[bytes, Heard] = {}
        self._before: int | None = None  # the log's last seq before the first message

    @property
    def said(self) -> int:
        return len(self._said)

    @property
    def missing(self) -> int:
        """Deliveries that are still to come."""
        return self.said * len(self.sockets) - sum(each.read for each in self.sockets)

    def words(self, speaker: "Socket") -> bytes:
        """A message of LENGTH characters that was not said before, as a frame's payload."""
        text = f"~{self.number}:{time.time_ns()} ".encode().ljust(LENGTH, b"m")
        self._said[text] = time.perf_counter(), speaker
        return self.dialect.say(text)

    def heard(self, payload: bytes) -> Heard | None:
        """What a frame delivers; None if no message is in it."""
        return self._known.get(payload) or self._understand(payload)

    def _understand(self, payload: bytes) -> Heard | None:
        entries = self.dialect.entries(payload)
        if not entries:
            return None
        places = [self._place(text, seq) for text, seq in entries]
        if places != list(range(places[0], places[0] + len(places))):
            raise Wrong(f"one frame delivered the messages {places}")
        heard = Heard(places[0], *zip(*(self._said[text] for text, _ in entries), strict=True))
        self._known[payload] = heard
        return heard

    def _place(self, text: bytes, seq: int | None) -> int:
        if text not in self._said:
            raise Wrong(f"nobody said {text.decode()!r}")
        place = self._places.setdefault(text, len(self._places))
        if seq is not None:
            self._before = seq - place if self._before is None else self._before
            if seq != self._before + place:
                raise Wrong(f"a message has seq {seq} in place of {self._before + place}")
        return place


class Socket:
    """A reader of a room, who may also speak in it."""

    def __init__(self, port: int, room: Room, person: int) -> None:
        self.port, self.room, self.read, self.is_talking = port, room, 0, False
        self._rest = b""
        self.tcp = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp.sendall(handshake(port, *room.dialect.address(room.number, person)))

    def open(self) -> None:
        """Return when the server has let this socket in."""
        while not self._is_let_in():
            self._receive()
        while not self._is_welcome():
            self._receive()

    def _is_let_in(self) -> bool:
        """Whether the answer to the handshake has arrived."""
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101"):
            raise Wrong(f"a handshake was answered {head.splitlines()[0].decode()!r}")
        if end:
            self._rest = rest
        return bool(end)

    def _is_welcome(self) -> bool:
        """Whether the server has sent what it begins with. Nothing is said in the room yet."""
        welcome = self.room.dialect.welcome
        payloads = self._payloads()
        for payload in payloads:
            self._answer(payload)
        return welcome is None or any(payload.startswith(welcome) for payload in payloads)

    def hear(self) -> None:
        """Take what has arrived; to each message of one's own that is heard, say another."""
        self._receive()
        now = time.perf_counter()
        for payload in self._payloads():
            heard = self.room.heard(payload)
            if heard is None:
                self._answer(payload)
                continue
            if heard.first != self.read:
                raise Wrong(f"a socket was sent message {heard.first} in place of {self.read}")
            self.read += len(heard.said_at)
            self.room.latencies[self.port].extend([now - said_at for said_at in heard.said_at])
            if self.is_talking:
                self.say(sum(speaker is self for speaker in heard.speakers))

    def say(self, count: int = 1) -> None:
        for _ in range(count):
            self.tcp.sendall(frame(TEXT, self.room.words(self)))

    def close(self) -> None:
        try:
            self.tcp.sendall(frame(CLOSE, struct.pack(">H", 1000)))
        except OSError:
            pass  # the server was first
        self.tcp.close()

    def _receive(self) -> None:
        size = self.tcp.recv_into(SCRATCH)
        if not size:
            raise Wrong("a socket was closed")
        self._rest += SCRATCH[:size].tobytes()

    def _payloads(self) -> list[bytes]:
        """The texts that have arrived as a whole."""
        frames, self._rest = split(self._rest)
        for kind, payload in frames:
            if kind == PING:
                self.tcp.sendall(frame(PONG, payload))
            elif kind != TEXT:
                raise Wrong(f"a frame began with {kind:#x}: {payload!r}")
        return [payload for kind, payload in frames if kind == TEXT]

    def _answer(self, payload: bytes) -> None:
        if answer := self.room.dialect.answer(payload):
            self.tcp.sendall(frame(TEXT, answer))
