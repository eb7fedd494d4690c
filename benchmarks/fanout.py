"""The cost of fan-out: DiscussIt compared with its peers, each alone on one core and loaded from another.

`python benchmarks/fanout.py` prints one table after about a quarter of an hour, with `--quick` within two
minutes. `--servers`, `--workloads`, `--rounds` and `--seconds` select, `--json FILE` stores the result of each
run, `--write` writes the table into docs/performance.md. Needs Linux. Peers are installed in
benchmarks/peers/ when they are first used; one that can't be installed gets a row with the reason.

A workload is [ROOMSx]SIZE[@RATE]: sockets in a room, and messages a second in all. At 0 no message is sent
and the memory of the open sockets is measured; without a rate 100 messages, or one in each room,
are always in flight. Messages have 100 characters.

Every delivery on every socket is counted and must be in its room's order; a run in which one is missing
fails. CPU is the server's user and system time. Rounds are interleaved, figures are their medians, and
"times example" compares with broadcaster's example in the same round. The last column is the share
of a core that the load itself took: near 100 % the server waited for it.
"""

import argparse
import json
import math
import os
import platform
import resource
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import peers
from documents import write_part
from peers import Peer
from runs import OWN_CORE, SERVERS_CORE, Run, Visit, Workload
from servers import machine, table

SOCKETS = 4_096  # descriptors that a server with 1,000 sockets may need

FULL = {
    "servers": list(peers.ALL),
    "workloads": ["1000@0", "1000", "1000@20", "500", "500@20", "100", "100@20", "200x5"],
    "rounds": 3,
    "seconds": 2.5,
}
QUICK = FULL | {"workloads": ["1000@0", "500", "500@20"], "rounds": 1, "seconds": 2.0}

HEAD = (
    "sockets, messages",
    "server",
    "CPU s for 100,000",
    "times example",
    "messages/s",
    "deliveries/s",
    "p50 ms",
    "p99 ms",
    "KiB a socket",
    "load's CPU",
    "",
)


def main() -> int:
    options = read_options()
    os.sched_setaffinity(0, {OWN_CORE})
    allow_sockets()
    runs = []
    for round_ in range(1, options.rounds + 1):
        for server in options.servers:
            sys.stderr.write(f"round {round_} of {options.rounds}: {peers.ALL[server].title}\n")
            runs += Visit(server, round_, options.seconds).runs(options.workloads)
    found = f"{machine()}\n\n{table(HEAD, rows(runs))}"
    print(found)
    if options.write:
        write_part("fanout", found)
    if options.json:
        options.json.write_text(json.dumps(record(options.seconds, runs), indent=1) + "\n")
    return 1 if any(run.failure for run in runs) else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the cost of fan-out.")
    parser.add_argument("--servers", nargs="+", choices=peers.ALL, metavar="SERVER", help=", ".join(peers.ALL))
    parser.add_argument("--workloads", nargs="+", metavar="WORKLOAD", help="[ROOMSx]SIZE[@RATE]")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of load for each workload in a round")
    parser.add_argument("--quick", action="store_true", help="one round of the most important workloads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to store the result of each run")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    given = {name: value for name, value in vars(options).items() if value is not None}
    options = argparse.Namespace(**(QUICK if options.quick else FULL) | {"json": None} | given)
    try:
        options.workloads = [Workload.parse(text) for text in options.workloads]
    except ValueError as error:
        parser.error(str(error))
    if OWN_CORE == SERVERS_CORE:
        sys.stderr.write("There is only one core: latencies and rates are those of server and load together.\n")
    return options


def allow_sockets() -> None:
    """Raise the limit of open files, which the servers inherit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, SOCKETS), most))


# The table


def rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """A row for each workload on each server, workload by workload."""
    found: dict[str, dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        found[run.workload][run.server].append(run)
    return [
        row(workload, peers.ALL[server], some, {run.round: run.cost for run in servers.get(peers.EXAMPLE, ())})
        for workload, servers in found.items()
        for server, some in servers.items()
    ]


def row(workload: str, peer: Peer, runs: Sequence[Run], example: Mapping[int, float | None]) -> tuple[str, ...]:
    talks = [run.figures for run in runs if run.figures]
    times_example = [run.cost / cost for run in runs if run.cost and (cost := example.get(run.round))]
    return (
        workload,
        peer.title,
        middle("{:.2f}", [run.cost for run in runs if run.cost]),
        middle("{:.2f}", times_example),
        middle("{:,.1f}", [talk.messages / talk.seconds for talk in talks]),
        middle("{:,.0f}", [talk.deliveries / talk.seconds for talk in talks]),
        middle("{:,.1f}", [talk.p50 * 1000 for talk in talks]),
        middle("{:,.1f}", [talk.p99 * 1000 for talk in talks]),
        middle("{:.1f}", [run.memory for run in runs if run.memory is not None]),
        middle("{:.0%}", [talk.own_cpu for talk in talks]),
        remark(peer, runs),
    )


def middle(form: str, figures: Sequence[float]) -> str:
    return form.format(median(figures)) if figures else ""


def remark(peer: Peer, runs: Sequence[Run]) -> str:
    for run in runs:
        if run.failure:
            return f"FAILED: {run.failure.splitlines()[-1]}"
        if run.unavailable:
            return run.unavailable
    return f"is asked for {peer.most:,} deliveries/s at most" if peer.most < math.inf and runs[0].figures else ""


# The record


def record(seconds: float, runs: Sequence[Run]) -> dict[str, object]:
    """All results, and what they depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "system": platform.platform(),
        "versions": peers.versions(),
        "seconds": seconds,
        "runs": [asdict(run) for run in runs],
    }


if __name__ == "__main__":
    sys.exit(main())
