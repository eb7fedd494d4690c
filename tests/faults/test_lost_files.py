"""The database's files are moved, deleted or replaced under a server: nothing is acknowledged that would be lost."""

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

DATABASE, WAL = "discussit.db", "discussit.db-wal"


def moves_away(folder):
    for file in folder.glob(f"{DATABASE}*"):
        file.rename(folder / f"away.{file.name}")


def puts_back(folder):
    for file in folder.glob("away.*"):
        file.rename(folder / file.name.removeprefix("away."))


def is_ready(garden):
    response = garden.alice.get("/readyz")
    assert response.json()["database"] == ("ok" if response.status_code == 200 else "down")
    return response.status_code == 200


LOSSES = {
    "moved": moves_away,
    "only the database moved": lambda folder: (folder / DATABASE).rename(folder / "away"),
    "deleted": lambda folder: [file.unlink() for file in folder.glob(f"{DATABASE}*")],
    "its log deleted": lambda folder: (folder / WAL).unlink(),
    "replaced by a copy": lambda folder: replace(folder, shutil.copy),
    "replaced by a new one": lambda folder: replace(folder, lambda _, new: sqlite3.connect(new).close()),
    "a folder in its place": lambda folder: replace(folder, lambda _, new: Path(new).mkdir()),
    "the folder renamed": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "emptied": lambda folder: (folder / DATABASE).write_bytes(b""),
}


def replace(folder, make):
    new = folder / "new"
    make(folder / DATABASE, new)
    moves_away(folder)
    new.rename(folder / DATABASE)


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
async def test_nothing_is_acknowledged_once_the_database_is_lost(faulty, lose):
    garden = faulty()
    assert is_ready(garden)
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said("before", "1")
        lose(garden.server.folder)

        await alice.says("after", "2")
        assert await alice.refused("2") == "busy"

    assert not is_ready(garden)
    assert garden.bob.get("/").status_code == 503
    assert garden.bob.post(f"/groups/{garden.group}/messages/", message="after").status_code == 503
    assert garden.bob.get("/healthz").status_code == 200


async def test_all_goes_on_when_the_file_is_back(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.has_said("before", "1")
        moves_away(garden.server.folder)
        await alice.says("meanwhile", "2")
        assert await alice.refused("2") == "busy"

        puts_back(garden.server.folder)
        await alice.returns()

        await alice.acked("2")
        await garden.agrees(alice, bob)
    assert is_ready(garden)


async def test_one_line_says_which_file_is_lost_and_one_that_it_is_back(faulty):
    garden = faulty()
    file = garden.server.folder / DATABASE

    moves_away(garden.server.folder)
    assert [is_ready(garden) for _ in range(3)] == [False] * 3
    puts_back(garden.server.folder)
    assert is_ready(garden)

    log = garden.server.log.read_text()
    assert log.count(f"{file} was moved, deleted or replaced: nothing is read or written now; put that file back") == 1
    assert log.count(f"{file} is back") == 1
    assert "Traceback" not in log


async def test_no_new_database_is_created_in_its_place(faulty):
    garden = faulty()

    moves_away(garden.server.folder)
    assert garden.alice.post("/groups/", name="Cooking").status_code == 503

    assert not list(garden.server.folder.glob(f"{DATABASE}*"))


async def test_a_restart_does_not_begin_anew_beside_the_newest_messages(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said("before", "1")
        database = garden.server.folder / DATABASE
        database.rename(garden.server.folder / "away")
        garden.server.kill()

        refused = garden.server.run("migrate")
        (garden.server.folder / "away").rename(database)
        garden.server.start()
        await alice.returns()
        await garden.agrees(alice)

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"{database} is missing or empty, but {database}-wal has its newest messages" in refused.stderr


async def test_a_stop_saves_what_a_deleted_log_contained(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said("before", "1")
        (garden.server.folder / WAL).unlink()
        assert not is_ready(garden)

        garden.server.stop()
        garden.server.start()
        await alice.returns()

        await garden.agrees(alice)


async def test_all_that_a_server_writes_is_private(faulty):
    garden = faulty()

    files = [file for file in garden.server.folder.iterdir() if file != garden.server.log]

    assert {stat.filemode(file.stat().st_mode) for file in files} == {"-rw-------"}
    assert {file.name for file in files} == {DATABASE, WAL, f"{DATABASE}-shm"}
