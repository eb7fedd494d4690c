import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

import pytest
from anyio import create_task_group, fail_after, sleep
from anyio.lowlevel import checkpoint
from sqlalchemy import delete, select, text, update

from discussit.bus import RESYNC, MemoryBackend
from discussit.delivery import messages, people, polling, room
from discussit.delivery.chunks import chunks
from discussit.delivery.connections import Connection, Follower, HomeConnection
from discussit.delivery.messages import (
    MembershipChange,
    MembershipChanges,
    Revised,
    group_channel,
    person_channel,
)
from discussit.delivery.protocols import V1
from discussit.delivery.room import TAIL
from discussit.errors import CloseCode
from discussit.log.kinds import Effect
from discussit.log.read import LogState
from discussit.models import Entry, Group, Membership, Message, Session, User
from discussit.models.accounts import session_id

ELSEWHERE = UUID("00000000-0000-4000-8000-000000000000")


class FaultyBackend(MemoryBackend):
    """A bus in memory on which `fault` decides what becomes of each message of a group."""

    def __init__(self, fault):
        super().__init__()
        self._fault = fault

    async def publish(self, channel, message):
        is_groups = channel.startswith("group.")
        for each in self._fault(message) if is_groups else [message]:
            await super().publish(channel, each)


def swapped():
    """A fault that exchanges every two neighbours."""
    held = []

    def fault(message):
        held.append(message)
        return [held.pop(), held.pop()] if len(held) == 2 else []

    return fault


def every_other():
    numbers = count()
    return lambda message: [message] if next(numbers) % 2 else []


FAULTS = {
    "none": lambda: lambda message: [message],
    "dropped": lambda: lambda _message: [],
    "half dropped": every_other,
    "doubled": lambda: lambda message: [message, message],
    "reordered": swapped,
    "resynced": lambda: lambda _message: [RESYNC],
    "forged text": lambda: lambda message: [message.replace('"content":"', '"content":"FORGED ')],
    "forged place": lambda: lambda message: [message[:32] + "1" + message[32:]],
    "forged signature": lambda: lambda message: ["0" * 32 + message[32:]],
    "cut": lambda: lambda message: [message[:40]],
    "nonsense": lambda: lambda _message: ["nonsense"],
    "nonsense first": lambda: lambda message: ["\udcff", "", "\n", message],
}


@pytest.fixture
def impatient(monkeypatch):
    """The safety poll comes after a tenth of a second: it is all that is left where every hint is lost."""
    monkeypatch.setattr(polling, "POLL", 0.1)


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_bus_does_a_follower_gets_the_log(world, impatient, fault):
    await world.joined(world.alice, world.bob)

    async with world.served(FaultyBackend(FAULTS[fault]())) as served, following(served, world) as entries:
        for number in range(6):
            await world.wrote(str(number))
        seen = [await anext(entries) for _ in range(6)]

    assert seen == [(seq, str(seq - 3)) for seq in range(3, 9)]


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_bus_does_a_leave_ends_its_followers(world, impatient, fault):
    await world.joined(world.alice, world.bob)

    async with world.served(FaultyBackend(FAULTS[fault]())) as served, following(served, world) as entries:
        await left(world, world.alice)

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_a_write_of_another_process_is_found_without_any_hint(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.wrote("from elsewhere")

        assert await anext(entries) == (3, "from elsewhere")


async def test_a_hint_that_leaves_a_gap_sends_the_room_to_the_database(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        published = served.hub.publish
        world.listen()
        await world.wrote("unheard")
        world.database.publish_to(published)
        await world.wrote("heard")

        assert [await anext(entries), await anext(entries)] == [(3, "unheard"), (4, "heard")]


async def test_a_follower_behind_the_tail_reads_pages_without_gap_or_repeat(world):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(TAIL + 450)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        seqs = [(await anext(entries))[0] for _ in range(TAIL + 452)]
        await world.wrote("live")
        seqs.append((await anext(entries))[0])

    assert seqs == list(range(1, TAIL + 454))


async def test_of_entries_for_which_a_tail_has_no_space_none_is_missed_either(world, monkeypatch):
    monkeypatch.setattr(room, "SPACE", 2_000)
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(50)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        await world.wrote(*map(str, range(50, 100)))
        seqs = [(await anext(entries))[0] for _ in range(102)]

        (found,) = served.hub.rooms
        assert found.last - found.first < 20
    assert seqs == list(range(1, 103))


async def test_those_who_missed_the_same_read_it_once(world, queries):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(400)))

    async with world.served() as served, following(served, world) as ready:
        queries.clear()
        logs = await asyncio.gather(*(read_from(served, world, cursor) for cursor in [2] * 20 + [200] * 20))

    assert logs == [list(range(3, 403))] * 20 + [list(range(201, 403))] * 20
    assert len([each for each in queries if "FROM entries" in each]) <= 2
    await ready.aclose()


