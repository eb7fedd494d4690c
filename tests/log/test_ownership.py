"""A group that had an owner always has one, and invitations end with the right to them."""

import pytest
from sqlalchemy import select

from discussit.models import Entry, Group, Invitation, Membership, User
from discussit.models.groups import Role

HANDED_OVER = "HandedOver"


@pytest.fixture
async def owned(world):
    """Alice owns the group; carol, bob and dan join in this order, which is not that of their accounts."""
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        await group.add_user(await session.get_one(User, world.alice.id), role=Role.OWNER)
        for name in ("carol", "bob", "dan"):
            user = await session.scalar(select(User).where(User.username == name)) or User(username=name, password="!")
            session.add(user)
            await session.flush()
            await group.add_user(user)
    return world


async def act(world, work):
    """`await work(session, group)` in a transaction."""
    async with world.database.transaction() as session:
        await work(session, await session.get_one(Group, world.group.id))


async def user_of(session, name):
    return (await session.scalars(select(User).where(User.username == name))).one()


async def member_of(session, group, name):
    return await session.get_one(Membership, (group.id, (await user_of(session, name)).id))


async def leaves(world, *names):
    async def work(session, group):
        for name in names:
            await group.remove_user(await user_of(session, name))

    await act(world, work)


async def joins(world, name):
    async def work(session, group):
        await group.add_user(await user_of(session, name))

    await act(world, work)


async def becomes(world, name, role):
    async def work(session, group):
        (await member_of(session, group, name)).role = role

    await act(world, work)


async def closes(world, name):
    async def work(session, _group):
        await (await user_of(session, name)).close()

    await act(world, work)


async def roles(world):
    """The names of those who are more than members, with their roles."""
    found = (
        select(User.username, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.group_id == world.group.id, Membership.role != Role.MEMBER)
    )
    return dict(await world.database.run_read(lambda session: session.execute(found).all()))


async def handovers(world):
    """From whom to whom, in the order of the log."""
    found = select(Entry).where(Entry.group_id == world.group.id, Entry.kind == HANDED_OVER).order_by(Entry.seq)
    names = dict(await world.database.run_read(lambda session: session.execute(select(User.id, User.username)).all()))
    rows = await world.database.run_read(lambda session: session.scalars(found).all())
    return [(row.user.username, names[row.other_user_id]) for row in rows]


# Who is next


async def test_the_longest_serving_member_follows_an_owner_who_leaves(owned):
    await leaves(owned, "alice")

    assert await roles(owned) == {"carol": "owner"}
    assert await handovers(owned) == [("alice", "carol")]


async def test_a_moderator_comes_before_members(owned):
    await becomes(owned, "dan", Role.MODERATOR)
    await leaves(owned, "alice")

    assert await roles(owned) == {"dan": "owner"}


async def test_of_moderators_the_one_who_has_been_a_member_longest_comes_first(owned):
    for name in ("dan", "bob"):
        await becomes(owned, name, Role.MODERATOR)
    await leaves(owned, "alice")

    assert await roles(owned) == {"bob": "owner", "dan": "moderator"}


async def test_members_with_closed_accounts_are_skipped(owned):
    async def work(session, _group):
        (await user_of(session, "carol")).is_active = False

    await act(owned, work)
    await leaves(owned, "alice")

    assert await roles(owned) == {"bob": "owner"}


async def test_a_rejoin_counts_from_anew(owned):
    await leaves(owned, "carol")
    await joins(owned, "carol")
    await leaves(owned, "alice")

    assert await roles(owned) == {"bob": "owner"}


async def test_nobody_follows_while_there_is_another_owner(owned):
    await becomes(owned, "dan", Role.OWNER)
    await leaves(owned, "alice")

    assert (await roles(owned), await handovers(owned)) == ({"dan": "owner"}, [])


# However the last one is lost


