"""DiscussIt and the servers compared with it: how to install, start and address each."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import crowd
from dialects import DiscussIt, Plain, SocketIO, Tutorial
from servers import HERE, PORT, SERVE, UVICORN

PEERS = HERE / "peers"
OURS = ("discussit", "uvicorn", "websockets", "uvloop", "starlette", "broadcaster", "sqlalchemy", "msgspec")
INSTALL_LIMIT = 300  # seconds
PACKAGES = {"node": "nodejs npm", "npm": "npm", "cc": "gcc libc6-dev"}


class Unavailable(Exception):
    """A program that a server needs is not available here."""


@dataclass(frozen=True)
class Peer:
    """One server. `command` first installs what it needs, and raises Unavailable if it can't."""

    title: str
    dialect: Plain
    command: Callable[[], Sequence[str]]
    furnish: Callable[[Path, Iterable[crowd.Seat]], None] = lambda _folder, _seats: None
    talks: bool = True
    most: float = math.inf  # deliveries a second to ask of it


def discussit(title: str, *command: str) -> Peer:
    return Peer(
        title,
        DiscussIt(),
        lambda: (sys.executable, *command, "--port", PORT),
        furnish=lambda folder, seats: crowd.settle(f"sqlite+aiosqlite:///{folder}/discussit.db", seats),
    )


def uvicorn(app: str) -> Sequence[str]:
    """The command of the uvicorn that serves DiscussIt, with the same settings."""
    return (sys.executable, "-m", "uvicorn", app, "--app-dir", str(PEERS), "--no-access-log", "--port", PORT)


def tutorial() -> Sequence[str]:
    python = PEERS / ".venv/bin/python"
    wanted = PEERS / "requirements.txt"
    install(
        wanted,
        python.parents[1],
        (sys.executable, "-m", "venv", "--clear", str(python.parents[1])),
        (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(wanted)),
    )
    return (str(python), str(PEERS / "tutorial.py"), PORT)


def node(script: str) -> Sequence[str]:
    execute("node", "--version")
    install(PEERS / "package-lock.json", PEERS / "node_modules", ("npm", "ci", "--no-audit", "--no-fund"))
    return ("node", str(PEERS / script), PORT)


def floor() -> Sequence[str]:
    program = str(PEERS / "floor")
    execute("cc", "-O2", "-o", program, f"{program}.c")
    return (program, PORT)


def install(wanted: Path, folder: Path, *commands: Sequence[str]) -> None:
    """Run the commands, which fill `folder`, unless they already did for the same list of packages."""
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == wanted.read_text():
        return
    sys.stderr.write(f"Installing what {wanted.name} lists …\n")
    for command in commands:
        execute(*command)
    stamp.write_text(wanted.read_text())


def execute(*command: str) -> str:
    """Run the command and return its output. Raises Unavailable."""
    printed = _tried(command)
    if isinstance(printed, Unavailable):
        raise printed
    return printed


@cache
def _tried(command: tuple[str, ...]) -> str | Unavailable:
    """Cached: a missing program is also missing in the next round."""
    program = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=PEERS, check=True, capture_output=True, text=True, timeout=INSTALL_LIMIT)
    except FileNotFoundError:
        return Unavailable(f"{program} is not installed (Debian: apt-get install {PACKAGES.get(program, program)})")
    except subprocess.TimeoutExpired:
        return Unavailable(f"{program} took more than {INSTALL_LIMIT} s")
    except subprocess.CalledProcessError as error:
        reasons = [line for line in error.stderr.splitlines() if "error" in line.lower()]
        return Unavailable(f"{program} failed: {next(iter(reasons), error.returncode)}")
    return done.stdout.strip()


EXAMPLE = "example"  # the one with which the others are compared
ALL = {
    "uvicorn": discussit("DiscussIt, uvicorn", *UVICORN),
    "serve": discussit("DiscussIt, serve", *SERVE),
    EXAMPLE: Peer("broadcaster's example", Plain(), lambda: uvicorn("broadcasting:app")),
    "channels": Peer("Channels, as the tutorial", Tutorial(), tutorial, most=1_500),
    "ws": Peer("Node ws", Plain(), lambda: node("ws.js")),
    "socket.io": Peer("Node socket.io", SocketIO(), lambda: node("socketio.js")),
    "floor": Peer("send() in C", Plain(), floor),
    "bare": Peer("uvicorn, open sockets only", Plain(), lambda: uvicorn("bare:app"), talks=False),
}


def versions() -> dict[str, str]:
    """The versions of the servers' packages."""
    listed = (PEERS / "requirements.txt").read_text() + "\n".join(f"{name}=={version(name)}" for name in OURS)
    found = dict(re.findall(r"^([\w-]+)==(.+)$", listed, re.M))
    return found | json.loads((PEERS / "package.json").read_text())["dependencies"] | {"node": _node_version()}


def _node_version() -> str:
    try:
        return execute("node", "--version")
    except Unavailable as reason:
        return str(reason)
