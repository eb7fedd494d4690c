"""Places in a log against those that are found by reading it from its beginning."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from discussit.log.bisection import first_since, first_unread
from discussit.models import Entry, Membership

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def test_the_first_unread_message_is_the_first_of_others_after_the_place(world):
    await world.joined(world.alice, world.bob)
    for author in (world.alice, world.alice, world.bob, world.alice, world.bob, world.bob):
        await world.wrote("hi", author=author)

    assert [await unread_after(world, world.alice, seq) for seq in range(9)] == [5, 5, 5, 5, 5, 7, 7, 8, None]
    assert [await unread_after(world, world.bob, seq) for seq in range(9)] == [3, 3, 3, 4, 6, 6, None, None, None]


@pytest.mark.parametrize("seed", range(8))
async def test_it_is_the_one_that_a_reader_of_the_log_would_find(world, seed):
    chance = random.Random(seed)  # noqa: S311
    await world.joined(world.alice, world.bob)
    for _ in range(40):
        await does_something(world, chance)

    rows = await world.rows()
    found = [await unread_after(world, world.alice, seq) for seq in range(len(rows) + 1)]

    others = [row["seq"] for row in rows if row["kind"] == "Message" and row["user_id"] != world.alice.id]
    assert found == [next((each for each in others if each > seq), None) for seq in range(len(rows) + 1)]


async def does_something(world, chance):
    """One of them writes, or deletes a message, or leaves or joins."""
    person = chance.choice([world.alice, world.alice, world.alice, world.bob])
    act = chance.choice(["writes", "writes", "deletes", "comes or goes"])
    if act == "writes":
        await world.wrote("hi", author=person)
    elif act == "deletes":
        await world.deleted(*[row["seq"] for row in await world.rows() if row["kind"] == "Message"][:1])
    elif not await world.left(world.bob):
        await world.joined(world.bob)


async def test_entries_that_a_member_may_not_read_are_not_the_first_unread_one(world):
    await world.wrote("one", "two", "three")

    assert await unread_after(world, world.alice, 0, from_seq=3) == 3


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-60, 1), (0, 1), (1, 2), (9.5, 11), (98, 99), (98.5, 100), (99, 100), (99.1, None)]
)
async def test_the_first_entry_since_a_moment_is_found(world, minutes, expected):
    await spaced(world, 100)

    assert await since(world, minutes) == expected


async def test_a_clock_that_was_set_back_leads_somewhere_near(world):
    await spaced(world, 100)
    await set_times(world, {seq: seq - 20 for seq in range(51, 101)})

    assert await since(world, 10) == 11
    assert await since(world, 40) in (41, 61)
    assert await since(world, 80) == 100


async def test_a_moment_before_what_a_member_may_read_leads_to_the_beginning_of_that(world):
    await spaced(world, 9)

    assert await since(world, 2, from_seq=7) == 7


async def test_an_empty_log_has_no_places(world):
    assert await unread_after(world, world.alice, 0) is None
    assert await since(world, 0) is None


async def member(world, user, **values):
    return Membership(group_id=world.group.id, user_id=user.id, group=await world.read_group(), **values)


async def unread_after(world, user, seq, from_seq=1):
    reader = await member(world, user, read_seq=seq, from_seq=from_seq)
    found = await world.database.run_read(lambda session: first_unread(session, reader))
    return found and found.seq


async def since(world, minutes, from_seq=1):
    reader = await member(world, world.alice, from_seq=from_seq)
    moment = START + timedelta(minutes=minutes)
    found = await world.database.run_read(lambda session: first_since(session, reader, moment))
    return found and found.seq


async def spaced(world, count):
    """Messages, one a minute."""
    await world.wrote(*["hi"] * count)
    await set_times(world, {seq: seq - 1 for seq in range(1, count + 1)})


async def set_times(world, minutes):
    async with world.database.transaction() as session:
        for seq, number in minutes.items():
            moved = update(Entry).where(Entry.seq == seq).values(timestamp=START + timedelta(minutes=number))
            await session.execute(moved)
