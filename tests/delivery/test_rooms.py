import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from anyio import fail_after
from followers import entered, following, two_served
from shared_memory import SharedMemory
from sqlalchemy import delete, update

from discussit.bus import RESYNC, messages
from discussit.bus.messages import Revised, group_channel
from discussit.delivery import room
from discussit.delivery.connections import Follower
from discussit.delivery.protocols import V1
from discussit.delivery.room import TAIL
from discussit.errors import CloseCode
from discussit.log.decide import delete_messages
from discussit.log.read import LogState
from discussit.models import Entry, Group, Membership, Message, Session, User


async def test_a_hint_that_leaves_a_gap_sends_the_room_to_the_database(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote_elsewhere(served, "unheard")
        await world.wrote("heard")

        assert [await anext(entries), await anext(entries)] == [(3, "unheard"), (4, "heard")]


async def test_what_is_written_after_a_logout_in_another_process_is_not_sent(world):
    await world.joined(world.alice, world.bob)

    engine = Lagging()
    async with (
        world.served(engine) as served,
        world.served(SharedMemory(engine)) as elsewhere,
        following(served, world) as entries,
    ):
        engine.lags = True
        world.database.publish_to(elsewhere.hub.publish, elsewhere.bus.others_notified)
        async with world.database.transaction() as session:
            await session.delete(await session.get_one(Session, "session of alice"))
        world.database.publish_to(served.hub.publish, served.bus.others_notified)
        await world.wrote("between us")
        engine.catch_up()

        with fail_after(10):
            assert [entry async for entry in entries] == []


class Lagging(SharedMemory):
    """An end of the engine that is slow to receive."""

    lags = False

    def __init__(self, *others):
        super().__init__(*others)
        self._under_way = []

    def receive(self, channel, message):
        if self.lags:
            self._under_way.append((channel, message))
        else:
            super().receive(channel, message)

    def catch_up(self):
        self.lags = False
        for each in self._under_way:
            self.receive(*each)


async def test_an_entry_that_could_not_be_published_is_read_from_the_database_immediately(world, unpolled):
    await world.joined(world.alice, world.bob)

    async with world.served(Refusing()) as served, following(served, world) as entries:
        await world.wrote("hi")

        with fail_after(10):
            assert await anext(entries) == (3, "hi")


class Refusing(SharedMemory):
    """An engine that is there, and takes nothing."""

    async def publish(self, channel, message):
        raise ConnectionError


async def test_a_follower_behind_the_tail_reads_pages_without_gap_or_repeat(world):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(TAIL + 450)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        seqs = [(await anext(entries))[0] for _ in range(TAIL + 452)]
        await world.wrote("live")
        seqs.append((await anext(entries))[0])

    assert seqs == list(range(1, TAIL + 454))


async def test_entries_without_space_in_the_tail_are_not_missed_either(world, monkeypatch):
    monkeypatch.setattr(room, "SPACE", 2_000)
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(50)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        await world.wrote(*map(str, range(50, 100)))
        seqs = [(await anext(entries))[0] for _ in range(102)]

        (found,) = served.hub.rooms
        assert found.last - found.first < 20
    assert seqs == list(range(1, 103))


async def test_readers_who_missed_the_same_entries_read_them_once(world, queries):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(400)))

    async with world.served() as served, following(served, world) as ready:
        queries.clear()
        logs = await asyncio.gather(*(read_from(served, world, cursor) for cursor in [2] * 20 + [200] * 20))

    assert logs == [list(range(3, 403))] * 20 + [list(range(201, 403))] * 20
    assert len([each for each in queries if "FROM entries" in each]) <= 2
    await ready.aclose()


