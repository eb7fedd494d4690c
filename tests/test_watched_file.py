"""With a real server: faults/test_lost_files.py."""

import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from discussit.database import is_outage
from discussit.models import Group
from discussit.watched_file import FileLost

pytestmark = pytest.mark.sqlite
FILE, AWAY = Path("discussit.db"), Path("away.db")


@pytest.fixture(params=["transaction", "run_batch"])
def rename(request, world):
    """Both ways to write: `await rename(name)` renames the group, and calls `then` before the commit."""
    statement = "UPDATE groups SET name = ?"

    async def in_transaction(name, then=lambda: None):
        async with world.database.transaction() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(statement, (name,))
            then()

    async def in_batch(name, then=lambda: None):
        def work(connection, _changes):
            connection.exec_driver_sql(statement, (name,))
            then()

        await world.database.run_batch(work, lambda _result: None)

    return in_transaction if request.param == "transaction" else in_batch


async def test_a_transaction_whose_file_is_lost_before_its_commit_is_rolled_back(world, rename):
    with pytest.raises(FileLost) as lost:
        await rename("Cooking", then=lambda: move(FILE, AWAY))
    move(AWAY, FILE)

    assert is_outage(lost.value)
    assert await names(world) == ["Gardening"]
    await rename("Sewing")
    assert await names(world) == ["Sewing"]


async def test_what_is_lost_is_not_read_either(world):
    await names(world)
    move(FILE, AWAY)

    with pytest.raises(FileLost):
        await names(world)


async def test_a_file_of_another_name_for_the_same_data_is_the_same(world, rename):
    move(FILE, AWAY)
    os.link(AWAY, FILE)

    await rename("Cooking")

    assert await names(world) == ["Cooking"]


async def test_once_all_is_closed_another_file_may_take_its_place(world, rename):
    await rename("Cooking")
    await world.database.close()
    shutil.copy(FILE, AWAY)
    move(AWAY, FILE)

    assert await names(world) == ["Cooking"]


def move(file, to):
    file.rename(to)


async def names(world):
    return await world.database.run_read(lambda session: session.scalars(select(Group.name).order_by(Group.name)).all())
