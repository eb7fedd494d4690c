from uuid import UUID

import pytest
from followers import connected

from discussit.delivery.connections import Follower
from discussit.delivery.protocols import V1
from discussit.delivery.room import SLICES, SPACE, TAIL, Room
from discussit.delivery.slices import SLICE
from discussit.errors import CloseCode
from discussit.log.compose import EncodedEntry
from discussit.log.kinds import Effect
from discussit.wire import objects

GROUP = UUID("00000000-0000-4000-8000-000000000000")
ALICE, BOB, CLEO = 1, 2, 3


def entries(first, *texts, **differing):
    """Consecutive entries of the log from seq `first` on."""
    known = {"kind": "Message", "user_id": ALICE, "timestamp": "", "target": None} | differing
    return [EncodedEntry(seq=seq, text=text, **known) for seq, text in enumerate(texts, first)]


LEFT = entries(6, "bob left", kind="Left", user_id=BOB, effect=Effect.LEFT)


def texts(part):
    return tuple(entry.text for entry in part.entries)


@pytest.fixture
async def room():
    """A room that has read the database: its log's last seq is 5, its tail is empty."""
    room = Room(GROUP, 1, revisions=0, epoch="e")
    room.start(5)
    return room


@pytest.fixture
async def bob(room):
    bob = Follower("session", BOB, V1, GROUP)
    bob.admitted = 0
    room.followers.add(bob)
    return bob


def test_the_next_entries_continue_the_tail(room):
    assert room.append(entries(6, "six", "seven"))
    assert room.append(entries(8, "eight"))

    assert (room.last, texts(room.slice(5))) == (8, ("six", "seven", "eight"))


async def test_a_mistake_in_sending_to_one_reader_keeps_nothing_from_the_others(room, bob, caplog):
    cleo = connected(Follower("session", CLEO, V1, GROUP), is_slow=False)
    room.followers.add(cleo)
    bob.sender = Broken()
    bob.cursor = cleo.cursor = 5

    room.append(entries(6, "six"))

    assert cleo.sender.sent == [("six",)]
    assert (bob.ended, "ZeroDivisionError" in caplog.text) == (CloseCode.RESTART, True)


class Broken:
    def write(self, part=None):
        raise ZeroDivisionError

    def wake(self):
        pass

    def cut_off(self):
        pass


def test_known_entries_are_ignored(room):
    room.append(entries(6, "six", "seven"))

    assert room.append(entries(6, "six", "seven"))
    assert room.append(entries(7, "another seven", "eight"))

    assert (room.last, texts(room.slice(5))) == (8, ("six", "seven", "eight"))


@pytest.mark.parametrize(
    ("first", "contents", "differing", "expected"),
    [
        (6, ["six", "seven"], {}, False),
        (7, ["seven", "eight"], {}, False),
        (8, ["eight"], {"kind": "Join"}, False),
        (4, ["four", "five", "six"], {}, False),
        (7, ["seven, edited since"], {}, False),
        (7, ["seven"], {"kind": "Join"}, True),
        (7, ["seven"], {"user_id": BOB}, True),
        (4, ["four", "five", "six"], {"timestamp": "another"}, True),
    ],
)
def test_entries_of_another_log_differ_and_those_with_another_text_do_not(room, first, contents, differing, expected):
    room.append(entries(6, "six", "seven"))

    assert room.differs_from(entries(first, *contents, **differing)) is expected


def test_earlier_entries_are_restored_in_front_of_the_tail(room):
    room.append(entries(6, "six"))

    assert room.restore(3, entries(3, "three", "four", "five"))
    assert texts(room.slice(2)) == ("three", "four", "five", "six")


@pytest.mark.parametrize(("first", "count"), [(3, 2), (5, 2), (6 - TAIL, TAIL)], ids=["a gap", "too late", "too many"])
def test_entries_that_do_not_end_where_the_tail_begins_or_do_not_fit_are_not_restored(room, first, count):
    room.append(entries(6, "six"))

    assert not room.restore(first, entries(first, *["earlier"] * count))
    assert (room.first, texts(room.slice(5))) == (6, ("six",))


@pytest.mark.parametrize("first", [7, 99])
def test_a_gap_is_refused_and_changes_nothing(room, first):
    assert not room.append(entries(first, "late"))
    assert (room.last, texts(room.slice(5))) == (5, ())


async def test_a_room_that_has_not_read_the_database_takes_nothing():
    assert not Room(GROUP, 1, revisions=0, epoch="e").append(entries(1, "one"))


