import json

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit.log.memberships import NothingChanges
from discussit.models import Base, Entry, Event, Group, Membership, Message, Session, User
from discussit.models.accounts import session_id
from discussit.models.entries import TEXTS

# Memberships and events


async def test_a_membership_added_by_itself_is_logged(world):
    async with world.database.transaction() as session:
        session.add(Membership(group_id=world.group.id, user_id=world.bob.id))

    assert await world.log() == [(1, "bob Join the Gardening group")]


async def test_an_event_added_by_itself_makes_the_membership_agree(world):
    await add_event(world, "Join")
    joined = await world.members()
    await add_event(world, "Left")

    assert (joined, await world.members()) == (["bob"], [])


@pytest.mark.parametrize("kind", ["Join", "Left"])
async def test_an_event_that_changes_nothing_is_refused(world, kind):
    if kind == "Join":
        await world.joined(world.bob)
    before = await world.log()

    with pytest.raises(NothingChanges, match=r"bob is (already|not) a member of Gardening"):
        await add_event(world, kind)

    assert await world.log() == before


async def test_memberships_added_with_their_events_are_logged_once_each(world):
    group, alice, bob = Group(name="Cooking"), User(username="cleo", password="!"), User(username="dan", password="!")
    async with world.database.transaction() as session:
        for user in (alice, bob):
            session.add_all([Membership(group=group, user=user), Event(group=group, user=user, type="Join")])

    assert group.last_seq == 2


async def test_one_new_members_own_event_does_not_stand_for_the_others(world):
    group, cleo, dan = Group(name="Cooking"), User(username="cleo", password="!"), User(username="dan", password="!")
    async with world.database.transaction() as session:
        session.add_all([Membership(group=group, user=cleo), Event(group=group, user=cleo, type="Join")])
        session.add(Membership(group=group, user=dan))

    assert group.last_seq == 2


async def test_an_event_of_another_type_is_refused(world):
    with pytest.raises(ValueError, match="a Join or a Left"):
        await add_event(world, "Kick")

    assert await world.log() == []


# The log


async def test_entries_are_numbered_in_the_order_in_which_they_were_added(world):
    async with world.database.transaction() as session:
        session.add_all([world.message(text) for text in "abc"])
        await session.flush()
        session.add_all([world.message(text) for text in "de"])

    assert await world.log() == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]


async def test_each_group_counts_for_itself(world):
    other = Group(name="Cooking")

    async with world.database.transaction() as session:
        session.add_all([world.message("here"), Message(group=other, author_id=world.bob.id, content="there")])

    assert await world.log() == [(1, "here")]
    assert other.last_seq == 1


async def test_a_message_added_to_any_asynchronous_session_gets_its_seq(world):
    async with AsyncSession(world.database.engine) as session:
        session.add_all([world.message("from a shell"), world.message("and again")])
        await session.commit()

    assert await world.log() == [(1, "from a shell"), (2, "and again")]


def test_a_message_added_to_any_synchronous_session_gets_its_seq():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    cleo, group = User(username="cleo", password="!"), Group(name="Cooking")

    with OrmSession(engine) as session:
        session.add_all([Message(group=group, author=cleo, content=text) for text in "ab"])
        session.add(Event(group=group, user=cleo, type="Join"))
        session.commit()
        assert [entry.seq for entry in session.scalars(select(Entry).order_by(Entry.seq))] == [1, 2, 3]
        assert group.last_seq == 3
    engine.dispose()


async def test_an_added_message_is_known_to_its_session_as_it_was_written(world):
    async with world.database.transaction() as session:
        added = world.message("hi")
        session.add(added)
        await session.flush()
        found = await first_entry(session)

    assert found is added
    assert (added.seq, added.content, added.client_id, added.is_deleted) == (1, "hi", None, False)


