"""What leaves SQLite's files after texts were erased, and when."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from discussit import checkpoints
from discussit.database import Database
from discussit.models import Group

pytestmark = pytest.mark.sqlite

SECRET = "the spare key is under the rosemary"


@pytest.fixture
def prompt(monkeypatch):
    """Checkpoints are made immediately, and tried again all the time."""
    monkeypatch.setattr(checkpoints, "INTERVAL", 0)


@asynccontextmanager
async def checkpointed(database):
    """Checkpoints run, as beside an application; the one at the start is done."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(database.run_checkpoints())
        await until(lambda: not wal(database).stat().st_size)
        yield
        running.cancel()


async def test_a_deleted_text_leaves_the_files(prompt, world):
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        assert is_in_files(world.database)
        await world.deleted_all()

        await until(lambda: not is_in_files(world.database))


async def test_the_texts_of_a_deleted_group_leave_the_files(prompt, world):
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        async with world.database.transaction() as session:
            await session.delete(await session.get_one(Group, world.group.id))

        await until(lambda: not is_in_files(world.database))


async def test_what_erases_nothing_causes_no_checkpoint(prompt, world):
    async with checkpointed(world.database):
        await world.wrote("hello")
        await world.wrote("and again")
        await asyncio.sleep(0.1)

        assert wal(world.database).stat().st_size


async def test_a_deleted_text_leaves_the_files_once_nobody_reads_from_before(prompt, world):
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        with other(world.database) as reader:
            reader.execute("BEGIN")
            assert SECRET in contents(reader)
            await world.deleted_all()
            await world.wrote("meanwhile")
            assert is_in_files(world.database)
            reader.execute("COMMIT")

            await until(lambda: not is_in_files(world.database))


async def test_a_deleted_text_leaves_the_files_though_another_program_keeps_them_open(prompt, world):
    async with checkpointed(world.database):
        with other(world.database) as reader:
            await world.wrote(SECRET)
            assert contents(reader) == [SECRET]
            await world.deleted_all()

            await until(lambda: not is_in_files(world.database))


async def test_a_deleted_text_leaves_the_files_once_nobody_else_writes(prompt, world):
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        await world.deleted_all()
        with other(world.database) as writer:
            writer.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(0.1)
            assert wal(world.database).stat().st_size
            writer.execute("ROLLBACK")

            await until(lambda: not is_in_files(world.database))


async def test_a_start_erases_what_another_process_had_deleted_and_left(prompt, world):
    await world.wrote(SECRET)
    await world.deleted_all()
    assert is_in_files(world.database)
    new = Database(world.database.settings)

    async with checkpointed(new):
        assert not is_in_files(new)
    await new.close()


async def test_an_orderly_end_erases_what_was_just_deleted(monkeypatch, prompt, world):
    with other(world.database):
        async with checkpointed(world.database):
            monkeypatch.setattr(checkpoints, "INTERVAL", 3600)
            await world.wrote(SECRET)
            await world.deleted_all()
        assert is_in_files(world.database)

        await world.database.close()

        assert not is_in_files(world.database)


async def test_a_lost_file_is_left_alone_until_it_is_back(prompt, world, caplog):
    database = world.database.settings.sqlite_file
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        await world.deleted_all()
        away = database.rename("away.db")
        await until(lambda: "FileLost" in caplog.text)
        assert SECRET.encode() in away.read_bytes() + wal(world.database).read_bytes()
        assert not database.exists()
        away.rename(database)

        await until(lambda: not is_in_files(world.database))
    assert caplog.text.count("FileLost") == 1


async def test_what_prevents_a_checkpoint_for_long_is_logged_once(monkeypatch, prompt, world, caplog):
    monkeypatch.setattr(checkpoints, "PATIENCE", 0)
    async with checkpointed(world.database):
        await world.wrote(SECRET)
        with other(world.database) as reader:
            reader.execute("BEGIN")
            contents(reader)
            await world.deleted_all()
            await until(lambda: "another program" in caplog.text)
            await asyncio.sleep(0.1)

    assert len(caplog.records) == 1


@contextmanager
def other(database):
    """A connection of another program, such as a backup or a shell."""
    with closing(sqlite3.connect(database.settings.sqlite_file, isolation_level=None)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield connection


def contents(connection):
    return [content for (content,) in connection.execute("SELECT content FROM texts WHERE content LIKE '%key%'")]


def wal(database):
    return Path(f"{database.settings.sqlite_file}-wal")


def is_in_files(database):
    folder = database.settings.sqlite_file.parent
    return any(SECRET.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file())


async def until(is_so):
    """For what the thread of the checkpoints does, which can't wake us."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
