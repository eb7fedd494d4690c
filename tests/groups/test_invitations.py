import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from discussit.accounts import sessions
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, SessionCredential
from discussit.database import nothing
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups import invitations
from discussit.groups.admission import NoSuchGroup, NotAMember
from discussit.groups.invitation_lists import PAGE, invitations_of, uses_of
from discussit.groups.invitations import InvitationSpent, Newcomer, Terms, create, find, redeem, revoke
from discussit.groups.settings import Wanted, change_settings
from discussit.models import Group, Invitation, InvitationUse, Membership, Session, User
from discussit.models.accounts import session_id
from discussit.models.groups import Access, Role
from discussit.settings import GroupCreation

PASSWORD = "correct horse battery"
ONCE, ALWAYS = Terms(max_uses=1), Terms()


@pytest.fixture
async def alice(world):
    """Alice, logged in, who owns the group. It is closed."""
    await changed_group(world, access=Access.CLOSED)
    await has_role(world, world.alice, Role.OWNER)
    return await world.current(world.alice)


@pytest.fixture
async def bob(world):
    """Bob, logged in."""
    return await world.current(world.bob)


# Creating


async def test_a_link_lets_people_into_a_closed_group(world, alice, bob):
    link = await link_of(world, alice)

    await redeem(world.database, bob, link.token)

    assert await world.members() == ["alice", "bob"]
    assert (await world.log())[-1][1] == "bob Join the Gardening group"


async def test_the_database_has_only_the_hash_of_a_token(world, alice):
    link = await link_of(world, alice)

    row = await stored(world, link)
    assert len(link.token) == 22
    assert row.token_hash == invitations.hash_of(link.token)
    assert link.token not in str(vars(row))


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OWNER])
async def test_moderators_and_owners_invite(world, alice, bob, role):
    await has_role(world, world.bob, role)

    assert await link_of(world, bob)


@pytest.mark.parametrize("access", [Access.OPEN, Access.CLOSED])
async def test_members_do_not_invite(world, alice, bob, access):
    await changed_group(world, access=access)
    await has_role(world, world.bob, Role.MEMBER)

    assert await refused(link_of(world, bob)) == ErrorCode.NOT_ALLOWED


async def test_strangers_do_not_invite(world, alice, bob):
    with pytest.raises(NoSuchGroup):
        await link_of(world, bob)

    await changed_group(world, access=Access.OPEN)
    with pytest.raises(NotAMember):
        await link_of(world, bob)


async def test_a_superuser_invites_to_groups_that_they_are_in(world, alice, bob):
    await is_superuser(world, world.bob)
    with pytest.raises(NoSuchGroup):
        await link_of(world, bob)

    await has_role(world, world.bob, Role.MEMBER)

    assert await link_of(world, bob)


async def test_a_superuser_outside_invites_nobody_to_a_group_without_an_owner(world, alice, bob):
    await is_superuser(world, world.bob)
    await has_role(world, world.alice, Role.MEMBER)
    await changed_group(world, had_owner=False)

    with pytest.raises(NoSuchGroup):
        await link_of(world, bob)


async def test_nobody_is_invited_to_a_direct_group(world, alice):
    await changed_group(world, access=Access.DIRECT)

    assert await refused(link_of(world, alice)) == ErrorCode.NOT_ALLOWED


async def test_nobody_is_invited_to_an_archived_group(world, alice):
    await change_settings(world.database, alice, world.group.uuid, Wanted(is_archived=True), GroupCreation.EVERYONE)

    assert await refused(link_of(world, alice)) == ErrorCode.READ_ONLY


async def test_only_superusers_invite_to_the_server(world, alice, bob):
    await is_superuser(world, world.bob)

    assert await create(world.database, bob, None, Terms())
    assert await refused(create(world.database, alice, None, Terms())) == ErrorCode.NOT_ALLOWED


async def test_a_session_that_has_ended_meanwhile_creates_nothing(world, alice):
    await sessions.end(world.database, alice, alice.credential.session_id)

    with pytest.raises(NotLoggedIn):
        await link_of(world, alice)