async def test_a_text_that_is_deleted_while_it_is_restored_is_not_kept(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("secret")

    async with world.served() as served, following(served, world) as ready:
        (room,) = served.hub.rooms
        after_each_read(world, monkeypatch, lambda: world.deleted(3))
        await served.hub.rooms._restore(room, 0)

        assert "secret" not in f"{room._tail}"
    await ready.aclose()


async def test_a_follower_that_sleeps_gets_everything_in_the_end(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as slow, following(served, world) as quick:
        for start in range(0, TAIL + 200, 200):
            await world.wrote(*map(str, range(start, start + 200)))
            quick_seqs = [(await anext(quick))[0] for _ in range(200)]
        slow_seqs = [(await anext(slow))[0] for _ in range(TAIL + 200)]

    assert quick_seqs[-1] == slow_seqs[-1] == TAIL + 202
    assert slow_seqs == list(range(3, TAIL + 203))


async def test_followers_share_one_room(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as one, following(served, world) as other:
        await world.wrote("hi")

        assert await anext(one) == await anext(other)
        assert len(served.hub.rooms) == 1


async def test_a_room_closes_with_its_last_follower_and_opens_again(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served:
        for seq in (3, 4):
            async with following(served, world) as entries:
                await world.wrote("hi")
                assert await anext(entries) == (seq, "hi")
            assert list(served.hub.rooms) == []
    assert list(served.hub.people.connections) == []


async def test_readers_of_a_deleted_group_are_not_sent_entries_of_the_next(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            await session.delete(await session.get_one(Group, world.group.id))
            await session.flush()
            secret, bob = Group(name="Secret"), await session.get_one(User, world.bob.id)
            session.add_all([secret, *(Message(group=secret, author=bob, content=text) for text in "abcd")])

        assert await anext(entries, "nothing") == "nothing"


async def test_a_deleted_group_ends_its_followers(world):
    await world.joined(world.alice)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            await session.delete(await session.get_one(Group, world.group.id))

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_readers_of_a_log_that_went_on_otherwise_are_sent_away(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        await world.lost_last_entry()
        await world.wrote("in its place")

        assert [entry async for entry in entries] == []
        assert (entered(served)[0].ended, list(served.hub.rooms)) == (CloseCode.RESTART, [])


async def test_a_room_whose_log_was_replaced_gives_those_who_come_nothing_of_its_tail(world, unpolled):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(epoch="another"))

        async with following(served, world, cursor=2) as returned:
            assert [entry async for entry in returned] == []
        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_reader_who_is_behind_reads_nothing_of_the_log_that_replaced_its_own(world, unpolled):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world, cursor=0) as entries:
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(epoch="another"))

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_hint_of_a_revision_marks_every_follower_outdated(world):
    await world.joined(world.alice, world.bob)

    async with two_served(world) as (served, elsewhere), following(served, world) as entries:
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(revisions=1, epoch="new"))
        elsewhere.bus.post(group_channel(world.group.uuid), messages.encode(Revised(1, "new")))
        await world.wrote("after")

        assert await anext(entries) == (3, "after")
        assert entered(served)[0].is_outdated


async def test_a_text_that_was_read_before_its_deletion_is_not_sent_after_it(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("secret")

    async with world.served() as served, following(served, world, cursor=2) as entries:
        after_each_read(world, monkeypatch, lambda: world.deleted(3))

        assert await anext(entries) == (3, "")


async def test_an_entry_of_an_unknown_kind_has_members_checked_against_the_database(world, unpolled):
    await world.joined(world.alice, world.bob)

    async with two_served(world) as (served, elsewhere), following(served, world) as entries:
        world.listen()
        await world.wrote("as if this were a ban")
        async with world.database.transaction() as session:
            await session.execute(update(Entry.__table__).where(Entry.seq == 3).values(kind="Ban"))
            await session.execute(delete(Membership).where(Membership.user_id == world.alice.id))
        elsewhere.bus.post(group_channel(world.group.uuid), RESYNC)

        await entered(served)[0].sender.woken()
        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


# Ended memberships


async def test_a_left_of_this_process_ends_its_follower_immediately(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world):
        (alice,) = entered(served)
        await world.left(world.alice)

        assert alice.ended == CloseCode.MEMBERSHIP_ENDED


async def test_a_left_of_somebody_else_ends_nobody_else(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.left(world.bob)

        assert (await anext(entries))[0] == 3
        assert entered(served)[0].ended is None


async def test_a_left_before_the_admission_is_history(world):
    await world.joined(world.alice)
    await world.left(world.alice)
    await world.joined(world.alice)

    async with world.served() as served, following(served, world, cursor=0) as entries:
        assert [(await anext(entries))[0] for _ in range(3)] == [1, 2, 3]
        assert entered(served)[0].ended is None


async def test_a_follower_ended_while_behind_the_tail_is_sent_nothing_more(world):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(TAIL)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        await anext(entries)
        entered(served)[0].end(CloseCode.SESSION_ENDED)

        seqs = [seq async for seq, _ in entries]
    assert len(seqs) < 200


async def read_from(served, world, cursor):
    """The seqs that a follower with this cursor is given, up to the log's last."""
    async with following(served, world, cursor) as entries:
        return [(await anext(entries))[0] for _ in range(402 - cursor)]


async def test_a_text_that_is_deleted_in_the_transaction_that_wrote_it_is_not_sent(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            written = world.message("oops")
            session.add(written)
            await session.flush()
            await session.run_sync(delete_messages, [(world.group.id, written.seq)], world.bob)

        assert await anext(entries) == (3, "")


async def test_readers_stay_though_texts_are_deleted_one_after_the_other_while_they_are_read(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("secret", "another")

    async with world.served() as served, following(served, world, cursor=2) as entries:
        after_each_read(world, monkeypatch, lambda: world.deleted(3), lambda: world.deleted(4))

        assert [await anext(entries), await anext(entries)] == [(3, ""), (4, "")]
        assert entered(served)[0].ended is None


async def test_whoever_comes_while_members_are_read_stays(world, unpolled, monkeypatch):
    await world.joined(world.alice)

    async with world.served() as served, following(served, world) as ready:
        (room,), bob = served.hub.rooms, Follower("session of bob", world.bob.id, V1, world.group.uuid)
        after_each_read(world, monkeypatch, lambda: enter(room, bob))
        await served.hub.rooms.check_members(room)

        assert bob.ended is None
    await ready.aclose()


async def enter(room, follower):
    room.followers.add(follower)


def after_each_read(world, monkeypatch, *acts):
    """What is read was read before the act, and arrives after it; then the next one is due."""
    read, due = world.database.run_read, list(acts)

    async def read_and_act(work):
        result = await read(work)
        if due:
            await due.pop(0)()
        return result

    monkeypatch.setattr(world.database, "run_read", read_and_act)


async def test_each_reader_of_a_group_is_counted_once_and_no_more_than_asked_for(world):
    group = world.group
    state = LogState(0, 0, group.epoch)
    followers = [Follower("session", user_id, V1, group.uuid) for user_id in (7, 7, 8, 9)]

    async with world.served() as served, AsyncExitStack() as entered:
        rooms = served.hub.rooms
        for follower in followers:
            await entered.enter_async_context(rooms.entered(follower, group.id, state))

        assert sorted(rooms.readers(group.uuid, limit=10)) == [7, 8, 9]
        assert len(rooms.readers(group.uuid, limit=2)) == 2
        assert rooms.readers(uuid4(), limit=10) == []
    assert rooms.readers(group.uuid, limit=10) == []
