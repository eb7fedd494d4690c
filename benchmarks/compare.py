"""A git revision and the working tree compared: what messages, pages and sockets cost each.

`python benchmarks/compare.py REV` takes about five minutes, with `--quick` two. `--control` compares the working tree
with itself instead: what it prints is the noise of the machine. `--servers`, `--workloads`, `--rounds` and `--seconds`
select, `--json FILE` stores every figure of every round. Needs Linux and git.

Each round starts a server of either side and measures the two in turn, revision, working tree, working tree, revision;
in the next round the other way round. The load is the working tree's in any case, uncommitted changes count as
the working tree, and either side runs on a database that its own code has filled.

Every delivery is checked: a run in which one is missing, repeated or out of order fails. What the revision lacks is a
row with the reason.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import httpx
import peers
import sides
import stints
from fanout import allow_sockets
from ratios import RULE, Comparison
from rooms import Wrong
from runs import OWN_CORE
from servers import SERVE, UVICORN, NotStarted, Refused, machine, table
from sides import NotComparable, Side
from stints import OTHERS, Figures, Site, Stint

WAYS = {"uvicorn": UVICORN, "serve": SERVE}
FULL = {
    "servers": ["serve"],
    "workloads": ["500@0", "500@20", "500", "100@20", "200x5", "acks2", "acks50", "ack", "group", "home"],
    "rounds": 7,
    "seconds": 0.8,
}
QUICK = FULL | {"workloads": ["500@0", "500@20", "200x5", "acks2", "ack", "group"], "rounds": 5}

BEFORE, AFTER = 0, 1
BROKEN = (Wrong, Refused, OSError, AssertionError, httpx.HTTPError)
HEAD = ("workload", "figure")


def main() -> int:
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, which cleans up
    os.sched_setaffinity(0, {OWN_CORE})
    allow_sockets()
    began = time.monotonic()
    try:
        with compared(options) as both:
            found = {server: results(server, both, options) for server in options.servers}
    except (NotComparable, NotStarted) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    names = (both[BEFORE].name, both[AFTER].name)
    print(machine())
    for server, each in found.items():
        print(f"\n{peers.ALL[server].title}\n", table((*HEAD, *names, "ratio", "spread", ""), each.rows()), sep="\n")
    print(f"\nrounds: {options.rounds}, in {(time.monotonic() - began) / 60:.1f} minutes", RULE, sep="\n")
    if options.json:
        options.json.write_text(json.dumps(record(options, names, found), indent=1) + "\n")
    return 1 if any(each.has_failed for each in found.values()) else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare a git revision with the working tree.")
    parser.add_argument("revision", nargs="?", metavar="REV")
    parser.add_argument("--control", action="store_true", help="compare the working tree with itself")
    parser.add_argument("--servers", nargs="+", choices=WAYS, metavar="SERVER", help=", ".join(WAYS))
    parser.add_argument("--workloads", nargs="+", metavar="WORKLOAD", help=f"{', '.join(OTHERS)}, or fanout.py's")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of load, four times for each workload in a round")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of the most important workloads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to store the figures of each round")
    options = parser.parse_args()
    if bool(options.revision) == options.control:
        parser.error("name either a revision or --control")
    given = {name: value for name, value in vars(options).items() if value is not None}
    options = argparse.Namespace(**(QUICK if options.quick else FULL) | {"json": None} | given)
    try:
        options.stints = {name: stints.parse(name) for name in options.workloads}
    except ValueError as error:
        parser.error(str(error))
    return options


@contextmanager
def compared(options: argparse.Namespace) -> Iterator[tuple[Side, Side]]:
    if options.control:
        yield Side("working tree", sides.ROOT), Side("the same", sides.ROOT)
        return
    with sides.checked_out(options.revision) as revision:
        yield revision, Side("working tree", sides.ROOT)


# The rounds


def results(server: str, both: Sequence[Side], options: argparse.Namespace) -> "Results":
    found = Results(options.stints)
    with TemporaryDirectory(prefix="compare-") as folder:
        databases = [filled(side, Path(folder) / str(place), options.stints) for place, side in enumerate(both)]
        for round_ in range(options.rounds):
            sys.stderr.write(f"{peers.ALL[server].title}: round {round_ + 1} of {options.rounds}\n")
            with ExitStack() as ends:
                sites = [
                    Site(ends.enter_context(side.served(WAYS[server], database)), side.name)
                    for side, database in zip(both, databases, strict=True)
                ]
                order = (BEFORE, AFTER, AFTER, BEFORE) if round_ % 2 == 0 else (AFTER, BEFORE, BEFORE, AFTER)
                found.add_round(sites, order, options.seconds)
    return found


def filled(side: Side, folder: Path, some: Mapping[str, Stint]) -> Path:
    """A database for all the workloads."""
    folder.mkdir()
    seats = set().union(*(stint.seats for stint in some.values()))
    return side.fill(folder, seats, [each for stint in some.values() for each in stint.lengths])


@dataclass
class Results:
    """What came of the workloads under one server."""

    stints: Mapping[str, Stint]
    rounds: dict[str, list[tuple[Figures, Figures]]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[str, str] = field(default_factory=dict)  # for a workload without figures
    has_failed: bool = False

    def add_round(self, sites: Sequence[Site], order: Sequence[int], seconds: float) -> None:
        """Measure the workloads that no earlier round has given up, both sides in this order."""
        for name in self.stints:
            if name not in self.reasons:
                self._measure(name, sites, order, seconds)
        for site in sites:
            site.close()

    def _measure(self, name: str, sites: Sequence[Site], order: Sequence[int], seconds: float) -> None:
        parts: tuple[list[Figures], list[Figures]] = ([], [])
        for side in order:
            try:
                parts[side].append(self.stints[name].measure(sites[side], seconds))
            except BROKEN as error:
                self._give_up(name, side, sites, error)
                return
        self.rounds[name].append(tuple(map(means, parts)))

    def _give_up(self, name: str, side: int, sites: Sequence[Site], error: Exception) -> None:
        is_lacking = side == BEFORE and isinstance(error, Refused)
        self.has_failed = self.has_failed or not is_lacking
        self.reasons[name] = f"{'' if is_lacking else 'FAILED: '}{sites[side].name}: {error or type(error).__name__}"
        for site in sites:
            site.close()

    def comparisons(self, name: str) -> list[Comparison]:
        before, after = zip(*self.rounds[name], strict=True)
        return [Comparison(each, [some[each] for some in before], [some[each] for some in after]) for each in before[0]]

    def rows(self) -> list[tuple[str, ...]]:
        return [row for name in self.stints for row in self._rows(name)]

    def _rows(self, name: str) -> Iterator[tuple[str, ...]]:
        title = self.stints[name].title
        if reason := self.reasons.get(name):
            yield (title, *[""] * 5, reason)
            return
        for comparison in self.comparisons(name):
            yield (title, *comparison.cells())
            title = ""


def means(parts: Sequence[Figures]) -> Figures:
    return {figure: mean(part[figure] for part in parts) for figure in parts[0]}


def record(options: argparse.Namespace, names: tuple[str, str], found: Mapping[str, Results]) -> dict[str, object]:
    """The figures of each round, and what they depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "system": platform.platform(),
        "sides": names,
        "working tree": sides.described(),
        "seconds": options.seconds,
        "servers": {server: recorded(each) for server, each in found.items()},
    }


def recorded(found: Results) -> dict[str, object]:
    return {
        name: found.reasons.get(name)
        or {
            each.figure.name: {"before": each.before, "after": each.after, "ratio": each.ratio, "spread": each.spread}
            for each in found.comparisons(name)
        }
        for name in found.stints
    }


if __name__ == "__main__":
    sys.exit(main())
