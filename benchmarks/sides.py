"""The two sides of a comparison: a checkout each, with the databases and servers that its own code makes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crowd import Seat
from runs import SERVERS_CORE
from servers import HERE, PORT, SETTINGS, Program

ROOT = HERE.parent
INSTALLED = ("run", "scale", "test")  # of requirements/
DATABASE = "discussit.db"

# Runs with the side's own crowd.py, since its schema is its own.
FILL = """
import json, sys, pathlib, crowd
database, seats, lengths = sys.argv[1], *map(json.loads, sys.argv[2:])
crowd.settle(f"sqlite+aiosqlite:///{database}", map(tuple, seats))
for room, last in lengths:
    crowd.fill(pathlib.Path(database), room, last)
"""


class NotComparable(Exception):
    """There is no such revision, or it can't be run; the text says why."""


@dataclass(frozen=True)
class Side:
    """A checkout, and the interpreter with the packages that it requires."""

    name: str
    tree: Path
    python: str = sys.executable

    def fill(self, folder: Path, seats: Iterable[Seat], lengths: Sequence[tuple[int, int]]) -> Path:
        """A database in which these people are in these rooms, and logs have these lengths. Raises NotComparable."""
        database = folder / DATABASE
        # Whatever is compiled later would count as the first sockets' memory.
        _run(self.python, "-m", "compileall", "-q", str(self.tree / "discussit"))
        arguments = (database, _json(seats), _json(lengths))
        path = self._path(self.tree, self.tree / "benchmarks")
        _run(self.python, "-c", FILL, *map(str, arguments), cwd=folder, env=os.environ | path)
        return database

    @contextmanager
    def served(self, command: Iterable[str], database: Path) -> Iterator[Program]:
        """A server on a copy of the database, on its own core."""
        with TemporaryDirectory(prefix="compare-") as folder:
            shutil.copy(database, folder)
            settings = SETTINGS | self._path(self.tree) | {"DATABASE_URL": f"sqlite:///{folder}/{DATABASE}"}
            pinned = ("taskset", "-c", str(SERVERS_CORE), self.python, *command, "--port", PORT)
            program = Program(Path(folder), pinned, settings)
            try:
                program.wait_for("/healthz")
                yield program
            finally:
                program.stop()

    @staticmethod
    def _path(*folders: Path) -> dict[str, str]:
        """Precedes the interpreter's packages, where another checkout may be installed."""
        return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


@contextmanager
def checked_out(revision: str) -> Iterator[Side]:
    """The revision in a temporary worktree, with an environment of its own if it requires other packages."""
    name = _git("rev-parse", "--verify", "--short", f"{revision}^{{commit}}")
    with TemporaryDirectory(prefix="compare-") as folder:
        tree = Path(folder) / "tree"
        try:
            _git("worktree", "add", "--detach", str(tree), name)
            yield Side(name, tree, _interpreter(tree))
        finally:
            with suppress(NotComparable):  # if this was interrupted before git had made it
                _git("worktree", "remove", "--force", str(tree))


def described() -> str:
    """The working tree's commit, and whether it has changes of its own."""
    return _git("describe", "--always", "--dirty= with uncommitted changes", "--exclude=*")


def _interpreter(tree: Path) -> str:
    lists = [f"requirements/{name}.txt" for name in INSTALLED]
    if all(_content(tree / name) == _content(ROOT / name) for name in lists):
        return sys.executable
    sys.stderr.write("The revision requires other packages: installing them for it …\n")
    _run(str(tree / "scripts/setup"), "scale,test", env=os.environ | {"PYTHON": sys.executable})
    return str(tree / ".venv/bin/python")


def _content(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _git(*arguments: str) -> str:
    return _run("git", "-C", str(ROOT), *arguments)


def _run(*command: str, **options: object) -> str:
    """Run the command and return its output. Raises NotComparable."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    if done.returncode:
        raise NotComparable(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _json(pairs: Iterable[tuple[int, int]]) -> str:
    return json.dumps(list(pairs))
