import asyncio
from uuid import UUID

import pytest
from anyio.lowlevel import checkpoint

from discussit import wire
from discussit.readers import Follower
from discussit.room import SLICES, SPACE, TAIL, Room
from discussit.slices import SLICE
from discussit.wire import CloseCode

GROUP = UUID("00000000-0000-4000-8000-000000000000")
LEFT = wire.EventMessage(GROUP, 6, "bob", "Left", "", "bob Left the Gardening group")


@pytest.fixture
async def room():
    """A room that has read the database: its log's last seq is 5, its tail is empty."""
    room = Room(GROUP, 1)
    room.start(5)
    return room


@pytest.fixture
async def bob(room):
    bob = Follower("session", "bob", GROUP)
    room.followers.add(bob)
    return bob


def test_entries_that_come_next_continue_the_tail(room):
    assert room.append(6, ["six", "seven"])
    assert room.append(8, ["eight"])

    assert (room.last, room.slice(5).objects) == (8, ("six", "seven", "eight"))


def test_entries_that_are_there_already_are_ignored(room):
    room.append(6, ["six", "seven"])

    assert room.append(6, ["six", "seven"])
    assert room.append(7, ["another seven", "eight"])

    assert (room.last, room.slice(5).objects) == (8, ("six", "seven", "eight"))


@pytest.mark.parametrize(
    ("first", "objects", "expected"),
    [
        (6, ["six", "seven"], False),
        (7, ["seven", "eight"], False),
        (8, ["eight"], False),
        (4, ["four", "five", "six"], False),
        (7, ["another seven"], True),
        (4, ["four", "five", "another six"], True),
    ],
)
def test_entries_that_are_others_than_those_there_are_told_from_repeated_ones(room, first, objects, expected):
    room.append(6, ["six", "seven"])

    assert room.contradicts(first, objects) is expected


def test_earlier_entries_are_brought_back_before_the_tail(room):
    room.append(6, ["six"])
    room.prepend(3, ["three", "four", "five"])

    assert room.slice(2).objects == ("three", "four", "five", "six")


@pytest.mark.parametrize(("first", "count"), [(3, 2), (5, 2), (6 - TAIL, TAIL)], ids=["a gap", "too late", "too many"])
def test_what_does_not_lead_up_to_the_tail_or_does_not_fit_stays_away(room, first, count):
    room.append(6, ["six"])
    room.prepend(first, ["earlier"] * count)

    assert (room.first, room.slice(5).objects, room.is_full) == (6, ("six",), False)


@pytest.mark.parametrize("first", [7, 99])
def test_a_gap_is_refused_and_changes_nothing(room, first):
    assert not room.append(first, ["late"])
    assert (room.last, room.slice(5).objects) == (5, ())


async def test_a_room_that_has_not_read_the_database_takes_nothing():
    assert not Room(GROUP, 1).append(1, ["one"])


@pytest.mark.parametrize(("cursor", "expected"), [(5, ("six", "seven")), (6, ("seven",)), (7, ()), (9, ())])
def test_a_slice_is_what_lies_behind_the_cursor(room, cursor, expected):
    room.append(6, ["six", "seven"])

    assert room.slice(cursor).objects == expected
    assert room.slice(cursor).array == wire.array(expected)


def test_followers_with_the_same_cursor_share_a_slice(room):
    room.append(6, ["six"])

    assert room.slice(5) is room.slice(5)


def test_a_slice_grows_with_the_tail(room):
    room.append(6, ["six"])
    before = room.slice(5)

    room.append(7, ["seven"])

    assert (before.last, room.slice(5).last) == (6, 7)


def test_who_is_behind_the_tail_gets_no_slice(room):
    room.append(6, ["six"])

    assert room.slice(4) is None


def test_a_tail_is_bounded_and_forgets_its_oldest(room):
    room.append(6, [str(seq) for seq in range(6, TAIL + 7)])

    assert room.slice(5) is None
    assert len(room.slice(6).objects) == TAIL


