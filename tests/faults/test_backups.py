"""A backup is made as docs/running.md says while people talk, and restored."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from clients import Talker, running

DOCS = (Path(__file__).parents[2] / "docs" / "running.md").read_text()
COPY = re.search(r"umask (\d+); sqlite3 (\S+) \"(VACUUM INTO '(\S+)')\"", DOCS)


async def test_a_backup_that_was_made_while_people_talked_can_be_restored(faulty):
    garden = faulty()
    talker = Talker(garden.bob, garden.group, 0)
    async with talker:
        async with running(talker.talks()):
            await talker.has_acks(50)
            back_up(garden.server.folder)
            await talker.has_acks(100)
        await talker.settles()

    restore(garden.server)

    assert len(garden.log()) >= 2 + 50
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said("after the restore", "after")
        await garden.agrees(alice)


def back_up(folder):
    """What the command in the docs does, for machines without SQLite's shell."""
    umask, database, statement, _ = COPY.groups()
    before = os.umask(int(umask, 8))
    try:
        with closing(sqlite3.connect(folder / database)) as connection:
            # The statement names the copy by a path relative to the folder, where the operator is.
            connection.execute(statement.replace("'", f"'{folder}/", 1))
    finally:
        os.umask(before)


def restore(server):
    folder, copy = server.folder, server.folder / COPY[4]
    server.stop()
    assert copy.stat().st_mode & 0o777 == 0o600
    for file in folder.glob("discussit.db*"):
        file.unlink()
    copy.rename(folder / "discussit.db")
    command = [sys.executable, "-m", "discussit", "restored"]
    subprocess.run(command, cwd=folder, env=os.environ | server.environment, check=True)
    server.start()
