"""Readers who all return at the same time, each with the last seq it saw: each must receive exactly what it missed."""

import re
import select
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing

from dialects import DiscussIt
from rooms import Room, Socket, Wrong
from servers import Program

LONGEST = 120  # seconds within which all must have received everything
TYPE = re.compile(rb'{"type":"(\w+)"')
EXPECTED = {b"ready", b"ack", b"text_message"}  # nobody joins or leaves, and nobody missed too many entries


def come_back(program: Program, backlog: "Backlog", readers: int) -> tuple[float, float]:
    """Seconds until all readers have everything, and the server's CPU seconds for it. Raises Wrong."""
    began, cpu = time.perf_counter(), program.cpu()
    with select.epoll() as poll, ExitStack() as ends:
        sockets = {}
        for person in range(readers):
            reader = ends.enter_context(closing(Returner(program.port, backlog, person)))
            poll.register(reader.tcp, select.EPOLLIN)
            sockets[reader.tcp.fileno()] = reader
        _hear_all(poll, sockets, backlog)
        taken, cpu = time.perf_counter() - began, program.cpu() - cpu
        # For a reader who received something twice, or too much, this is not the next message.
        reader.say()
        _hear_all(poll, sockets, backlog)
    return taken, cpu


def _hear_all(poll: select.epoll, sockets: Mapping[int, "Returner"], backlog: "Backlog") -> None:
    deadline = time.monotonic() + LONGEST
    while missing := sum(backlog.last - each.read for each in sockets.values()):
        if time.monotonic() > deadline:
            raise Wrong(f"{missing:,} entries are missing after {LONGEST} s")
        for descriptor, _ in poll.poll(1):
            sockets[descriptor].hear()


class Missed(DiscussIt):
    """The messages of crowd.fill, each of which contains its own seq."""

    entry = re.compile(rb'{"type":"text_message".+?"seq":(\d+).+?"content":"This is message (\d+) of')

    def __init__(self, since: int) -> None:
        self._since = since

    def address(self, room: int, person: int) -> Sequence[str]:
        path, *headers = super().address(room, person)
        return (f"{path}?since={self._since}", *headers)


class Backlog(Room):
    """A room whose log ends with `last`, and whose readers have all seen it up to `since`."""

    def __init__(self, number: int, since: int, last: int) -> None:
        super().__init__(Missed(since), number)
        self.since, self.last = since, last
        self._ranges: dict[bytes, range] = {}

    def words(self, _speaker: Socket) -> bytes:
        self.last += 1
        return self.dialect.say(b"This is message %d of those that come next" % self.last)

    def read_on(self, seen: int, payload: bytes) -> int:
        """The last seq that a reader has seen after this frame, given the last one before. Raises Wrong."""
        if payload not in self._ranges:
            self._ranges[payload] = self._understand(payload)
        seqs = self._ranges[payload]
        if seqs and seqs[0] != seen + 1:
            raise Wrong(f"a reader who had seen {seen} was sent {seqs[0]}")
        return seen + len(seqs)

    def _understand(self, payload: bytes) -> range:
        entries = self.dialect.entries(payload)
        if others := set(TYPE.findall(payload)) - EXPECTED:
            raise Wrong(f"a reader was sent {others}")
        seqs = [seq for _, seq in entries]
        whole = range(seqs[0], seqs[-1] + 1) if seqs else range(0)
        if seqs != list(whole) or seqs != [int(text) for text, _ in entries]:
            raise Wrong(f"one frame delivered the entries {seqs}")
        return whole


class Returner(Socket):
    """A returning reader. Does not wait for its handshake: others return at the same time."""

    def __init__(self, port: int, room: Backlog, person: int) -> None:
        super().__init__(port, room, person)
        self.read, self._is_in = room.since, False

    def hear(self) -> None:
        self._receive()
        self._is_in = self._is_in or self._is_let_in()
        if self._is_in:
            for payload in self._payloads():
                self.read = self.room.read_on(self.read, payload)
