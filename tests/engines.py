"""Real PostgreSQL and Redis servers on free ports in temporary folders, which tests may kill.

They start once in each process of the tests that uses them.
"""

import asyncio
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest
from servers import free_port

from discussit.schema import prepare_once
from discussit.settings import Settings

START_LIMIT = 60  # seconds, for machines that are busy
FIRST_TO_LOG_COPIES = 15  # the version of PostgreSQL; older ones copy files in any case
Result = TypeVar("Result")


class Engine:
    """A server program that is not ours."""

    power_cut = signal.SIGKILL

    @classmethod
    def missing(cls) -> str:
        """Why it can't be had here; empty where it can."""
        raise NotImplementedError

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="discussit-"))
        self.port = free_port()
        self.account: dict[str, object] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, or start again on the same port, and wait until it takes connections."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self.command(), cwd=self.folder, **quiet, **self.account)
        deadline = time.monotonic() + START_LIMIT
        while not self.takes_connections():
            assert self._process.poll() is None, f"{self.command()[0]} ended"
            assert time.monotonic() < deadline, f"{self.command()[0]} does not answer"
            select.select([], [], [], 0.02)

    def takes_connections(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def send(self, signal_number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self.send(signal.SIGCONT)
            self.send(self.power_cut)
            self._process.wait(START_LIMIT)

    def end_connections(self) -> int:
        """End the connections of those who use this engine as their bus, once one listens; how many listened."""
        raise NotImplementedError

    def start_if_down(self) -> None:
        if not self.takes_connections():
            self.start()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Engine):
    """It keeps nothing: started again, it is empty."""

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("redis-server") else "redis-server is not installed"

    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    @property
    def bus_url(self) -> str:
        return self.url(self.port)

    def url(self, port: int) -> str:
        return f"redis://127.0.0.1:{port}/0"

    def end_connections(self) -> int:
        with socket.create_connection(("127.0.0.1", self.port)) as connection, connection.makefile("rb") as answers:
            connection.sendall(b"CLIENT KILL TYPE pubsub\r\n")
            listened = int(answers.readline().removeprefix(b":"))
            if listened:
                connection.sendall(b"CLIENT KILL TYPE normal\r\n")
                answers.readline()
            return listened

    def command_line(self, *words: str) -> None:
        subprocess.run(["redis-cli", "-p", str(self.port), *words], check=True, stdout=subprocess.DEVNULL)


class Postgres(Engine):
    """One cluster, in which every test has a database of its own."""

    power_cut = signal.SIGQUIT  # all its processes end immediately, and nothing is put in order

    @classmethod
    def missing(cls) -> str:
        return "" if programs("postgres") else "PostgreSQL is not installed"

    def __init__(self) -> None:
        super().__init__()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._databases = 0
        self._lasting = LastingConnection(self.bus_url)
        # Files are copied in a fraction of the time that it takes to write each of their pages to PostgreSQL's log.
        self._copying = " STRATEGY FILE_COPY" if version() >= FIRST_TO_LOG_COPIES else ""
        arguments = ["-D", "data", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        initdb = [program("initdb"), *arguments]
        subprocess.run(initdb, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, **self.account)

    def command(self) -> list[str]:
        settings = (
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
            "fsync=off",
            "max_connections=200",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        return [program("postgres"), "-D", "data", "-p", str(self.port), *options]

    def start(self) -> None:
        self._lasting.forget()
        super().start()

    def takes_connections(self) -> bool:
        if not super().takes_connections():
            return False
        try:
            self.execute("SELECT 1")
        except (asyncpg.PostgresError, OSError):
            return False
        return True

    def end_connections(self) -> int:
        listening = "query LIKE 'LISTEN %' OR query = 'SELECT 1'"
        ends = (
            f"WITH others AS (SELECT pid, {listening} AS listens FROM pg_stat_activity"  # noqa: S608
            " WHERE datname = 'postgres' AND pid <> pg_backend_pid()"
            f" AND application_name <> '{LastingConnection.NAME}')"
            " SELECT listens, pg_terminate_backend(pid) FROM others WHERE (SELECT bool_or(listens) FROM others)"
        )
        return sum(listens for listens, _ in self.execute(ends))

    def end_connections_to(self, database: str) -> None:
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)

    def new_database(self, template: str = "template1") -> str:
        """The name of a database that is a copy of `template`."""
        self._databases += 1
        name = f"test{self._databases}"
        self._lasting.execute(f"CREATE DATABASE {name} TEMPLATE {template}{self._copying}")
        return name

    def drop_database(self, name: str) -> None:
        """Whoever is connected is cut off."""
        self._lasting.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def copy(self, database: str) -> str:
        """The name of a copy as of now, like a backup. Whoever is connected is cut off for it."""
        self._shut(database)
        copy = self.new_database(database)
        self.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        return copy

    def restore(self, copy: str, database: str) -> None:
        """Put the copy in the database's place, under the servers that use it."""
        self._shut(database)
        self._shut(copy)
        self.execute(f"DROP DATABASE {database}")
        self.execute(f"ALTER DATABASE {copy} RENAME TO {database}")
        self.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")

    def _shut(self, database: str) -> None:
        self.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        self.end_connections_to(database)

    @property
    def bus_url(self) -> str:
        return self.url("postgres")

    def url(self, database: str, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    def sqlalchemy_url(self, database: str) -> str:
        """With the driver that `Settings` would choose."""
        return self.url(database).replace("postgresql:", "postgresql+asyncpg:")

    def execute(self, statement: str, *arguments: object, database: str = "postgres") -> list[asyncpg.Record]:
        """The rows that it gives; from anywhere, also where a loop runs."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return await connection.fetch(statement, *arguments)
            finally:
                await connection.close()

        return run_apart(run())


class LastingConnection:
    """To connect takes as long as to copy a database, so what every test has done goes through one connection."""

    NAME = "lasting"  # by which it is spared where others are ended

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def forget(self) -> None:
        """The engine has ended it."""
        self._connection = None

    def execute(self, statement: str) -> None:
        asyncio.run_coroutine_threadsafe(self._execute(statement), self._loop).result()

    async def _execute(self, statement: str) -> None:
        if self._connection is None:
            named = {"application_name": self.NAME}
            self._connection = await asyncpg.connect(self._url, server_settings=named)
        await self._connection.execute(statement)


def run_apart(coroutine: Coroutine[object, object, Result]) -> Result:
    """What it returns, on a loop of its own; here another may run."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def version() -> int:
    """PostgreSQL's, as in 15."""
    said = subprocess.run([program("postgres"), "--version"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"\d+", said).group())


def program(name: str) -> str:
    return programs(name)[-1]


def programs(name: str) -> list[str]:
    """PostgreSQL's server programs, the newest last; Debian keeps them off the PATH."""
    found = shutil.which(name)
    return [found] if found else sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))


def running(kind: type[Engine]) -> Iterator[Engine]:
    if why := kind.missing():
        pytest.skip(why)
    engine = kind()
    engine.start()
    yield engine
    engine.remove()


@pytest.fixture(scope="session")
def redis():
    yield from running(Redis)


@pytest.fixture(scope="session")
def postgres():
    yield from running(Postgres)


@pytest.fixture(scope="session")
def migrated(postgres):
    """The name of a database at the newest schema, from which others are copied."""
    postgres.execute("CREATE DATABASE migrated")
    run_apart(prepare_once(Settings(postgres.sqlalchemy_url("migrated"), secret_key="any key"), migrate=True))
    return "migrated"


@pytest.fixture(params=["redis", "postgres"])
def engine(request):
    """One of the two, for what a bus must do on either; whatever the test did to it, it runs again afterwards."""
    engine = request.getfixturevalue(request.param)
    yield engine
    engine.start_if_down()
