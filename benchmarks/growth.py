"""How costs grow: with the sockets in a room, with the length of a log, and with the number of missed entries.

`python benchmarks/growth.py` takes about four minutes. It prints the figures, writes them into docs/performance.md
and draws them as docs/growth-*.svg.

- *calm*, *saturated*: a delivery's CPU time by the number of sockets in the room, as fanout.py measures it.
- *page*: a group page's CPU time by the length of the log, which SQL has filled; a group has 50 members.
- *return*: 500 readers return at the same time to a server that has just started, each with the same last seq. Each
  must receive exactly what it missed, in order, and then the next message; otherwise this fails.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import crowd
import peers
from comeback import Backlog, come_back
from documents import DOCS, write_part
from fanout import allow_sockets
from pages import MEMBERS
from plots import Plot
from rooms import Wrong
from runs import OWN_CORE, Visit, Workload, served
from servers import machine, table

SIZES = (10, 30, 100, 300, 1_000)  # sockets
RATE = 20  # messages a second
SECONDS = 3  # of each workload
LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)  # entries
ROUNDS = 5
MISSED = (10, 100, 1_000)  # entries; readers who missed more receive `reset`
READERS = 500
OURS = ("uvicorn", "serve")


def main() -> None:
    os.sched_setaffinity(0, {OWN_CORE})
    allow_sockets()
    plots = {**deliveries(SIZES), "page": pages(LENGTHS), "return": returns(MISSED, READERS)}
    found = "\n\n".join([machine(), *map(figures, plots.values())])
    print(found)
    write_part("growth", found)
    for name, plot in plots.items():
        (DOCS / f"growth-{name}.svg").write_text(plot.svg())


def figures(plot: Plot) -> str:
    """The plot as text."""
    rows = [(f"{x:,}", *(f"{line[x]:,.2f}" for line in plot.lines.values())) for x in next(iter(plot.lines.values()))]
    return f"{plot.title}: {plot.y}\n\n{table((plot.x, *plot.lines), rows)}"


# By sockets


def deliveries(sizes: Sequence[int]) -> dict[str, Plot]:
    return {
        "calm": _fan_out(f"A delivery, at {RATE} messages a second", sizes, f"@{RATE}"),
        "saturated": _fan_out("A delivery, without a pause", sizes, ""),
    }


def _fan_out(title: str, sizes: Sequence[int], rate: str) -> Plot:
    sys.stderr.write(f"{title}\n")
    lines = {peers.ALL[server].title: _by_size(server, sizes, rate) for server in (*OURS, peers.EXAMPLE)}
    return Plot(title, "sockets in the room", "CPU µs a delivery", lines)


def _by_size(server: str, sizes: Sequence[int], rate: str) -> dict[float, float]:
    """The server's CPU microseconds for a delivery."""
    runs = list(Visit(server, 1, SECONDS).runs([Workload.parse(f"{size}{rate}") for size in sizes]))
    for run in runs:
        if run.failure:
            raise Wrong(f"{run.server}, {run.workload}: {run.failure}")
    return {size: run.cost * 10 for size, run in zip(sizes, runs, strict=True)}


# By entries


def pages(lengths: Sequence[int]) -> Plot:
    sys.stderr.write("group pages\n")
    seats = [(room, person) for room in range(len(lengths)) for person in range(MEMBERS)]
    with crowd.visited(seats) as (server, visitor):
        for room, length in enumerate(lengths):
            crowd.fill(server.database, room, length)
        ends = {length: crowd.path(room) for room, length in enumerate(lengths)}
        middles = {length: f"{path}?before={length // 2}" for length, path in ends.items()}
        costs = {"its newest entries": ends, "those in its middle": middles}
        rounds = [
            {name: {x: visitor.cost(path) for x, path in line.items()} for name, line in costs.items()}
            for _ in range(ROUNDS)
        ]
    lines = {name: {x: median(each[name][x] for each in rounds) * 1000 for x in lengths} for name in costs}
    return Plot(f"A group page, {MEMBERS} members", "entries in the log", "CPU ms a request", lines)


# By missed entries


def returns(missed: Sequence[int], readers: int) -> Plot:
    lines: dict[str, dict[float, float]] = {}
    for server in OURS:
        sys.stderr.write(f"return: {peers.ALL[server].title}\n")
        seconds, cpu = (lines.setdefault(f"{server}: {what}", {}) for what in ("until all have all", "server's CPU"))
        for count in missed:
            seconds[count], cpu[count] = returned(server, count, readers)
    return Plot(f"{readers} readers come back at once", "entries each missed", "seconds", lines)


def returned(server: str, missed: int, readers: int) -> tuple[float, float]:
    """Seconds until all have all, and the server's CPU seconds. Raises Wrong."""
    peer = peers.ALL[server]
    last = readers + missed  # the first entries are the readers' Joins
    with TemporaryDirectory(prefix="growth-") as folder:
        peer.furnish(Path(folder), [(0, person) for person in range(readers)])
        crowd.fill(Path(folder) / "discussit.db", 0, last)
        with served(peer, Path(folder)) as program:
            return come_back(program, Backlog(0, last - missed, last), readers)


if __name__ == "__main__":
    main()
