"""Rooms of a chat server and the sockets in them, which check every message that they receive.

All sockets of a room receive the same bytes, so a frame is parsed once and looked up afterwards: the cost of a
delivery here is mostly its recv().
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
from servers import Refused

LENGTH = 100  # characters of a message
DELIVERY_LIMIT = 10  # seconds without a delivery after which missing ones count as lost

SCRATCH = memoryview(bytearray(1 << 18))


class Wrong(Exception):
    """A delivery is missing, repeated or out of order, or a socket was closed."""


class Delivered(NamedTuple):
    """A frame's messages, consecutive ones of their room from number `first` on."""

    first: int
    said_at: Sequence[float]
    speakers: Sequence["Socket"]


class Room:
    """A room's messages, in the order in which its first reader received them: all others must agree."""

    def __init__(self, dialect: Plain, number: int) -> None:
        self.dialect, self.number = dialect, number
        self.sockets: list[Socket] = []
        self.latencies: dict[int, array[float]] = defaultdict(lambda: array("d"))  # of each port
        self._said: dict[bytes, tuple[float, Socket]] = {}
        self._places: dict[bytes, int] = {}
        self._known: dict[bytes, Delivered] = {}
        self._before: int | None = None  # the log's last seq before the first message

    @property
    def said(self) -> int:
        return len(self._said)

    @property
    def missing(self) -> int:
        """The number of deliveries that have not arrived."""
        return self.said * len(self.sockets) - sum(each.read for each in self.sockets)

    def words(self, speaker: "Socket") -> bytes:
        """A new message of LENGTH characters, as a frame's payload."""
        text = f"~{self.number}:{time.time_ns()} ".encode().ljust(LENGTH, b"m")
        self._said[text] = time.perf_counter(), speaker
        return self.dialect.say(text)

    def delivered(self, payload: bytes) -> Delivered | None:
        """A frame's messages; None if it has none. Raises Wrong."""
        return self._known.get(payload) or self._understand(payload)

    def _understand(self, payload: bytes) -> Delivered | None:
        entries = self.dialect.entries(payload)
        if not entries:
            return None
        places = [self._place(text, seq) for text, seq in entries]
        if places != list(range(places[0], places[0] + len(places))):
            raise Wrong(f"one frame delivered the messages {places}")
        delivered = Delivered(places[0], *zip(*(self._said[text] for text, _ in entries), strict=True))
        self._known[payload] = delivered
        return delivered

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
    """A reader of a room, who may also send messages."""

    def __init__(self, port: int, room: Room, person: int) -> None:
        self.port, self.room, self.read, self.is_talking = port, room, 0, False
        self._rest = b""
        self.tcp = socket.create_connection(("127.0.0.1", port), DELIVERY_LIMIT)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp.sendall(handshake(port, *room.dialect.address(room.number, person)))

    def open(self) -> None:
        """Return when the server has accepted this socket."""
        while not self._is_let_in():
            self._receive()
        while not self._is_welcome():
            self._receive()

    def _is_let_in(self) -> bool:
        """Whether the handshake has been answered."""
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101"):
            raise Refused(f"a handshake was answered {head.splitlines()[0].decode()!r}")
        if end:
            self._rest = rest
        return bool(end)

    def _is_welcome(self) -> bool:
        """Whether the server has sent its first frame. No messages are sent in the room yet."""
        welcome = self.room.dialect.welcome
        payloads = self._payloads()
        for payload in payloads:
            self._answer(payload)
        return welcome is None or any(payload.startswith(welcome) for payload in payloads)

    def hear(self) -> None:
        """Receive what has arrived; for each of the socket's own messages, send another if it is talking."""
        self._receive()
        now = time.perf_counter()
        for payload in self._payloads():
            delivered = self.room.delivered(payload)
            if delivered is None:
                self._answer(payload)
                continue
            if delivered.first != self.read:
                raise Wrong(f"a socket received message {delivered.first} instead of {self.read}")
            self.read += len(delivered.said_at)
            self.room.latencies[self.port].extend([now - said_at for said_at in delivered.said_at])
            if self.is_talking:
                self.say(sum(speaker is self for speaker in delivered.speakers))

    def say(self, count: int = 1) -> None:
        for _ in range(count):
            self.tcp.sendall(frame(TEXT, self.room.words(self)))

    def close(self) -> None:
        try:
            self.tcp.sendall(frame(CLOSE, struct.pack(">H", 1000)))
        except OSError:
            pass  # the server closed it first
        self.tcp.close()

    def _receive(self) -> None:
        size = self.tcp.recv_into(SCRATCH)
        if not size:
            raise Wrong("a socket was closed")
        self._rest += SCRATCH[:size].tobytes()

    def _payloads(self) -> list[bytes]:
        """The complete texts that have arrived."""
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
