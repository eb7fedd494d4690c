"""What several processes cost compared with one, and what they cost their engines.

`python benchmarks/scale.py` starts PostgreSQL, Redis and one or two servers, and takes about two minutes. Servers share
one core, the load has another if there are two; the engines use both.

- *spread*: one group with 400 sockets in one process, or 200 in each of two, at 20 messages a second.
  "far" is a delivery in a process other than the speaker's.
- *groups*: two processes with more and more groups, at 20 messages a second in all, and at rest.
- *Redis*: its processor time for a message that it sends to a number of processes.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import crowd
from dialects import DiscussIt
from fanout import allow_sockets
from load import Figures, Layout, Load
from runs import OWN_CORE, SERVERS_CORE, WARM_UP
from servers import HERE, PORT, SETTINGS, Program, cpu_of, machine, table

sys.path.append(str(HERE.parent / "tests"))
from engines import Engine, Postgres, Redis

ROUNDS = 3
SECONDS = 5  # of talk, and of rest
RATE = 20  # messages a second
SPREAD = Layout(1, 400)
CURVE = (Layout(1, 400), Layout(10, 40), Layout(100, 4), Layout(1_000, 2))
LISTENERS = (1, 10, 100, 1_000)  # subscribers of one channel: processes that read one group
PUBLISHED = 100_000  # deliveries by Redis


@dataclass(frozen=True)
class Site:
    """Engines, and a database with all people and groups."""

    postgres: Postgres
    redis: Redis
    database: str

    @classmethod
    @contextmanager
    def built(cls, layouts: Sequence[Layout]) -> Iterator["Site"]:
        with engine(Postgres) as postgres, engine(Redis) as redis:
            database = postgres.new_database()
            url = postgres.sqlalchemy_url(database)
            crowd.settle(url, {(room, each) for layout in layouts for room, those in layout.seats() for each in those})
            yield cls(postgres, redis, database)

    @contextmanager
    def served(self, processes: int) -> Iterator[list["Process"]]:
        urls = {"DATABASE_URL": self.postgres.url(self.database), "BROADCAST_URL": self.redis.bus_url}
        with ExitStack() as ends:
            started = []
            for _ in range(processes):
                folder = Path(ends.enter_context(TemporaryDirectory(prefix="scale-")))
                started.append(Process(folder, SETTINGS | urls))
                ends.callback(started[-1].stop)
            for process in started:
                process.wait()
            yield started


@contextmanager
def engine(kind: type[Engine]) -> Iterator[Engine]:
    if why := kind.missing():
        sys.exit(why)
    started = kind()
    try:
        started.start()
        yield started
    finally:
        started.remove()


class Process(Program):
    """DiscussIt under uvicorn."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.statements = folder / "statements"
        command = ("taskset", "-c", str(SERVERS_CORE), sys.executable, str(HERE / "noted.py"), str(self.statements))
        super().__init__(folder, [*command, "--port", PORT], settings)

    def asked(self) -> int:
        """How many statements it has sent to the database."""
        return self.statements.stat().st_size


@contextmanager
def filled(processes: Sequence[Process], layout: Layout) -> Iterator[Load]:
    with closing(Load([process.port for process in processes], DiscussIt(), layout.seats())) as load:
        load.talk(WARM_UP, rate=RATE)
        yield load


def talk(processes: Sequence[Process], load: Load) -> tuple[Figures, float]:
    """The talk's figures, and the processes' CPU seconds."""
    before = sum(process.cpu() for process in processes)
    figures = load.talk(SECONDS, rate=RATE)
    return figures, sum(process.cpu() for process in processes) - before


# The tables


