"""Servers for the benchmarks: starting them, logging in, and measuring their CPU time and memory."""

import os
import platform
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

HERE = Path(__file__).parent
START_LIMIT = 30  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
CPU_CLOCK = 2  # Linux' CPUCLOCK_SCHED
PORT = "PORT"
UVICORN = ("-m", "uvicorn", "discussit.app:app", "--no-access-log")
SERVE = ("-m", "discussit", "serve")
SETTINGS = {
    "BROADCAST_URL": "memory://",
    "MESSAGE_RATE": "0",
    "SOCKETS_PER_SESSION": "0",
    "SOCKETS_PER_ADDRESS": "0",
    "SECRET_KEY": "what signs the cookies of a benchmark",
}


class NotStarted(Exception):
    """The server ended, or did not answer in time; the text contains its log."""


class Refused(Exception):
    """A server answered a request or a handshake with something else than what was asked for."""


class Program:
    """A server on a free port of 127.0.0.1, working in `folder`. PORT in its command stands for the port."""

    def __init__(self, folder: Path, command: Sequence[str], settings: Mapping[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.settings = settings
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.port) if part == PORT else part for part in command],
                cwd=folder,
                env=os.environ | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Return when it accepts connections."""
        self._wait_until(lambda: _listens(self.port))

    def wait_for(self, path: str) -> None:
        """Return with the first 200."""
        with httpx.Client(base_url=self.url) as visitor:
            self._wait_until(lambda: _answers(visitor, path))

    def _wait_until(self, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not is_there():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.005)

    def cpu(self) -> float:
        """Processor seconds so far, of all its threads and child processes."""
        return cpu_of(self._process.pid)

    def run_on(self, cores: Iterable[int]) -> None:
        """Move it and its child processes to these cores."""
        for pid in _family(self._process.pid):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)

    def memory(self) -> int:
        """KiB of it and its child processes; shared memory counts once."""
        return sum(_memory(pid) for pid in _family(self._process.pid))

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Server(Program):
    """DiscussIt, with its database in `folder`."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.database = folder / "discussit.db"
        settings = SETTINGS | {"DATABASE_URL": f"sqlite:///{self.database}"}
        super().__init__(folder, [sys.executable, *(command or UVICORN), "--port", PORT], settings)

    def wait(self, path: str = "/healthz") -> None:
        self.wait_for(path)


@contextmanager
def running(*command: str) -> Iterator[Server]:
    """A server that answers, in a temporary folder."""
    with TemporaryDirectory(prefix="discussit-") as folder:
        server = Server(Path(folder), *command)
        try:
            server.wait()
            yield server
        finally:
            server.stop()


class LoggedInClient(httpx.Client):
    """A client that signs up. The first on a server is its superuser."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(base_url=server.url, timeout=30)
        password = "correct horse battery"
        self.does("/accounts/signup/", username=name, password1=password, password2=password)
        self.cookie = "; ".join(f"{key}={value}" for key, value in self.cookies.items())

    def does(self, path: str, **fields: str) -> None:
        """Post a form."""
        response = self.post(path, data=fields)
        assert response.status_code == 303, f"{path} answered {response.status_code}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def _answers(visitor: httpx.Client, path: str) -> bool:
    try:
        return visitor.get(path).status_code == 200
    except httpx.TransportError:
        return False


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def cpu_of(pid: int) -> float:
    """Processor seconds so far of a process and its child processes."""
    return sum(_cpu(member) for member in _family(pid))


def _cpu(pid: int) -> float:
    """User and system time of all threads, ended ones too, in nanoseconds; and that of ended children, in ticks.

    By the process's own clock, as clock_getcpuclockid(3) numbers it: proc(5)'s stat counts in ticks of 10 ms,
    its schedstat leaves out threads that have ended.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(~pid << 3 | CPU_CLOCK) + sum(map(int, fields[13:15])) / TICKS


def _memory(pid: int) -> int:
    """The proportional set size of proc(5)'s smaps_rollup."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+) kB", rollup, re.M)[1])


def machine() -> str:
    """What the figures depend on."""
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{platform.machine()}, {os.cpu_count()} processors, load {load}; {versions}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The rows as text, in columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(_columns(line, widths) for line in lines)


def _columns(line: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