# Limits


async def test_an_account_creates_fifty_a_day(world, alice, clock):
    await had_links(world, world.alice, 50, revoked_at=invitations.now())

    assert await refused(link_of(world, alice)) == ErrorCode.RATE_LIMITED
    clock.is_set(hours=25)
    assert await link_of(world, alice)


async def test_of_simultaneous_links_only_fifty_are_created(world, alice):
    await had_links(world, world.alice, 48, revoked_at=invitations.now())
    other = await new_group(world, world.alice)

    groups = [world.group.uuid, other.uuid] * 3
    links = [create(world.database, alice, uuid, Terms()) for uuid in groups]
    answers = await asyncio.gather(*links, return_exceptions=True)

    assert [getattr(each, "code", "created") for each in answers].count("created") == 2


async def test_a_group_has_fifty_links_that_work(world, alice):
    await had_links(world, world.bob, 49)
    first = await link_of(world, alice)

    with pytest.raises(FieldError, match="Revoke one first"):
        await link_of(world, alice)
    await revoke(world.database, alice, world.group.uuid, first.id)
    assert await link_of(world, alice)


# Using


async def test_of_a_thousand_simultaneous_attempts_on_a_single_use_link_one_joins(world, alice):
    link = await link_of(world, alice, ONCE)
    people = await crowd(world, 1_000)

    attempts = [redeem(world.database, person, link.token) for person in people]
    answers = await asyncio.gather(*attempts, return_exceptions=True)

    # On a slow machine, some give up before their turn comes.
    others = InvitationSpent | TimeoutError
    assert [type(each) for each in answers if not isinstance(each, others)] == [invitations.FoundInvitation]
    assert len(await world.members()) == (await world.read_group()).member_count == 2
    assert (await stored(world, link)).uses == len(await users_of(world, link)) == 1


async def test_whoever_is_in_the_group_uses_nothing_up(world, alice, bob):
    link = await link_of(world, alice, ONCE)

    await redeem(world.database, alice, link.token)
    await redeem(world.database, bob, link.token)
    found = await redeem(world.database, bob, link.token)

    assert found.is_member
    assert (await stored(world, link)).uses == 1


@pytest.mark.parametrize("life", ["1h", "1d", "7d", "30d"])
async def test_a_link_works_as_long_as_it_says(world, alice, bob, clock, life):
    link = await link_of(world, alice, Terms(invitations.LIVES[life]))

    clock.is_set(seconds=invitations.LIVES[life].total_seconds() + 1)
    with pytest.raises(InvitationSpent):
        await redeem(world.database, bob, link.token)
    clock.is_set(seconds=invitations.LIVES[life].total_seconds() - 60)
    assert await redeem(world.database, bob, link.token)


async def test_a_link_without_an_end_works_for_ever(world, alice, bob, clock):
    link = await link_of(world, alice, Terms(None))

    clock.is_set(hours=24 * 365 * 20)

    assert await redeem(world.database, bob, link.token)


async def test_a_revoked_link_lets_nobody_in_and_its_members_stay(world, alice, bob):
    link = await link_of(world, alice)
    await redeem(world.database, bob, link.token)

    await revoke(world.database, alice, world.group.uuid, link.id)

    (newcomer,) = await crowd(world, 1)
    with pytest.raises(InvitationSpent):
        await redeem(world.database, newcomer, link.token)
    assert await world.members() == ["alice", "bob"]


async def test_a_link_is_revoked_where_it_belongs_only(world, alice):
    link, other = await link_of(world, alice), await new_group(world, world.alice)

    assert await revoke(world.database, alice, other.uuid, link.id) is None
    assert await revoke(world.database, alice, world.group.uuid, 2**31 - 1) is None
    assert (await stored(world, link)).revoked_at is None


async def test_members_revoke_nothing(world, alice, bob):
    link = await link_of(world, alice)
    await has_role(world, world.bob, Role.MEMBER)

    assert await refused(revoke(world.database, bob, world.group.uuid, link.id)) == ErrorCode.NOT_ALLOWED