async def test_what_is_revised_while_it_is_brought_back_is_not_kept(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("as it was")

    async with world.served() as served, following(served, world) as ready:
        (room,) = served.hub.rooms
        read = world.database.run_read

        async def read_while_revised(work):
            result = await read(work)
            room.revise(LogState(3, 1, room.epoch))
            return result

        monkeypatch.setattr(world.database, "run_read", read_while_revised)
        await served.hub.rooms._restore(room, 0)

        assert room.slice(0) is None
    await ready.aclose()


async def test_a_text_that_is_withdrawn_before_it_arrives_is_not_kept(world):
    await world.joined(world.alice, world.bob)

    async with world.served(FaultyBackend(swapped())) as served, following(served, world) as entries:
        await world.wrote("oops")
        await withdraw_all(world)

        assert await anext(entries) == (3, "")


async def test_a_text_that_is_withdrawn_where_it_is_written_is_not_sent(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            written = Message(group_id=world.group.id, author_id=world.bob.id, content="oops")
            session.add(written)
            await session.flush()
            written.withdraw()

        assert await anext(entries) == (3, "")


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


async def test_whoever_read_a_deleted_group_is_not_given_what_is_said_in_the_next(world):
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


async def test_readers_of_a_log_that_got_shorter_are_sent_away(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        await lose_last_entry(world)

        assert [entry async for entry in entries] == []
        assert (entered(served)[0].ended, list(served.hub.rooms)) == (CloseCode.RESTART, [])


async def test_readers_of_a_log_that_went_on_otherwise_are_sent_away(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("lost")
        await anext(entries)
        await lose_last_entry(world)
        await world.wrote("in its place")

        assert [entry async for entry in entries] == []
        assert (entered(served)[0].ended, list(served.hub.rooms)) == (CloseCode.RESTART, [])


async def test_a_hint_of_history_that_changed_is_told_to_every_follower(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(revisions=1, epoch="new"))
        served.bus.post(group_channel(world.group.uuid), messages.encode(Revised(1, "new")))
        await world.wrote("after")

        assert await anext(entries) == (3, "after")
        assert entered(served)[0].is_outdated


async def test_a_revision_that_was_not_announced_is_found_and_its_old_texts_are_dropped(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await world.wrote("as it was")
        await anext(entries)
        world.listen()
        await withdraw_all(world)
        (room,) = served.hub.rooms
        while not entered(served)[0].is_outdated:
            await checkpoint()

        assert (room.slice(2), room.revisions) == (None, 1)


async def test_a_text_that_was_read_before_its_withdrawal_is_not_sent_after_it(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("secret")

    async with world.served() as served, following(served, world, cursor=2) as entries:
        after_each_read(world, monkeypatch, lambda: withdraw_all(world))

        assert await anext(entries) == (3, "")


async def test_readers_stay_though_texts_are_withdrawn_one_after_the_other_while_they_are_read(world, monkeypatch):
    await world.joined(world.alice, world.bob)
    await world.wrote("secret", "another")

    async with world.served() as served, following(served, world, cursor=2) as entries:
        after_each_read(world, monkeypatch, lambda: withdraw(world, 3), lambda: withdraw(world, 4))

        assert [await anext(entries), await anext(entries)] == [(3, ""), (4, "")]
        assert entered(served)[0].ended is None


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
        await lose_last_entry(world)
        while await epoch(world) == world.group.epoch:
            await checkpoint()

        assert entered(served)[0].ended == CloseCode.RESTART


async def test_an_entry_of_an_unknown_kind_has_members_checked_against_the_database(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.wrote("as if this were a ban")
        async with world.database.transaction() as session:
            await session.execute(update(Entry.__table__).where(Entry.seq == 3).values(kind="Ban"))
            await session.execute(delete(Membership).where(Membership.user_id == world.alice.id))
        served.bus.post(group_channel(world.group.uuid), RESYNC)

        await entered(served)[0].woken()
        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_whoever_comes_while_members_are_read_stays(world, monkeypatch):
    await world.joined(world.alice)

    async with world.served() as served, following(served, world) as ready:
        (room,), bob = served.hub.rooms, Follower("session of bob", world.bob.id, V1, world.group.uuid)
        after_each_read(world, monkeypatch, lambda: enter(room, bob))
        await served.hub.rooms.check_members(room)

        assert bob.ended is None
    await ready.aclose()


@pytest.mark.sqlite
async def test_an_entry_that_cannot_be_read_ends_its_readers_and_not_the_process(world, impatient):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await world.wrote("from elsewhere")
        async with world.database.transaction() as session:
            await session.execute(text("UPDATE entries SET timestamp = 'yesterday' WHERE seq = 3"))

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.RESTART


# Expelling


async def test_a_left_of_this_process_ends_its_follower_at_once(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world):
        (alice,) = entered(served)
        await left(world, world.alice)

        assert alice.ended == CloseCode.MEMBERSHIP_ENDED


async def test_a_left_of_somebody_else_ends_nobody_else(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world) as entries:
        await left(world, world.bob)

        assert (await anext(entries))[0] == 3
        assert entered(served)[0].ended is None


async def test_a_left_before_the_admission_is_history(world):
    await world.joined(world.alice)
    await left(world, world.alice)
    await world.joined(world.alice)

    async with world.served() as served, following(served, world, cursor=0) as entries:
        assert [(await anext(entries))[0] for _ in range(3)] == [1, 2, 3]
        assert entered(served)[0].ended is None


async def test_a_left_of_another_process_ends_a_follower_without_any_hint(world, impatient):
    await world.joined(world.alice)

    async with world.served() as served, following(served, world) as entries:
        world.listen()
        await left(world, world.alice)

        assert [entry async for entry in entries] == []
        assert entered(served)[0].ended == CloseCode.MEMBERSHIP_ENDED


async def test_whoever_is_ended_while_behind_the_tail_is_given_nothing_more(world):
    await world.joined(world.alice, world.bob)
    await world.wrote(*map(str, range(TAIL)))

    async with world.served() as served, following(served, world, cursor=0) as entries:
        await anext(entries)
        entered(served)[0].end(CloseCode.SESSION_ENDED)

        seqs = [seq async for seq, _ in entries]
    assert len(seqs) < 200


# Sessions


async def test_an_ended_session_ends_its_connections_at_once_and_no_others(world):
    hers, his = Connection(session_id("hers"), world.alice.id, V1), Connection(session_id("his"), world.bob.id, V1)
    await logged_in(world, "hers", "his")

    async with world.served() as served:
        with served.hub.people.connected(hers), served.hub.people.connected(his):
            await end_session(world, "hers")

            assert (hers.ended, his.ended) == (CloseCode.SESSION_ENDED, None)


async def test_a_session_ended_by_another_process_is_found_without_any_hint(world, impatient):
    hers, his = Connection(session_id("hers"), world.alice.id, V1), Connection(session_id("his"), world.bob.id, V1)
    await logged_in(world, "hers", "his")

    async with world.served() as served:
        with served.hub.people.connected(hers), served.hub.people.connected(his):
            world.listen()
            await end_session(world, "hers")
            await hers.woken()

            assert (hers.ended, his.ended) == (CloseCode.SESSION_ENDED, None)


async def test_a_session_has_its_turn_though_a_room_is_behind_all_the_time(world, impatient):
    hers = Connection(session_id("hers"), world.alice.id, V1)
    await logged_in(world, "hers")
    await world.joined(world.alice)

    async with world.served() as served, following(served, world), create_task_group() as tasks:
        tasks.start_soon(nag, served, group_channel(world.group.uuid))
        with served.hub.people.connected(hers):
            world.listen()
            await end_session(world, "hers")
            await hers.woken()
        tasks.cancel_scope.cancel()

    assert hers.ended == CloseCode.SESSION_ENDED


@pytest.mark.sqlite
async def test_a_session_has_its_turn_though_the_database_fails_for_a_room_all_the_time(world, impatient):
    hers = Connection(session_id("hers"), world.alice.id, V1)
    await logged_in(world, "hers")
    await world.joined(world.alice, world.bob)

    async with world.served() as served, following(served, world):
        with served.hub.people.connected(hers):
            world.listen()
            async with world.database.transaction() as session:
                session.add(Message(group_id=world.group.id, author_id=world.bob.id, content="damaged"))
                await session.flush()
                await session.execute(text("UPDATE texts SET content = CAST(x'ff' AS TEXT)"))
            await end_session(world, "hers")
            with fail_after(10):
                await hers.woken()

    assert hers.ended == CloseCode.SESSION_ENDED


async def test_when_news_may_have_been_missed_every_session_is_looked_at(world, monkeypatch):
    monkeypatch.setattr(polling, "POLL", 3600)
    hers = Connection(session_id("hers"), world.alice.id, V1)
    await logged_in(world, "hers")

    async with world.served() as served:
        with served.hub.people.connected(hers):
            world.listen()
            await served.hub.people.listening(hers)
            await end_session(world, "hers")
            served.bus.post(person_channel(world.alice.id), RESYNC)
            await hers.woken()

    assert hers.ended == CloseCode.SESSION_ENDED


# Home pages


async def test_a_home_page_is_sent_its_users_joins_and_leaves_once(world):
    his, hers = HomeConnection("x", world.bob.id, V1), HomeConnection("y", world.alice.id, V1)
    elsewhere = MembershipChanges([MembershipChange(ELSEWHERE, 1, world.bob.id, Effect.JOINED)])

    async with world.served() as served:
        with served.hub.people.connected(his), served.hub.people.connected(hers):
            await served.hub.people.listening(his)
            await world.joined(world.bob)
            await left(world, world.bob)
            served.bus.post(person_channel(world.bob.id), messages.encode(elsewhere))
            sent = await replies(his, 3)

    assert [each["type"] for each in sent] == ["join_group", "leave_group", "join_group"]
    assert [each["data"] for each in sent] == [str(world.group.uuid)] * 2 + [str(ELSEWHERE)]
    assert hers.take_replies() == []


class SilentBackend(MemoryBackend):
    """A bus that confirms no subscription until it is told to."""

    async def subscribe(self, channel):
        self.wanted.add(channel)

    def confirm_all(self):
        for channel in self.wanted:
            self.receive(channel, RESYNC)


async def test_a_home_page_does_not_wait_for_ever_for_a_silent_bus_and_is_sent_its_groups_again(world, monkeypatch):
    monkeypatch.setattr(people, "CONFIRM_LIMIT", 0.01)
    home, bus = HomeConnection("session of alice", world.alice.id, V1), SilentBackend()

    async with world.served(bus) as served:
        with served.hub.people.connected(home):
            await served.hub.people.listening(home)
            home.is_outdated = False
            bus.confirm_all()
            await home.woken()

    assert home.is_outdated


async def test_a_session_that_ends_before_the_bus_confirms_is_found(world, monkeypatch):
    monkeypatch.setattr(polling, "POLL", 3600)
    hers, bus = Connection("session of alice", world.alice.id, V1), SilentBackend()

    async with world.served(bus) as served:
        with served.hub.people.connected(hers):
            world.listen()
            async with world.database.transaction() as session:
                await session.delete(await session.get_one(Session, "session of alice"))
            bus.confirm_all()
            await hers.woken()

    assert hers.ended == CloseCode.SESSION_ENDED


@pytest.mark.parametrize(("length", "sizes"), [(0, []), (5000, [5000]), (5001, [5000, 1]), (12000, [5000, 5000, 2000])])
def test_long_lists_are_asked_for_in_parts(length, sizes):
    assert [len(part) for part in chunks(list(range(length)))] == sizes


@asynccontextmanager
async def following(served, world, cursor=None):
    """The entries that alice is given, as seq and text, from her admission on or behind a cursor."""
    group = await world.database.run_read(lambda session: session.get_one(Group, world.group.id))
    alice = Follower("session of alice", world.alice.id, V1, group.uuid)
    alice.admitted = group.last_seq
    alice.cursor = group.last_seq if cursor is None else cursor
    with served.hub.people.connected(alice):
        async with served.hub.rooms.entered(alice, group) as room:
            await room.ready()
            yield given(served.hub.rooms.follow(room, alice))


async def given(slices):
    async for part in slices:
        for encoded in part.entries if part else ():
            entry = json.loads(encoded.text)
            yield entry["seq"], entry.get("content", entry["message"])


async def replies(connection, count):
    sent = []
    while len(sent) < count:
        await connection.woken()
        sent += [json.loads(text) for text in connection.take_replies()]
    return sent


async def nag(served, channel):
    while True:
        served.bus.post(channel, RESYNC)
        await sleep(0.01)


async def read_from(served, world, cursor):
    """The seqs that a follower with this cursor is given, up to the log's last."""
    async with following(served, world, cursor) as entries:
        return [(await anext(entries))[0] for _ in range(402 - cursor)]


def entered(served):
    return [each for each in served.hub.people.connections if isinstance(each, Follower)]


async def left(world, user):
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        await group.remove_user(await session.get_one(User, user.id))


async def withdraw_all(world):
    async with world.database.transaction() as session:
        for entry in await session.scalars(select(Message)):
            entry.withdraw()


async def withdraw(world, seq):
    async with world.database.transaction() as session:
        (await session.get_one(Entry, (world.group.id, seq))).withdraw()


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


async def epoch(world):
    return await world.database.run_read(lambda session: session.scalar(select(Group.epoch)))


async def lose_last_entry(world):
    """As where a copy takes the database's place that had not heard of it."""
    async with world.database.transaction() as session:
        await session.execute(update(Group).values(last_seq=Group.last_seq - 1))
        await session.execute(delete(Entry).where(Entry.seq > select(Group.last_seq).scalar_subquery()))


async def logged_in(world, *tokens):
    async with world.database.transaction() as session:
        session.add_all(Session(id=session_id(token), user_id=world.bob.id) for token in tokens)


async def end_session(world, token):
    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Session, session_id(token)))
