"""Fills a chat server's rooms with sockets, sends messages, and waits until all of them have arrived everywhere."""

import gc
import math
import select
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice
from statistics import median
from typing import TypeVar

from dialects import Plain
from rooms import DELIVERY_LIMIT, Room, Socket, Wrong

SPEAKERS = 10  # in a single room; of several rooms each has one
SIMULTANEOUS = 25  # handshakes, since a server queues few
SETTLING = 0.3  # seconds a server has after the last handshake to subscribe new sockets
NAP = 0.002  # seconds in which frames may accumulate if no speaker waits for a particular one

Seat = TypeVar("Seat")


@dataclass(frozen=True)
class Layout:
    """A number of rooms with a number of sockets each. A single room has the number 0, others are counted from 1."""

    rooms: int
    size: int

    @property
    def sockets(self) -> int:
        return self.rooms * self.size

    def seats(self) -> Iterator[tuple[int, range]]:
        """Each room's number, and the persons in it."""
        for place in range(self.rooms):
            yield place + (self.rooms > 1), range(place * self.size, (place + 1) * self.size)


@dataclass(frozen=True)
class Figures:
    """The result of a talk, times in seconds. `own_cpu` is the share of a core that the load itself took."""

    messages: int
    deliveries: int
    seconds: float
    p50: float
    p99: float
    own_cpu: float


class Load:
    """All sockets of some rooms. Several ports share each room's sockets equally; the speakers are at the first."""

    def __init__(self, ports: Sequence[int], dialect: Plain, seats: Iterator[tuple[int, range]]) -> None:
        self._rooms: list[Room] = []
        self._sockets: dict[int, Socket] = {}
        self._poll = select.epoll()
        self._nap = 0.0
        for number, persons in seats:
            room = Room(dialect, number)
            self._rooms.append(room)
            entrances = [ports[place * len(ports) // len(persons)] for place in range(len(persons))]
            for some in batched(zip(entrances, persons, strict=True), SIMULTANEOUS):
                self._open([Socket(port, room, person) for port, person in some])
        self._listen(time.perf_counter() + SETTLING)

    def _open(self, sockets: Sequence[Socket]) -> None:
        for each in sockets:
            each.open()
            each.room.sockets.append(each)
            self._sockets[each.tcp.fileno()] = each
            self._poll.register(each.tcp, select.EPOLLIN)
        self._hear(0)  # pings to the first sockets

    def close(self) -> None:
        self._poll.close()
        for each in self._sockets.values():
            each.close()

    def talk(self, seconds: float, *, in_flight: int = 0, rate: float = 0) -> Figures:
        """Send `rate` messages a second, or keep `in_flight` in flight; return when all have arrived everywhere."""
        gc.collect()
        gc.disable()
        for room in self._rooms:
            room.latencies.clear()
        said, began, worked = self._said, time.perf_counter(), time.process_time()
        if rate:
            self._talk_in_time(began, seconds, rate)
        else:
            self._talk_without_pause(began + seconds, in_flight)
        self._hear_the_rest()
        self._nap = 0
        taken, worked = time.perf_counter() - began, time.process_time() - worked
        gc.enable()
        return self._figures(self._said - said, taken, worked)

    @property
    def _said(self) -> int:
        return sum(room.said for room in self._rooms)

    def _talk_in_time(self, began: float, seconds: float, rate: float) -> None:
        for said, speaker in zip(range(math.ceil(seconds * rate)), cycle(self._speakers()), strict=False):
            self._listen(began + said / rate)
            speaker.say()

    def _talk_without_pause(self, until: float, in_flight: int) -> None:
        """A speaker who receives a message of their own sends the next."""
        self._nap = NAP
        speakers = self._speakers()[:in_flight]
        for speaker in speakers:
            speaker.is_talking = True
            speaker.say(max(in_flight // len(speakers), 1))
        self._listen(until)
        for speaker in speakers:
            speaker.is_talking = False

    def _speakers(self) -> list[Socket]:
        if len(self._rooms) == 1:
            return self._rooms[0].sockets[:SPEAKERS]
        return [room.sockets[0] for room in self._rooms]

    def _listen(self, until: float) -> None:
        while (left := until - time.perf_counter()) > 0:
            self._hear(left)

    def _hear(self, seconds: float) -> None:
        if self._nap:
            time.sleep(self._nap)
        for descriptor, _ in self._poll.poll(seconds):
            self._sockets[descriptor].hear()

    def _hear_the_rest(self) -> None:
        fewest, heard_at = self._missing, time.perf_counter()
        while missing := self._missing:
            if missing < fewest:
                fewest, heard_at = missing, time.perf_counter()
            elif time.perf_counter() - heard_at > DELIVERY_LIMIT:
                raise Wrong(f"{missing:,} deliveries are missing")
            self._hear(DELIVERY_LIMIT)

    @property
    def _missing(self) -> int:
        return sum(room.missing for room in self._rooms)

    def _figures(self, messages: int, seconds: float, worked: float) -> Figures:
        latencies = sorted(chain.from_iterable(each for room in self._rooms for each in room.latencies.values()))
        p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        return Figures(messages, len(latencies), seconds, p50, p99, worked / seconds)

    def p50(self, port: int) -> float:
        """The median latency of the last talk's deliveries at this port, in seconds."""
        return median(chain.from_iterable(room.latencies[port] for room in self._rooms))


def batched(values: Iterable[Seat], size: int) -> Iterator[tuple[Seat, ...]]:
    """As in itertools from Python 3.12 on."""
    left = iter(values)
    while some := tuple(islice(left, size)):
        yield some