async def test_a_closed_account_joins_nothing(world, alice, bob):
    link = await link_of(world, alice)
    async with world.database.transaction() as session:
        await (await session.get_one(User, bob.id)).close()

    with pytest.raises(NotLoggedIn):
        await redeem(world.database, bob, link.token)
    assert (await stored(world, link)).uses == 0


async def test_what_fails_after_the_join_uses_nothing_up(world, alice, bob):
    link = await link_of(world, alice, ONCE)

    async def fail(_session, _user):
        raise Refused(ErrorCode.BUSY, "later")

    assert await refused(redeem(world.database, bob, link.token, fail)) == ErrorCode.BUSY
    assert await world.members() == ["alice"]
    assert (await stored(world, link)).uses == 0


async def test_whoever_left_comes_back_by_the_same_link_and_is_listed_once(world, alice, bob):
    link = await link_of(world, alice)

    await redeem(world.database, bob, link.token)
    await world.left(world.bob)
    await redeem(world.database, bob, link.token)

    assert await users_of(world, link) == ["bob"]
    assert (await stored(world, link)).uses == 2


async def test_whoever_was_removed_comes_back_by_a_newer_link_only(world, alice, bob):
    before = await link_of(world, alice)
    await redeem(world.database, bob, before.token)
    await removed(world, world.bob)

    with pytest.raises(InvitationSpent):
        await redeem(world.database, bob, before.token)
    after = await link_of(world, alice)
    assert await redeem(world.database, bob, after.token)


async def test_an_invitation_to_the_server_changes_nothing_for_those_who_have_an_account(world, alice, bob):
    await is_superuser(world, world.alice)
    link = await create(world.database, alice, None, ONCE)

    found = await redeem(world.database, bob, link.token)

    assert found.group is None
    assert (await stored(world, link)).uses == 0


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 21, "x" * 22, "x" * 23, "ü" * 22, "\0" * 22, "x" * 100_000, "%' OR 1=1"]
)
async def test_any_token_is_looked_for(world, alice, bob, token):
    await link_of(world, alice)

    assert await world.database.run_read(lambda session: find(session, token)) is None
    with pytest.raises(InvitationSpent):
        await redeem(world.database, bob, token)


# Ends


async def demoted(world):
    await has_role(world, world.bob, Role.MEMBER)


async def left(world):
    await world.left(world.bob)


async def was_removed(world):
    await removed(world, world.bob)


async def closed(world):
    async with world.database.transaction() as session:
        await (await session.get_one(User, world.bob.id)).close()


@pytest.mark.parametrize("loses_right", [demoted, left, was_removed, closed])
async def test_an_invitation_ends_when_its_creator_loses_the_right_to_it(world, alice, bob, loses_right):
    await has_role(world, world.bob, Role.MODERATOR)
    his, hers = await link_of(world, bob), await link_of(world, alice)

    await loses_right(world)

    assert (await stored(world, his)).revoked_at is not None
    assert (await stored(world, hers)).revoked_at is None


async def test_an_invitation_outlives_a_change_of_role_that_keeps_the_right(world, alice, bob):
    await has_role(world, world.bob, Role.OWNER)
    link = await link_of(world, bob)

    await has_role(world, world.bob, Role.MODERATOR)

    assert (await stored(world, link)).revoked_at is None


async def test_invitations_of_a_superuser_outlive_any_change_of_their_role(world, alice, bob):
    await is_superuser(world, world.bob)
    await has_role(world, world.bob, Role.MODERATOR)
    link = await link_of(world, bob)

    await has_role(world, world.bob, Role.MEMBER)

    assert (await stored(world, link)).revoked_at is None


async def test_a_superuser_who_is_one_no_longer_keeps_only_the_invitations_of_a_moderator(world, alice, bob):
    await is_superuser(world, world.bob)
    await has_role(world, world.bob, Role.MODERATOR)
    other = await new_group(world, world.bob, Role.MEMBER)
    uuids = (world.group.uuid, other.uuid, None)
    links = [await create(world.database, bob, uuid, Terms()) for uuid in uuids]

    await is_superuser(world, world.bob, is_one=False)

    assert [(await stored(world, link)).revoked_at is None for link in links] == [True, False, False]


