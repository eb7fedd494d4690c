"""Where the keyboard is after a jump whose control is gone: where the jump led."""

from datetime import UTC, datetime, timedelta

import pytest
from browsers import scrolls_up
from long_logs import fill
from playwright.sync_api import expect

IN_VIEW = """() => {
  const { top, bottom } = document.querySelector(".scroller").getBoundingClientRect()
  const row = document.activeElement.getBoundingClientRect()
  return row.top >= top - 1 && row.bottom <= bottom + 1
}"""


@pytest.fixture
def unread(site, alice, bob, gardening):
    """Bob's group, with 200 messages of two days that he has not read."""
    bob.joins(gardening)
    fill(site, gardening, 200, per_hour=5)
    bob.opens(gardening)
    return gardening


def press(tab, selector, key="Enter"):
    control = tab.find(selector).first
    control.focus()
    control.press(key)


def test_the_way_to_the_first_unread_message_ends_at_it(bob, unread):
    press(bob, "#go-to-first")

    expect(bob.find("#unread-line + .entry")).to_be_focused()
    assert bob.page.evaluate(IN_VIEW)


def test_the_way_to_the_newest_message_ends_at_it(bob, unread):
    scrolls_up(bob, 500)

    press(bob, "#newest")

    expect(bob.find("#chat-log .entry").last).to_be_focused()
    expect(bob.find("#newest")).to_be_hidden()


def test_somebody_who_writes_goes_on_writing_at_the_newest_message(bob, unread):
    scrolls_up(bob, 500)
    bob.field.focus()

    bob.find("#newest").dispatch_event("click")

    expect(bob.find("#newest")).to_be_hidden()
    expect(bob.field).to_be_focused()


def test_after_marking_all_as_read_the_keyboard_is_at_the_log(bob, unread):
    press(bob, "#mark-all-read button")

    expect(bob.find("#unread-bar")).to_be_hidden()
    expect(bob.find(".scroller")).to_be_focused()


def test_a_date_leads_to_its_first_row_in_view(bob, unread):
    press(bob, ".entry-day-button")
    bob.find("#date-jump-day").fill(f"{datetime.now(UTC) - timedelta(days=9):%Y-%m-%d}")

    bob.page.keyboard.press("Enter")

    expect(bob.find("#seq-1")).to_be_focused()
    assert bob.page.evaluate(IN_VIEW)


def test_leaving_the_dialog_leads_back_to_the_log(bob, unread):
    bob.has_read(unread)
    bob.opens(unread)
    press(bob, ".entry-day-button")
    # Older rows of the same day may have come above it meanwhile.
    expect(bob.find("#date-jump-day")).to_be_focused()

    bob.page.keyboard.press("Escape")

    expect(bob.find("#chat-log :focus")).to_have_count(1)


def test_back_at_the_end_of_a_log_the_field_has_the_focus(bob, unread):
    bob.has_read(unread)
    bob.opens(unread)
    bob.page.goto(f"groups/{unread}/preferences/")

    bob.page.go_back()

    expect(bob.field).to_be_focused()


def test_back_further_up_nothing_is_focused_that_would_move_the_log(bob, unread):
    bob.has_read(unread)
    bob.opens(unread)
    scrolls_up(bob, 500)
    bob.page.goto(f"groups/{unread}/preferences/")

    bob.page.go_back()

    expect(bob.pill).to_have_text("Live")
    expect(bob.find("#newest")).to_be_visible()
    expect(bob.field).not_to_be_focused()
