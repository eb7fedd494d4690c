import asyncio
import json
from uuid import UUID

import pytest
from anyio.lowlevel import checkpoint

from discussit.bus.messages import MembershipChange
from discussit.delivery.connections import Connection, Connections, Follower, HomeConnection
from discussit.delivery.protocols import TUTORIAL, V1
from discussit.errors import CloseCode, ErrorCode
from discussit.log.kinds import Effect
from discussit.wire import objects

GROUP = UUID("00000000-0000-4000-8000-000000000000")
ELSEWHERE = UUID("00000000-0000-4000-8000-000000000001")
BOB, CLEO = 2, 3


@pytest.fixture
async def connection():
    return Connection("session", BOB, V1)


@pytest.fixture
async def follower():
    return Follower("session", BOB, V1, GROUP)


@pytest.fixture
async def home():
    return HomeConnection("session", BOB, V1)


async def test_replies_wait_in_their_order_and_are_taken_once(connection):
    for seq in (1, 2):
        connection.reply(objects.Reset(seq))

    assert [json.loads(text)["seq"] for text in connection.take_replies()] == [1, 2]
    assert connection.take_replies() == []


async def test_a_client_that_does_not_read_has_to_wait_until_it_does(connection):
    for seq in range(2):
        connection.reply(objects.Reset(seq))
    waiting = asyncio.create_task(connection.replies_below(2))
    await checkpoint()
    had_to_wait = not waiting.done()

    connection.take_replies()
    await waiting

    assert had_to_wait


async def test_a_client_that_reads_does_not_have_to_wait(connection):
    connection.reply(objects.Reset(1))

    waiting = asyncio.create_task(connection.replies_below(2))
    await checkpoint()

    assert waiting.done()


async def test_the_first_reason_to_end_stays(connection):
    connection.end(CloseCode.SESSION_ENDED)
    connection.end(CloseCode.MEMBERSHIP_ENDED)

    assert connection.ended == CloseCode.SESSION_ENDED


async def test_from_its_end_on_a_connection_has_nothing_to_send(connection):
    connection.reply(objects.Reset(1))
    connection.end(CloseCode.MEMBERSHIP_ENDED)
    connection.reply(objects.Ack("a", 1))

    assert connection.take_replies() == []


async def test_the_end_stops_waiting_for_the_clients_next_message(connection):
    connection.end(CloseCode.SESSION_ENDED)

    with connection.receiving:
        await checkpoint()
        pytest.fail("it waited all the same")

    assert connection.receiving.cancelled_caught


@pytest.mark.parametrize(
    ("user", "effect", "seq", "is_ended"),
    [
        (BOB, Effect.LEFT, 6, True),
        (BOB, Effect.LEFT, 5, False),
        (BOB, Effect.LEFT, 4, False),
        (BOB, Effect.JOINED, 6, False),
        (BOB, None, 6, False),
        (CLEO, Effect.LEFT, 6, False),
    ],
)
async def test_only_its_own_left_after_the_admission_ends_a_follower(follower, user, effect, seq, is_ended):
    follower.admitted = 5

    follower.end_if_left(seq, user, effect)

    assert (follower.ended == CloseCode.MEMBERSHIP_ENDED) == is_ended


@pytest.mark.parametrize(("seq", "is_ended"), [(4, False), (5, False), (6, True)])
async def test_a_left_that_arrives_during_the_admission_counts_by_its_place_in_the_log(follower, seq, is_ended):
    follower.membership_changed(MembershipChange(GROUP, seq, BOB, Effect.LEFT))

    follower.admit(5, first=1)

    assert (follower.ended == CloseCode.MEMBERSHIP_ENDED) == is_ended


async def test_a_left_of_another_group_ends_no_follower(follower):
    follower.membership_changed(MembershipChange(ELSEWHERE, 6, BOB, Effect.LEFT))

    assert follower.ended is None


async def test_a_home_page_is_sent_each_change_once_and_in_order(home):
    joined, left = Effect.JOINED, Effect.LEFT
    for effect, seq in ((joined, 3), (joined, 3), (left, 4), (joined, 3), (left, 4), (joined, 7)):
        home.membership_changed(MembershipChange(GROUP, seq, BOB, effect))

    assert [json.loads(text)["type"] for text in home.take_replies()] == ["join_group", "leave_group", "join_group"]


async def test_a_home_page_counts_each_group_for_itself(home):
    home.membership_changed(MembershipChange(GROUP, 9, BOB, Effect.JOINED))
    home.membership_changed(MembershipChange(ELSEWHERE, 1, BOB, Effect.JOINED))

    sent = [json.loads(text)["data"] for text in home.take_replies()]
    assert sent == [str(GROUP), str(ELSEWHERE)]


async def test_a_home_page_of_the_tutorials_protocol_is_sent_no_changes():
    home = HomeConnection("session", BOB, TUTORIAL)
    home.is_outdated = False

    home.memberships_unclear()
    home.membership_changed(MembershipChange(GROUP, 9, BOB, Effect.JOINED))

    assert (home.take_replies(), home.is_outdated) == ([], False)


async def test_a_connection_is_sent_only_objects_that_its_protocol_has():
    connection = Connection("session", BOB, TUTORIAL)

    connection.reply(objects.Ready("bob", "2-2026", GROUP, 1))
    connection.reply(objects.Ack("a", 1))
    connection.reply(objects.Reset(1))
    connection.reply(objects.Error(ErrorCode.EMPTY, "why"))

    assert [json.loads(text)["type"] for text in connection.take_replies()] == ["error"]


async def test_connections_are_found_by_session_and_by_user_until_they_are_removed(connection, home):
    connections = Connections()
    connections.add(connection)
    connections.add(home)
    connections.remove(home)

    assert (connections.of_session["session"], connections.of_user[BOB], len(connections)) == (
        [connection],
        [connection],
        1,
    )
    assert (connections.of_session["another"], connections.of_user[CLEO]) == ([], [])