@pytest.mark.parametrize("leaves", [left, closed])
async def test_invitations_of_a_superuser_who_is_a_plain_member_end_with_the_membership(world, alice, bob, leaves):
    await is_superuser(world, world.bob)
    await has_role(world, world.bob, Role.MEMBER)
    link = await link_of(world, bob)

    await leaves(world)

    assert (await stored(world, link)).revoked_at is not None


async def test_archiving_ends_invitations_for_good(world, alice, bob):
    link = await link_of(world, alice)

    for is_archived in (True, False):
        await change_settings(
            world.database, alice, world.group.uuid, Wanted(is_archived=is_archived), GroupCreation.EVERYONE
        )

    with pytest.raises(InvitationSpent):
        await redeem(world.database, bob, link.token)


async def test_a_deleted_group_takes_its_invitations_with_it(world, alice, bob):
    link = await link_of(world, alice)
    await redeem(world.database, bob, link.token)

    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Group, world.group.id))

    assert await world.database.run_read(lambda session: find(session, link.token)) is None


# Signing up


async def test_account_use_and_join_are_one_transaction(world, alice):
    link = await link_of(world, alice, ONCE)

    with pytest.raises(FieldError, match="taken"):
        await signs_up(world, "bob", link)
    await signs_up(world, "carol", link)

    assert await world.members() == ["alice", "carol"]
    assert await users_of(world, link) == ["carol"]


async def test_a_used_up_link_creates_no_account(world, alice):
    link = await link_of(world, alice, ONCE)

    names = [f"newcomer{number}" for number in range(8)]
    answers = await asyncio.gather(*(signs_up(world, name, link) for name in names), return_exceptions=True)

    assert [type(each) for each in answers if not isinstance(each, InvitationSpent)] == [User]
    assert await world.database.run_read(lambda session: session.scalar(select(func.count(User.id)))) == 3


@pytest.mark.parametrize("is_required", [False, True])
async def test_without_an_invitation_people_sign_up_where_none_is_required(world, is_required):
    if not is_required:
        assert await signs_up(world, "carol", None)
        return

    with pytest.raises(InvitationSpent):
        await signs_up(world, "carol", None, is_required=True)


async def test_the_first_account_needs_no_invitation(database):
    newcomer = Newcomer("alice", PASSWORD, nothing, nothing)

    user = await invitations.sign_up(database, newcomer, None, is_required=True)

    assert user.is_superuser


async def test_an_invitation_to_the_server_is_used_up_by_signing_up(world, alice):
    await is_superuser(world, world.alice)
    link = await create(world.database, alice, None, ONCE)

    await signs_up(world, "carol", link, is_required=True)

    assert await users_of(world, link) == ["carol"]
    with pytest.raises(InvitationSpent):
        await signs_up(world, "dora", link, is_required=True)


# Lists


async def test_links_that_work_come_first_and_each_tells_why_it_ended(world, alice, bob, clock):
    live, revoked, used, expired = [
        await link_of(world, alice, terms) for terms in (Terms(None), Terms(None), ONCE, ONCE)
    ]
    await revoke(world.database, alice, world.group.uuid, revoked.id)
    await redeem(world.database, bob, used.token)
    clock.is_set(hours=24 * 8)

    part = await world.database.run_read(lambda session: invitations_of(session, world.group.id, 1))

    assert [(row.id, row.ended) for row in part.rows] == [
        (live.id, ""), (expired.id, "expired"), (used.id, "used up"), (revoked.id, "revoked")
    ]  # fmt: skip


