"""What a process finds by comparing what it holds with the database."""

import pytest
from anyio import create_task_group, fail_after, sleep
from anyio.lowlevel import checkpoint
from followers import connected, entered, following, two_served
from sqlalchemy import select, text, update
from world import break_database, mend_database

from discussit.bus import RESYNC
from discussit.bus.messages import group_channel
from discussit.delivery import rooms
from discussit.delivery.connections import Connection
from discussit.delivery.protocols import V1
from discussit.errors import CloseCode
from discussit.models import Group, Session
from discussit.models.accounts import session_id


async def test_a_write_of_another_process_is_found_without_any_hint(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.wrote("from elsewhere")

        assert await anext(entries) == (3, "from elsewhere")


async def test_readers_of_a_log_that_got_shorter_are_sent_away(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        await world.lost_last_entry()

        assert [entry async for entry in entries] == []
        assert (entered(served)[0].ended, list(served.hub.rooms)) == (CloseCode.RESTART, [])


@pytest.mark.parametrize("contents", [["in its place"], ["in its place", "more"]], ids=["as long", "longer"])
async def test_readers_of_a_log_that_lost_entries_and_grew_again_are_sent_away(world, impatient, contents):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        world.listen()
        await world.lost_last_entry_and_went_on(*contents)

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART
        await is_replaced(world)


async def test_a_room_without_a_tail_also_knows_which_entry_was_its_logs_last(world, impatient):
    await world.joined(world.alice, world.bob)
    await world.wrote("lost")

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.lost_last_entry_and_went_on("in its place", "more")

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_copy_from_before_a_revision_is_given_an_epoch_of_its_own_and_revisions_that_go_on(world, impatient):
    await world.joined(world.alice, world.bob)
    await world.wrote("as it was")

    async with world.served() as served, following(served, world) as entries:
        await world.revised(3, "better")
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(revisions=0, epoch=world.group.epoch))
        await is_replaced(world)

        async for _ in entries:
            pass
        assert entered(served)[0].ended == CloseCode.RESTART
        assert (await world.read_group()).revisions == 1


async def is_replaced(world):
    """Return when the group has another epoch than at first."""
    with fail_after(10):
        while (await world.read_group()).epoch == world.group.epoch:
            await checkpoint()


@pytest.fixture
async def stubborn(world):
    """The database refuses new epochs, until what this returns is called."""
    refuse = "CREATE TRIGGER stubborn BEFORE UPDATE OF epoch ON groups BEGIN SELECT RAISE(ABORT, 'not now'); END"
    async with world.database.transaction() as session:
        await session.execute(text(refuse))

    async def give_in():
        async with world.database.transaction() as session:
            await session.execute(text("DROP TRIGGER stubborn"))

    return give_in


@pytest.mark.sqlite
async def test_a_log_that_lost_entries_is_given_a_new_epoch_as_soon_as_the_database_takes_it(
    world, impatient, stubborn, monkeypatch
):
    monkeypatch.setattr(rooms, "RETRY", 0.01)
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.lost_last_entry()
        assert [entry async for entry in entries] == []

        async with following(served, world, cursor=1) as returned:
            # Its cursor may be one in the lost log, of which the epoch says nothing yet.
            assert [entry async for entry in returned] == []
        await stubborn()
        await is_replaced(world)


async def test_a_revision_that_was_not_announced_is_found_and_its_old_texts_are_dropped(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("as it was")
        await anext(entries)
        world.listen()
        await world.revised(3, "better")
        (room,), (alice,) = served.hub.rooms, entered(served)
        while not alice.is_outdated:
            await alice.sender.woken()

        assert (room.slice(2), room.revisions) == (None, 1)


async def test_readers_of_a_log_that_was_replaced_are_sent_away(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(epoch="another"))

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_log_that_lost_entries_is_given_a_new_epoch(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        await world.lost_last_entry()
        while await epoch(world) == world.group.epoch:
            await checkpoint()

        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_left_of_another_process_ends_a_follower_without_any_hint(world, impatient):
    await world.joined(world.alice)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.left(world.alice)

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_a_session_ended_by_another_process_is_found_without_any_hint(world, impatient):
    hers, his = (
        connected(Connection(session_id("hers"), world.alice.id, V1)),
        connected(Connection(session_id("his"), world.bob.id, V1)),
    )
    await world.logged_in(world.bob, "hers", "his")

    async with world.served() as served:
        with served.hub.people.connected(hers), served.hub.people.connected(his):
            world.listen()
            await world.ended_session("hers")
            with fail_after(10):
                await hers.sender.woken()

            assert (hers.ended, his.ended) == (CloseCode.SESSION_ENDED, None)


@pytest.mark.parametrize(("reads", "ended"), [(1, CloseCode.SESSION_ENDED), (2, None)], ids=["logs", "sessions"])
async def test_an_entry_that_is_written_during_a_look_is_not_sent_to_a_session_that_ended_before(
    world, unpolled, monkeypatch, reads, ended
):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world):
        world.listen()
        await world.wrote("before")
        after_reads(world, monkeypatch, reads, lambda: log_out_and_write(world))
        await served.hub.polling._look(everywhere=True)

        # Where the logout is found by the next look only, so is the entry.
        (room,), (alice,) = served.hub.rooms, entered(served)
        assert (room.last, alice.ended) == (3, ended)


def after_reads(world, monkeypatch, count, happens):
    """Once, after so many reads of the database, something happens."""
    read, left = world.database.run_read, iter(range(count, 0, -1))

    async def counted(work):
        found = await read(work)
        if next(left) == 1:
            monkeypatch.setattr(world.database, "run_read", read)
            await happens()
        return found

    monkeypatch.setattr(world.database, "run_read", counted)


async def log_out_and_write(world):
    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Session, "session of alice"))
    await world.wrote("after")


