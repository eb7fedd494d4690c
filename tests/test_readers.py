import asyncio
import json
from uuid import UUID

import pytest
from anyio.lowlevel import checkpoint

from discussit import wire
from discussit.readers import Connection, Follower, Watcher
from discussit.wire import CloseCode

GROUP = UUID("00000000-0000-4000-8000-000000000000")
ELSEWHERE = UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
async def connection():
    return Connection("session", "bob")


@pytest.fixture
async def follower():
    return Follower("session", "bob", GROUP)


@pytest.fixture
async def watcher():
    return Watcher("session", "bob")


async def test_replies_wait_in_their_order_and_are_taken_once(connection):
    for seq in (1, 2):
        connection.reply(wire.Reset(seq))
    await connection.woken()

    assert [json.loads(text)["seq"] for text in connection.take_replies()] == [1, 2]
    assert connection.take_replies() == []


async def test_a_client_that_does_not_read_has_to_wait_until_it_does(connection):
    for seq in range(2):
        connection.reply(wire.Reset(seq))
    waiting = asyncio.create_task(connection.answered(but=2))
    await checkpoint()
    had_to_wait = not waiting.done()

    connection.take_replies()
    await waiting

    assert had_to_wait


async def test_a_client_that_reads_does_not_have_to_wait(connection):
    connection.reply(wire.Reset(1))

    await connection.answered(but=2)


async def test_the_first_reason_to_end_stays(connection):
    connection.end(CloseCode.SESSION_ENDED)
    connection.end(CloseCode.MEMBERSHIP_ENDED)

    assert connection.ended == CloseCode.SESSION_ENDED


async def test_an_end_wakes_whoever_waits(connection):
    connection.end(CloseCode.SESSION_ENDED)

    await connection.woken()


async def test_an_end_cuts_off_what_is_being_sent(connection):
    with connection.speaking:
        connection.end(CloseCode.SESSION_ENDED)
        await checkpoint()
        pytest.fail("it was sent all the same")

    assert connection.speaking.cancelled_caught


@pytest.mark.parametrize(
    ("user", "status", "seq", "is_ended"),
    [
        ("bob", "Left", 6, True),
        ("bob", "Left", 5, False),
        ("bob", "Left", 4, False),
        ("bob", "Join", 6, False),
        ("Bob", "Left", 6, False),
        ("cleo", "Left", 6, False),
    ],
)
async def test_only_ones_own_left_after_the_admission_ends_a_follower(follower, user, status, seq, is_ended):
    follower.admitted = 5

    follower.expel(move(user, status, seq))

    assert (follower.ended == CloseCode.MEMBERSHIP_ENDED) == is_ended


async def test_a_watcher_tells_each_move_once_and_in_order(watcher):
    for status, seq in (("Join", 3), ("Join", 3), ("Left", 4), ("Join", 3), ("Left", 4), ("Join", 7)):
        watcher.tell(move("bob", status, seq))

    assert [json.loads(text)["type"] for text in watcher.take_replies()] == ["join_group", "leave_group", "join_group"]


async def test_a_watcher_counts_each_group_for_itself(watcher):
    watcher.tell(move("bob", "Join", 9))
    watcher.tell(move("bob", "Join", 1, ELSEWHERE))

    told = [json.loads(text)["data"] for text in watcher.take_replies()]
    assert told == [str(GROUP), str(ELSEWHERE)]


def move(user, status, seq, group=GROUP):
    return wire.EventMessage(group, seq, user, status, "", f"{user} {status} the Gardening group")
