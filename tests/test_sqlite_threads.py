"""The thread that writes to SQLite."""

import asyncio
import subprocess
import sys
import threading

import pytest
from anyio import fail_after
from sqlalchemy import insert

from discussit.database import Database
from discussit.models import Group, User
from discussit.sqlite_threads import THREAD

pytestmark = pytest.mark.sqlite

# A program that writes, and ends without closing the database.
UNCLOSED = """
import asyncio
from sqlalchemy import text
from discussit.database import Database
from discussit.settings import Settings

database = Database(Settings.from_environment())
print(asyncio.run(database.run_write(lambda session: session.scalar(text("SELECT 42")))))
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


async def test_an_error_is_the_callers_and_the_next_transaction_succeeds(world):
    def fail(connection, _changes):
        connection.execute(insert(User).values(id=world.bob.id))

    with pytest.raises(Exception, match="NOT NULL constraint failed"):
        await world.database.run_batch(fail, pytest.fail)

    assert await world.database.run_batch(lambda _connection, _changes: 42, lambda _result: None) == 42


async def test_the_thread_ends_with_the_database_once_its_transaction_is_completed(world):
    halt, begun = threading.Event(), threading.Event()

    def add_slowly(session):
        begun.set()
        assert halt.wait(10)
        session.add(Group(name="Cooking"))

    writing = asyncio.create_task(world.database.run_write(add_slowly))
    await asyncio.to_thread(begun.wait)
    halt.set()
    await world.database.close()

    assert writers() == []
    await writing
    assert sorted(await world.database.run_read(names)) == ["Cooking", "Gardening"]


async def test_each_database_has_a_thread_of_its_own_that_begins_again_after_the_end(world):
    other = Database(world.database.settings)
    for database in (world.database, other):
        await database.run_write(lambda session: session.add(Group(name="Cooking")))
    assert len(writers()) == 2

    await other.close()
    await other.run_write(lambda session: session.add(Group(name="Sewing")))
    assert len(writers()) == 2
    await other.close()


def test_a_process_ends_though_nobody_closed_the_database(database):
    ended = subprocess.run([sys.executable, "-c", UNCLOSED], capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout == "42\n"


def revise(connection, changes):
    changes.revisions["uuid"] = 7
    return 42


def names(session):
    return [group.name for group in session.query(Group)]


def writers():
    return [thread for thread in threading.enumerate() if thread.name == THREAD]
