"""The line above the first unread message, and the bar that leads there."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def unread(alice, bob, gardening):
    """Alice has written 120 messages that bob has not read."""
    bob.joins(gardening)
    alice.floods(gardening, 120)
    return f"/groups/{gardening}/"


def test_removing_the_line_moves_nothing(bob, unread):
    bob.page.goto(f"{unread}?at=3")
    expect(bob.find("#unread-line")).to_be_visible()
    before = [each.bounding_box() for each in bob.messages.all()[:10]]

    bob.page.evaluate("document.querySelector('#unread-line').remove()")

    assert [each.bounding_box() for each in bob.messages.all()[:10]] == before


def test_the_line_covers_no_text_below_it(bob, unread):
    bob.page.goto(f"{unread}?at=3")

    line, name = (bob.find(place).bounding_box() for place in (".unread-line-word", "#seq-3 .entry-name"))

    assert line["y"] + line["height"] < name["y"] + name["height"]


@pytest.mark.parametrize("query", ["", "?at=3", "?at=60&unread=1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_page_with_unread_messages(bob, gardening, unread, query, scheme):
    bob.posts(f"groups/{gardening}/read/", seq=10)
    bob.page.emulate_media(color_scheme=scheme)

    bob.page.goto(f"{unread}{query}")

    expect(bob.find("#unread-bar, #unread-line").first).to_be_attached()
    assert bob.violations == []


def test_the_bar_fits_on_the_smallest_phone_and_covers_no_text(bob, unread):
    bob.page.set_viewport_size({"width": 320, "height": 600})

    bob.page.goto(f"{unread}?before=100")

    bar, log = (bob.find(place).bounding_box() for place in ("#unread-bar", ".scroller"))
    assert bar["y"] + bar["height"] <= log["y"]
    assert bob.page.evaluate("document.documentElement.scrollWidth") == 320
