"""Owners who leave, are removed, step down or close their account at the same time: somebody always owns the group.

Whoever writes meanwhile has the right to it at the entry's place in the log, whatever the others do.
"""

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
from discussit.log.draft import DeleteDraft, MessageDraft
from discussit.models import Entry, Group, GroupChange, Invitation, Membership, User
from discussit.models.groups import Access, Role
from discussit.settings import GroupCreation

ROLES = {"alice": Role.OWNER, "bob": Role.OWNER, "carol": Role.MODERATOR, "dan": Role.MEMBER}
NAMES = tuple(ROLES)
ROUNDS, SEEDS = 8, 6


@pytest.fixture
async def crew(world):
    """Alice and bob own the group, carol moderates it, dan is a member, and nobody is a superuser.

    Each of them has written a message: `sent` has their seqs.
    """
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        session.add_all([carol := User(username="carol", password="!"), dan := User(username="dan", password="!")])
        await session.flush()
        world.people = {"carol": carol, "dan": dan} | {each.username: each for each in (world.alice, world.bob)}
        for name, role in ROLES.items():
            await group.add_user(await session.get_one(User, world.people[name].id), role=role)
    for name in NAMES:
        await world.wrote(f"{name} is here", author=world.people[name])
    world.tokens, world.sent = [], {name: [seq] for seq, name in enumerate(NAMES, len(NAMES) + 1)}
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
    return change_settings(
        world.database, world.requests[name], world.group.uuid, Wanted(name=f"Of {name}"), GroupCreation.EVERYONE
    )


def opens(world, name):
    return settles(world, name, access=Access.OPEN)


def shuts(world, name):
    return settles(world, name, access=Access.CLOSED)


def archives(world, name, is_archived):
    return settles(world, name, is_archived=is_archived)


def settles(world, name, **wanted):
    return change_settings(
        world.database, world.requests[name], world.group.uuid, Wanted(**wanted), GroupCreation.EVERYONE
    )


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


async def sends(world, name):
    draft = MessageDraft(world.group.id, world.people[name].id, content=f"{name} was here")
    world.sent[name].append(await world.writer.append(draft))


async def deletes(world, name, author):
    """The author's latest message."""
    draft = DeleteDraft(world.group.id, world.people[name].id, target=world.sent[author][-1])
    await world.writer.append(draft)


async def attempt(act: Callable, world, *about):
    try:
        await act(world, *about)
    except (Refused, FieldError, NoSuchGroup, NotAMember, NotLoggedIn):
        pass


async def together(world, *acts):
    async with world.served() as served, create_task_group() as tasks:
        world.writer = served.writer
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


async def is_written_by_those_who_might(world):
    """Whether each message and each deletion was allowed when everything before it in the log was so."""
    entries = select(Entry).where(Entry.group_id == world.group.id).order_by(Entry.seq)
    replay = Replay({user.id: name for name, user in world.people.items()})
    for entry in await world.database.run_read(lambda session: session.scalars(entries).all()):
        replay.read(entry)
    assert sorted(replay.roles) == sorted(await world.members())


class Replay:
    """What the members are at a place in a log, and whether the next entry could be written there."""

    def __init__(self, names):
        self.names, self.roles, self.authors, self.is_archived = names, {}, {}, False

    def read(self, entry):
        name, other = self.names[entry.user_id], self.names.get(entry.other_user_id)
        match entry.kind:
            case "Join":
                # Those of the beginning come with their roles.
                self.roles[name] = ROLES[name] if entry.seq <= len(ROLES) else Role.MEMBER
            case "Left":
                del self.roles[name]
            case "Role":
                self.roles[other] = Role(entry.content)
            case "HandedOver":
                self.roles[other] = Role.OWNER
            case "Archived" | "Unarchived":
                self.is_archived = entry.kind == "Archived"
            case "Message":
                assert name in self.roles, entry.seq
                assert not self.is_archived, entry.seq
                self.authors[entry.seq] = name
            case "Delete":
                assert self._may_delete(name, self.authors[entry.target]), entry.seq

    def _may_delete(self, name, author):
        if name == author:
            return True
        ranks = [self.roles[each].rank if each in self.roles else -1 for each in (name, author)]
        return ranks[0] >= Role.MODERATOR.rank and ranks[0] > ranks[1]


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


# Messages


@pytest.mark.parametrize(
    "acts",
    [
        [(sends, "dan"), (removes, "alice", "dan")],
        [(sends, "dan"), (leaves, "dan")],
        [(sends, "dan"), (closes, "dan")],
        [(sends, "dan"), (archives, "alice", True)],
        [(sends, "alice"), (leaves, "alice"), (leaves, "bob"), (sends, "bob")],
        [(deletes, "carol", "dan"), (removes, "alice", "carol")],
        [(deletes, "carol", "dan"), (makes, "alice", "carol", Role.MEMBER)],
        [(deletes, "carol", "dan"), (makes, "alice", "dan", Role.MODERATOR)],
        [(deletes, "carol", "dan"), (leaves, "carol"), (closes, "dan")],
        [(deletes, "carol", "dan"), (deletes, "dan", "dan"), (deletes, "alice", "dan")],
        [(deletes, "bob", "alice"), (makes, "alice", "alice", Role.MEMBER)],
        [(shuts, "alice"), (sends, "dan"), (deletes, "dan", "dan"), (removes, "bob", "dan")],
    ],
)
async def test_nobody_writes_once_the_right_to_it_has_ended(crew, acts):
    for _ in range(ROUNDS):
        await together(crew, *acts)

    await is_written_by_those_who_might(crew)
    await is_whole(crew)


async def test_of_those_who_delete_a_message_at_the_same_time_one_does(crew):
    await together(crew, (deletes, "alice", "dan"), (deletes, "carol", "dan"), (deletes, "dan", "dan"))

    assert [each["kind"] for each in await crew.rows()].count("Delete") == 1


async def test_a_member_who_is_removed_still_deletes_their_message(crew):
    await together(crew, (removes, "alice", "dan"), (deletes, "dan", "dan"))

    assert (await crew.rows())[crew.sent["dan"][0] - 1]["state"] == "deleted"


# Anything


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_anything_at_the_same_time_leaves_an_owner(crew, seed):
    chance = random.Random(seed)  # noqa: S311
    for _ in range(ROUNDS):
        await together(crew, *(any_act(chance) for _ in range(8)))

        assert bool(await owners(crew)) == bool(await crew.members())
        await is_whole(crew)
        assert await used_too_often(crew) == []
        await is_written_by_those_who_might(crew)


def any_act(chance):
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    about_members = [(leaves, name), (joins, name), (removes, name, other), (adds, name, other)]
    about_links = [(invites, name), (redeems, name), (redeems, other)]
    about_group = [(renames, name), (opens, name), (shuts, name), (archives, name, chance.choice((True, False)))]
    about_messages = [(sends, name), (sends, other), (deletes, name, other), (deletes, name, name)]
    made = makes, name, other, chance.choice(list(Role))
    return chance.choice([made, *chance.choice([about_members, about_links, about_group, about_messages])])


async def used_too_often(world):
    """Invitations with more uses than they allow."""
    spent = select(Invitation.id).where(Invitation.uses > Invitation.max_uses)
    return await world.database.run_read(lambda session: session.scalars(spent).all())


async def test_handovers_are_in_the_log(crew):
    await together(crew, (leaves, "alice"), (leaves, "bob"))

    found = select(GroupChange.other_user_id).where(Entry.kind == "HandedOver")
    heirs = await crew.database.run_read(lambda session: session.scalars(found).all())
    assert heirs == [crew.people["carol"].id]
