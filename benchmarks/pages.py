"""What pages cost the server, whether a long log or many members make them more expensive, and how fast it starts.

`python benchmarks/pages.py` measures a real uvicorn, in its own process, and then `discussit serve`. Takes about
four minutes. serve writes an access log, uvicorn does not.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import crowd
from crowd import Visitor
from servers import SERVE, UVICORN, Server, machine, running, table
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from discussit.app import app

ROUNDS = 5
STARTS = 5
SHORT_LOG, LONG_LOG = 100, 100_000  # entries
MEMBERS, ENTRIES = 50, 10_000  # of the group to which the goal refers
CROWDS = (100, 10_000, 50_000)  # members
GROUPS = 200
WAYS = {"uvicorn": UVICORN, "discussit serve": SERVE}


def group_pages(command: Sequence[str]) -> str:
    short, long, goal = range(3)
    seats = {(short, 0), (long, 0), *((goal, person) for person in range(MEMBERS))}
    with crowd.visited(seats, *command) as (server, visitor):
        for room, last in ((short, SHORT_LOG), (long, LONG_LOG), (goal, ENTRIES)):
            crowd.fill(server.database, room, last)
        return compared(
            server,
            visitor,
            {
                f"a group of {SHORT_LOG:,} entries": crowd.path(short),
                f"a group of {LONG_LOG:,} entries (goal: 1.3)": crowd.path(long),
                "the same, in its middle": f"{crowd.path(long)}?before={LONG_LOG // 2}",
                f"group page with {MEMBERS} members and {ENTRIES:,} entries (goal: 4 ms)": crowd.path(goal),
            },
        )


def large_groups(command: Sequence[str]) -> str:
    pages = {
        "group page with {:,} members (goal: 1.2)": "",
        "the first page of all {:,} members": "members/",
        "the last page of all {:,} members": f"members/?page={max(CROWDS)}",
        "a search among {:,} members": "members/?q=r12",
    }
    with crowd.visited(((room, 0) for room in range(len(CROWDS))), *command) as (server, visitor):
        for room, members in enumerate(CROWDS):
            crowd.fill(server.database, room, SHORT_LOG)
            crowd.fill_members(server.database, room, members)
        paths = {
            name.format(members): crowd.path(room) + page
            for name, page in pages.items()
            for room, members in enumerate(CROWDS)
        }
        return compared(server, visitor, paths)


def home_page(command: Sequence[str]) -> str:
    with crowd.visited(((room, 0) for room in range(GROUPS)), *command) as (server, visitor):
        return compared(server, visitor, {f"home with {GROUPS} groups": "/"})


def compared(server: Server, visitor: Visitor, pages: dict[str, str]) -> str:
    """Each page's cost, and its ratio to that of the first. The rounds are interleaved."""
    rounds = [{name: visitor.cost(path) for name, path in pages.items()} for _ in range(ROUNDS)]
    first = next(iter(pages))
    rows = [
        (
            name,
            f"{median(costs[name] for costs in rounds) * 1000:.2f} ms",
            f"{median(costs[name] / costs[first] for costs in rounds):.2f}",
            str(queries(server, visitor, path)),
        )
        for name, path in pages.items()
    ]
    return table(("page", "CPU a request", "times the first", "queries"), rows)


def queries(server: Server, visitor: Visitor, path: str) -> int:
    """How many statements a request for the page executes, in this process on the server's database."""
    executed: Counter[str] = Counter()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        executed[statement.split(maxsplit=1)[0]] += 1

    os.environ.update(server.settings)
    with TestClient(app, headers={"cookie": visitor.cookie}) as client:
        event.listen(Engine, "before_cursor_execute", note)
        client.get(path)
        event.remove(Engine, "before_cursor_execute", note)
    return executed.total() - executed["BEGIN"]


def starts(command: Sequence[str]) -> str:
    with running() as server:
        server.stop()
        taken, cpu = zip(*(start(server.folder, *command) for _ in range(STARTS)), strict=True)
        start(server.folder, "-X", "importtime", *command)
        imports = slowest_imports(server.log.read_text())
    return table(
        ("start to the first 200 (goal: 1.0 s)", "least", "CPU", "the slowest imports, traced"),
        [(f"{median(taken):.2f} s", f"{min(taken):.2f} s", f"{median(cpu):.2f} s", imports)],
    )


def start(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds to the first 200, and the server's CPU seconds until then."""
    began = time.perf_counter()
    server = Server(folder, *command)
    server.wait("/accounts/login/")
    taken, cpu = time.perf_counter() - began, server.cpu()
    server.stop()
    return taken, cpu


def slowest_imports(log: str) -> str:
    """The three packages whose own modules take longest, without those that they import from others."""
    packages: Counter[str] = Counter()
    for microseconds, package in re.findall(r"import time: +(\d+) \| +\d+ \| +(\w+)", log):
        packages[package] += int(microseconds)
    return ", ".join(f"{package} {spent / 1000:.0f} ms" for package, spent in packages.most_common(3))


if __name__ == "__main__":
    print(machine())
    for way, command in WAYS.items():
        pages = (group_pages(command), large_groups(command), home_page(command))
        print(f"\nUnder {way}", *pages, starts(command), sep="\n\n")
