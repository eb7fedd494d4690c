"""Whether an SQLite database that this process has open is still the one at its path."""

import logging
import os
from pathlib import Path

from discussit.data_folder import BESIDE, WAL

logger = logging.getLogger(__name__)

Identity = tuple[int, int]  # device and inode: no other file has them while this one is open


class FileLost(ConnectionError):
    """The database's file was moved, deleted or replaced while it is open: nobody would find what is written now."""


class WatchedFile:
    """The files of an open database, as they were when it was opened.

    A file that is moved, deleted or replaced stays open: without this, messages would be written to it and
    acknowledged, and the next start would find a different database or none. The files are checked in each
    transaction (8 µs), so reading and writing resume as soon as they are back. Content that was overwritten in
    place goes unnoticed: it looks like an ordinary write.
    """

    def __init__(self, file: Path) -> None:
        real = os.path.realpath(file)
        # Not the real path: if it is a link, whoever opens it next follows the link.
        self._paths = (str(file), *(real + end for end in BESIDE))
        self._known: dict[str, Identity] = {}
        self._connections = 0
        self._is_lost = False

    def opened(self) -> None:
        """Note a new connection, after its first statement: only then are SQLite's other files there."""
        self._connections += 1
        for path in self._paths:
            if path not in self._known and (found := _identity(path)):
                self._known[path] = found

    def closed(self) -> None:
        """Note that a connection closes. SQLite deletes its other files with the last one."""
        self._connections -= 1
        if not self._connections:
            self._known.clear()

    def check(self) -> None:
        """Raise FileLost if a file is not the one that is open. Logs the loss once, and the return."""
        for path, known in list(self._known.items()):
            if _identity(path) != known:
                self._note_loss(path)
                raise FileLost(f"{path} is not the file that is open")
        if self._is_lost:
            self._is_lost = False
            logger.warning("%s is back: it is read and written again", self._paths[0])

    def _note_loss(self, path: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            advice = "put that file back, or stop the server; to restore a copy, stop the server first"
            if path != self._paths[0]:
                advice = "stop the server with SIGTERM, which stores what it contained, and start it again"
            logger.error("%s was moved, deleted or replaced: nothing is read or written now; %s", path, advice)


def _identity(path: str) -> Identity | None:
    """None where there is no file, or an empty one: of an open database's, only -wal is ever empty."""
    try:
        found = os.stat(path)  # noqa: PTH116 - Path.stat() takes twice as long
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size or path.endswith(WAL) else None
