from datetime import timedelta

import pytest

from discussit.groups.lists import DirectoryQuery, Sort, beside_log, directory, open_groups, own_groups
from discussit.models import Group, Membership, Message, User
from discussit.models.base import now


async def read(world, list_of, user, *more):
    return await world.database.run_read(lambda session: list_of(session, user.id, *more))


async def names(world, list_of, user, *more):
    found = await read(world, list_of, user, *more)
    return [each.name for each in getattr(found, "groups", found)]


@pytest.fixture
async def add(world):
    """`add("Cooking", alice, bob, access="closed")`: a group of these people, made some minutes ago."""

    async def add(name, *people, minutes=0, messages=0, **fields):
        async with world.database.transaction() as session:
            group = Group(name=name, created_at=now() - timedelta(minutes=minutes), **fields)
            session.add(group)
            members = [await session.get_one(User, each.id) for each in people]
            session.add_all(Membership(group=group, user=user) for user in members)
            await session.flush()
            session.add_all(Message(group=group, author=members[-1], content="hi") for _ in range(messages))
        return group

    return add


# The user's groups


async def test_somebody_in_no_group_has_none(world):
    own = await read(world, own_groups, world.alice)

    assert (own.groups, own.total) == ([], 0)


async def test_what_is_unread_comes_first_then_what_is_active(world, add):
    alice, bob = world.alice, world.bob
    await add("Old", alice, minutes=30)
    await add("New", alice, minutes=10)
    await add("Old but unread", alice, bob, minutes=60, messages=1)
    await add("Mine", bob, alice, minutes=90, messages=1)

    assert await names(world, own_groups, alice) == ["Old but unread", "Mine", "New", "Old"]


async def test_a_group_is_as_active_as_the_later_of_its_creation_and_its_last_message(world, add):
    await add("Created last", world.alice, last_message_at=now() - timedelta(hours=5))
    await add("Said last", world.alice, minutes=60, last_message_at=now() + timedelta(minutes=5))

    assert await names(world, own_groups, world.alice) == ["Said last", "Created last"]
    assert await names(world, open_groups, world.bob) == ["Said last", "Created last", "Gardening"]


async def test_groups_that_are_equally_active_keep_their_order(world):
    moment = now()
    async with world.database.transaction() as session:
        groups = [Group(name=f"Group {number}", created_at=moment) for number in range(9)]
        alice = await session.get_one(User, world.alice.id)
        session.add_all([*groups, *(Membership(group=group, user=alice) for group in groups)])

    found = await read(world, own_groups, world.alice)

    assert [each.id for each in found.groups] == sorted(each.id for each in groups)


async def test_archived_groups_are_left_out(world, add):
    await add("Archived", world.alice, archived_at=now())

    assert await names(world, own_groups, world.alice) == []
    assert await names(world, open_groups, world.bob) == ["Gardening"]


async def test_a_direct_group_is_called_after_the_others(world, add):
    await add("D", world.alice, world.bob, access="direct", direct_key="ab")
    await add("D", world.alice, access="direct", direct_key="a")

    found = await read(world, own_groups, world.alice)

    assert {each.name: each.faces("alice") for each in found.groups} == {"bob": ["bob"], "Notes to self": ("alice",)}


async def test_of_very_many_groups_the_first_hundred_are_read(world, add):
    unread = await add("Unread", world.alice, world.bob, minutes=600, messages=1)
    for _ in range(120):
        await add("Quiet", world.alice)

    own = await read(world, own_groups, world.alice)

    assert (len(own.groups), own.total, own.groups[0].id) == (100, 121, unread.id)


# Beside the log


async def test_beside_the_log_direct_groups_come_first(world, add):
    alice, bob = world.alice, world.bob
    await add("Unread", alice, bob, messages=1)
    await add("D", alice, bob, access="direct", direct_key="ab", minutes=60)

    assert await names(world, beside_log, alice, 1) == ["bob", "Unread"]


async def test_beside_the_log_of_very_many_groups_its_own_is_there(world, add):
    own = await add("Own", world.alice, minutes=600)
    for _ in range(120):
        await add("Quiet", world.alice)

    found = await read(world, beside_log, world.alice, own.id)

    assert (len(found.groups), found.total) == (100, 121)
    assert own.id in [each.id for each in found.groups]


async def test_very_many_direct_groups_leave_space_for_others(world, add):
    for number in range(120):
        await add("D", world.alice, access="direct", direct_key=str(number))
    for _ in range(60):
        await add("Other", world.alice)

    found = await read(world, beside_log, world.alice, 0)

    assert [each.is_direct for each in found.groups] == [True] * 50 + [False] * 50


# Others


async def test_open_groups_are_those_that_one_can_join(world, add):
    await add("Joined", world.alice)
    await add("Closed", world.bob, access="closed")
    await add("Direct", world.bob, access="direct")

    assert await names(world, open_groups, world.alice) == ["Gardening"]


async def test_the_directory_has_no_closed_group_of_others_whatever_is_asked(world, add):
    await add("Closed", world.bob, access="closed")
    await add("Closed archive", world.bob, access="closed", archived_at=now())
    await add("Closed direct", world.bob, world.alice, access="direct")

    for wanted in [DirectoryQuery("closed", sort, archived) for sort in Sort for archived in (True, False)]:
        assert await names(world, directory, world.alice, wanted) == []


async def test_the_directory_says_in_which_groups_somebody_is(world, add):
    await add("Closed", world.alice, access="closed")

    found = await read(world, directory, world.alice, DirectoryQuery(sort=Sort.NAME))

    assert [(each.name, each.is_member) for each in found.groups] == [("Closed", True), ("Gardening", False)]
    assert not found.has_more
