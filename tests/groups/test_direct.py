"""Direct groups: one for each set of people, and who may begin one."""

import pytest
from anyio import create_task_group
from sqlalchemy import select, update

from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.direct import entering
from discussit.log.draft import MessageDraft
from discussit.models import Entry, Group, Membership, User
from discussit.models.groups import Posting


@pytest.fixture
async def bob(world):
    """Bob, logged in; he and alice share a group."""
    await world.joined(world.alice, world.bob)
    return await world.current(world.bob)


@pytest.fixture
async def alice(world):
    return await world.current(world.alice)


async def test_the_same_people_have_one_group_whoever_names_them(world, alice, bob):
    hers = await begin(world, alice, "bob")
    his = await begin(world, bob, "ALICE", "Bob")

    assert hers == his
    assert await hidden(world) == {"alice": None, "bob": None}


async def test_other_people_have_another_group(world, alice, bob):
    assert await begin(world, bob, "alice") != await begin(world, bob)


async def test_requests_at_the_same_time_create_one_group(world, alice, bob):
    found = []

    async def enter(user, name):
        found.append(await begin(world, user, name))

    async with create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(enter, alice, "bob")
            tasks.start_soon(enter, bob, "alice")

    assert len(found) == 10
    assert set(found) == {group.uuid for group in await direct_groups(world)}


async def test_nobody_joins_a_direct_group(world, alice, bob):
    await begin(world, bob, "alice")

    (group,) = await direct_groups(world)
    entries = select(Entry).where(Entry.group_id == group.id)
    assert (group.member_count, group.last_seq) == (2, 0)
    assert await world.database.run_read(lambda session: session.scalars(entries).all()) == []


async def test_others_do_not_see_it_before_its_first_message(world, alice, bob):
    await begin(world, bob, "alice")

    assert await hidden(world) == {"alice": 0, "bob": None}


# Who may begin one


@pytest.mark.parametrize("direct", ["shared", "nobody"])
async def test_people_who_share_no_group_are_refused_in_the_words_for_an_unknown_name(world, direct):
    bob = await world.current(world.bob)
    await allows(world, direct)

    assert await refusal(world, bob, "alice") == await refusal(world, bob, "nadia", shown_as="alice")


async def test_everyone_may_message_those_who_allow_it(world):
    bob = await world.current(world.bob)
    await allows(world, "everyone")

    assert await begin(world, bob, "alice")


async def test_those_who_allow_nobody_refuse_all_but_existing_conversations(world, bob):
    known = await begin(world, bob, "alice")
    await allows(world, "nobody")

    assert await begin(world, bob, "alice") == known


async def test_those_who_allow_nobody_are_not_given_away_by_what_they_began(world, alice, bob):
    await begin(world, alice, "bob")
    await allows(world, "nobody")

    await refusal(world, bob, "alice")

    assert await hidden(world) == {"alice": None, "bob": 0}


async def test_superusers_have_no_exception(world):
    await world.administrator(world.bob)
    bob = await world.current(world.bob)

    await refusal(world, bob, "alice")


async def test_a_direct_group_is_none_that_people_share(world):
    bob = await world.current(world.bob)
    await allows(world, "everyone")
    await begin(world, bob, "alice")
    async with world.database.transaction() as session:
        session.add(User(username="carol", password="!"))
    await allows(world, "shared")

    await refusal(world, await world.current(await user(world, "carol")), "alice")


async def test_a_closed_account_is_unknown_to_new_conversations(world, bob):
    await close(world, world.alice)

    await refusal(world, bob, "alice")


async def test_a_conversation_has_eight_people_at_most(world, bob):
    with pytest.raises(FieldError, match="at most 8 people"):
        await begin(world, bob, *(f"user{number}" for number in range(8)))


async def test_an_account_begins_twenty_conversations_a_day(world, bob):
    async with world.database.transaction() as session:
        session.add_all(User(username=f"user{number}", password="!", direct="everyone") for number in range(21))
    first = [await begin(world, bob, f"user{number}") for number in range(20)]

    with pytest.raises(Refused) as refused:
        await begin(world, bob, "user20")

    assert refused.value.code == ErrorCode.RATE_LIMITED
    assert await begin(world, bob, "user3") == first[3]


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 10_000, "%", "', --"])
async def test_names_that_can_not_be_are_unknown(world, bob, name):
    await refusal(world, bob, name)


# Closed accounts


async def test_a_conversation_with_a_closed_account_can_only_be_read(world, bob):
    uuid = await begin(world, bob, "alice")
    await close(world, world.alice)

    (group,) = await direct_groups(world)
    async with world.served() as served:
        with pytest.raises(Refused) as refused:
            await served.writer.append(MessageDraft(group.id, world.bob.id, content="hi"))

    assert (refused.value.code, group.posting) == (ErrorCode.READ_ONLY, Posting.NOBODY)
    assert await hidden(world) == {"alice": 0, "bob": None}
    assert await begin(world, bob, "alice") == uuid


async def test_a_closed_account_leaves_all_other_groups(world, bob):
    await begin(world, bob, "alice")

    await close(world, world.alice)

    assert await world.members() == ["bob"]


async def test_a_message_is_written_before_or_refused_after_the_account_is_closed(world, bob):
    await begin(world, bob, "alice")
    (group,) = await direct_groups(world)

    async with world.served() as served, create_task_group() as tasks:
        tasks.start_soon(close, world, world.alice)
        try:
            seq = await served.writer.append(MessageDraft(group.id, world.bob.id, content="hi"))
        except Refused as refused:
            seq = refused.code

    assert seq in (1, ErrorCode.READ_ONLY)
    assert [(each.last_seq, each.posting) for each in await direct_groups(world)] == [(seq == 1, Posting.NOBODY)]


async def begin(world, user, *names):
    async with entering(world.database, user, names) as (_, uuid):
        return uuid


async def refusal(world, user, name, *, shown_as=None):
    """The words with which a name is refused."""
    with pytest.raises(FieldError) as refused:
        await begin(world, user, name)
    assert "You can't message" in str(refused.value)
    return str(refused.value).replace(name, shown_as or name)


async def allows(world, direct):
    """Alice lets these people message her."""
    async with world.database.transaction() as session:
        await session.execute(update(User).where(User.id == world.alice.id).values(direct=direct))


async def close(world, user):
    async with world.database.transaction() as session:
        await (await session.get_one(User, user.id)).close()


async def user(world, name):
    return await world.database.run_read(lambda session: session.scalars(select(User).filter_by(username=name)).one())


async def direct_groups(world):
    groups = select(Group).where(Group.access == "direct").order_by(Group.id)
    return await world.database.run_read(lambda session: session.scalars(groups).all())


async def hidden(world):
    """Who is in the direct group, and from which number of messages on it is hidden from them."""
    found = select(User.username, Membership.hidden_at).join(Membership.user).join(Membership.group)
    rows = found.where(Group.access == "direct").order_by(User.username)
    return await world.database.run_read(lambda session: dict(session.execute(rows).all()))
