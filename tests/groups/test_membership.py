import pytest
from sqlalchemy import select
from world import add_members

from discussit.groups.membership import some_members
from discussit.models import User

CROWD = [f"member{number}" for number in range(10)]


async def some(world, preferred, limit):
    """Some members of the group; those who are preferred are given by name."""
    ids = {name: id for id, name in await read(world, lambda session: session.execute(select(User.id, User.username)))}
    first = [ids[name] for name in preferred]
    return await read(world, lambda session: some_members(session, world.group.id, first, limit))


async def read(world, work):
    return await world.database.run_read(lambda session: list(work(session)))


async def add(world, names):
    await add_members(world.database, str(world.group.uuid), names)


@pytest.mark.parametrize("limit", [10, 11])
async def test_of_a_small_group_all_members_are_given_by_name(world, limit):
    await add(world, reversed(CROWD))

    assert await some(world, ["member7"], limit) == CROWD


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        ([], ["member0", "member1", "member2"]),
        (["member1"], ["member0", "member1", "member2"]),
        (["member9"], ["member0", "member1", "member9"]),
        (["member9", "member8"], ["member0", "member8", "member9"]),
        (["member9", "member7", "member8", "member1"], ["member7", "member8", "member9"]),
        (["member9", "member8", "member7", "member9"], ["member7", "member8", "member9"]),
    ],
)
async def test_of_a_large_group_the_preferred_members_are_given_and_then_the_oldest_accounts(
    world, preferred, expected
):
    await add(world, CROWD)

    assert await some(world, preferred, limit=3) == expected


async def test_someone_who_is_preferred_but_not_a_member_is_not_given(world):
    await add(world, CROWD)

    assert await some(world, ["alice", "bob"], limit=3) == CROWD[:3]


async def test_members_are_given_in_the_order_of_their_names_whatever_their_case(world):
    await add(world, ["zoe", "Émile", "Anna", "bob2", "anna2"])

    assert await some(world, [], limit=5) == ["Anna", "anna2", "bob2", "zoe", "Émile"]


@pytest.mark.sqlite
async def test_some_members_of_a_large_group_take_sqlite_no_more_steps_than_those_of_a_small_one(world):
    await add(world, CROWD)
    few = await read(world, lambda session: [steps(session, world.group.id)])

    await add(world, [f"later{number}" for number in range(200)])

    assert await read(world, lambda session: [steps(session, world.group.id)]) == few


def steps(session, group_id):
    """How many instructions SQLite executes."""
    executed = []
    connection = session.connection().connection.driver_connection
    connection.set_progress_handler(lambda: executed.append(1), 1)
    some_members(session, group_id, [3, 4], limit=5)
    connection.set_progress_handler(None, 1)
    return len(executed)
