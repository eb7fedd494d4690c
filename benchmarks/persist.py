"""How many messages a second are acknowledged and committed, and how long one sender waits for its ack.

`python benchmarks/persist.py` loads a real `discussit serve`, in its own process, through
WebSockets of `discussit.v1`. SQLite, synchronous=FULL. Takes about half a minute.
"""

import re
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles

import acks
import uvloop
from acks import Acks, Place
from servers import HERE, LoggedInClient, Program, Server, machine, running, table

ROUNDS = 3
SECONDS = 4  # of load in a round
SINGLES = 100  # messages of a round, each sent after the one before was acknowledged
SIZES = "sizes"  # the file in which counted.py logs the transactions

UPDATE = """
UPDATE groups SET last_seq = last_seq + 1, messages = messages + 1, last_message_at = ? WHERE id = 1
RETURNING last_seq, messages
"""
INSERT = """
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, client_id, state, nth)
VALUES (1, ?, 'Message', 1, ?, ?, 'live', ?)
"""
INSERT_TEXT = "INSERT INTO texts (group_id, seq, content) VALUES (1, ?, ?)"
MOMENT = "2026-01-01 00:00:00.000000"


@dataclass
class Load:
    """Messages from some sockets, and how many of them each transaction wrote."""

    name: str
    senders: int
    readers: int
    acks: list[Acks] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def run(self, place: Place) -> None:
        noted = len(sizes(place.server))
        self.acks.append(await acks.load(place, self.senders, self.readers, SECONDS))
        self.sizes += sizes(place.server)[noted:]

    def row(self) -> tuple[str, ...]:
        tenth, *_, ninth = quantiles(self.sizes, n=10)
        rates = [each.messages / each.seconds for each in self.acks]
        return (
            self.name,
            f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
            f"{mean(self.sizes):.0f} ({tenth:.0f} to {ninth:.0f}, at most {max(self.sizes)})",
            f"{median(each.server_cpu / each.messages for each in self.acks) * 1000:.2f} ms",
            f"{median(each.server_cpu / each.seconds for each in self.acks):.0%}",
            f"{median(each.own_cpu / each.seconds for each in self.acks):.0%}",
        )


def new_group(server: Server) -> Place:
    """A group and its only member."""
    member = LoggedInClient(server, "alice")
    member.does("/groups/", name="Gardening")
    (uuid,) = re.findall(r'id="([0-9a-f-]{36})"', member.get("/").text)
    member.does(f"/groups/{uuid}/join/")
    return Place(server, f"/groups/{uuid}/", member.cookie)


def sizes(server: Program) -> list[int]:
    return [int(line) for line in (server.folder / SIZES).read_text().split()]


def bare(path: Path) -> list[float]:
    """The seconds that each of SINGLES transactions takes without anything around it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    taken = []
    for number in range(SINGLES):
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        ((seq, nth),) = connection.execute(UPDATE, (MOMENT,)).fetchall()
        connection.execute(INSERT, (seq, MOMENT, f"{time.time_ns()}-{number}", nth))
        connection.execute(INSERT_TEXT, (seq, "m" * 100))
        connection.execute("COMMIT")
        taken.append(time.perf_counter() - started)
    connection.close()
    return taken


def copy(database: Path) -> Path:
    target = database.with_name("bare.db")
    with sqlite3.connect(database) as original, sqlite3.connect(target) as duplicate:
        original.backup(duplicate)
    return target


async def throughput(place: Place) -> str:
    loads = [
        Load("2 sockets, 25 each", senders=2, readers=0),
        Load("50 sockets, 1 each; 2 only read", senders=50, readers=2),
    ]
    for _ in range(ROUNDS):
        for load in loads:
            await load.run(place)
    head = (
        "50 in flight; all sockets read",
        "messages/s",
        "in a transaction",
        "CPU a message",
        "server's CPU",
        "own CPU",
    )
    return table(head, [load.row() for load in loads])


async def latency(place: Place) -> str:
    duplicate = copy(place.server.folder / "discussit.db")
    waits: list[float] = []
    transactions: list[float] = []
    for _ in range(ROUNDS):
        waits += await acks.waits(place, SINGLES)
        transactions += bare(duplicate)
    rows = {"until its ack": waits, "the transaction by bare sqlite3": transactions}
    return table(("one message at a time", "median", "9 in 10 within"), [times(name, rows[name]) for name in rows])


def times(name: str, seconds: Sequence[float]) -> tuple[str, ...]:
    return name, f"{median(seconds) * 1000:.2f} ms", f"{quantiles(seconds, n=10)[-1] * 1000:.2f} ms"


async def measure(place: Place) -> None:
    print(machine(), await throughput(place), await latency(place), sep="\n\n")


if __name__ == "__main__":
    with running(str(HERE / "counted.py"), SIZES) as server:
        uvloop.run(measure(new_group(server)))
