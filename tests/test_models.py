import json
from datetime import UTC, datetime

import hostile
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit.log.hooks import NothingChanges
from discussit.log.read import entries_since
from discussit.log.write import NewEntry, write_entries
from discussit.models import Base, Entry, Event, Group, Membership, Message, Session, User
from discussit.models.accounts import session_id
from discussit.models.entries import TEXTS

MOMENT = datetime(2026, 11, 22, 7, 5, 9, 120, UTC)


# What they are called


def test_a_group_is_called_by_its_name_and_uuid(world):
    assert str(world.group) == f"Group Gardening-{world.group.uuid}"


def test_a_group_knows_its_address(world):
    assert world.group.get_absolute_url() == f"/groups/{world.group.uuid}/"


def test_a_message_is_called_as_the_tutorial_does_with_two_digits_for_the_hour(world):
    message = Message(author=world.alice, content="hi", timestamp=MOMENT, group=world.group)

    assert str(message) == "alice:- hi @2026-11-22 07:05"


async def test_events_are_called_by_their_descriptions(world):
    await add_event(world, "Join")
    await add_event(world, "Left")

    events = await world.database.run_read(lambda session: session.scalars(select(Event).order_by(Event.seq)).all())
    assert [str(event) for event in events] == ["bob Join the Gardening group", "bob Left the Gardening group"]
    assert [event.description for event in events] == [str(event) for event in events]


async def test_memberships_and_sessions_say_whose_they_are(world):
    membership = Membership(group=world.group, user=world.bob)
    session = Session(id="x", user=world.bob, created_at=MOMENT)

    assert (str(membership), str(session)) == ("bob in Gardening", "bob since 2026-11-22 07:05")


# Joining and leaving


async def test_a_join_is_a_membership_and_its_event(world):
    await world.joined(world.alice)

    assert await members(world) == ["alice"]
    assert await world.log() == [(1, "alice Join the Gardening group")]


async def test_joining_twice_makes_no_second_event(world):
    await world.joined(world.alice)
    await world.joined(world.alice)
    await world.joined(world.bob, world.bob)

    assert [seq for seq, _ in await world.log()] == [1, 2]


async def test_leaving_twice_makes_no_second_event(world):
    await world.joined(world.alice)

    first, second = await leave(world, world.alice), await leave(world, world.alice)

    assert (first, second) == (True, False)
    assert await world.log() == [(1, "alice Join the Gardening group"), (2, "alice Left the Gardening group")]
    assert await members(world) == []


async def test_someone_who_is_in_no_group_leaves_without_an_event(world):
    assert not await leave(world, world.bob)
    assert await world.log() == []


async def test_whoever_left_can_join_again(world):
    await world.joined(world.alice)
    await leave(world, world.alice)
    await world.joined(world.alice)

    assert await members(world) == ["alice"]
    assert [text.split()[1] for _, text in await world.log()] == ["Join", "Left", "Join"]


async def test_a_membership_added_by_itself_is_logged(world):
    async with world.database.transaction() as session:
        session.add(Membership(group_id=world.group.id, user_id=world.bob.id))

    assert await world.log() == [(1, "bob Join the Gardening group")]


@pytest.mark.parametrize("owner", [Group, User])
async def test_a_membership_that_is_taken_out_of_a_list_is_logged(world, owner):
    await world.joined(world.bob)

    async with world.database.transaction() as session:
        row = await session.get_one(owner, world.group.id if owner is Group else world.bob.id)
        (await row.awaitable_attrs.memberships).clear()

    assert [text for _, text in await world.log()][1:] == ["bob Left the Gardening group"]
    assert (await members(world), (await found_group(world)).member_count) == ([], 0)


async def test_an_event_added_by_itself_makes_the_membership_agree(world):
    await add_event(world, "Join")
    joined = await members(world)
    await add_event(world, "Left")

    assert (joined, await members(world)) == (["bob"], [])


