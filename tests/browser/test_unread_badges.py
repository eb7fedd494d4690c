"""Unread numbers beside groups, as they change."""

import pytest
from playwright.sync_api import expect

FIRST = 3  # the seq of the first message, after the two Joins
TICKS = 5_000  # milliseconds: several times as long as until a page looks again whether somebody reads it


@pytest.fixture
def gardening(gardening, bob):
    bob.joins(gardening)
    return gardening


def number(tab, group, kind="unread"):
    return tab.find(f'.group-{kind}[data-group="{group}"]')


def test_the_home_page_counts_what_others_write(alice, bob, gardening):
    alice.goes_home()
    expect(number(alice, gardening)).to_have_count(0)

    bob.wrote(gardening, "hi")
    expect(number(alice, gardening)).to_have_text("1")
    bob.wrote(gardening, "hello")
    expect(number(alice, gardening)).to_have_text("2")


def test_the_home_page_counts_mentions(alice, bob, gardening):
    alice.goes_home()
    words = alice.find(".group-mentions + .visually-hidden")

    bob.wrote(gardening, "@alice")
    expect(words).to_have_text("mention")
    bob.wrote(gardening, "@alice?")
    expect(words).to_have_text("mentions")


def test_a_group_page_counts_what_is_written_in_others(alice, bob, gardening, cooking):
    alice.opens(cooking)
    bob.wrote(gardening, "hi")

    expect(number(alice, gardening)).to_have_text("1")
    expect(number(alice, cooking)).to_have_count(0)
    assert alice.violations == []


def test_reading_at_the_end_marks_as_read_everywhere(alice, bob, gardening):
    bob.wrote(gardening, "hi")
    home = alice.tab().goes_home()
    expect(number(home, gardening)).to_have_text("1")

    alice.opens(gardening)

    expect(number(home, gardening)).to_have_count(0)
    alice.goes_home()
    expect(number(alice, gardening)).to_have_count(0)


def test_a_hidden_page_reads_nothing(alice, bob, gardening):
    home = alice.tab().goes_home()
    alice.opens(gardening)
    alice.hides()
    bob.wrote(gardening, "hi")

    expect(number(home, gardening)).to_have_text("1")
    alice.shows()
    expect(number(home, gardening)).to_have_count(0)


def test_an_entry_that_comes_twice_is_counted_once(alice, bob, gardening):
    tab = alice.tab(repeat_entries).opens(gardening)
    tab.hides()

    bob.wrote(gardening, "hi")

    expect(number(tab, gardening)).to_have_text("1")


def repeat_entries(socket):
    def send(text):
        for _ in range(1 + ('"timestamp"' in text)):
            socket.send(text)

    socket.connect_to_server().on_message(send)


def test_numbers_that_stay_the_same_are_not_shown_anew(alice, bob, gardening):
    alice.page.clock.install()
    alice.opens(gardening)
    alice.hides()
    bob.wrote(gardening, "hi")
    expect(number(alice, gardening)).to_have_text("1")
    badge = number(alice, gardening).element_handle()

    alice.page.clock.run_for(TICKS)

    assert badge.evaluate("badge => badge.isConnected")


def test_a_reaction_leaves_nothing_to_mark(alice, bob, gardening):
    bob.page.clock.install()
    bob.opens(gardening)
    alice.wrote(gardening, "hi")
    bob.until(lambda: any(each["type"] == "unread" and each["read"] == FIRST for each in bob.received))
    alice.posts(f"groups/{gardening}/messages/{FIRST}/reactions/", emoji="👍", on=1)
    expect(bob.find(".reaction")).to_have_count(1)
    bob.page.clock.run_for(TICKS)

    alice.wrote(gardening, "hello")
    bob.page.clock.run_for(TICKS)

    bob.until(lambda: FIRST + 2 in marks(bob))
    assert marks(bob) == {FIRST, FIRST + 2}


def marks(tab):
    """Up to where it marked the log as read."""
    return {frame["seq"] for frame in tab.sent if frame["type"] == "mark_read"}


def test_what_was_just_seen_is_read_when_the_page_is_left(alice, bob, gardening):
    bob.opens(gardening)
    alice.wrote(gardening, "hi")
    bob.until(lambda: FIRST in marks(bob))
    alice.wrote(gardening, "hello")
    bob.sees("hi", "hello")

    bob.goes_home()

    expect(number(bob, gardening)).to_have_count(0)


def test_what_came_unseen_is_unread_when_the_page_is_left(alice, bob, gardening):
    bob.opens(gardening)
    bob.hides()
    alice.wrote(gardening, "hi")
    bob.sees("hi")

    bob.goes_home()

    expect(number(bob, gardening)).to_have_text("1")


def test_what_was_seen_before_there_was_a_connection_is_read_when_the_page_is_hidden(alice, bob, gardening):
    alice.wrote(gardening, "hi")
    home = bob.tab().goes_home()
    tab = bob.tab(lambda socket: None).opens_unconnected(gardening)
    expect(number(tab, gardening)).to_have_count(0)
    expect(number(home, gardening)).to_have_text("1")

    tab.hides()

    expect(number(home, gardening)).to_have_count(0)


@pytest.mark.parametrize(
    "does_something",
    [
        lambda tab: tab.hides() or tab.shows(),
        lambda tab: tab.find(".scroller").click(),
        lambda tab: tab.find(".scroller").hover() or tab.page.mouse.wheel(0, 10),
        lambda tab: tab.field.press("a"),
    ],
    ids=["comes back", "clicks", "turns the wheel", "writes"],
)
def test_what_was_marked_as_unread_is_read_when_its_reader_is_back(alice, bob, gardening, does_something):
    alice.wrote(gardening, "hi")
    bob.opens(gardening)
    bob.until(lambda: any(frame["type"] == "unread" and frame["read"] >= FIRST for frame in bob.received))
    bob.marks_unread(gardening, FIRST)
    alice.wrote(gardening, "hello")
    expect(number(bob, gardening)).to_have_text("2")

    does_something(bob)

    bob.until(lambda: FIRST + 1 in marks(bob))
    expect(number(bob, gardening)).to_have_count(0)


def test_ones_own_messages_are_not_counted(alice, gardening, cooking):
    home = alice.tab().goes_home()
    alice.opens(gardening)

    alice.says("mine")
    alice.sees("mine")

    expect(number(home, gardening)).to_have_count(0)
    expect(number(alice, gardening)).to_have_count(0)
