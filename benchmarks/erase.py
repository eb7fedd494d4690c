"""How long senders wait for acknowledgements while messages are deleted, and leave SQLite's files.

`python benchmarks/erase.py` runs `discussit serve` on a database of 200 MB. One sender sends a message after the other,
first alone, then while another edits 2,000 messages of another group, 100 a second, then while these are deleted.
Edits write as much, and cause no checkpoints. Takes a minute and a half.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import uvloop
from frames import TEXT, frame
from servers import SERVE, LoggedInClient, Server, machine, running, table
from sockets import Socket

LENGTH, MESSAGES = 10_000, 20_000  # of the database: 200 MB
CHANGED, A_SECOND = 2_000, 100
MOMENT = "2026-01-01 00:00:00.000000"

INSERT = """
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth) VALUES (?, ?, 'Message', 1, ?, 'live', ?)
"""
INSERT_TEXT = "INSERT INTO texts (group_id, seq, content) VALUES (?, ?, ?)"
COUNT = "UPDATE groups SET last_seq = ?, messages = ? WHERE id = ?"


class Commander(Socket):
    """A socket that sends commands of any kind."""

    def command(self, **command: Any) -> None:
        self.sent, self._sent_at = self.sent + 1, time.perf_counter()
        self.transport.write(frame(TEXT, json.dumps(command | {"client_id": f"{self._name}-{self.sent}"}).encode()))


def new_groups(server: Server) -> tuple[str, list[str]]:
    """A member's cookie, and the paths of two groups."""
    member = LoggedInClient(server, "alice")
    for name in ("Lunch", "Archive"):
        member.does("/groups/", name=name)
    with closing(sqlite3.connect(server.database)) as database:
        uuids = [uuid for (uuid,) in database.execute("SELECT uuid FROM groups ORDER BY id")]
    paths = [f"/groups/{UUID(uuid)}/" for uuid in uuids]
    for path in paths:
        member.does(f"{path}join/")
    return member.cookie, paths


def fill(database: Path, group: int) -> range:
    """Write MESSAGES into a group, whose only entry is a Join; return the seqs of those that are to be changed."""
    seqs = range(2, MESSAGES + 2)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(INSERT, ((group, seq, MOMENT, seq - 1) for seq in seqs))
        connection.executemany(INSERT_TEXT, ((group, seq, f"{seq} " * (LENGTH // len(f"{seq} "))) for seq in seqs))
        connection.execute(COUNT, (seqs[-1], MESSAGES, group))
    return seqs[:: MESSAGES // CHANGED]


async def waits_beside(sender: Socket, work: Awaitable[None]) -> list[float]:
    """The seconds that each message waits for its acknowledgement until the work is done."""
    task, before = asyncio.ensure_future(work), len(sender.latencies)
    while not task.done():
        sender.send()
        await sender.all_acked()
    await task
    return sender.latencies[before:]


async def change(commander: Commander, commands: Iterator[dict[str, Any]]) -> None:
    for command in commands:
        commander.command(**command)
        await asyncio.sleep(1 / A_SECOND)
    await commander.all_acked()


def rows(found: dict[str, list[float]]) -> Iterator[tuple[str, ...]]:
    alone = percentiles(next(iter(found.values())))
    for name, waits in found.items():
        shown = zip(percentiles(waits), alone, strict=True)
        yield name, f"{len(waits):,}", *(f"{each * 1000:.2f} ms ({each / base:.2f})" for each, base in shown)


def percentiles(waits: list[float]) -> tuple[float, float]:
    cuts = quantiles(waits, n=100)
    return cuts[49], cuts[98]


async def measure(server: Server) -> None:
    cookie, (lunch, archive) = new_groups(server)
    seqs = fill(server.database, 2)
    sender = await Socket.connect(server.port, lunch, cookie)
    commander = await Commander.connect(server.port, archive, cookie)
    assert isinstance(commander, Commander)
    edits = ({"type": "edit_message", "target": seq, "rev": 0, "message": "e" * LENGTH} for seq in seqs)
    deletions = ({"type": "delete_message", "target": seq} for seq in seqs)
    found = {
        "nothing": await waits_beside(sender, asyncio.sleep(CHANGED / A_SECOND)),
        "2,000 edits": await waits_beside(sender, change(commander, edits)),
        "2,000 deletions": await waits_beside(sender, change(commander, deletions)),
    }
    head = ("beside", "messages", "p50 (to alone)", "p99 (to alone)")
    print(machine(), table(head, list(rows(found))), sep="\n\n")


if __name__ == "__main__":
    with running(*SERVE) as server:
        uvloop.run(measure(server))
