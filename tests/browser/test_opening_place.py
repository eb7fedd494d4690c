"""What a reader sees first where a page opens: the entry of a link, the log without a keyboard over it, a short bar."""

import pytest
from browsers import PHONE, scrolls_up
from long_logs import is_remembered, place
from playwright.sync_api import expect


@pytest.fixture
def unread(alice, bob, gardening):
    """Alice has written 120 messages that bob has not read."""
    bob.joins(gardening)
    alice.floods(gardening, 120)
    return gardening


def middle(tab, place):
    box = tab.find(place).bounding_box()
    return box["y"] + box["height"] / 2


@pytest.mark.parametrize("has_script", [True, False])
def test_the_entry_of_a_link_is_near_the_middle(arrives, alice, unread, has_script):
    reader = arrives("bob", java_script_enabled=has_script)
    reader.logs_in()

    reader.page.goto(f"groups/{unread}/?at=60#seq-60")

    assert abs(middle(reader, "#seq-60") - middle(reader, ".scroller")) < 60


def test_the_time_of_a_row_without_a_header_stays_within_its_outline(bob, unread):
    bob.page.set_viewport_size({"width": 390, "height": 844})
    bob.page.goto(f"groups/{unread}/?at=60")
    expect(bob.find("#seq-60")).to_be_focused()

    time, row = (bob.find(place).bounding_box() for place in ("#seq-60 time", "#seq-60"))

    assert time["x"] >= row["x"]
    expect(bob.find("#seq-60 time")).to_contain_text("M")


def test_only_where_there_is_a_keyboard_the_page_opens_in_the_field(arrives, alice, bob, unread):
    phone = arrives("bob", **PHONE)
    phone.logs_in()

    phone.opens(unread)
    bob.opens(unread)

    expect(bob.field).to_be_focused()
    expect(phone.field).not_to_be_focused()


def test_the_bar_is_one_line_of_buttons_on_a_phone(arrives, alice, unread):
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.opens(unread)

    first, mark = (phone.find(f"#unread-bar {place}").bounding_box() for place in ("#go-to-first", "form .button"))

    assert first["y"] == mark["y"]


def test_a_date_is_asked_for_in_the_middle_of_the_window(bob, unread):
    bob.opens(unread)
    bob.find(".entry-day-button").first.evaluate("button => button.click()")

    dialog = bob.find("#date-jump")
    expect(dialog).to_be_visible()

    box, window = dialog.bounding_box(), bob.page.viewport_size
    assert abs(box["x"] + box["width"] / 2 - window["width"] / 2) <= 1


def top(tab, seq):
    return tab.find(f"#seq-{seq}").bounding_box()["y"]


def test_a_reload_among_unread_messages_moves_nothing_where_the_bar_was(bob, unread):
    bob.opens(unread)
    bob.find("#go-to-first").click()
    expect(bob.find("#unread-bar")).to_be_hidden()
    scrolls_up(bob, -150)
    is_remembered(bob, place(bob))
    before = top(bob, 12)

    bob.page.reload()

    expect(bob.pill).to_have_text("Live")
    expect(bob.find("#unread-bar")).to_be_hidden()
    assert abs(top(bob, 12) - before) <= 1


SHIFTS = """new PerformanceObserver(list => { window.shifted = (window.shifted ?? 0)
  + list.getEntries().reduce((sum, { value }) => sum + value, 0) }).observe({ type: "layout-shift", buffered: true })"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("path", ["groups/{}/", "./"])
def test_nothing_moves_while_a_page_opens_on_a_phone(arrives, alice, unread, path):
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.goes_home().opens(unread)
    phone.page.add_init_script(SHIFTS)
    phone.page.goto(path.format(unread))

    expect(phone.find("time[title]").first).to_be_attached()
    phone.page.evaluate(NEXT_FRAME)
    assert phone.page.evaluate("() => window.shifted ?? 0") < 0.01