async def test_a_session_has_its_turn_though_a_room_is_behind_all_the_time(world, impatient):
    hers = connected(Connection(session_id("hers"), world.alice.id, V1))
    await world.logged_in(world.bob, "hers")
    await world.joined(world.alice)

    async with (
        two_served(world) as (served, elsewhere),
        following(served, world),
        create_task_group() as tasks,
    ):
        tasks.start_soon(nag, elsewhere, group_channel(world.group.uuid))
        with served.hub.people.connected(hers):
            world.listen()
            await world.ended_session("hers")
            await hers.sender.woken()
        tasks.cancel_scope.cancel()

    assert hers.ended == CloseCode.SESSION_ENDED


async def test_a_mistake_in_a_query_is_logged_with_its_traceback_and_ends_nothing(world, impatient, caplog):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await break_database(world.database)
        while "could not look for new entries" not in caplog.text:
            await checkpoint()
        await mend_database(world.database)
        await world.wrote("after")

        assert await anext(entries) == (3, "after")
    assert "Traceback" in caplog.text


async def nag(elsewhere, channel):
    while True:
        elsewhere.bus.post(channel, RESYNC)
        await sleep(0.01)


async def epoch(world):
    return await world.database.run_read(lambda session: session.scalar(select(Group.epoch)))


@pytest.mark.sqlite
async def test_an_entry_that_cannot_be_read_ends_its_readers_and_not_the_process(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        async with world.database.transaction() as session:
            session.add(world.message("from elsewhere"))
            await session.flush()
            await session.execute(text("UPDATE entries SET timestamp = 'yesterday' WHERE seq = 3"))

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART


@pytest.mark.sqlite
async def test_a_session_has_its_turn_though_the_database_fails_for_a_room_all_the_time(world, impatient):
    hers = connected(Connection(session_id("hers"), world.alice.id, V1))
    await world.logged_in(world.alice, "hers")
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world):
        with served.hub.people.connected(hers):
            world.listen()
            async with world.database.transaction() as session:
                session.add(world.message("damaged"))
                await session.flush()
                await session.execute(text("UPDATE texts SET content = CAST(x'ff' AS TEXT)"))
            await world.ended_session("hers")
            with fail_after(10):
                await hers.sender.woken()

    assert hers.ended == CloseCode.SESSION_ENDED
