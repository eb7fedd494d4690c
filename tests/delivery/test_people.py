import json
from uuid import UUID

from followers import connected, two_served
from sqlalchemy import update

from discussit.bus import RESYNC, MemoryBackend, messages
from discussit.bus.messages import MembershipChange, MembershipChanges, person_channel
from discussit.delivery import people
from discussit.delivery.connections import Connection, HomeConnection
from discussit.delivery.protocols import V1
from discussit.errors import CloseCode
from discussit.log.kinds import Effect
from discussit.models import Session, User
from discussit.models.accounts import session_id

ELSEWHERE = UUID("00000000-0000-4000-8000-000000000000")


# Sessions


async def test_an_ended_session_ends_its_connections_immediately_and_no_others(world):
    hers, his = (
        connected(Connection(session_id("hers"), world.alice.id, V1)),
        connected(Connection(session_id("his"), world.bob.id, V1)),
    )
    await world.logged_in(world.bob, "hers", "his")

    async with world.served() as served:
        with served.hub.people.connected(hers), served.hub.people.connected(his):
            await world.ended_session("hers")

            assert (hers.ended, his.ended) == (CloseCode.SESSION_ENDED, None)


async def test_a_resync_has_every_session_of_the_channel_checked(world, unpolled):
    hers = connected(Connection(session_id("hers"), world.alice.id, V1))
    await world.logged_in(world.bob, "hers")

    async with two_served(world) as (served, elsewhere):
        with served.hub.people.connected(hers):
            world.listen()
            await served.hub.people.listening(hers)
            await world.ended_session("hers")
            elsewhere.bus.post(person_channel(world.alice.id), RESYNC)
            await hers.sender.woken()

    assert hers.ended == CloseCode.SESSION_ENDED


async def test_an_account_that_is_closed_by_a_statement_ends_its_connections_at_the_first_check(world):
    hers = connected(Connection(session_id("hers"), world.alice.id, V1))
    await world.logged_in(world.alice, "hers")
    async with world.database.transaction() as session:
        await session.execute(update(User).values(is_active=False))

    async with world.served() as served:
        await served.hub.people.check_sessions([hers])

    assert hers.ended == CloseCode.SESSION_ENDED


async def test_a_session_that_is_too_old_ends_its_connections_at_the_second_check_in_a_row(world, clock, monkeypatch):
    monkeypatch.setattr(people, "OVERDUE", 0)
    hers, ended = connected(Connection(session_id("hers"), world.alice.id, V1)), []
    await world.logged_in(world.alice, "hers")

    async with world.served() as served:
        for days in (15, 0, 15, 15):
            clock.is_set(days=days)
            await served.hub.people.check_sessions([hers])
            ended.append(hers.ended)

    assert ended == [None, None, None, CloseCode.SESSION_ENDED]


async def test_a_session_that_is_too_old_has_some_seconds(world, clock):
    hers = connected(Connection(session_id("hers"), world.alice.id, V1))
    await world.logged_in(world.alice, "hers")
    clock.is_set(days=100)

    async with world.served() as served:
        for _ in range(3):
            await served.hub.people.check_sessions([hers])

    assert (hers.ended, people.OVERDUE > 4) == (None, True)


# Home pages


async def test_a_home_page_is_sent_its_users_joins_and_leaves_once(world):
    await world.logged_in(world.bob, "his")
    his = connected(HomeConnection(session_id("his"), world.bob.id, V1))
    hers = connected(HomeConnection("session of alice", world.alice.id, V1))
    elsewhere = MembershipChanges([MembershipChange(ELSEWHERE, 1, world.bob.id, Effect.JOINED)])

    async with two_served(world) as (other, served):
        with served.hub.people.connected(his), served.hub.people.connected(hers):
            await served.hub.people.listening(his)
            await world.joined(world.bob)
            await world.left(world.bob)
            other.bus.post(person_channel(world.bob.id), messages.encode(elsewhere))
            sent = await replies(his, 3)

    assert [each["type"] for each in sent] == ["join_group", "leave_group", "join_group"]
    assert [each["data"] for each in sent] == [str(world.group.uuid)] * 2 + [str(ELSEWHERE)]
    assert hers.take_replies() == []


async def replies(connection, count):
    sent = []
    while len(sent) < count:
        await connection.sender.woken()
        sent += [json.loads(text) for text in connection.take_replies()]
    return sent


class SilentBackend(MemoryBackend):
    """A bus that confirms no subscription until it is told to."""

    async def subscribe(self, channel):
        self.wanted.add(channel)

    def confirm_all(self):
        for channel in self.wanted:
            self.receive(channel, RESYNC)


async def test_a_home_page_does_not_wait_for_ever_for_a_silent_bus_and_is_sent_its_groups_again(world, monkeypatch):
    monkeypatch.setattr(people, "CONFIRM_LIMIT", 0.01)
    home, bus = connected(HomeConnection("session of alice", world.alice.id, V1)), SilentBackend()

    async with world.served(bus) as served:
        with served.hub.people.connected(home):
            await served.hub.people.listening(home)
            home.is_outdated = False
            bus.confirm_all()
            await home.sender.woken()

    assert home.is_outdated


async def test_a_session_that_ends_before_the_bus_confirms_is_found(world, unpolled):
    hers, bus = connected(Connection("session of alice", world.alice.id, V1)), SilentBackend()

    async with world.served(bus) as served:
        with served.hub.people.connected(hers):
            world.listen()
            async with world.database.transaction() as session:
                await session.delete(await session.get_one(Session, "session of alice"))
            bus.confirm_all()
            await hers.sender.woken()

    assert hers.ended == CloseCode.SESSION_ENDED