@pytest.mark.parametrize("kind", ["Join", "Left"])
async def test_an_event_that_says_what_is_so_already_is_refused(world, kind):
    if kind == "Join":
        await world.joined(world.bob)
    before = await world.log()

    with pytest.raises(NothingChanges, match=r"bob is (not )?a member of Gardening"):
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
        session.add_all([message(world, text) for text in "abc"])
        await session.flush()
        session.add_all([message(world, text) for text in "de"])

    assert await world.log() == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]


async def test_each_group_counts_for_itself(world):
    other = Group(name="Cooking")

    async with world.database.transaction() as session:
        session.add_all(
            [message(world, "here"), Message(group=other, author=await bob(session, world), content="there")]
        )

    assert await world.log() == [(1, "here")]
    assert other.last_seq == 1


async def test_a_message_added_to_any_asynchronous_session_gets_its_seq(world):
    async with AsyncSession(world.database.engine) as session:
        session.add_all([message(world, "from a shell"), message(world, "and again")])
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
        assert [entry.seq for entry in session.scalars(select(Entry))] == [1, 2, 3]
        assert group.last_seq == 3
    engine.dispose()


async def test_written_messages_become_what_added_ones_do(world):
    world.listen()

    await world.wrote("hi")
    await world.database.run_write(lambda session: write_entries(session, [new_message(world.group, world.bob, "hi")]))

    added, written = await rows(world)
    assert added | {"seq": 2, "nth": 2, "timestamp": written["timestamp"]} == written
    assert published(world) == await sent(world)


async def test_written_messages_continue_the_log_of_each_group(world):
    other = Group(name="Cooking")
    async with world.database.transaction() as session:
        session.add_all([message(world, "a"), other])
    new = [
        new_message(world.group, world.bob, "b"),
        new_message(other, world.bob, "b", "id"),
        new_message(world.group, world.bob, "c", "id"),
    ]

    seqs = await world.database.run_write(lambda session: write_entries(session, new))

    assert seqs == [2, 1, 3]
    assert await world.log() == [(1, "a"), (2, "b"), (3, "c")]


async def test_nothing_is_written_where_there_is_nothing_to_write(world):
    assert await world.database.run_write(lambda session: write_entries(session, [])) == []
    assert await world.log() == []


async def test_an_added_message_is_known_to_its_session_as_it_was_written(world):
    async with world.database.transaction() as session:
        added = message(world, "hi")
        session.add(added)
        await session.flush()
        found = await first_entry(session)

    assert found is added
    assert (added.seq, added.content, added.client_id, added.is_deleted) == (1, "hi", None, False)


# What a group counts


async def test_a_group_counts_its_messages_and_members(world):
    await world.joined(world.alice, world.bob)
    await world.wrote("a", "b")
    await leave(world, world.alice)

    group = await found_group(world)
    assert (group.last_seq, group.messages, group.member_count) == (5, 2, 1)


async def test_each_entry_knows_how_many_messages_there_are_up_to_it(world):
    await world.joined(world.alice)
    await world.wrote("a")
    await world.joined(world.bob)
    await world.wrote("b", "c")

    assert [row["nth"] for row in await rows(world)] == [0, 1, 1, 2, 3]


async def test_a_group_knows_when_its_last_message_was_written_and_not_when_someone_came(world):
    await world.joined(world.alice)
    before = (await found_group(world)).last_message_at
    await world.wrote("a")
    written = (await rows(world))[-1]["timestamp"]
    await world.joined(world.bob)

    assert (before, (await found_group(world)).last_message_at) == (None, written)


async def test_whoever_joins_has_read_everything_up_to_their_join(world):
    await world.joined(world.alice)
    await world.wrote("a")
    await world.joined(world.bob)

    read = select(Membership.read_seq).order_by(Membership.user_id)
    assert await world.database.run_read(lambda session: session.scalars(read).all()) == [1, 3]


async def test_a_revision_changes_the_groups_epoch_and_its_texts(world):
    await world.wrote("oops", "hi")
    before = await found_group(world)

    async with world.database.transaction() as session:
        (await first_entry(session)).content = "better"

    after = await found_group(world)
    assert (before.revisions, after.revisions, before.epoch == after.epoch) == (0, 1, False)
    assert await world.log() == [(1, "better"), (2, "hi")]


