import asyncio
import logging
import re
import traceback
from threading import Event, Thread

import pytest
from anyio import create_task_group, wait_all_tasks_blocked
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from stores import query
from world import World

from discussit import database as database_module
from discussit.database import READERS, Database, chunks, is_outage, log_failure
from discussit.models import Group, Message
from discussit.settings import ALEMBIC_INI, PACKAGE

# SQLite


@pytest.mark.sqlite
@pytest.mark.parametrize("way", ["transaction", "run_batch", "run_read"])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000), ("secure_delete", 1)],
)
async def test_every_connection_to_sqlite_is_careful(database, way, pragma, value):
    assert await ask_in(database, way, f"PRAGMA {pragma}") == value


# Transactions


async def test_a_transaction_commits_at_its_end(world):
    async with world.database.transaction() as session:
        session.add(Group(name="Cooking"))

    assert await names(world.database) == ["Cooking", "Gardening"]


async def test_a_transaction_that_raises_leaves_nothing(world):
    with pytest.raises(ZeroDivisionError):
        await fail_in_transaction(world.database)

    assert await names(world.database) == ["Gardening"]


@pytest.mark.sqlite
async def test_simultaneous_updates_are_not_lost(world):
    async def add_one():
        async with world.database.transaction() as session:
            last = await session.scalar(select(Group.last_seq))
            await session.execute(update(Group).values(last_seq=last + 1))

    await asyncio.gather(*(add_one() for _ in range(20)))

    assert query("SELECT last_seq FROM groups") == [(20,)]


@pytest.mark.sqlite
def test_a_request_that_waits_too_long_for_others_to_write_is_answered(site, environment, alice, gardening):
    environment.setattr(database_module, "ANSWER_LIMIT", 0.05)
    database = site.app._app.state.site.database

    with site.portal.wrap_async_context_manager(database.transaction()):
        answers = [alice.joins(gardening), alice.says(gardening, "hi"), alice.post("/groups/", name="Lunch")]

    environment.setattr(database_module, "ANSWER_LIMIT", 10)
    assert [answer.status_code for answer in answers] == [503] * 3
    assert alice.says(gardening, "hi").status_code == 303


@pytest.mark.sqlite
def test_a_request_that_waits_too_long_for_others_to_read_is_answered(site, environment, alice):
    environment.setattr(database_module, "ANSWER_LIMIT", 0.05)
    database, halt = site.app._app.state.site.database, Event()

    reads = [site.portal.start_task_soon(database.run_read, lambda _session: halt.wait(10)) for _ in range(READERS)]
    answer = alice.get("/")
    halt.set()

    assert answer.status_code == 503
    assert all(read.result() for read in reads)
    assert alice.get("/").status_code == 200


async def test_simultaneous_writers_number_their_entries_without_a_gap(world):
    await asyncio.gather(*(world.wrote(str(number), "and") for number in range(20)))

    assert [seq for seq, _ in await world.log()] == list(range(1, 41))


async def test_a_reader_sees_one_state_while_others_write(world):
    await world.wrote("before")

    def read_twice(session):
        before = session.scalars(select(Message.content)).all()
        write_elsewhere(world, "meanwhile")
        return before, session.scalars(select(Message.content)).all()

    assert await world.database.run_read(read_twice) == (["before"], ["before"])
    assert [text for _, text in await world.log()] == ["before", "meanwhile"]


async def test_a_reader_does_not_wait_for_a_writer(world):
    async with world.database.transaction() as session:
        session.add(Group(name="Cooking"))
        await session.flush()

        assert await names(world.database) == ["Gardening"]


async def test_a_transaction_that_has_begun_is_brought_to_its_end(world):
    async def write():
        async with world.database.transaction() as session:
            session.add(Group(name="Cooking"))
            await session.flush()
            tasks.cancel_scope.cancel()

    async with create_task_group() as tasks:
        tasks.start_soon(write)
        await wait_all_tasks_blocked()

    assert await names(world.database) == ["Cooking", "Gardening"]