def test_of_long_entries_a_tail_keeps_fewer(room):
    room.append(6, ["x" * (SPACE // 4)] * 9)

    assert (room.first, room.last, room.is_full) == (11, 14, True)
    assert room.slice(9) is None


def test_what_is_forgotten_makes_space(room):
    room.append(6, ["x" * SPACE])
    room.append(7, ["y" * SPACE])
    room.revise()
    room.append(8, ["z" * SPACE])

    assert (room.first, room.is_full) == (8, False)


@pytest.mark.parametrize(("number", "fits"), [(2, True), (3, False)])
def test_no_more_is_brought_back_than_there_is_space_for(room, number, fits):
    room.append(6, ["x" * (SPACE // 2)])

    room.prepend(6 - number, room.fitting(["y" * (SPACE // 4)] * number))

    assert (room.first, room.is_full) == ((4, False) if fits else (6, True))


def test_slices_of_few_cursors_are_kept(room):
    room.append(6, ["x"] * 100)

    slices = [room.slice(cursor) for cursor in range(5, 100)]

    assert len(slices) == 95
    assert len(room._slices) <= SLICES


async def test_a_room_is_ready_when_it_has_read_the_database(room):
    assert await room.ready() == 5


async def test_new_entries_wake_the_followers(room, bob):
    room.append(6, ["six"])

    await bob.woken()


async def test_who_has_heard_all_and_waits_is_told_at_once_and_not_woken(room, told):
    room.append(6, ["six"])
    room.append(7, ["seven", "eight"])

    assert told.said == [("six",), ("seven", "eight")]
    assert (told.cursor, told.is_idle) == (8, True)


async def test_who_has_something_else_to_be_told_is_woken_instead(room, told):
    told.reply(wire.Ack("one", 6))

    room.append(6, ["six"])

    assert (told.said, told.cursor) == ([], 5)


async def test_who_cannot_take_it_at_once_is_woken_and_stays_where_it_was(room, told):
    told.say_at_once = lambda _part: False

    room.append(6, ["six"])

    assert (told.cursor, told.is_idle) == (5, False)


async def test_who_has_ended_is_told_nothing(room, told):
    told.end(CloseCode.SESSION_ENDED)

    room.append(6, ["six"])

    assert told.said == []


async def test_whose_left_is_appended_is_not_told_of_it(room, told):
    room.append(6, ["six", wire.encode(LEFT)])

    assert (told.said, told.ended) == ([], CloseCode.MEMBERSHIP_ENDED)


async def test_who_is_ahead_of_the_room_is_told_only_what_is_new(room, told):
    told.cursor = 6

    room.append(6, ["six"])
    room.append(7, ["seven"])

    assert told.said == [("seven",)]


async def test_a_lot_is_told_in_parts(room, told):
    room.append(6, ["x" * SLICE, "y" * SLICE, "z"])

    assert [len(objects) for objects in told.said] == [1, 1, 1]
    assert told.cursor == 8


@pytest.fixture
async def told(room, bob):
    """Bob, whose task waits, and what he is told without it."""
    bob.cursor, bob.said = 5, []
    bob.say_at_once = lambda part: bob.said.append(part.objects) or True
    waiting = asyncio.create_task(bob.woken())
    await checkpoint()
    yield bob
    waiting.cancel()


def test_a_changed_history_is_forgotten_and_told(room, bob):
    room.append(6, ["six"])

    room.revise()

    assert (room.slice(5), room.last, bob.is_outdated) == (None, 6, True)


async def test_a_left_ends_its_members_followers_and_nobody_elses(room, bob):
    cleo = Follower("another session", "cleo", GROUP)
    room.followers.add(cleo)

    room.append(6, [wire.encode(LEFT)])

    assert (bob.ended, cleo.ended) == (CloseCode.MEMBERSHIP_ENDED, None)


async def test_a_message_that_looks_like_a_left_ends_nobody(room, bob):
    text = '{"type":"event_message","user":"bob","status":"Left","seq":6}'

    room.append(6, [wire.encode(wire.TextMessage(GROUP, 6, "cleo", text, "", text))])

    assert bob.ended is None