async def test_a_revision_changes_the_groups_epoch_and_its_texts(world):
    await world.wrote("oops", "hi")
    before = await world.read_group()

    async with world.database.transaction() as session:
        (await first_entry(session)).content = "better"

    after = await world.read_group()
    assert (before.revisions, after.revisions, before.epoch == after.epoch) == (0, 1, False)
    assert await world.log() == [(1, "better"), (2, "hi")]


async def test_a_deleted_text_is_in_no_row(world):
    await world.wrote("secret")

    await world.deleted(1)

    texts = await world.database.run_read(lambda session: session.scalars(select(TEXTS.c.content)).all())
    assert (texts, [row["state"] for row in await world.rows()]) == ([""], ["deleted", "live"])


async def test_a_rollback_leaves_no_gap(world):
    async with world.database.sessions() as session:
        session.add(world.message("never mind"))
        await session.flush()
        await session.rollback()

    async with world.database.transaction() as session:
        session.add(world.message("hi"))

    assert await world.log() == [(1, "hi")]


async def test_a_rolled_back_savepoint_leaves_no_gap(world):
    async with world.database.transaction() as session:
        session.add(world.message("a"))
        async with session.begin_nested() as savepoint:
            session.add(world.message("b"))
            await session.flush()
            await savepoint.rollback()
        session.add(world.message("c"))

    assert await world.log() == [(1, "a"), (2, "c")]


async def test_deleting_an_entry_is_refused(world):
    await world.wrote("hi")

    with pytest.raises(ValueError, match="delete_messages"):
        async with world.database.transaction() as session:
            await session.delete(await first_entry(session))

    assert await world.log() == [(1, "hi")]


async def test_a_deleted_message_keeps_its_place_and_loses_its_text(world):
    await world.wrote("oops", "hi")

    await world.deleted(1)

    assert await world.log() == [(1, ""), (2, "hi"), (3, "")]


# What a commit publishes


async def test_a_commit_publishes_the_entries_that_it_wrote(world):
    world.listen()

    await world.joined(world.bob)
    await world.wrote("hi")

    entries = [(entry.seq, json.loads(entry.text)["message"]) for entry in world.published_entries()]
    assert [(seq, line.split("@")[0]) for seq, line in entries] == [
        (1, "bob Join the Gardening group"),
        (2, "bob:- hi "),
    ]


async def test_a_rollback_publishes_nothing(world):
    world.listen()

    async with world.database.sessions() as session:
        session.add(world.message("never mind"))
        await session.flush()
        await session.rollback()

    assert world.published == []


async def test_a_later_commit_of_the_session_publishes_nothing_that_was_rolled_back(world):
    await world.logged_in(world.bob, "token")
    world.listen()
    async with world.database.sessions() as session:
        await session.delete(await session.get_one(Session, session_id("token")))
        await session.flush()
        await session.rollback()

        session.add(world.message("hi"))
        await session.commit()

    (written,) = world.published
    assert (written.ended_sessions, len(written.entries[world.group.uuid])) == ({}, 1)


async def test_a_rolled_back_savepoint_publishes_nothing_false(world):
    await world.logged_in(world.bob, "token")
    world.listen()
    async with world.database.transaction() as session:
        session.add(world.message("true"))
        async with session.begin_nested() as savepoint:
            session.add(world.message("false"))
            await session.delete(await session.get_one(Session, session_id("token")))
            await session.flush()
            await savepoint.rollback()

    assert [(contents(world, written), written.ended_sessions) for written in world.published] == [(["true"], {})]


async def test_a_savepoint_that_fails_by_itself_publishes_nothing_false(world):
    world.listen()

    async with world.database.transaction() as session:
        session.add(world.message("true"))
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                session.add_all([world.message("false"), User(username="alice", password="!")])
        session.add(world.message("true, too"))

    assert [contents(world, written) for written in world.published] == [["true", "true, too"]]


async def test_nothing_is_published_before_the_whole_transaction_is_committed(world):
    world.listen()

    async with world.database.sessions() as session:
        async with session.begin_nested():
            session.add(world.message("never mind"))
        await session.rollback()

    assert world.published == []


