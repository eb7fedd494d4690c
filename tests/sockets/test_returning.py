"""Returning with a place in the log: its seq, the log's epoch and the entry's timestamp."""

import pytest
from people import V1, closed
from world import delete_first, fill, revise_first

from discussit.cli import main
from discussit.wire.objects import MAX_MISSED

ELSEWHERE = "0123456789abcdef"
ANOTHER_TIME = "2001-01-01T00:00:00.000000Z"


# By seq


def test_a_returning_browser_gets_exactly_what_it_missed(alice, bob, gardening):
    for text in ("one", "two", "three"):
        alice.says(gardening, text)
    bob.joins(gardening)

    with alice.reading(gardening, since=2) as reader:
        alice.says(gardening, "live")

        assert [reader.next()["seq"] for _ in range(4)] == [3, 4, 5, 6]


@pytest.mark.parametrize("since", [0, 1, 2])
def test_a_return_begins_after_the_last_entry_seen(alice, gardening, since):
    alice.says(gardening, "hi")

    with alice.reading(gardening, since=since) as reader:
        alice.says(gardening, "live")

        assert reader.next()["seq"] == since + 1


def test_without_since_a_reader_gets_live_entries_only(alice, gardening):
    alice.says(gardening, "before")

    with alice.reading(gardening) as reader:
        alice.says(gardening, "after")

        assert reader.next()["content"] == "after"


NO_PLACE = ["3", "999", "9" * 30, "-1", "x", "1.0", "", "NaN", "1e0", "%00", "+1", "0x1", "٣"]


def test_a_since_that_is_no_place_in_the_log_is_reset(alice, gardening, faultless):
    for since in NO_PLACE:
        with alice.reading(gardening, since=since) as reader:
            assert reader.next() == {"type": "reset", "seq": 1}, since


def test_a_reset_reader_is_sent_live_entries_all_the_same(alice, gardening):
    with alice.reading(gardening, since="x") as reader:
        assert reader.next()["type"] == "reset"
        alice.says(gardening, "live")

        assert reader.next()["content"] == "live"


def test_a_reader_who_missed_a_thousand_entries_is_sent_them_all_once(site, state, alice, gardening):
    site.portal.call(fill, state.database, gardening, MAX_MISSED)

    with alice.reading(gardening, since=1) as reader:
        seqs = [reader.next()["seq"] for _ in range(MAX_MISSED)]
        alice.says(gardening, "live")

        assert [*seqs, reader.next()["seq"]] == list(range(2, MAX_MISSED + 3))


def test_a_reader_who_missed_more_than_a_thousand_is_reset(site, state, alice, gardening):
    site.portal.call(fill, state.database, gardening, MAX_MISSED)

    with alice.reading(gardening, since=0) as reader:
        assert reader.next() == {"type": "reset", "seq": MAX_MISSED + 1}
        alice.says(gardening, "live")
        assert reader.next()["seq"] == MAX_MISSED + 2


def test_a_revision_resets_readers(site, state, alice, gardening):
    alice.says(gardening, "oops")

    with alice.reading(gardening) as reader, alice.in_group(gardening) as socket:
        site.portal.call(revise_first, state.database)
        assert reader.next() == {"type": "reset", "seq": 2}
        alice.says(gardening, "live")
        assert socket.receive_json()["content"] == "live"


# By seq, epoch and timestamp


@pytest.fixture
def log(alice, gardening):
    """Three entries of the log, as a client has them."""
    for text in ("one", "two"):
        alice.says(gardening, text)
    with alice.reading(gardening, since=0) as reader:
        return [reader.next() for _ in range(3)]


@pytest.fixture
def epoch(alice, gardening):
    return alice.page(f"/groups/{gardening}/").one("chat-log")["data-epoch"]


def test_a_client_that_names_the_logs_epoch_and_the_entrys_timestamp_gets_what_it_missed(alice, gardening, log, epoch):
    assert first(alice, gardening, since=2, epoch=epoch, at=log[1]["timestamp"]) == log[2]


def test_a_client_that_names_neither_is_trusted(alice, gardening, log):
    assert first(alice, gardening, since=2) == log[2]


@pytest.mark.parametrize("place", [{"epoch": ELSEWHERE}, {"at": ANOTHER_TIME}, {"epoch": ""}, {"at": ""}], ids=str)
def test_a_client_that_was_in_another_log_has_to_load_this_one(alice, gardening, log, place):
    assert first(alice, gardening, since=2, **place) == {"type": "reset", "seq": 3}


def test_a_client_that_has_seen_nothing_yet_names_no_entrys_timestamp(alice, gardening, log, epoch):
    assert first(alice, gardening, since=0, epoch=epoch, at=ANOTHER_TIME) == log[0]


def test_a_client_that_was_away_while_a_text_was_deleted_reads_on(site, state, alice, gardening, log, epoch):
    site.portal.call(delete_first, state.database)

    assert first(alice, gardening, since=3, epoch=epoch)["type"] == "message_deleted"


def test_a_client_that_was_away_while_a_text_was_changed_in_place_has_to_load_the_log(
    site, state, alice, gardening, log, epoch
):
    site.portal.call(revise_first, state.database)

    assert first(alice, gardening, since=3, epoch=epoch) == {"type": "reset", "seq": 3}


def test_after_a_restore_clients_that_are_away_have_to_load_the_log(alice, gardening, log, epoch):
    assert main(["restored"]) == 0

    assert first(alice, gardening, since=3, epoch=epoch) == {"type": "reset", "seq": 3}


def test_after_a_restore_clients_that_are_connected_are_sent_back(impatient, alice, gardening):
    with alice.reading(gardening) as reader:
        assert main(["restored"]) == 0

        assert closed(reader.socket) == 1012


def first(person, group, **query):
    """The first object after `ready`."""
    given = "&".join(f"{name}={value}" for name, value in query.items())
    with person.browser.websocket_connect(f"/groups/{group}/?{given}", subprotocols=[V1]) as socket:
        objects = socket.receive_json()
        while len(objects) < 2:
            objects += socket.receive_json()
    return objects[1]
