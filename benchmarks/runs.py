"""Workloads, and running them on a server."""

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import peers
from load import Figures, Layout, Load
from rooms import Wrong
from servers import SETTINGS, NotStarted, Program, Refused

CORES = sorted(os.sched_getaffinity(0))
SERVERS_CORE, OWN_CORE = CORES[0], CORES[-1]
IN_FLIGHT = 100  # messages, if there is no rate; at least one in each room
LONGEST_WAIT = 4  # seconds that messages in flight may take on a server with a limit
WARM_UP = 0.3  # seconds of talk that are not measured
FIRST = 20  # sockets opened and closed before the memory of others is measured
BROKEN = (Wrong, Refused, OSError)


@dataclass(frozen=True)
class Workload:
    """Sockets, and how many messages a second they send in all: None as many as possible, 0 none."""

    layout: Layout
    rate: float | None

    @classmethod
    def parse(cls, text: str) -> "Workload":
        """[ROOMSx]SIZE[@RATE]. Raises ValueError."""
        found = re.fullmatch(r"(?:([1-9]\d*)x)?([1-9]\d*)(?:@(\d+(?:\.\d+)?))?", text)
        if found is None:
            raise ValueError(f"{text!r} is not a workload")
        rooms, size, rate = found.groups()
        return cls(Layout(int(rooms or 1), int(size)), None if rate is None else float(rate))

    def pace(self, most: float = math.inf) -> dict[str, float]:
        """The rate or the messages in flight, within `most` deliveries a second."""
        size = self.layout.size
        if self.rate:
            return {"rate": min(self.rate, most / size)}
        return {"in_flight": max(1, int(min(max(IN_FLIGHT, self.layout.rooms), most / size * LONGEST_WAIT)))}

    def __str__(self) -> str:
        rooms, size = self.layout.rooms, self.layout.size
        place = f"{size:,}" if rooms == 1 else f"{rooms} rooms of {size}"
        return f"{place}, " + ("saturated" if self.rate is None else f"{self.rate:g}/s" if self.rate else "idle")


@dataclass(frozen=True)
class Run:
    """One workload on one server in one round: figures, or memory, or the reason why there is neither."""

    server: str
    workload: str
    round: int
    figures: Figures | None = None
    cpu: float | None = None  # the server's seconds
    memory: float | None = None  # KiB a socket
    unavailable: str = ""
    failure: str = ""

    @property
    def cost(self) -> float | None:
        """The server's CPU seconds for 100,000 deliveries."""
        return self.cpu / self.figures.deliveries * 100_000 if self.figures else None


@contextmanager
def served(peer: peers.Peer, folder: Path) -> Iterator[Program]:
    """The peer's server, accepting connections, on its own core."""
    program = Program(folder, ("taskset", "-c", str(SERVERS_CORE), *peer.command()), SETTINGS)
    try:
        program.wait()
        yield program
    finally:
        program.stop()


def warm_up(program: Program, peer: peers.Peer, layout: Layout) -> None:
    """Have the server load what it loads on first use."""
    room, persons = next(layout.seats())
    with closing(Load([program.port], peer.dialect, iter([(room, persons[:FIRST])]))) as load:
        if peer.talks:
            load.talk(WARM_UP, in_flight=1)


class Seated:
    """A server and the sockets that fill a layout's rooms on it."""

    def __init__(self, program: Program, peer: peers.Peer, layout: Layout) -> None:
        self._program, self._peer = program, peer
        before = program.memory()
        self._load = Load([program.port], peer.dialect, layout.seats())
        self.memory = (program.memory() - before) / layout.sockets  # KiB

    def close(self) -> None:
        self._load.close()

    def talk(self, workload: Workload, seconds: float) -> tuple[Figures, float]:
        """The talk's figures after a warm-up, and the server's CPU seconds."""
        pace = workload.pace(self._peer.most)
        self._load.talk(WARM_UP, **pace)
        before = self._program.cpu()
        return self._load.talk(seconds, **pace), self._program.cpu() - before


@dataclass(frozen=True)
class Visit:
    """One server's part of a round. Starts the server."""

    server: str
    round: int
    seconds: float  # of each workload

    @property
    def peer(self) -> peers.Peer:
        return peers.ALL[self.server]

    def runs(self, workloads: Sequence[Workload]) -> Iterator[Run]:
        """A run of each workload that makes sense here, even if it can't be measured."""
        workloads = [workload for workload in workloads if self.peer.talks or workload.rate == 0]
        if not workloads:
            return
        layouts = list(dict.fromkeys(workload.layout for workload in workloads))
        try:
            with self._served(layouts) as program:
                for layout in layouts:
                    yield from self._sit(program, layout, [each for each in workloads if each.layout == layout])
        except peers.Unavailable as reason:
            yield from [self._run(workload, unavailable=str(reason)) for workload in workloads]
        except (NotStarted, *BROKEN) as error:
            yield from [self._run(workload, failure=str(error)) for workload in workloads]

    @contextmanager
    def _served(self, layouts: Sequence[Layout]) -> Iterator[Program]:
        """The server, warmed up: what it loads on first use does not count as its sockets' memory."""
        seats = {(room, person) for layout in layouts for room, persons in layout.seats() for person in persons}
        with TemporaryDirectory(prefix="fanout-") as folder:
            self.peer.furnish(Path(folder), seats)
            with served(self.peer, Path(folder)) as program:
                warm_up(program, self.peer, layouts[0])
                yield program

    def _sit(self, program: Program, layout: Layout, workloads: Sequence[Workload]) -> Iterator[Run]:
        """Fill the layout's rooms, and run the workloads that share it."""
        left = list(workloads)
        try:
            with closing(Seated(program, self.peer, layout)) as seated:
                while left:
                    yield self._measure(seated, left[0])
                    left.pop(0)
        except BROKEN as error:
            yield from [self._run(workload, failure=str(error)) for workload in left]

    def _measure(self, seated: Seated, workload: Workload) -> Run:
        if workload.rate == 0:
            return self._run(workload, memory=seated.memory)
        figures, cpu = seated.talk(workload, self.seconds)
        return self._run(workload, figures=figures, cpu=cpu)

    def _run(self, workload: Workload, **found: object) -> Run:
        return Run(self.server, str(workload), self.round, **found)
