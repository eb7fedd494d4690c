"""Owners who leave, are removed, step down or close their account at the same time: somebody always owns the group."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from anyio import create_task_group
from sqlalchemy import select

from discussit.accounts.current_user import NotLoggedIn
from discussit.errors import FieldError, Refused
from discussit.groups import invitations
from discussit.groups.admission import NoSuchGroup, NotAMember, join_or_leave
from discussit.groups.invitations import Terms
from discussit.groups.members import add_members, change_role, remove_member
from discussit.groups.settings import Wanted, change_settings
from discussit.models import Entry, Group, GroupChange, Invitation, Membership, User
from discussit.models.groups import Access, Role

NAMES = ("alice", "bob", "carol", "dan")
ROUNDS, SEEDS = 8, 6


@pytest.fixture
async def crew(world):
    """Alice and bob own the group, carol moderates it, dan is a member, and nobody is a superuser."""
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        session.add_all([carol := User(username="carol", password="!"), dan := User(username="dan", password="!")])
        await session.flush()
        world.people = {"carol": carol, "dan": dan} | {each.username: each for each in (world.alice, world.bob)}
        roles = zip(NAMES, (Role.OWNER, Role.OWNER, Role.MODERATOR, Role.MEMBER), strict=True)
        for name, role in roles:
            await group.add_user(await session.get_one(User, world.people[name].id), role=role)
    world.tokens = []
    world.requests = {name: await world.current(world.people[name]) for name in NAMES}
    return world


# What people do, and where it is refused because of what others did first


def leaves(world, name):
    return join_or_leave(world.database, world.requests[name], world.group.uuid, joins=False)


def joins(world, name):
    return join_or_leave(world.database, world.requests[name], world.group.uuid, joins=True)


def removes(world, name, other):
    return remove_member(world.database, world.requests[name], world.group.uuid, other)


def makes(world, name, other, role):
    return change_role(world.database, world.requests[name], world.group.uuid, other, role)


def adds(world, name, other):
    return add_members(world.database, world.requests[name], world.group.uuid, [other])


def renames(world, name):
    return change_settings(world.database, world.requests[name], world.group.uuid, Wanted(name=f"Of {name}"))


def opens(world, name):
    return settles(world, name, access=Access.OPEN)


def shuts(world, name):
    return settles(world, name, access=Access.CLOSED)


def archives(world, name, is_archived):
    return settles(world, name, is_archived=is_archived)


def settles(world, name, **wanted):
    return change_settings(world.database, world.requests[name], world.group.uuid, Wanted(**wanted))


async def invites(world, name):
    """A link for two."""
    created = await invitations.create(
        world.database, world.requests[name], world.group.uuid, Terms(lifetime=None, max_uses=2)
    )
    world.tokens.append(created.token)


async def redeems(world, name):
    if world.tokens:
        await invitations.redeem(world.database, world.requests[name], world.tokens[-1])


async def closes(world, name):
    async with world.database.transaction() as session:
        await (await session.get_one(User, world.people[name].id)).close()


async def attempt(act: Callable, world, *about):
    try:
        await act(world, *about)
    except (Refused, FieldError, NoSuchGroup, NotAMember, NotLoggedIn):
        pass


async def together(world, *acts):
    async with create_task_group() as tasks:
        for act, *about in acts:
            tasks.start_soon(partial(attempt, act, world, *about))


async def owners(world):
    of_group = Membership.group_id == world.group.id, Membership.role == Role.OWNER
    found = select(User.username).join(Membership).where(*of_group, User.is_active)
    return await world.database.run_read(lambda session: session.scalars(found).all())


async def is_whole(world):
    """Whether the log tells of as many members as there are, without a gap."""
    entries = await world.rows()
    kinds = [each["kind"] for each in entries]
    assert [each["seq"] for each in entries] == list(range(1, len(entries) + 1))
    members = await world.members()
    assert kinds.count("Join") - kinds.count("Left") == len(members) == (await world.read_group()).member_count


# The last owner


@pytest.mark.parametrize(
    "acts",
    [
        [(leaves, "alice"), (leaves, "bob")],
        [(makes, "alice", "alice", Role.MEMBER), (makes, "bob", "bob", Role.MEMBER)],
        [(closes, "alice"), (closes, "bob")],
        [(leaves, "alice"), (makes, "bob", "bob", Role.MODERATOR)],
        [(leaves, "alice"), (closes, "bob")],
        [(closes, "alice"), (makes, "bob", "bob", Role.MEMBER), (leaves, "carol")],
        [(leaves, "alice"), (leaves, "bob"), (leaves, "carol")],
        [(closes, "carol"), (leaves, "alice"), (leaves, "bob"), (removes, "carol", "dan")],
        [(makes, "alice", "dan", Role.OWNER), (leaves, "alice"), (leaves, "bob"), (leaves, "dan")],
    ],
)
async def test_two_owners_who_are_lost_at_the_same_time_leave_one(crew, acts):
    await together(crew, *acts)

    assert len(await owners(crew)) >= 1
    await is_whole(crew)


async def test_of_two_owners_who_step_down_one_stays(crew):
    await together(crew, (makes, "alice", "alice", Role.MEMBER), (makes, "bob", "bob", Role.MEMBER))

    assert len(await owners(crew)) == 1


async def test_those_who_join_an_empty_group_at_the_same_time_get_one_owner(crew):
    await together(crew, *((leaves, name) for name in NAMES))
    assert await owners(crew) == []

    await together(crew, *((joins, name) for name in NAMES))

    assert len(await owners(crew)) == 1


async def test_a_member_whom_two_people_remove_leaves_once(crew):
    await together(crew, (removes, "alice", "dan"), (removes, "bob", "dan"), (leaves, "dan"), (closes, "dan"))

    assert [each["kind"] for each in await crew.rows()].count("Left") == 1


async def test_a_moderator_who_is_demoted_removes_nobody_from_then_on(crew):
    await makes(crew, "alice", "carol", Role.MEMBER)

    await together(crew, (removes, "carol", "dan"))

    assert "dan" in await crew.members()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_anything_at_the_same_time_leaves_an_owner(crew, seed):
    chance = random.Random(seed)  # noqa: S311
    for _ in range(ROUNDS):
        await together(crew, *(any_act(chance) for _ in range(8)))

        assert bool(await owners(crew)) == bool(await crew.members())
        await is_whole(crew)
        assert await used_too_often(crew) == []


def any_act(chance):
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    about_members = [(leaves, name), (joins, name), (removes, name, other), (adds, name, other)]
    about_links = [(invites, name), (redeems, name), (redeems, other)]
    about_group = [(renames, name), (opens, name), (shuts, name), (archives, name, chance.choice((True, False)))]
    made = makes, name, other, chance.choice(list(Role))
    return chance.choice([made, *chance.choice([about_members, about_links, about_group])])


async def used_too_often(world):
    """Invitations with more uses than they allow."""
    spent = select(Invitation.id).where(Invitation.uses > Invitation.max_uses)
    return await world.database.run_read(lambda session: session.scalars(spent).all())


async def test_handovers_are_in_the_log(crew):
    await together(crew, (leaves, "alice"), (leaves, "bob"))

    found = select(GroupChange.other_user_id).where(Entry.kind == "HandedOver")
    heirs = await crew.database.run_read(lambda session: session.scalars(found).all())
    assert heirs == [crew.people["carol"].id]