@pytest.mark.parametrize(("length", "sizes"), [(0, []), (5000, [5000]), (5001, [5000, 1]), (12000, [5000, 5000, 2000])])
def test_long_lists_are_asked_for_in_parts(length, sizes):
    assert [len(part) for part in chunks(list(range(length)))] == sizes


@pytest.mark.sqlite
async def test_a_text_that_is_not_utf_8_is_no_outage(database):
    with pytest.raises(OperationalError) as raised:
        await database.run_read(lambda session: session.scalar(text("SELECT CAST(x'ff' AS TEXT)")))

    assert not is_outage(raised.value)


QUOTES_A_VALUE = [
    ("sqlite", "SELECT CAST(x'726f73656d617279ff' AS TEXT)", {}),
    ("sqlite", "SELECT :value", {"value": ["rosemary"]}),
    ("postgres", "SELECT CAST(:value AS INTEGER)", {"value": "rosemary"}),
    ("postgres", "SELECT CAST(CAST(:value AS TEXT) AS INTEGER)", {"value": "rosemary"}),
    ("postgres", "INSERT INTO users (username) VALUES (:value)", {"value": "rosemary"}),
]


@pytest.mark.parametrize(("engine", "statement", "values"), QUOTES_A_VALUE)
async def test_an_error_of_an_engine_quotes_no_value(request, engine, statement, values):
    store = request.getfixturevalue(f"{engine}_store")
    await asyncio.to_thread(store.upgrade)

    with pytest.raises(SQLAlchemyError) as raised:
        await one_statement(store.settings, statement, values)

    assert "rosemary" not in "".join(traceback.format_exception(raised.value))


async def test_what_postgresql_refuses_only_for_now_is_an_outage(postgres_store):
    later, never = ["40001", "40P01", "53100", "55P03", "57014"], ["22012", "23505", "42P01"]
    found = {}

    for code in (*later, *never):
        raising = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"
        with pytest.raises(SQLAlchemyError) as raised:
            await one_statement(postgres_store.settings, raising, {})
        found[code] = is_outage(raised.value)

    assert found == dict.fromkeys(later, True) | dict.fromkeys(never, False)


def test_all_engines_are_made_in_one_place():
    folders = PACKAGE, ALEMBIC_INI.parent / "migrations"
    sources = [path for folder in folders for path in folder.rglob("*.py")]

    makers = {path.name for path in sources if re.search(r"create_(async_)?engine\(", path.read_text())}

    assert makers == {"engines.py"}


async def one_statement(settings, statement, values):
    database = Database(settings)
    try:
        async with database.transaction() as session:
            await session.execute(text(statement), values)
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("error", "level", "has_traceback"),
    [
        (ConnectionResetError(), logging.WARNING, False),
        (ProgrammingError("SELECT nonsense", None, Exception()), logging.ERROR, True),
    ],
    ids=["outage", "mistake"],
)
def test_only_a_mistake_of_ours_is_logged_with_its_traceback(caplog, error, level, has_traceback):
    log_failure(logging.getLogger("discussit"), "could not look", error)

    (record,) = caplog.records
    assert (record.levelno, bool(record.exc_info)) == (level, has_traceback)
    assert record.getMessage() == f"could not look: {type(error).__name__}"


async def names(database):
    return await database.run_read(lambda session: session.scalars(select(Group.name).order_by(Group.name)).all())


async def ask_in(database, way, statement):
    if way == "run_batch":
        return await database.run_batch(
            lambda connection, _changes: connection.exec_driver_sql(statement, ()).fetchone()[0], id
        )
    if way == "run_read":
        return await database.run_read(lambda session: session.scalar(text(statement)))
    async with database.transaction() as session:
        return await session.scalar(text(statement))


def write_elsewhere(world, content):
    """What another process would do: this one's event loop waits for it."""

    async def write():
        database = Database(world.database.settings)
        await World(database, world.alice, world.bob, world.group).wrote(content)
        await database.close()

    thread = Thread(target=asyncio.run, args=(write(),))
    thread.start()
    thread.join()


async def fail_in_transaction(database):
    async with database.transaction() as session:
        session.add(Group(name="Cooking"))
        await session.flush()
        raise ZeroDivisionError
