"""A group on a real server, and the question that ends each case: does everybody have what the database has?"""

import asyncio
import os
import signal
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from uuid import UUID

from clients import LIMIT, Entry, RemotePerson
from servers import FaultyServer
from sqlalchemy import select
from world import group_of

from discussit.database import Database
from discussit.models import User
from discussit.settings import Settings


class CommandServer(FaultyServer):
    """One that is served by `discussit serve` in any case."""

    way = "discussit"


class Workers(CommandServer):
    """Two processes that `discussit serve` starts."""

    def program(self):
        return [*super().program(), "--workers", "2"]

    @property
    def workers(self):
        """Their process ids."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [pid for pid in children if "spawn_main" in program_of(pid)]

    def connections(self):
        """How many clients are connected to each worker."""
        ours = {f"socket:[{row[9]}]" for row in connections_to(self)}
        return [sum(file in ours for file in open_files(pid)) for pid in self.workers]

    def end(self):
        workers = self.workers if self.is_running else []
        super().end()
        for pid in workers:
            # Whoever kills the process that started them leaves them alone.
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def connections_to(server):
    """The rows of /proc/net/tcp, split, of those who are connected to the server."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row for row in rows if row[1].endswith(f":{server.port:04X}") and row[3] == "01"]


def program_of(pid):
    """Its command line; empty if the process has ended meanwhile."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def open_files(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                yield str(file.readlink())


class Garden:
    """A group that alice has made, with her and bob in it: their Joins are its entries 1 and 2."""

    def __init__(self, server, alice, bob, name="Gardening"):
        self.server, self.alice, self.bob = server, alice, bob
        self.group = alice.creates(name)
        alice.joins(self.group)
        bob.joins(self.group)

    @classmethod
    def on(cls, server):
        alice, bob = RemotePerson(server, "alice"), RemotePerson(server, "bob")
        alice.sign_up()
        bob.sign_up()
        return cls(server, alice, bob)

    # The truth

    @contextmanager
    def database(self):
        with closing(sqlite3.connect(self.server.folder / "discussit.db", isolation_level=None)) as connection:
            yield connection

    def rows(self):
        """The log as the database has it, each entry with its client_id."""
        with self.database() as connection:
            found = connection.execute(
                "SELECT entries.seq, username, iif(kind = 'Message', coalesce(content, ''),"
                " kind || coalesce(' ' || target, '')), client_id"
                " FROM entries"
                " JOIN users ON users.id = user_id"
                " LEFT JOIN texts ON texts.group_id = entries.group_id AND texts.seq = entries.seq"
                " WHERE entries.group_id = (SELECT id FROM groups WHERE uuid = ?) ORDER BY entries.seq",
                [UUID(self.group).hex],
            ).fetchall()
        return [(Entry(*row[:3]), row[3]) for row in found]

    def log(self):
        return [entry for entry, _ in self.rows()]

    async def agrees(self, *clients):
        """Once they have caught up: nobody lacks an entry, nobody has one twice, every ack is true."""
        log = self.log()
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        for client in clients:
            await client.reaches(len(log))
            assert client.entries == log[client.since :]
            self.has_kept_its_word_to(client)

    def has_kept_its_word_to(self, client):
        stored = [(id, entry.seq) for entry, id in self.rows() if entry.name == client.name and id is not None]
        for client_id, seq in client.acks.items():
            assert [place for id, place in stored if id == client_id] == [seq]

    # What happens to it

    async def fill(self, count, message="something"):
        """`count` more messages of alice's. She listens while she speaks: who does not is cut off."""
        async with self.alice.follows(self.group) as alice:
            for number in range(count):
                await alice.says(message, f"{number} of {count}")
                await alice.until(lambda: len(alice.outbox) < 50)
            await alice.until(lambda: len(alice.acks) == count)

    @contextmanager
    def locked(self):
        """Another process writes, and does not come to an end."""
        with self.database() as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.rollback()

    def remove(self, name):
        """An administrator's program ends a membership. Its process knows no bus."""

        async def remove():
            database = Database(Settings(f"sqlite+aiosqlite:///{self.server.folder}/discussit.db", "any key"))
            async with database.transaction() as session:
                group = await group_of(session, self.group)
                assert await group.remove_user(await session.scalar(select(User).where(User.username == name)))
            await database.close()

        asyncio.run(remove())

    async def held(self):
        """Return when the server stands at the point where its fault holds it."""
        await until((self.server.folder / "held").exists)

    async def logged(self, text):
        await until(lambda: text in self.server.log.read_text())

    def go(self):
        """Let it go on, and hold nothing any more."""
        (self.server.folder / "go").touch()

    async def goes_on(self):
        """Let it go on, and return when it has."""
        self.go()
        await until(lambda: not (self.server.folder / "held").exists())

    def hold(self):
        """Hold it again."""
        for name in ("go", "held"):
            (self.server.folder / name).unlink(missing_ok=True)


@asynccontextmanager
async def on_each_worker(garden):
    """Followers of bob's, of which the first and the last are connected to different workers."""
    followers = []
    await until(lambda: garden.server.connections() == [0, 0])
    async with AsyncExitStack() as ends:
        while not all(garden.server.connections()):
            followers.append(await ends.enter_async_context(garden.bob.follows(garden.group, 0)))
        yield followers


async def until(is_so):
    """For what another process does, which can't wake us."""
    async with asyncio.timeout(LIMIT):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def memory(server):
    """The resident memory of its process, in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))
