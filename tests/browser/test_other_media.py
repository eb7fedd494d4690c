"""A group's page where there is little room, where the user sets the colours, and on paper."""

import pytest
from playwright.sync_api import expect

HEIGHT = "() => document.querySelector('.scroller').clientHeight"
OUTLINE = "element => getComputedStyle(element).outlineStyle"
PRINTED = "() => document.querySelector('.scroller').scrollHeight - document.querySelector('.scroller').clientHeight"


@pytest.fixture
def unread(alice, bob, gardening):
    bob.joins(gardening)
    alice.floods(gardening, 120)
    return gardening


def test_at_four_times_the_size_the_log_can_be_read_and_the_page_scrolls(bob, unread):
    bob.page.set_viewport_size({"width": 320, "height": 256})
    bob.opens(unread)
    expect(bob.find("#unread-bar")).to_be_attached()

    assert bob.page.evaluate(HEIGHT) >= 120
    assert bob.overhang <= 0
    bob.find("#chat-message-submit").scroll_into_view_if_needed()
    expect(bob.find("#chat-message-submit")).to_be_in_viewport(ratio=1)


def test_with_the_users_colours_what_is_marked_has_an_outline(bob, unread):
    bob.page.emulate_media(forced_colors="active")
    bob.page.goto(f"groups/{unread}/?at=60")
    bob.field.focus()

    for marked in ("#seq-60", "#sidebar [aria-current]"):
        assert bob.find(marked).evaluate(OUTLINE) != "none"
    bob.page.emulate_media(forced_colors="null")


def test_all_rows_of_the_page_are_printed_without_its_controls(bob, unread):
    bob.opens(unread)
    bob.page.emulate_media(media="print")

    assert bob.page.evaluate(PRINTED) == 0
    for control in (".shell", "#my-groups", "#composer", "#unread-bar", "#preferences"):
        expect(bob.find(control)).to_be_hidden()
    bob.page.emulate_media(media="null")
