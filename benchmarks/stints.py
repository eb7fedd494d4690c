"""The short workloads of compare.py: what each measures on a server, in a given number of seconds."""

import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from statistics import median
from typing import Protocol

import acks
import crowd
import uvloop
from acks import Place
from crowd import Seat, Visitor
from load import Layout
from peers import ALL
from ratios import Figure
from runs import CORES, SERVERS_CORE, Seated, Workload, warm_up
from servers import Program

# Fan-out has the rooms 0 to some hundred, and the first persons.
ACKS, GROUP, HOMES = 5_000, 5_001, range(5_002, 5_032)  # rooms
SENDER, VISITOR, FIRST_MEMBER = 5_000, 5_001, 5_002  # persons
MEMBERS = 50  # of the group page's group
ENTRIES = 1_000  # in its log
MESSAGES = 100  # each sent after the one before was acknowledged
REQUESTS = 20  # for a page
CALMING = 0.1  # seconds, of which a server with nothing to do uses less than a tenth
MAX_WAITS = 100  # times that

CPU = Figure("CPU µs a message", "{:,.0f}")
RATE = Figure("messages/s", "{:,.0f}", more_is_better=True)
DELIVERED = Figure("ms to delivery, median", "{:.2f}")
ACKNOWLEDGED = Figure("ms to its ack, median", "{:.2f}")
MEMORY = Figure("KiB a socket", "{:.1f}")
PAGE = Figure("CPU ms a request", "{:.2f}")

PEER = ALL["serve"]  # whose protocol and limits are those of all of ours

Figures = dict[Figure, float]
Lengths = Sequence[tuple[int, int]]  # of logs: room, last seq


class Site:
    """A running server, and the sockets that are open at it."""

    def __init__(self, program: Program, name: str) -> None:
        self.program, self.name = program, name
        self._layout: Layout | None = None
        self._is_warm = False

    def seated(self, layout: Layout) -> Seated:
        """The sockets that fill these rooms; they stay open until others are asked for."""
        if layout != self._layout:
            self.clear()
            if not self._is_warm:
                warm_up(self.program, PEER, layout)
                self._is_warm = True
            self._seated, self._layout = Seated(self.program, PEER, layout), layout
        return self._seated

    def clear(self) -> None:
        """Close all sockets, and wait until the server has nothing more to do for them."""
        if self._layout:
            self.close()
            for _ in range(MAX_WAITS):
                before = self.program.cpu()
                time.sleep(CALMING)
                if self.program.cpu() - before < CALMING / 10:
                    break

    def close(self) -> None:
        if self._layout:
            self._seated.close()
            self._layout = None


class Stint(Protocol):
    title: str
    seats: Set[Seat]
    lengths: Lengths

    def measure(self, site: Site, seconds: float) -> Figures: ...


@dataclass(frozen=True)
class FanOut:
    """A workload of fanout.py. A message's CPU time includes its deliveries."""

    workload: Workload
    lengths: Lengths = ()

    @property
    def title(self) -> str:
        return str(self.workload)

    @property
    def seats(self) -> set[Seat]:
        return {(room, person) for room, persons in self.workload.layout.seats() for person in persons}

    def measure(self, site: Site, seconds: float) -> Figures:
        seated = site.seated(self.workload.layout)
        if self.workload.rate == 0:
            return {MEMORY: seated.memory}
        talk, cpu = seated.talk(self.workload, seconds)
        found = {CPU: cpu / talk.messages * 1e6}
        return found | ({DELIVERED: talk.p50 * 1e3} if self.workload.rate else {RATE: talk.messages / talk.seconds})


@dataclass(frozen=True)
class Acknowledged:
    """What persist.py measures, like there on all cores. Without `senders`: one message at a time."""

    title: str
    senders: int = 0
    readers: int = 0
    seats: Set[Seat] = frozenset({(ACKS, SENDER)})
    lengths: Lengths = ()

    def measure(self, site: Site, seconds: float) -> Figures:
        site.clear()
        place = Place(site.program, crowd.path(ACKS), crowd.cookie(SENDER))
        site.program.run_on(CORES)
        try:
            return self._together(place, seconds) if self.senders else self._one_by_one(place)
        finally:
            site.program.run_on({SERVERS_CORE})

    def _together(self, place: Place, seconds: float) -> Figures:
        found = uvloop.run(acks.load(place, self.senders, self.readers, seconds))
        return {CPU: found.server_cpu / found.messages * 1e6, RATE: found.messages / found.seconds}

    def _one_by_one(self, place: Place) -> Figures:
        return {ACKNOWLEDGED: median(uvloop.run(acks.waits(place, MESSAGES))) * 1e3}


@dataclass(frozen=True)
class Page:
    """A page, requested by one visitor."""

    title: str
    path: str
    visitor: int
    seats: Set[Seat]
    lengths: Lengths = ()

    def measure(self, site: Site, _seconds: float) -> Figures:
        site.clear()
        with Visitor(site.program, self.visitor) as visitor:
            return {PAGE: visitor.cost(self.path, REQUESTS) * 1e3}


OTHERS: dict[str, Stint] = {
    "acks2": Acknowledged("50 unacknowledged, 2 sockets", senders=2),
    "acks50": Acknowledged("50 unacknowledged, 50 sockets", senders=50, readers=2),
    "ack": Acknowledged("one message at a time"),
    "group": Page(
        f"group page, {MEMBERS} members",
        crowd.path(GROUP),
        FIRST_MEMBER,
        seats={(GROUP, FIRST_MEMBER + each) for each in range(MEMBERS)},
        lengths=((GROUP, ENTRIES),),
    ),
    "home": Page(f"home page, {len(HOMES)} groups", "/", VISITOR, seats={(room, VISITOR) for room in HOMES}),
}


def parse(name: str) -> Stint:
    """One of OTHERS, or a workload of fanout.py. Raises ValueError."""
    return OTHERS[name] if name in OTHERS else FanOut(Workload.parse(name))
