"""Workloads, and running them on a server."""

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
from servers import SETTINGS, NotStarted, Program

CORES = sorted(os.sched_getaffinity(0))
SERVERS_CORE, OWN_CORE = CORES[0], CORES[-1]
IN_FLIGHT = 100  # messages, if there is no rate; at least one in each room
LONGEST_WAIT = 4  # seconds that messages in flight may take on a server with a limit
WARM_UP = 0.3  # seconds of talk that are not measured
FIRST = 20  # sockets opened and closed before the memory of others is measured
BROKEN = (Wrong, OSError)


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
                self._warm_up(program, layouts[0])
                yield program

    def _sit(self, program: Program, layout: Layout, workloads: Sequence[Workload]) -> Iterator[Run]:
        """Fill the layout's rooms, and run the workloads that share it."""
        left = list(workloads)
        try:
            before = program.memory()
            with closing(Load([program.port], self.peer.dialect, layout.seats())) as load:
                memory = (program.memory() - before) / layout.sockets
                while left:
                    yield self._measure(program, load, left[0], memory)
                    left.pop(0)
        except BROKEN as error:
            yield from [self._run(workload, failure=str(error)) for workload in left]

    def _warm_up(self, program: Program, layout: Layout) -> None:
        room, persons = next(layout.seats())
        with closing(Load([program.port], self.peer.dialect, iter([(room, persons[:FIRST])]))) as load:
            if self.peer.talks:
                load.talk(WARM_UP, in_flight=1)

    def _measure(self, program: Program, load: Load, workload: Workload, memory: float) -> Run:
        if workload.rate == 0:
            return self._run(workload, memory=memory)
        load.talk(WARM_UP, **self._pace(workload))
        before = program.cpu()
        figures = load.talk(self.seconds, **self._pace(workload))
        return self._run(workload, figures=figures, cpu=program.cpu() - before)

    def _pace(self, workload: Workload) -> dict[str, float]:
        """The workload's rate or messages in flight, within the server's limit."""
        most, size, rooms = self.peer.most, workload.layout.size, workload.layout.rooms
        if workload.rate:
            return {"rate": min(workload.rate, most / size)}
        return {"in_flight": max(1, int(min(max(IN_FLIGHT, rooms), most / size * LONGEST_WAIT)))}

    def _run(self, workload: Workload, **found: object) -> Run:
        return Run(self.server, str(workload), self.round, **found)
