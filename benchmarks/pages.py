"""What pages cost the server, whether a long log makes them dearer, and how soon the server is there.

`python benchmarks/pages.py` asks a real uvicorn, in a process of its own. Takes about a minute.
"""

import os
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median

from servers import UVICORN, Person, Server, machine, running, table
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from discussit.app import app

ROUNDS = 5
REQUESTS = 60  # for each page in a round
STARTS = 5
SHORT, LONG = 100, 100_000  # entries
GROUPS = 200

# The first entry is the member's Join.
FILL = """
WITH RECURSIVE numbers(seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < :last)
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, content)
SELECT :group, seq, 'Message', 1, datetime('2026-01-01', (seq % 20000 * 200) || ' seconds') || '.000000',
    'This is message ' || seq || ' of a group in which much is said, though seldom at length.'
FROM numbers
"""


def group_pages() -> str:
    with running() as server:
        alice = Person(server, "alice")
        short, long = joined(alice, "1 short", "2 long")
        with closing(sqlite3.connect(server.database)) as connection, connection:
            for group, last in enumerate((SHORT, LONG), start=1):
                connection.execute(FILL, {"group": group, "last": last})
                connection.execute("UPDATE groups SET last_seq = ? WHERE id = ?", (last, group))
        return compared(
            server,
            alice,
            {
                f"a group of {SHORT:,} entries": short,
                f"a group of {LONG:,} entries (goal: 1.3)": long,
                "the same, in its middle": f"{long}?before={LONG // 2}",
            },
        )


def home_page() -> str:
    with running() as server:
        alice = Person(server, "alice")
        joined(alice, *(f"Group {number:03}" for number in range(GROUPS)))
        return compared(server, alice, {f"home with {GROUPS} groups": "/"})


def joined(person: Person, *names: str) -> list[str]:
    """The paths of new groups, whose names are in alphabetical order."""
    for name in names:
        person.does("/groups/", name=name)
    uuids = re.findall(r'id="([0-9a-f-]{36})"', person.get("/").text)
    for uuid in uuids:
        person.does(f"/groups/{uuid}/join/")
    return [f"/groups/{uuid}/" for uuid in uuids]


def compared(server: Server, person: Person, pages: dict[str, str]) -> str:
    """Each page's cost, and how many times that of the first it is. The rounds are interleaved."""
    rounds = [{name: cost(server, person, path) for name, path in pages.items()} for _ in range(ROUNDS)]
    first = next(iter(pages))
    rows = [
        (
            name,
            f"{median(costs[name] for costs in rounds) * 1000:.2f} ms",
            f"{median(costs[name] / costs[first] for costs in rounds):.2f}",
            str(queries(server, person, path)),
        )
        for name, path in pages.items()
    ]
    return table(("page", "CPU a request", "times the first", "queries"), rows)


def cost(server: Server, person: Person, path: str) -> float:
    """The server's CPU seconds for one request."""
    before = server.cpu()
    for _ in range(REQUESTS):
        assert person.get(path).status_code == 200
    return (server.cpu() - before) / REQUESTS


def queries(server: Server, person: Person, path: str) -> int:
    """How many statements a request for the page executes, in this process on the server's database."""
    executed: Counter[str] = Counter()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        executed[statement.split(maxsplit=1)[0]] += 1

    os.environ.update(server.settings)
    with TestClient(app, headers={"cookie": person.cookie}) as visitor:
        event.listen(Engine, "before_cursor_execute", note)
        visitor.get(path)
        event.remove(Engine, "before_cursor_execute", note)
    return executed.total() - executed["BEGIN"]


def starts() -> str:
    with running() as server:
        server.stop()
        taken, cpu = zip(*(start(server.folder, *UVICORN) for _ in range(STARTS)), strict=True)
        start(server.folder, "-X", "importtime", *UVICORN)
        imports = slowest_imports(server.log.read_text())
    return table(
        ("start to the first 200 (goal: 1.5 s)", "least", "CPU", "the slowest imports, traced"),
        [(f"{median(taken):.2f} s", f"{min(taken):.2f} s", f"{median(cpu):.2f} s", imports)],
    )


def start(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds to the first 200, and how many of them the server worked."""
    began = time.perf_counter()
    server = Server(folder, *command)
    server.wait("/accounts/login/")
    taken, cpu = time.perf_counter() - began, server.cpu()
    server.stop()
    return taken, cpu


def slowest_imports(log: str) -> str:
    """The three packages whose own modules take longest, without what these import from others."""
    packages: Counter[str] = Counter()
    for microseconds, package in re.findall(r"import time: +(\d+) \| +\d+ \| +(\w+)", log):
        packages[package] += int(microseconds)
    return ", ".join(f"{package} {spent / 1000:.0f} ms" for package, spent in packages.most_common(3))


if __name__ == "__main__":
    print(machine(), group_pages(), home_page(), starts(), sep="\n\n")
