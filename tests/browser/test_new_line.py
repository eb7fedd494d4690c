"""The line above the first new message."""

import pytest
from browsers import PHONE
from playwright.sync_api import expect

FIRST = 33  # the seq of the first unread message, after two Joins and thirty messages
BLUR = """() => {
  Object.defineProperty(document, "hasFocus", { value: () => false, configurable: true })
  dispatchEvent(new Event("blur"))
}"""


@pytest.fixture(params=[{}, PHONE], ids=["desktop", "phone"])
def reader(request, alice, arrives, gardening):
    """Bob has read thirty messages."""
    bob = arrives("bob", **request.param)
    bob.logs_in()
    bob.joins(gardening)
    alice.floods(gardening, 30)
    bob.has_read(gardening)
    bob.group = gardening
    return bob


def is_above(tab, seq):
    expect(tab.find(f"#unread-line + #seq-{seq}")).to_have_count(1)


def number(tab):
    return tab.find(f'.group-unread[data-group="{tab.group}"]')


@pytest.mark.parametrize("count", [3, 60])
def test_unread_messages_are_opened_at_the_first_with_three_rows_above(alice, reader, count):
    alice.floods(reader.group, count)

    reader.opens(reader.group)

    is_above(reader, FIRST)
    for seq in range(FIRST - 3, FIRST + 1):
        expect(reader.find(f"#seq-{seq}")).to_be_in_viewport(ratio=1)
    if count == 60:
        expect(reader.find(f"#seq-{FIRST - 4}")).not_to_be_in_viewport()
        expect(reader.find(f"#seq-{FIRST + 59}")).not_to_be_in_viewport()


def test_many_unread_messages_open_at_the_end_with_a_bar(alice, reader):
    alice.floods(reader.group, 214)

    reader.opens(reader.group)

    expect(reader.find("#unread-bar .unread-bar-count")).to_have_text("214")
    expect(reader.find(f"#seq-{FIRST + 213}")).to_be_in_viewport()
    reader.find("#go-to-first").click()
    is_above(reader, FIRST)
    expect(reader.find(f"#seq-{FIRST - 3}")).to_be_in_viewport()
    expect(reader.find("#unread-bar")).to_be_hidden()


def test_the_line_stays_while_the_messages_below_it_are_read(alice, reader):
    alice.floods(reader.group, 3)
    reader.opens(reader.group)

    expect(number(reader)).to_have_count(0)
    alice.wrote(reader.group, "more")

    expect(reader.messages.last).to_have_text("more")
    is_above(reader, FIRST)


def hides(tab):
    tab.hides()


def loses_the_focus(tab):
    tab.page.evaluate(BLUR)


@pytest.mark.parametrize("looks_away", [hides, loses_the_focus])
def test_the_line_is_above_the_first_message_that_comes_while_nobody_looks(alice, reader, looks_away):
    reader.opens(reader.group)
    looks_away(reader)

    alice.wrote(reader.group, "one", "two")

    expect(reader.messages.last).to_have_text("two")
    is_above(reader, FIRST)
    expect(reader.find("#unread-line")).to_have_count(1)


def test_the_line_comes_anew(alice, reader):
    alice.floods(reader.group, 3)
    reader.opens(reader.group)
    is_above(reader, FIRST)
    expect(number(reader)).to_have_count(0)
    reader.hides()

    alice.wrote(reader.group, "one", "two")

    expect(reader.messages.last).to_have_text("two")
    is_above(reader, FIRST + 3)
    expect(reader.find("#unread-line")).to_have_count(1)


def test_no_line_comes_while_somebody_looks(alice, reader):
    reader.opens(reader.group)

    alice.wrote(reader.group, "one")

    expect(reader.messages.last).to_have_text("one")
    expect(reader.find("#unread-line")).to_have_count(0)


def test_what_its_reader_wrote_elsewhere_brings_no_line(reader):
    reader.opens(reader.group)
    reader.hides()

    reader.wrote(reader.group, "from my phone")

    expect(reader.messages.last).to_have_text("from my phone")
    expect(reader.find("#unread-line")).to_have_count(0)


def test_the_line_comes_above_a_message_that_came_while_reading_elsewhere(alice, reader):
    alice.floods(reader.group, 150)
    reader.has_read(reader.group)
    reader.page.goto(f"groups/{reader.group}/?at=10#seq-10")
    expect(reader.pill).to_have_text("Live")
    reader.hides()
    alice.wrote(reader.group, "one", "two")
    expect(reader.find("#newest")).to_have_text("2 new")
    reader.shows()

    reader.find("#newest").click()

    expect(reader.messages.last).to_have_text("two")
    is_above(reader, FIRST + 150)


def test_the_line_goes_when_its_reader_sends_a_message(alice, reader):
    alice.floods(reader.group, 3)
    reader.opens(reader.group)
    is_above(reader, FIRST)

    reader.field.fill("mine")
    reader.find("#chat-message-submit").click()

    expect(reader.messages.last).to_have_text("mine")
    expect(reader.find("#unread-line")).to_have_count(0)


def test_the_line_and_the_bar_go_when_everything_is_marked_as_read(alice, reader):
    alice.floods(reader.group, 214)
    reader.opens(reader.group)
    expect(reader.find("#unread-bar")).to_be_visible()

    reader.find("#mark-all-read button, #mark-all-read").last.click()

    expect(reader.find("#unread-bar")).to_be_hidden()
    expect(reader.find("#unread-line")).to_have_count(0)
    expect(number(reader)).to_have_count(0)
