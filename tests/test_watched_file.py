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


@pytest.fixture(params=["transaction", "run_write"])
def write(request, world):
    """Both ways to write: `await write(work)`."""

    async def in_transaction(work):
        async with world.database.transaction() as session:
            return await session.run_sync(work)

    return in_transaction if request.param == "transaction" else world.database.run_write


async def test_a_transaction_whose_file_is_lost_before_its_commit_is_rolled_back(world, write):
    def add_and_lose(session):
        session.add(Group(name="Cooking"))
        session.flush()
        move(FILE, AWAY)

    with pytest.raises(FileLost) as lost:
        await write(add_and_lose)
    move(AWAY, FILE)

    assert is_outage(lost.value)
    assert await names(world) == ["Gardening"]
    await write(lambda session: session.add(Group(name="Sewing")))
    assert await names(world) == ["Gardening", "Sewing"]


async def test_what_is_lost_is_not_read_either(world):
    await names(world)
    move(FILE, AWAY)

    with pytest.raises(FileLost):
        await names(world)


async def test_a_file_of_another_name_for_the_same_data_is_the_same(world, write):
    move(FILE, AWAY)
    os.link(AWAY, FILE)

    await write(lambda session: session.add(Group(name="Cooking")))

    assert await names(world) == ["Cooking", "Gardening"]


async def test_once_all_is_closed_another_file_may_take_its_place(world, write):
    await write(lambda session: session.add(Group(name="Cooking")))
    await world.database.close()
    shutil.copy(FILE, AWAY)
    move(AWAY, FILE)

    assert await names(world) == ["Cooking", "Gardening"]


def move(file, to):
    file.rename(to)


async def names(world):
    return await world.database.run_read(lambda session: session.scalars(select(Group.name).order_by(Group.name)).all())