def spread() -> str:
    with Site.built([SPREAD]) as site:
        rounds = [[_spread(site, processes) for processes in (1, 2)] for _ in range(ROUNDS)]
    costs = [median(cost for cost, _ in column) for column in zip(*rounds, strict=True)]
    times = [median(latency for _, latency in column) for column in zip(*rounds, strict=True)]
    ratios = [median(two[part] / one[part] for one, two in rounds) for part in (0, 1)]
    rows = [
        ("1 process of 400 sockets", f"{costs[0]:.2f}", "", f"{times[0] * 1000:.1f}", ""),
        ("2 processes of 200", f"{costs[1]:.2f}", f"{ratios[0]:.2f}", f"{times[1] * 1000:.1f}", f"{ratios[1]:.2f}"),
    ]
    head = ("spread", "CPU s for 100,000 deliveries", "times one (goal: 1.25)", "far p50 ms", "times one (goal: 2)")
    return table(head, rows)


def _spread(site: Site, count: int) -> tuple[float, float]:
    """CPU seconds for 100,000 deliveries, and the median latency in the last process."""
    with site.served(count) as processes, filled(processes, SPREAD) as load:
        figures, cpu = talk(processes, load)
        return cpu / figures.deliveries * 100_000, load.p50(processes[-1].port)


def groups() -> str:
    with Site.built(CURVE) as site:
        rows = [_grouped(site, layout) for layout in CURVE]
    head = (
        "groups x sockets",
        "far p50 ms",
        "CPU ms a message",
        "at rest: CPU ms/s of a process",
        "queries/s (goal: 1)",
        "PostgreSQL's CPU ms/s for it",
    )
    return table(head, rows)


def _grouped(site: Site, layout: Layout) -> tuple[str, ...]:
    with site.served(2) as processes, filled(processes, layout) as load:
        figures, cpu = talk(processes, load)
        far = load.p50(processes[-1].port)
        rest, asked, engines = _rest(site, processes)
        return (
            f"{layout.rooms:,} x {layout.size}",
            f"{far * 1000:.1f}",
            f"{cpu / figures.messages * 1000:.1f}",
            f"{rest * 1000:.1f}",
            f"{asked:.2f}",
            f"{engines * 1000:.2f}",
        )


def _rest(site: Site, processes: Sequence[Process]) -> tuple[float, float, float]:
    """Per process and second: its CPU seconds, its queries, and PostgreSQL's CPU seconds for them."""
    shares = len(processes) * 2 * SECONDS
    asked, used = sum(each.asked() for each in processes), sum(each.cpu() for each in processes)
    engines = cpu_of(site.postgres.pid)
    time.sleep(2 * SECONDS)
    return (
        (sum(each.cpu() for each in processes) - used) / shares,
        (sum(each.asked() for each in processes) - asked) / shares,
        (cpu_of(site.postgres.pid) - engines) / shares,
    )


def redis() -> str:
    with engine(Redis) as started:
        rows = [(f"{count:,}", f"{_published(started, count) * 1e6:.1f}") for count in LISTENERS]
    return table(("processes that listen", "Redis' CPU us for each that a message of 400 bytes is handed to"), rows)


def _published(redis: Engine, count: int) -> float:
    """Redis' CPU seconds for one delivery."""
    message = b"*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$400\r\n" + b"m" * 400 + b"\r\n"
    with ExitStack() as ends:
        listeners = [ends.enter_context(socket.create_connection(("127.0.0.1", redis.port))) for _ in range(count)]
        for each in listeners:
            each.sendall(b"SUBSCRIBE a\r\n")
            each.recv(100)
        speaker = ends.enter_context(socket.create_connection(("127.0.0.1", redis.port)))
        before = cpu_of(redis.pid)
        for _ in range(PUBLISHED // count):
            speaker.sendall(message)
            speaker.recv(100)
            for each in listeners:
                each.recv(1_000)
        return (cpu_of(redis.pid) - before) / PUBLISHED


if __name__ == "__main__":
    os.sched_setaffinity(0, {OWN_CORE})
    allow_sockets()
    print(machine(), spread(), groups(), redis(), sep="\n\n")
