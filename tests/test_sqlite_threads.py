"""The thread that writes to SQLite."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import traceback
from contextlib import closing

import pytest
from anyio import fail_after
from sqlalchemy.exc import IntegrityError, OperationalError

from discussit.database import Database, is_outage
from discussit.models import Group
from discussit.sqlite_threads import THREAD

pytestmark = pytest.mark.sqlite

# A program that writes, and ends without closing the database.
UNCLOSED = """
import asyncio
from discussit.database import Database
from discussit.settings import Settings

database = Database(Settings.from_environment())
asyncio.run(database.run_batch(lambda _connection, _changes: 42, print))
"""


async def test_a_batch_is_answered_and_then_published_in_one_step(world):
    steps = []
    world.database.publish_to(lambda changes: steps.append(("published", list(changes.revisions.values()))))
    asyncio.get_running_loop().call_soon(steps.append, "before")

    result = await world.database.run_batch(revise, lambda result: steps.append(("answered", result)))
    asyncio.get_running_loop().call_soon(steps.append, "after")
    await asyncio.sleep(0)

    assert (result, steps) == (42, ["before", ("answered", 42), ("published", [7]), "after"])


async def test_what_was_committed_is_answered_and_published_though_its_caller_was_cancelled(world):
    published, halt = asyncio.Queue(), threading.Event()
    world.database.publish_to(published.put_nowait)

    def revise_slowly(connection, changes):
        assert halt.wait(10)
        return revise(connection, changes)

    answers = []
    writing = asyncio.create_task(world.database.run_batch(revise_slowly, answers.append))
    await asyncio.sleep(0)
    writing.cancel()
    halt.set()

    with fail_after(10):
        changes = await published.get()
    assert list(changes.revisions.values()) == [7]
    assert answers == [42]


async def test_an_error_is_the_callers_undoes_the_batch_and_the_next_one_succeeds(world):
    def fail(connection, _changes):
        rename(connection)
        connection.exec_driver_sql("INSERT INTO users (id) VALUES (?)", (world.bob.id,))

    with pytest.raises(IntegrityError, match="NOT NULL constraint failed"):
        await world.database.run_batch(fail, pytest.fail)
    assert await world.database.run_read(names) == ["Gardening"]

    await world.database.run_batch(lambda connection, _changes: rename(connection), lambda _result: None)
    assert await world.database.run_read(names) == ["Sewing"]


async def test_the_error_of_a_batch_quotes_no_value(world):
    def fail(connection, _changes):
        connection.exec_driver_sql("SELECT CAST(x'726f73656d617279ff' AS TEXT)", ()).fetchone()

    with pytest.raises(OperationalError, match="UTF-8") as failed:
        await world.database.run_batch(fail, pytest.fail)

    assert "rosemary" not in "".join(traceback.format_exception(failed.value))
    assert not is_outage(failed.value)


async def test_a_batch_that_waits_for_another_process_in_vain_is_an_outage(world):
    with closing(sqlite3.connect(world.database.settings.sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked") as failed:
            await world.database.run_batch(lambda connection, _changes: rename(connection), pytest.fail)
        other.execute("ROLLBACK")

    assert is_outage(failed.value)
    await world.database.run_batch(lambda connection, _changes: rename(connection), lambda _result: None)
    assert await world.database.run_read(names) == ["Sewing"]


async def test_the_thread_ends_with_the_database_once_its_transaction_is_completed(world):
    halt, begun = threading.Event(), threading.Event()

    def rename_slowly(connection, _changes):
        begun.set()
        assert halt.wait(10)
        rename(connection)

    writing = asyncio.create_task(world.database.run_batch(rename_slowly, lambda _result: None))
    await asyncio.to_thread(begun.wait)
    halt.set()
    await world.database.close()

    assert writers() == []
    await writing
    assert await world.database.run_read(names) == ["Sewing"]


async def test_each_database_has_a_thread_of_its_own_that_begins_again_after_the_end(world):
    other = Database(world.database.settings)
    for database in (world.database, other):
        await write_nothing(database)
    assert len(writers()) == 2

    await other.close()
    await write_nothing(other)
    assert len(writers()) == 2
    await other.close()


def test_a_process_ends_though_nobody_closed_the_database(database):
    ended = subprocess.run([sys.executable, "-c", UNCLOSED], capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout == "42\n"


def revise(connection, changes):
    changes.revisions["uuid"] = 7
    return 42


def rename(connection):
    connection.exec_driver_sql("UPDATE groups SET name = ?", ("Sewing",))


async def write_nothing(database):
    await database.run_batch(lambda _connection, _changes: None, lambda _result: None)


def names(session):
    return [group.name for group in session.query(Group)]


def writers():
    return [thread for thread in threading.enumerate() if thread.name == THREAD]