@pytest.mark.parametrize(("cursor", "expected"), [(5, ("six", "seven")), (6, ("seven",)), (7, ()), (9, ())])
def test_a_slice_holds_the_entries_after_the_cursor(room, cursor, expected):
    room.append(entries(6, "six", "seven"))

    assert texts(room.slice(cursor)) == expected
    assert room.slice(cursor).array == objects.array(expected)


def test_followers_with_the_same_cursor_share_a_slice(room):
    room.append(entries(6, "six"))

    assert room.slice(5) is room.slice(5)


def test_a_slice_grows_with_the_tail(room):
    room.append(entries(6, "six"))
    before = room.slice(5)

    room.append(entries(7, "seven"))

    assert (before.last, room.slice(5).last) == (6, 7)


def test_a_cursor_before_the_tail_gets_no_slice(room):
    room.append(entries(6, "six"))

    assert room.slice(4) is None


def test_a_tail_is_bounded_and_forgets_its_oldest(room):
    room.append(entries(6, *map(str, range(6, TAIL + 7))))

    assert room.slice(5) is None
    assert len(texts(room.slice(6))) == TAIL


def test_a_tail_keeps_fewer_long_entries(room):
    room.append(entries(6, *["x" * (SPACE // 4)] * 9))

    assert (room.first, room.last, room.is_full) == (11, 14, True)
    assert room.slice(9) is None


def test_dropped_entries_make_space(room):
    room.append(entries(6, "x" * SPACE))
    room.append(entries(7, "y" * SPACE))
    room.outdate(1, "f")
    room.append(entries(8, "z" * SPACE))

    assert (room.first, room.is_full) == (8, False)


@pytest.mark.parametrize(("count", "taken"), [(2, 2), (3, 2)])
def test_no_more_is_taken_than_there_is_space_for(room, count, taken):
    room.append(entries(6, "x" * (SPACE // 2)))

    assert len(room.take_within(entries(1, *["y" * (SPACE // 4)] * count))) == taken


def test_slices_of_few_cursors_are_kept(room):
    room.append(entries(6, *["x"] * 100))

    slices = [room.slice(cursor) for cursor in range(5, 100)]

    assert len(slices) == 95
    assert len(room._slices) <= SLICES


async def test_a_room_is_ready_when_it_has_read_the_database(room):
    assert await room.ready() == 5


async def test_an_idle_follower_is_sent_entries_immediately_and_not_woken(room, idle):
    room.append(entries(6, "six"))
    room.append(entries(7, "seven", "eight"))

    assert idle.sender.sent == [("six",), ("seven", "eight")]
    assert (idle.cursor, idle.sender.is_woken.is_set()) == (8, False)


async def test_a_follower_whose_send_would_block_is_woken_and_keeps_its_cursor(room, idle):
    idle.sender.is_slow = True

    room.append(entries(6, "six"))

    assert (idle.cursor, idle.sender.is_woken.is_set()) == (5, True)


async def test_a_member_who_left_is_not_sent_their_left(room, idle):
    room.append([*entries(6, "six"), EncodedEntry(7, "Left", BOB, "", None, "bob left", Effect.LEFT)])

    assert (idle.sender.sent, idle.ended) == ([], CloseCode.MEMBERSHIP_ENDED)


async def test_a_follower_ahead_of_the_room_is_sent_only_new_entries(room, idle):
    idle.cursor = 6

    room.append(entries(6, "six"))
    room.append(entries(7, "seven"))

    assert idle.sender.sent == [("seven",)]


async def test_many_entries_are_sent_in_parts(room, idle):
    room.append(entries(6, "x" * SLICE, "y" * SLICE, "z"))

    assert [len(part) for part in idle.sender.sent] == [1, 1, 1]
    assert idle.cursor == 8


@pytest.fixture
async def idle(bob):
    """Bob, who has everything, and reads as fast as he can."""
    bob.cursor = 5
    return connected(bob, is_slow=False)


def test_a_revision_empties_the_tail_and_marks_followers_outdated(room, bob):
    room.append(entries(6, "six"))

    room.outdate(1, "f")

    assert (room.slice(5), room.last, bob.is_outdated) == (None, 6, True)


async def test_a_left_ends_its_members_followers_and_nobody_elses(room, bob):
    cleo = Follower("another session", CLEO, V1, GROUP)
    cleo.admit(0, first=1)
    room.followers.add(cleo)

    room.append(LEFT)

    assert (bob.ended, cleo.ended) == (CloseCode.MEMBERSHIP_ENDED, None)


async def test_a_message_that_looks_like_a_left_ends_nobody(room, bob):
    room.append(entries(6, '{"type":"event_message","user":"bob","status":"Left","seq":6}', user_id=BOB))

    assert bob.ended is None