async def test_a_withdrawn_text_is_in_no_row(world):
    await world.wrote("secret")

    async with world.database.transaction() as session:
        (await first_entry(session)).withdraw()

    texts = await world.database.run_read(lambda session: session.scalars(select(TEXTS.c.content)).all())
    assert (texts, [row["state"] for row in await rows(world)]) == ([], ["deleted"])


async def test_a_withdrawn_text_is_not_replaced(world):
    await world.wrote("secret")
    async with world.database.transaction() as session:
        (await first_entry(session)).withdraw()

    with pytest.raises(ValueError, match="gone for good"):
        async with world.database.transaction() as session:
            (await first_entry(session)).content = "another"

    assert await world.log() == [(1, "")]


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": ""}], ids=["missing", "none", "empty"])
async def test_a_message_without_a_text_is_refused(world, content):
    with pytest.raises(ValueError, match="needs some text"):
        async with world.database.transaction() as session:
            session.add(Message(group_id=world.group.id, author_id=world.bob.id, **content))

    assert await world.log() == []


async def test_what_was_rolled_back_leaves_no_gap(world):
    async with world.database.sessions() as session:
        session.add(message(world, "never mind"))
        await session.flush()
        await session.rollback()

    async with world.database.transaction() as session:
        session.add(message(world, "hi"))

    assert await world.log() == [(1, "hi")]


async def test_a_rolled_back_savepoint_leaves_no_gap(world):
    async with world.database.transaction() as session:
        session.add(message(world, "a"))
        async with session.begin_nested() as savepoint:
            session.add(message(world, "b"))
            await session.flush()
            await savepoint.rollback()
        session.add(message(world, "c"))

    assert await world.log() == [(1, "a"), (2, "c")]


async def test_a_message_that_was_rolled_back_can_be_added_again(world):
    async with world.database.sessions() as session:
        added = message(world, "hi")
        for end in (session.rollback, session.commit):
            session.add(added)
            await session.flush()
            await end()

    assert await world.log() == [(1, "hi")]


async def test_a_message_of_a_rolled_back_savepoint_leaves_its_place_to_the_next(world):
    never = message(world, "never")
    async with world.database.transaction() as session:
        async with session.begin_nested() as savepoint:
            session.add(never)
            await session.flush()
            await savepoint.rollback()
        session.add(message(world, "hi"))

    assert await world.log() == [(1, "hi")]


async def test_a_message_that_could_not_be_written_takes_no_place_though_its_error_is_ignored(world):
    once, twice = message(world, "hi"), message(world, "hi")
    once.client_id = twice.client_id = "a"
    async with world.database.sessions() as session:
        session.add(once)
        await session.commit()
        session.add(twice)
        with pytest.raises(IntegrityError):
            await session.flush()
        with pytest.raises(PendingRollbackError):
            await session.commit()

    assert (await found_group(world)).last_seq == 1


async def test_deleting_an_entry_is_refused(world):
    await world.wrote("hi")

    with pytest.raises(ValueError, match="withdraw"):
        async with world.database.transaction() as session:
            await session.delete(await first_entry(session))

    assert await world.log() == [(1, "hi")]


async def test_a_withdrawn_message_keeps_its_place_and_loses_its_text(world):
    await world.wrote("oops", "hi")

    async with world.database.transaction() as session:
        (await first_entry(session)).withdraw()

    assert await world.log() == [(1, ""), (2, "hi")]


async def test_deleting_a_group_deletes_its_log(world):
    await world.joined(world.alice)
    await world.wrote("hi")

    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Group, world.group.id))

    assert await world.log() == []


async def test_the_database_itself_guards_the_order(world):
    await world.wrote("hi")

    with pytest.raises(IntegrityError):
        async with world.database.transaction() as session:
            await session.execute(
                Entry.__table__.insert().values(
                    group_id=world.group.id, seq=1, kind="Message", user_id=1, timestamp=MOMENT, state="live", nth=1
                )
            )