async def test_ten_thousand_links_are_on_pages(world, alice):
    await had_links(world, world.alice, 10_000, revoked_at=invitations.now())
    link = await link_of_yesterday(world)

    first, last, beyond = [
        await world.database.run_read(lambda session, place=place: invitations_of(session, world.group.id, place))
        for place in (1, 201, 10**18)
    ]

    assert (first.total, first.pages, len(first.rows), first.rows[0].id) == (10_001, 201, PAGE, link)
    assert last.rows == beyond.rows
    assert len(last.rows) == 1


async def test_who_used_a_link_is_on_pages_the_last_first(world, alice):
    link = await link_of(world, alice)
    people = await crowd(world, PAGE + 1)
    await were_let_in(world, link, people)

    first, second = [
        (await world.database.run_read(lambda session, place=place: uses_of(session, world.group.id, link.id, place)))[
            1
        ]
        for place in (1, 2)
    ]

    assert (first.total, first.pages, first.rows[0].username) == (51, 2, people[-1].username)
    assert [row.username for row in second.rows] == [people[0].username]


# What the tests above need


async def link_of(world, user, terms=ALWAYS):
    return await create(world.database, user, world.group.uuid, terms)


async def refused(act):
    with pytest.raises(Refused) as refusal:
        await act
    return refusal.value.code


async def changed_group(world, **values):
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        for name, value in values.items():
            setattr(group, name, value)


async def has_role(world, user, role):
    async with world.database.transaction() as session:
        group, row = await session.get_one(Group, world.group.id), await session.get_one(User, user.id)
        if not await group.add_user(row, role=role):
            (await session.get_one(Membership, (group.id, row.id))).role = role


async def is_superuser(world, user, *, is_one=True):
    async with world.database.transaction() as session:
        (await session.get_one(User, user.id)).is_superuser = is_one


async def removed(world, user):
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        by = await session.get_one(User, world.alice.id)
        await group.remove_user(await session.get_one(User, user.id), by=by)


async def new_group(world, user, role=Role.OWNER):
    group = Group(name="Cooking", uuid=uuid4(), access=Access.CLOSED)
    async with world.database.transaction() as session:
        session.add(group)
        await session.flush()
        await group.add_user(await session.get_one(User, user.id), role=role)
    return group


async def had_links(world, user, count, **values):
    """So many links to the group, which the user has just created."""
    async with world.database.transaction() as session:
        session.add_all(
            Invitation(token_hash=uuid4().hex, group_id=world.group.id, created_by=user.id, **values)
            for _ in range(count)
        )


async def link_of_yesterday(world):
    """The id of a link that works, and is older than what the limit counts."""
    yesterday = invitations.now() - timedelta(days=2)
    link = Invitation(token_hash="y", group_id=world.group.id, created_by=world.alice.id, created_at=yesterday)
    async with world.database.transaction() as session:
        session.add(link)
    return link.id


async def crowd(world, count):
    """So many people with accounts, logged in."""
    users = [User(username=f"person{number}", password="!") for number in range(count)]
    async with world.database.transaction() as session:
        session.add_all(users)
        await session.flush()
        session.add_all(Session(id=session_id(user.username), user_id=user.id) for user in users)
    return [current(user, session_id(user.username)) for user in users]


def current(user, id):
    return CurrentUser(user.id, user.username, user.is_superuser, SessionCredential(id), user.account_id)


async def were_let_in(world, link, people):
    """As if each had used the link, a second after the one before."""
    start = invitations.now()
    async with world.database.transaction() as session:
        session.add_all(
            InvitationUse(invitation_id=link.id, user_id=person.id, used_at=start + timedelta(seconds=number))
            for number, person in enumerate(people)
        )


async def stored(world, link):
    return await world.database.run_read(lambda session: session.get_one(Invitation, link.id))


async def users_of(world, link):
    names = select(User.username).join(InvitationUse).where(InvitationUse.invitation_id == link.id)
    return await world.database.run_read(lambda session: session.scalars(names).all())


async def signs_up(world, name, link, *, is_required=False):
    found = await world.database.run_read(lambda session: find(session, link.token)) if link else None
    newcomer = Newcomer(name, PASSWORD, nothing, nothing)
    return await invitations.sign_up(world.database, newcomer, found, is_required=is_required)