async def test_changes_before_a_rolled_back_savepoint_are_published(world):
    await world.logged_in(world.bob, "token")
    world.listen()
    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Session, session_id("token")))
        await session.flush()
        async with session.begin_nested() as savepoint:
            await savepoint.rollback()

    assert [list(written.ended_sessions) for written in world.published] == [[session_id("token")]]


async def test_a_savepoint_that_is_kept_publishes_its_entries(world):
    world.listen()

    async with world.database.transaction() as session, session.begin_nested():
        session.add(world.message("hi"))

    assert [contents(world, written) for written in world.published] == [["hi"]]


@pytest.mark.parametrize("owner", [Group, User])
async def test_a_membership_that_is_taken_out_of_a_list_is_logged(world, owner):
    await world.joined(world.bob)

    async with world.database.transaction() as session:
        row = await session.get_one(owner, world.group.id if owner is Group else world.bob.id)
        (await row.awaitable_attrs.memberships).clear()

    assert [text for _, text in await world.log()][1:] == ["bob Left the Gardening group"]
    assert (await world.members(), (await world.read_group()).member_count) == ([], 0)


async def test_a_deleted_text_is_not_replaced(world):
    await world.wrote("secret")
    await world.deleted(1)

    with pytest.raises(ValueError, match="gone for good"):
        async with world.database.transaction() as session:
            (await first_entry(session)).content = "another"

    assert await world.log() == [(1, ""), (2, "")]


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": ""}], ids=["missing", "none", "empty"])
async def test_a_message_without_a_text_is_refused(world, content):
    with pytest.raises(ValueError, match="needs some text"):
        async with world.database.transaction() as session:
            session.add(Message(group_id=world.group.id, author_id=world.bob.id, **content))

    assert await world.log() == []


async def test_a_reply_that_nobody_checks_is_refused(world):
    await world.wrote("hi")

    with pytest.raises(ValueError, match="A reply is written by the Writer"):
        async with world.database.transaction() as session:
            session.add(Message(group_id=world.group.id, author_id=world.bob.id, content="yes", reply_to=1))

    assert await world.log() == [(1, "hi")]


async def test_a_message_that_was_rolled_back_can_be_added_again(world):
    async with world.database.sessions() as session:
        added = world.message("hi")
        for end in (session.rollback, session.commit):
            session.add(added)
            await session.flush()
            await end()

    assert await world.log() == [(1, "hi")]


async def test_a_message_of_a_rolled_back_savepoint_leaves_its_place_to_the_next(world):
    never = world.message("never")
    async with world.database.transaction() as session:
        async with session.begin_nested() as savepoint:
            session.add(never)
            await session.flush()
            await savepoint.rollback()
        session.add(world.message("hi"))

    assert await world.log() == [(1, "hi")]


async def test_a_message_that_could_not_be_written_takes_no_place_though_its_error_is_ignored(world):
    once, twice = world.message("hi"), world.message("hi")
    once.client_id = twice.client_id = "a"
    async with world.database.sessions() as session:
        session.add(once)
        await session.commit()
        session.add(twice)
        with pytest.raises(IntegrityError):
            await session.flush()
        with pytest.raises(PendingRollbackError):
            await session.commit()

    assert (await world.read_group()).last_seq == 1


async def test_what_a_session_wrote_before_it_was_closed_is_not_published_by_a_later_commit(world):
    world.listen()

    async with world.database.sessions() as session:
        session.add(world.message("never mind"))
        await session.flush()
        await session.close()
        session.add(world.message("hi"))
        await session.commit()

    assert [contents(world, written) for written in world.published] == [["hi"]]


async def add_event(world, kind):
    async with world.database.transaction() as session:
        session.add(Event(group_id=world.group.id, user_id=world.bob.id, type=kind))


async def first_entry(session):
    return await session.scalar(select(Entry).order_by(Entry.seq).limit(1))


def contents(world, written):
    return [json.loads(entry.text)["content"] for entry in written.entries.get(world.group.uuid, [])]
