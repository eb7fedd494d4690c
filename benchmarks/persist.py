"""How many messages a second are acknowledged and committed, and how long one sender waits for its ack.

`python benchmarks/persist.py` loads a real `discussit serve`, in its own process, through
WebSockets of `discussit.v1`. SQLite, synchronous=FULL. Takes about half a minute.
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles

import uvloop
from servers import HERE, LoggedInClient, Server, machine, running, table
from sockets import Socket

ROUNDS = 3
SECONDS = 4  # of load in a round
SINGLES = 100  # messages of a round, each sent after the one before was acknowledged
IN_FLIGHT = 50
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
    """Messages from some sockets, which together keep IN_FLIGHT of them in flight."""

    name: str
    senders: int
    readers: int
    rates: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    own_cpu: list[float] = field(default_factory=list)

    async def run(self, site: "Site") -> None:
        sockets = [await site.connect() for _ in range(self.senders + self.readers)]
        senders, noted = sockets[: self.senders], len(site.sizes())
        with self._costs(site.server):
            started = time.perf_counter()
            for sender in senders:
                sender.is_sending = True
                sender.send(IN_FLIGHT // self.senders)
            await asyncio.sleep(SECONDS)
            self.rates.append(sum(sender.acked for sender in senders) / (time.perf_counter() - started))
        await settle(senders, sockets)
        self.sizes += site.sizes()[noted:]

    @contextmanager
    def _costs(self, server: Server) -> Iterator[None]:
        server_cpu, own_cpu = server.cpu(), time.process_time()
        yield
        self.server_cpu.append((server.cpu() - server_cpu) / SECONDS)
        self.own_cpu.append((time.process_time() - own_cpu) / SECONDS)

    def row(self) -> tuple[str, ...]:
        tenth, *_, ninth = quantiles(self.sizes, n=10)
        messages = [cpu / rate for cpu, rate in zip(self.server_cpu, self.rates, strict=True)]
        return (
            self.name,
            f"{median(self.rates):,.0f} ({min(self.rates):,.0f} to {max(self.rates):,.0f})",
            f"{mean(self.sizes):.0f} ({tenth:.0f} to {ninth:.0f}, at most {max(self.sizes)})",
            f"{median(messages) * 1000:.2f} ms",
            f"{median(self.server_cpu):.0%}",
            f"{median(self.own_cpu):.0%}",
        )


class Site:
    """One group on a server, and its only member, with any number of sockets."""

    def __init__(self, server: Server) -> None:
        self.server = server
        member = LoggedInClient(server, "alice")
        member.does("/groups/", name="Gardening")
        (uuid,) = re.findall(r'id="([0-9a-f-]{36})"', member.get("/").text)
        member.does(f"/groups/{uuid}/join/")
        self._path, self._cookie = f"/groups/{uuid}/", member.cookie

    async def connect(self) -> Socket:
        return await Socket.connect(self.server.port, self._path, self._cookie)

    def sizes(self) -> list[int]:
        return [int(line) for line in (self.server.folder / SIZES).read_text().split()]


async def settle(senders: Sequence[Socket], sockets: Sequence[Socket]) -> None:
    """Stop sending, and check that every message was acknowledged, and read by everyone."""
    for sender in senders:
        sender.is_sending = False
    async with asyncio.timeout(10):
        for sender in senders:
            await sender.all_acked()
        total = sum(sender.sent for sender in senders)
        for socket in sockets:
            await socket.has_read(total)
    assert all(socket.read == total for socket in sockets), "a reader was sent something twice"
    for socket in sockets:
        socket.close()


async def single(site: Site) -> list[float]:
    """The seconds that each of SINGLES messages waits for its ack, while two others read."""
    sockets = [await site.connect() for _ in range(3)]
    sender = sockets[0]
    for _ in range(SINGLES):
        sender.send()
        await sender.all_acked()
    await settle([sender], sockets)
    return sender.latencies


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


async def throughput(site: Site) -> str:
    loads = [
        Load("2 sockets, 25 each (goal: 4,000)", senders=2, readers=0),
        Load("50 sockets, 1 each; 2 only read", senders=50, readers=2),
    ]
    for _ in range(ROUNDS):
        for load in loads:
            await load.run(site)
    head = (
        "50 in flight; all sockets read",
        "messages/s",
        "in a transaction",
        "CPU a message",
        "server's CPU",
        "own CPU",
    )
    return table(head, [load.row() for load in loads])


async def latency(site: Site) -> str:
    duplicate = copy(site.server.database)
    acks: list[float] = []
    transactions: list[float] = []
    for _ in range(ROUNDS):
        acks += await single(site)
        transactions += bare(duplicate)
    rows = {"until its ack (goal: 5 ms)": acks, "the transaction by bare sqlite3": transactions}
    return table(("one message at a time", "median", "9 in 10 within"), [times(name, rows[name]) for name in rows])


def times(name: str, seconds: Sequence[float]) -> tuple[str, ...]:
    return name, f"{median(seconds) * 1000:.2f} ms", f"{quantiles(seconds, n=10)[-1] * 1000:.2f} ms"


async def measure(site: Site) -> None:
    print(machine(), await throughput(site), await latency(site), sep="\n\n")


if __name__ == "__main__":
    with running(str(HERE / "counted.py"), SIZES) as server:
        uvloop.run(measure(Site(server)))
