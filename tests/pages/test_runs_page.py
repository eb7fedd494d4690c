"""Runs of joins and leaves, folded into one line without a script."""

import pytest
from people import TIME_OF_DAY, HttpPerson


@pytest.fixture
def carol(site):
    carol = HttpPerson(site, "carol")
    carol.sign_up()
    return carol


def units(page, log="chat-log"):
    """What stands in the log: the line of each run with the seqs in it, or a row's seq."""
    outer = page.one(log)
    inner = [each for each in page.within(log) if each.parents[-1] is outer and each.get("id") != "unread-line"]
    return [unit(page, each) for each in inner if each.get("class") != "entry-day"]


def unit(page, element):
    if element.tag != "details":
        return int(element["data-seq"])
    (line,) = [each.text for each in page.elements if each.tag == "summary" and each.parents[-1] is element]
    seqs = [int(each["data-seq"]) for each in page.elements if element in each.parents and each.get("data-seq")]
    return " ".join(TIME_OF_DAY.sub("", line).split()), *seqs


def test_a_reader_finds_joins_and_leaves_that_follow_each_other_in_one_line(alice, bob, carol, gardening):
    bob.joins(gardening)
    carol.joins(gardening)
    bob.leaves(gardening)

    page = alice.page(f"/groups/{gardening}/")

    assert units(page) == [("alice and carol joined · bob came and went", 1, 2, 3, 4)]
    assert page.log() == [(1, "alice joined"), (2, "bob joined"), (3, "carol joined"), (4, "bob left")]


def test_a_single_event_stays_a_line_of_its_own(alice, bob, gardening):
    alice.says(gardening, "hi")
    bob.joins(gardening)
    alice.says(gardening, "hello bob")

    assert units(alice.page(f"/groups/{gardening}/")) == [1, 2, 3, 4]


def test_a_message_or_a_change_of_the_group_ends_a_run(alice, bob, carol):
    lunch = alice.founds("Lunch")
    bob.joins(lunch)
    alice.says(lunch, "hi")
    carol.joins(lunch)
    alice.post(f"/groups/{lunch}/settings/", name="Dinner", access="open")
    bob.leaves(lunch)
    carol.leaves(lunch)

    _, *after = units(alice.page(f"/groups/{lunch}/"))

    assert after == [3, 4, 5, ("bob and carol left", 6, 7)]


def test_a_new_day_ends_a_run(clock, alice, bob, carol, gardening):
    bob.joins(gardening)
    clock.is_set(days=1)
    carol.joins(gardening)
    bob.leaves(gardening)

    page = alice.page(f"/groups/{gardening}/")

    assert units(page) == [("alice and bob joined", 1, 2), ("carol joined · bob left", 3, 4)]
    days = [each for each in page.within("chat-log") if each.get("class") == "entry-day"]
    assert [each.parents[-1] for each in days] == [page.one("chat-log")] * 2


def test_the_event_that_a_link_leads_to_stands_alone(alice, bob, carol, gardening):
    bob.joins(gardening)
    carol.joins(gardening)
    bob.leaves(gardening)
    carol.leaves(gardening)

    linked = units(alice.page(f"/groups/{gardening}/?at=3"))

    assert linked == [("alice and bob joined", 1, 2), 3, ("bob and carol left", 4, 5)]


def test_being_added_and_removed_folds_as_well_and_each_line_says_by_whom(alice, bob, gardening):
    lunch = alice.founds("Lunch")
    bob.joins(gardening)
    alice.post(f"/groups/{lunch}/members/", username="bob")
    alice.post(f"/groups/{lunch}/members/remove/", username="bob")

    page = alice.page(f"/groups/{lunch}/")

    assert units(page) == [("alice joined · bob came and went", 1, 2, 3)]
    assert page.log()[1:] == [(2, "bob was added by alice"), (3, "bob was removed by alice")]


def test_three_deleted_messages_in_a_row_are_one_line_and_two_are_not(alice, bob, gardening):
    for number in range(6):
        alice.says(gardening, f"message {number}")
    for seq in (2, 3, 5, 6, 7):
        alice.deletes(gardening, seq)

    page = alice.page(f"/groups/{gardening}/")

    assert units(page) == [1, 2, 3, 4, ("3 messages deleted", 5, 6, 7)]
    assert page.log()[-1] == (7, "alice Message deleted")


def test_a_deleted_message_that_is_linked_or_the_first_unread_one_stands_alone(alice, bob, gardening):
    bob.joins(gardening)
    for number in range(7):
        alice.says(gardening, f"message {number}")
    bob.post(f"/groups/{gardening}/read/", seq=5)
    for seq in range(3, 10):
        alice.deletes(gardening, seq)

    unread, linked = (person.page(f"/groups/{gardening}/{query}") for person, query in ((bob, ""), (alice, "?at=4")))

    runs = ("3 messages deleted", 3, 4, 5), ("3 messages deleted", 7, 8, 9)
    assert units(unread)[1:] == [runs[0], 6, runs[1]]
    assert units(linked)[1:] == [3, 4, ("5 messages deleted", 5, 6, 7, 8, 9)]


def test_a_visitor_of_a_preview_finds_deleted_messages_folded(alice, bob, gardening):
    for number in range(3):
        alice.says(gardening, f"message {number}")
        alice.deletes(gardening, 2 + 2 * number)

    preview = bob.page(f"/groups/{gardening}/preview/")

    assert units(preview, "preview") == [1, ("3 messages deleted", 2, 4, 6)]
    assert not [each for each in preview.within("preview") if each.get("class") == "entry-actions"]


def test_a_run_begins_closed_and_shows_the_time_of_its_last_event(alice, bob, gardening):
    bob.joins(gardening)

    elements = alice.page(f"/groups/{gardening}/").within("chat-log")

    (run,) = [each for each in elements if each.tag == "details"]
    line, *events = [each["datetime"] for each in elements if each.tag == "time" and run in each.parents]
    assert run.attributes == {"class": "run"}
    assert line == events[-1] != events[0]


def test_a_visitor_of_a_preview_finds_runs_folded(alice, bob, carol, gardening):
    bob.joins(gardening)
    alice.says(gardening, "hi")

    preview = carol.page(f"/groups/{gardening}/preview/")

    assert units(preview, "preview") == [("alice and bob joined", 1, 2), 3]
