"""A real server in a process of its own, for what TestClient can't show: browsers, faults, signals."""

import atexit
import multiprocessing
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from argon2 import PasswordHasher

from discussit.accounts import passwords

START_LIMIT = 30  # seconds
# Our settings, of which none may come from the machine that runs the tests.
VARIABLES = (
    *("DATABASE_URL", "BROADCAST_URL", "SECRET_KEY", "ALLOWED_HOSTS", "SIGNUP", "FORWARDED_ALLOW_IPS", "DEBUG"),
    *("MESSAGE_RATE", "SOCKETS_PER_SESSION", "SOCKETS_PER_ADDRESS", "TRUSTED_ORIGINS"),
)
UNLIMITED = ("MESSAGE_RATE", "SOCKETS_PER_SESSION", "SOCKETS_PER_ADDRESS")  # what tests do in masses
# A password costs a tenth of a second by design. Nobody attacks these.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
chance = random.SystemRandom()

WAYS = {
    "uvicorn": ["-m", "uvicorn", "discussit.app:app", "--no-access-log"],
    "discussit": ["-m", "discussit", "serve"],
}
# Each reads the settings and opens the database when it starts.
PROGRAMS = {
    **{way: [*arguments, "--port", "0"] for way, arguments in WAYS.items()},
    "creategroup": ["-m", "discussit", "creategroup", "Gardening"],
}

LAUNCHER = Path(__file__).parent / "faults" / "faulty_server.py"
# Of faulty servers, whatever the machine's environment says.
ENVIRONMENT = {
    "DATABASE_URL": "sqlite+aiosqlite:///discussit.db",
    "BROADCAST_URL": "memory://",
    "SECRET_KEY": "rosemary" * 8,
    "ALLOWED_HOSTS": "127.0.0.1",
    "SIGNUP": "open",
}

# Servers are forked from a process that has imported what they need: they start five times as quickly.
factory = multiprocessing.get_context("forkserver")
factory.set_forkserver_preload(
    [
        "discussit.app",
        "discussit.cli",
        "alembic.command",
        "sqlalchemy.dialects.sqlite.aiosqlite",
        "uvicorn.main",
        "uvicorn.protocols.http.auto",
        "uvicorn.protocols.websockets.auto",
        "uvloop",
    ]
)


def run_program(arguments: list[str], folder: Path, environment: dict[str, str], log: Path) -> None:
    """In a process of its own: what `python ARGUMENTS` does, but for passwords, which cost nothing."""
    passwords.hasher = CHEAP
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.stdin = None  # not that of this process, which workers of its own would be given
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(sys.argv[0], run_name="__main__")


started: list[multiprocessing.process.BaseProcess] = []


@atexit.register
def end_all() -> None:
    """What an interrupted run leaves behind. Python would wait for it for ever."""
    for process in started:
        process.kill()


class Server:
    """DiscussIt on a free port of 127.0.0.1, with its database in `folder`."""

    way = "uvicorn"  # of serving, unless pytest's --serving says otherwise

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = dict.fromkeys(UNLIMITED, "0") | environment
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.accounts: set[str] = set()  # who has signed up, for those who want to know
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def program(self) -> list[str]:
        """What Python is to run; a subclass may put faults into it."""
        return [*WAYS[self.way], "--port", str(self.port)]

    def start(self) -> "Server":
        """Start, or start again on the same port and database, and wait until it serves."""
        arguments = (self.program(), self.folder, os.environ | self.environment, self.log)
        self._process = factory.Process(target=run_program, args=arguments)
        self._process.start()
        started.append(self._process)
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            assert self._process.is_alive(), self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            select.select([], [], [], 0.02)
        return self

    def _answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def send(self, signal_number: signal.Signals) -> None:
        os.kill(self.pid, signal_number)

    def kill(self) -> None:
        """As a power cut does."""
        self.send(signal.SIGKILL)
        self.wait()

    def stop(self, limit: float = 15) -> int:
        """SIGTERM, and the exit code."""
        if not self.is_running:
            return self.wait() if self._process else 0
        self.send(signal.SIGTERM)
        return self.wait(limit)

    def wait(self, limit: float = 15) -> int:
        assert self._process is not None
        self._process.join(limit)
        if (exit_code := self._process.exitcode) is None:
            self._process.kill()
            self._process.join()
            raise TimeoutError(f"the server did not end within {limit} seconds")
        return exit_code

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """A `discussit` command on this server's database."""
        return subprocess.run(
            [sys.executable, "-m", "discussit", *arguments],
            cwd=self.folder,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )


class ServeCommand(Server):
    """The same by `discussit serve` in any case, with options of its own."""

    way = "discussit"

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        super().__init__(folder, **environment)
        self.options = options

    def program(self) -> list[str]:
        return [*super().program(), *self.options]


class FaultyServer(Server):
    """A server with faults of `faulty_server.py`, until they are mended."""

    def __init__(self, folder: Path, *faults: str, **environment: str) -> None:
        super().__init__(folder, **ENVIRONMENT | environment)
        self.faults = faults

    def program(self) -> list[str]:
        return [str(LAUNCHER), self.way, str(self.port), *self.faults] if self.faults else super().program()

    def end(self) -> None:
        """Whatever state it is in."""
        if self.is_running:
            self.kill()

    def sets_clock(self, **ahead: float) -> None:
        """With the fault `jumping_clock`: by so much, as in `sets_clock(hours=-1)`; without an argument it is right."""
        setting = self.folder / "clock.set"
        setting.write_text(f"{timedelta(**ahead).total_seconds()}")
        setting.rename(self.folder / "clock")

    def mend(self) -> None:
        """Start again without the faults, once the process has ended."""
        self.wait()
        self.faults = ()
        self.start()


def free_port() -> int:
    """Below those that the system gives to clients, one of which would keep a server from starting again.

    Each of the processes that run tests at the same time has ports of its own.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = chance.randrange(10_000 + number, 32_000, processes)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
