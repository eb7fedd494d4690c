import json

import pytest
from sqlalchemy import update

from discussit.log.read import LogState, entries_since, log_states, shown_after, shown_before, timestamp_of
from discussit.models import Entry

PAGE = 200


@pytest.mark.parametrize(("seq", "expected"), [(0, [1, 2, 3, 4, 5]), (3, [4, 5]), (5, []), (99, [])])
async def test_a_log_is_read_on_from_a_place(world, seq, expected):
    await world.wrote(*"abcde")

    entries = await since(world, seq)

    assert [entry.seq for entry in entries] == expected


@pytest.mark.parametrize(
    ("seq", "limit", "expected"), [(0, 3, [1, 2, 3]), (3, 3, [4, 5]), (5, 3, []), (99, 3, []), (1, 200, [2, 3, 4, 5])]
)
async def test_a_page_goes_on_from_a_place(world, seq, limit, expected):
    await world.wrote(*"abcde")

    entries = await world.database.run_read(lambda session: shown_after(session, world.readable, seq, limit))

    assert [entry.seq for entry in entries] == expected


@pytest.mark.parametrize(
    ("seq", "limit", "expected"), [(6, 3, [3, 4, 5]), (3, 3, [1, 2]), (1, 3, []), (99, 2, [4, 5]), (0, 3, [])]
)
async def test_a_page_leads_up_to_a_place(world, seq, limit, expected):
    await world.wrote(*"abcde")

    entries = await world.database.run_read(lambda session: shown_before(session, world.readable, seq, limit))

    assert [entry.seq for entry in entries] == expected


async def test_reading_on_takes_one_query_for_all_that_is_sent(world, queries):
    await world.joined(world.alice, world.bob)
    await world.wrote("a", "b")

    queries.clear()
    entries = await since(world, 0)

    assert [json.loads(entry.text)["seq"] for entry in entries] == [1, 2, 3, 4]
    assert len(queries) == 1


async def test_an_entry_of_an_unknown_kind_is_read_but_not_shown(world):
    await world.wrote("a", "b", "c")
    await turn_into_poll(world, seq=2)

    entries = await since(world, 0)
    shown = await world.database.run_read(lambda session: shown_after(session, world.readable, 0, PAGE))

    assert [entry.kind for entry in entries] == ["Message", "Poll", "Message"]
    assert [row.seq for row in shown] == [1, 3]


async def test_the_state_of_a_log_is_read_for_many_groups_and_lacks_deleted_ones(world):
    await world.wrote("a")

    states = await world.database.run_read(lambda session: log_states(session, [world.group.id, 99]))

    at = await world.database.run_read(lambda session: timestamp_of(session, world.group.id, 1))
    assert states == {world.group.id: LogState(1, 0, world.group.epoch, at)}


async def test_an_empty_log_has_no_last_entry(world):
    states = await world.database.run_read(lambda session: log_states(session, [world.group.id]))

    assert states == {world.group.id: LogState(0, 0, world.group.epoch, None)}


@pytest.mark.parametrize(
    ("found", "is_lost"),
    [
        (LogState(5, 1, "e", "then"), False),
        (LogState(6, 1, "e", "later"), False),
        (LogState(6, 2, "another", "later"), False),
        (LogState(4, 1, "e", "before"), True),
        (LogState(5, 1, "e", "at another time"), True),
        (LogState(6, 0, "e", "later"), True),
    ],
)
def test_a_log_is_lost_in_one_that_lacks_entries_or_revisions_of_it(found, is_lost):
    assert LogState(5, 1, "e", "then").is_lost_in(found) is is_lost


async def test_an_entrys_timestamp_is_read_as_it_is_sent(world):
    await world.wrote("a")

    (entry,) = await since(world, 0)
    found = await world.database.run_read(lambda session: timestamp_of(session, world.group.id, 1))
    missing = await world.database.run_read(lambda session: timestamp_of(session, world.group.id, 2))

    assert (found, missing) == (entry.timestamp, None)


async def since(world, seq):
    return await world.database.run_read(
        lambda session: list(entries_since(session, world.group.id, world.group.uuid, seq, PAGE))
    )


async def turn_into_poll(world, seq):
    async with world.database.transaction() as session:
        await session.execute(update(Entry.__table__).where(Entry.seq == seq).values(kind="Poll"))
