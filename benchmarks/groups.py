"""What lists of groups cost on a server with 10,000 groups and 400,000 memberships.

    .venv/bin/python benchmarks/groups.py

Of pages the server's CPU time for a request, with `discussit serve`; of lists how long it takes to read them. Takes
half a minute.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import crowd
from crowd import Visitor
from servers import SERVE, SETTINGS, Server, machine, table
from sqlalchemy.orm import Session

from discussit.database import Database
from discussit.groups.lists import DIRECTORY, DirectoryQuery, Sort, beside_log, directory, open_groups, own_groups
from discussit.settings import Settings

GROUPS, MEMBERS, OWN, MESSAGES = 10_000, 40, 500, 20  # groups, members and messages of each, groups of the visitor
CLOSED = 4  # one in so many is closed
ROUNDS, REPEATS = 5, 20
VISITOR = 1  # their user's id
LAST_PAGE = GROUPS * (CLOSED - 1) // CLOSED // DIRECTORY

LISTS: dict[str, Callable[[Session], Any]] = {
    "the directory (goal: 5 ms)": lambda session: directory(session, VISITOR, DirectoryQuery()),
    "by name (goal: 5 ms)": lambda session: directory(session, VISITOR, DirectoryQuery(sort=Sort.NAME)),
    "by members (goal: 5 ms)": lambda session: directory(session, VISITOR, DirectoryQuery(sort=Sort.MEMBERS)),
    f"its page {LAST_PAGE}": lambda session: directory(session, VISITOR, DirectoryQuery(page=LAST_PAGE)),
    "a name that few have (goal: 10 ms)": lambda session: directory(session, VISITOR, DirectoryQuery("77")),
    "a name that all have (goal: 10 ms)": lambda session: directory(session, VISITOR, DirectoryQuery("r", Sort.NAME)),
    f"{OWN} own groups": lambda session: own_groups(session, VISITOR),
    "the same, beside a log": lambda session: beside_log(session, VISITOR, 1),
    "open groups": lambda session: open_groups(session, VISITOR),
}
PAGES = {
    "the page of one's sessions": "/accounts/sessions/",
    "the directory": "/groups/",
    "a name that all have": "/groups/?q=r&sort=name",
    f"home, in {OWN} groups (goal: 20 ms, 60 KB)": "/",
    f"a group, in {OWN} groups": crowd.path(0),
}

# Their creation and their last messages are in no order that an index has.
FILL = (
    """
    WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :groups)
    INSERT INTO groups (uuid, name, last_seq, messages, last_message_at, member_count, revisions, epoch, created_at,
        access, description, preview)
    SELECT printf('%032x', number + 65536), 'Group ' || (number * 7919 % :groups) || ' of this village', :messages,
        :messages, datetime('2026-01-01', (number * 104729 % 20000000) || ' seconds') || '.000000', 1, 0, 'e',
        '2026-01-01 00:00:00.000000', iif(number % :closed, 'open', 'closed'), 'Whatever concerns us.', 1
    FROM numbers
    """,
    """
    INSERT OR IGNORE INTO memberships (group_id, user_id, joined_at, read_seq)
    WITH RECURSIVE places(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place < :members - 1)
    SELECT groups.id, :first + (groups.id * 31 + place * 97) % :people, groups.created_at, groups.last_seq - place % 3
    FROM groups, places WHERE groups.last_seq = :messages
    """,
    """
    INSERT OR IGNORE INTO memberships (group_id, user_id, joined_at, read_seq)
    SELECT id, 1, created_at, last_seq - id % 3 FROM groups WHERE id % (:groups / :own) = 0
    """,
    """
    UPDATE groups SET member_count = (SELECT count(*) FROM memberships WHERE group_id = groups.id)
    """,
    """
    INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth)
    WITH RECURSIVE numbers(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < :messages)
    SELECT groups.id, seq, 'Message', :first, last_message_at, 'live', seq FROM groups, numbers
    WHERE groups.last_seq = :messages
    """,
    """
    INSERT INTO texts (group_id, seq, content)
    SELECT group_id, seq, 'This is message ' || seq || ' of group ' || group_id || ', where little is said at length.'
    FROM entries JOIN groups ON groups.id = group_id WHERE groups.last_seq = :messages
    """,
    "UPDATE groups SET name_key = lower(name)",
    "ANALYZE",
)


def fill(database: Path) -> None:
    """Add the groups, and the visitor (person 0) to some of them."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(crowd.FILL_USERS, {"members": GROUPS})
        (first,) = connection.execute("SELECT min(id) FROM users WHERE username LIKE 'member%'").fetchone()
        values = {"groups": GROUPS, "members": MEMBERS, "own": OWN, "messages": MESSAGES, "closed": CLOSED}
        for statement in FILL:
            connection.execute(statement, values | {"first": first, "people": GROUPS})


async def lists(database: Path) -> str:
    """How long reading each list takes, in this process: the least of many, since others use the machine."""
    reading = Database(Settings(f"sqlite+aiosqlite:///{database}", secret_key=SETTINGS["SECRET_KEY"]))
    rows = []
    for name, read in LISTS.items():
        taken = [await timed(reading, read) for _ in range(REPEATS)]
        rows.append((name, f"{min(taken) * 1000:.1f} ms", f"{median(taken) * 1000:.1f} ms"))
    await reading.close()
    return table(("list", "least", "median"), rows)


async def timed(database: Database, read: Callable[[Session], Any]) -> float:
    started = time.perf_counter()
    await database.run_read(read)
    return time.perf_counter() - started


def pages(server: Server, visitor: Visitor) -> str:
    rounds = [{name: visitor.cost(path) for name, path in PAGES.items()} for _ in range(ROUNDS)]
    rows = [
        (
            name,
            f"{min(costs[name] for costs in rounds) * 1000:.1f} ms",
            f"{median(costs[name] for costs in rounds) * 1000:.1f} ms",
            f"{sent(visitor, path, 'gzip') / 1000:.1f} KB",
            f"{sent(visitor, path, 'identity') / 1000:.1f} KB",
        )
        for name, path in PAGES.items()
    ]
    return table(("page", "least CPU", "median", "sent", "HTML"), rows)


def sent(visitor: Visitor, path: str, encoding: str) -> int:
    """The bytes of the page's body on the wire."""
    with visitor.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        return sum(map(len, answer.iter_raw()))


if __name__ == "__main__":
    with crowd.visited([(0, 0)], *SERVE) as (server, visitor):
        fill(server.database)
        print(machine(), pages(server, visitor), asyncio.run(lists(server.database)), sep="\n\n")
