import pytest
from sqlalchemy import Column, Integer, String, select
from sqlalchemy.exc import DBAPIError

from discussit.many_rows import MAX_ROWS, ManyFound
from discussit.models import Group

TEXTS = ["", "\"quoted\" \\ 'and' \u2028", "a\nb\t\x01", "\U0001f469\u200d\U0001f467 \u05e2", "NULL", "x" * 10_000]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, MAX_ROWS, MAX_ROWS + 1])
async def test_as_many_rows_are_found_as_are_asked_for(database, count):
    found = await database.run_read(lambda session: list(BACK.rows(session.connection(), numbered(count))))

    assert found == [list(row) for row in numbered(count)]


@pytest.mark.parametrize("text", TEXTS)
async def test_every_text_comes_back_as_it_was(database, text):
    found = await database.run_read(lambda session: list(BACK.rows(session.connection(), [(1, text), (2, None)])))

    assert found == [[1, text], [2, None]]


async def test_a_lone_surrogate_is_refused_as_by_any_statement(database):
    with pytest.raises((UnicodeEncodeError, DBAPIError)):
        await database.run_read(lambda session: list(BACK.rows(session.connection(), [(1, "\ud800")])))


async def test_what_is_found_has_the_types_of_its_columns(world):
    group = world.group
    found = await world.database.run_read(lambda session: list(UUIDS.rows(session.connection(), [(group.id,), (99,)])))

    assert found == [[group.id, group.uuid]]


BACK = ManyFound(
    [Column("number", Integer), Column("text", String)],
    lambda given: select(given.c.number, given.c.text).where(given.c.number.is_not(None)).order_by(given.c.number),
)
UUIDS = ManyFound(
    [Column("id", Integer)],
    lambda given: select(Group.id, Group.uuid).where(Group.id.in_(select(given.c.id))),
)


def numbered(count):
    return [(number, f"text {number}") for number in range(count)]
