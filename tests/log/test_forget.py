"""What SQLite's files contain of texts that were forgotten, whatever happened to their neighbours."""

import random
import re
import sqlite3
from contextlib import closing

import pytest

from discussit.models import Group
from discussit.schema import prepare, prepare_once

pytestmark = pytest.mark.sqlite

# Characters: many texts to a page, or many pages to a text.
LENGTHS = (20, 20, 20, 60, 200, 800, 3000, 4000, 10_000)


# Each of these leaves copies where rows are deleted.
@pytest.mark.parametrize("seed", [1, 5])
async def test_nothing_remains_of_deleted_texts_of_any_length_in_any_order(world, seed):
    chance = random.Random(seed)  # noqa: S311
    texts = [f"text{number:05}is{'x' * (chance.choice(LENGTHS) - 11)}" for number in range(1000)]
    await world.wrote(*texts)
    deleted = chance.sample(range(1000), 900)

    for start in range(0, 900, 30):
        await world.deleted(*(number + 1 for number in deleted[start : start + 30]))
    await world.database.close()

    assert numbers_in_file(world.database) == set(range(1000)) - set(deleted)


async def test_nothing_remains_of_a_deleted_group_after_the_next_start(world):
    await world.wrote(*(f"text{number:05}is{'x' * 200}" for number in range(1000)))
    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Group, world.group.id))
    await world.database.close()
    assert is_to_be_rewritten(world.database)

    # As a command does beside a server.
    await prepare(world.database, may_rewrite=False)
    await world.database.close()
    assert is_to_be_rewritten(world.database)

    await prepare_once(world.database.settings)

    assert numbers_in_file(world.database) == set()
    assert not is_to_be_rewritten(world.database)


def is_to_be_rewritten(database):
    with closing(sqlite3.connect(database.settings.sqlite_file)) as connection:
        return connection.execute("PRAGMA user_version").fetchone() == (1,)


def numbers_in_file(database):
    return {int(number) for number in re.findall(rb"text(\d{5})is", database.settings.sqlite_file.read_bytes())}