async def test_an_owner_who_is_demoted_is_followed(owned):
    await becomes(owned, "alice", Role.MEMBER)

    assert await roles(owned) == {"carol": "owner"}


async def test_an_owner_who_is_demoted_and_alone_stays_the_owner(owned):
    await leaves(owned, "carol", "bob", "dan")
    await becomes(owned, "alice", Role.MEMBER)

    assert await roles(owned) == {"alice": "owner"}


async def test_an_owner_whose_account_is_closed_is_followed(owned):
    await closes(owned, "alice")

    assert await roles(owned) == {"carol": "owner"}


async def test_those_who_leave_in_the_same_transaction_are_no_followers(owned):
    await leaves(owned, "carol", "alice")

    assert await roles(owned) == {"bob": "owner"}


async def test_an_owner_and_all_who_follow_leave_one_after_the_other(owned):
    await leaves(owned, "alice", "carol", "bob")

    assert await roles(owned) == {"dan": "owner"}
    assert await handovers(owned) == [("alice", "carol"), ("carol", "bob"), ("bob", "dan")]


async def test_an_owner_who_appoints_another_and_leaves_in_one_transaction_is_followed_by_that_one(owned):
    async def work(session, group):
        (await member_of(session, group, "dan")).role = Role.OWNER
        await group.remove_user(await user_of(session, "alice"))

    await act(owned, work)

    assert await roles(owned) == {"dan": "owner"}


async def test_an_owner_of_several_groups_is_followed_in_each(owned):
    async def create(session, _group):
        other = Group(name="Cooking")
        session.add(other)
        await session.flush()
        await other.add_user(await user_of(session, "alice"), role=Role.OWNER)
        await other.add_user(await user_of(session, "dan"))

    await act(owned, create)
    await closes(owned, "alice")

    owners = select(User.username).join(Membership).where(Membership.role == Role.OWNER).order_by(User.username)
    assert await owned.database.run_read(lambda session: session.scalars(owners).all()) == ["carol", "dan"]


# Empty groups


async def test_whoever_joins_an_empty_group_that_had_an_owner_owns_it(owned):
    await leaves(owned, "alice", "carol", "bob", "dan")

    await joins(owned, "bob")
    await joins(owned, "carol")

    assert await roles(owned) == {"bob": "owner"}


async def test_a_group_that_never_had_an_owner_gets_none(world):
    await world.joined(world.alice, world.bob)
    await world.left(world.alice)
    await world.left(world.bob)
    await world.joined(world.bob)

    assert await roles(world) == {}


async def test_a_group_is_deleted_with_its_owner(owned):
    await act(owned, lambda session, group: session.delete(group))

    assert await owned.database.run_read(lambda session: session.scalars(select(Membership)).all()) == []


# Invitations


@pytest.fixture
async def invited(owned):
    """Carol, a moderator, and alice, the owner, have invited people."""
    await becomes(owned, "carol", Role.MODERATOR)

    async def work(session, group):
        for name in ("alice", "carol"):
            user = await user_of(session, name)
            session.add(Invitation(token_hash=name, group_id=group.id, created_by=user.id))

    await act(owned, work)
    return owned


async def live(world):
    """Whose invitations still work."""
    found = select(Invitation.token_hash).where(Invitation.revoked_at.is_(None)).order_by(Invitation.id)
    return await world.database.run_read(lambda session: session.scalars(found).all())


async def test_invitations_last_while_their_creators_may_invite(invited):
    await becomes(invited, "carol", Role.OWNER)
    await becomes(invited, "alice", Role.MODERATOR)

    assert await live(invited) == ["alice", "carol"]


@pytest.mark.parametrize("end", [leaves, closes])
async def test_invitations_end_with_the_membership(invited, end):
    await end(invited, "carol")

    assert await live(invited) == ["alice"]


async def test_invitations_end_with_the_role(invited):
    await becomes(invited, "carol", Role.MEMBER)

    assert await live(invited) == ["alice"]