async def test_a_moment_comes_back_in_utc_with_its_microseconds(world):
    async with world.database.transaction() as session:
        session.add(
            Message(group=await group(session, world), author=await bob(session, world), content="hi", timestamp=MOMENT)
        )

    assert await world.database.run_read(lambda session: session.scalar(select(Entry.timestamp))) == MOMENT


# What a commit publishes


async def test_a_commit_publishes_the_entries_that_it_wrote(world):
    world.listen()

    await world.joined(world.bob)
    await world.wrote("hi")

    entries = [(entry.seq, json.loads(entry.text)["message"]) for entry in published(world)]
    assert [(seq, line.split("@")[0]) for seq, line in entries] == [
        (1, "bob Join the Gardening group"),
        (2, "bob:- hi "),
    ]


async def test_what_was_rolled_back_is_not_published(world):
    world.listen()

    async with world.database.sessions() as session:
        session.add(message(world, "never mind"))
        await session.flush()
        await session.rollback()

    assert world.published == []


async def test_what_a_session_wrote_before_it_was_closed_is_not_published_by_a_later_commit(world):
    world.listen()

    async with world.database.sessions() as session:
        session.add(message(world, "never mind"))
        await session.flush()
        await session.close()
        session.add(message(world, "hi"))
        await session.commit()

    assert [contents(world, written) for written in world.published] == [["hi"]]


async def test_nothing_that_was_rolled_back_is_published_by_a_later_commit_of_the_session(world):
    await logged_in(world, world.bob)
    world.listen()
    async with world.database.sessions() as session:
        await session.delete(await session.get_one(Session, session_id("token")))
        await session.flush()
        await session.rollback()

        session.add(message(world, "hi"))
        await session.commit()

    (written,) = world.published
    assert (written.ended_sessions, len(written.entries[world.group.uuid])) == ({}, 1)


async def test_a_rolled_back_savepoint_publishes_nothing_false(world):
    await logged_in(world, world.bob)
    world.listen()
    async with world.database.transaction() as session:
        session.add(message(world, "true"))
        async with session.begin_nested() as savepoint:
            session.add(message(world, "false"))
            await session.delete(await session.get_one(Session, session_id("token")))
            await session.flush()
            await savepoint.rollback()

    assert [(contents(world, written), written.ended_sessions) for written in world.published] == [(["true"], {})]


async def test_a_savepoint_that_fails_by_itself_publishes_nothing_false(world):
    world.listen()

    async with world.database.transaction() as session:
        session.add(message(world, "true"))
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                session.add_all([message(world, "false"), User(username="alice", password="!")])
        session.add(message(world, "true, too"))

    assert [contents(world, written) for written in world.published] == [["true", "true, too"]]


async def test_nothing_is_published_before_the_whole_transaction_is_committed(world):
    world.listen()

    async with world.database.sessions() as session:
        async with session.begin_nested():
            session.add(message(world, "never mind"))
        await session.rollback()

    assert world.published == []


async def test_what_came_before_a_rolled_back_savepoint_is_published(world):
    await logged_in(world, world.bob)
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
        session.add(message(world, "hi"))

    assert [contents(world, written) for written in world.published] == [["hi"]]


# Accounts


@pytest.mark.parametrize("name", ["alice", "Alice", "ALICE", "\uff41lice", " alice "])
async def test_a_name_is_taken_whatever_its_case_and_form(world, name):
    with pytest.raises(IntegrityError):
        async with world.database.transaction() as session:
            session.add(User(username=name, password="!"))


@pytest.mark.parametrize(
    "name", ["alice2", "al.ice", "a@b.c", "a+b-c_d", "Ωmega", "李", "9", "x" * 150, *hostile.USERS]
)
def test_a_name_may_have_letters_digits_and_some_signs(name):
    assert str(User(username=name)) == name


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "\ud800", "a'b", "x" * 151, *hostile.MARKUP, *hostile.UNSEEN])
def test_a_name_may_not_be(name):
    with pytest.raises(ValueError, match="1 to 150 letters"):
        User(username=name)


