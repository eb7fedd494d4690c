from uuid import uuid4

import pytest
from sqlalchemy import select

from discussit.accounts import sessions
from discussit.accounts.current_user import NotLoggedIn
from discussit.groups import admission
from discussit.groups.admission import NoSuchGroup, NotAMember
from discussit.models import Membership, User


@pytest.fixture
async def bob(world):
    """Bob, logged in."""
    return await world.current(world.bob)


# The one door to a group


async def test_a_member_is_admitted(world, bob):
    await world.joined(world.bob)

    membership = await admit(world, bob)

    assert (membership.user_id, membership.group.uuid) == (world.bob.id, world.group.uuid)


async def test_a_non_member_is_not_admitted(world, bob):
    await world.joined(world.alice)

    with pytest.raises(NotAMember) as refusal:
        await admit(world, bob)
    assert refusal.value.group.name == "Gardening"


async def test_nobody_is_admitted_where_nothing_is(world, bob):
    with pytest.raises(NoSuchGroup):
        await admit(world, bob, uuid4())


async def test_a_session_that_has_ended_meanwhile_admits_nobody(world, bob):
    await world.joined(world.bob)
    await sessions.end(world.database, bob, bob.credential.session_id)

    with pytest.raises(NotLoggedIn):
        await admit(world, bob)


async def test_admission_takes_one_query(world, bob, queries):
    await world.joined(world.bob)
    queries.clear()

    await admit(world, bob)

    assert len(queries) == 1


# Joining and leaving


async def test_join_or_leave_returns_whether_anything_changed(world, bob):
    asked = (True, True, False, False)

    changed = [await admission.join_or_leave(world.database, bob, world.group.uuid, joins=joins) for joins in asked]

    assert changed == [True, False, True, False]


async def test_a_closed_account_joins_nothing(world, bob):
    async with world.database.transaction() as session:
        await (await session.get_one(User, bob.id)).close()

    with pytest.raises(NotLoggedIn):
        await admission.join_or_leave(world.database, bob, world.group.uuid, joins=True)
    assert await world.database.run_read(lambda session: session.scalars(select(Membership)).all()) == []


async def test_a_session_that_has_ended_meanwhile_joins_and_leaves_nothing(world, bob):
    await sessions.end(world.database, bob, bob.credential.session_id)

    with pytest.raises(NotLoggedIn):
        await admission.join_or_leave(world.database, bob, world.group.uuid, joins=True)
    assert await world.members() == []


# One's own groups


async def test_own_groups_are_those_that_the_user_is_in(world, bob):
    assert await own_uuids(world, bob) == []
    await world.joined(world.bob)

    assert await own_uuids(world, bob) == [world.group.uuid]


@pytest.mark.parametrize("is_member", [False, True])
async def test_a_session_that_has_ended_meanwhile_is_given_no_groups(world, bob, is_member):
    if is_member:
        await world.joined(world.bob)
    await sessions.end(world.database, bob, bob.credential.session_id)

    with pytest.raises(NotLoggedIn):
        await own_uuids(world, bob)


async def own_uuids(world, account):
    return await world.database.run_read(lambda session: admission.own_uuids(session, account))


async def admit(world, account, uuid=None):
    return await world.database.run_read(lambda session: admission.admit(session, account, uuid or world.group.uuid))