def test_a_name_is_kept_in_nfkc():
    assert User(username="\ufb01ona").username == "fiona"


@pytest.mark.parametrize("name", ["Gardening", "x" * 30, "李", " spaced ", *hostile.GROUPS])
def test_a_groups_name_may_be(name):
    assert Group(name=name).name == name.strip()


@pytest.mark.parametrize("name", ["", "  ", "x" * 31, "\ud800", *hostile.UNSEEN])
def test_a_groups_name_may_not_be(name):
    with pytest.raises(ValueError, match="1 to 30 printable"):
        Group(name=name)


async def test_a_closed_account_keeps_the_log_whole(world):
    await world.joined(world.bob)
    await world.wrote("hi")

    await close(world, world.bob)

    assert await world.log() == [
        (1, "bob Join the Gardening group"),
        (2, "hi"),
        (3, "bob Left the Gardening group"),
    ]


async def test_a_closed_account_has_no_rights_memberships_or_sessions(world):
    await world.joined(world.bob)
    await logged_in(world, world.bob)
    world.listen()

    closed = await close(world, world.bob)

    assert (closed.is_active, closed.is_superuser, await members(world)) == (False, False, [])
    assert [id for written in world.published for id in written.ended_sessions] == [session_id("token")]


async def test_a_renamed_account_is_logged_out(world):
    await logged_in(world, world.bob)
    world.listen()

    async with world.database.transaction() as session:
        (await bob(session, world)).username = "robert"

    assert [list(written.ended_sessions) for written in world.published] == [[session_id("token")]]


async def test_an_account_that_is_renamed_without_its_name_being_loaded_is_logged_out(world):
    await logged_in(world, world.bob)
    world.listen()

    async with world.database.transaction() as session:
        renamed = await bob(session, world)
        session.expire(renamed)
        await session.run_sync(lambda _: setattr(renamed, "username", "robert"))

    assert [list(written.ended_sessions) for written in world.published] == [[session_id("token")]]


async def test_a_changed_password_alone_renames_nobody(world):
    await logged_in(world, world.bob)
    world.listen()

    async with world.database.transaction() as session:
        (await bob(session, world)).password = "?"

    assert not any(written.ended_sessions or written.revised_groups for written in world.published)


def message(world, content):
    return Message(group_id=world.group.id, author_id=world.bob.id, content=content)


async def add_event(world, kind):
    async with world.database.transaction() as session:
        session.add(Event(group_id=world.group.id, user_id=world.bob.id, type=kind))


async def leave(world, user):
    async with world.database.transaction() as session:
        return await (await group(session, world)).remove_user(await session.get_one(User, user.id))


async def close(world, user):
    async with world.database.transaction() as session:
        closed = await session.get_one(User, user.id)
        await closed.close()
    return closed


async def logged_in(world, user):
    async with world.database.transaction() as session:
        session.add(Session(id=session_id("token"), user_id=user.id))


async def members(world):
    rows = select(User.username).join(Membership).where(Membership.group_id == world.group.id)
    return await world.database.run_read(lambda session: session.scalars(rows).all())


async def group(session, world):
    return await session.get_one(Group, world.group.id)


async def bob(session, world):
    return await session.get_one(User, world.bob.id)


async def first_entry(session):
    return await session.scalar(select(Entry).order_by(Entry.seq).limit(1))


async def rows(world):
    rows = await world.database.run_read(lambda session: session.execute(select(Entry.__table__)).mappings().all())
    return [dict(row) for row in rows]


async def found_group(world):
    return await world.database.run_read(lambda session: session.get_one(Group, world.group.id))


async def sent(world):
    return await world.database.run_read(
        lambda session: list(entries_since(session, world.group.id, world.group.uuid, 0, 100))
    )


def new_message(group, author, content, client_id=None):
    return NewEntry(group.id, group.uuid, "Message", author.id, author.username, content, client_id)


def published(world):
    return [entry for written in world.published for entry in written.entries[world.group.uuid]]


def contents(world, written):
    return [json.loads(entry.text)["content"] for entry in written.entries.get(world.group.uuid, [])]
