"""Browsers that lack newer features, and users with odd languages."""

import re

import pytest
from old_browsers import comes_with, lacks, lacks_newer_features, speaks
from playwright.sync_api import expect

CLOCK = re.compile(r"^\d{1,2}:\d\d( [ap]m)?$", re.IGNORECASE)
PHONE = {"width": 390, "height": 844}
ABSENCE = 3_500  # milliseconds: longer than a tab that loads again waits for others that are loading
DESKTOP = {"width": 1280, "height": 720}

# The colours of all elements, in the page's order, but those that need popovers.
COLOURS = """() => [...document.querySelectorAll("body, body *:not(script, template, svg *, .reactors)")].map(one => {
  const { color, backgroundColor, borderTopColor } = getComputedStyle(one)
  return [one.tagName, one.className, color, backgroundColor, borderTopColor].join(" ")
})"""

# Whether what comes after the page has come. A template's addresses are relative to nothing.
HAS_LATER_STYLES = """() => [...document.querySelector("#later-styles").content.querySelectorAll("link")].every(link =>
  [...document.styleSheets].some(({ href }) => href?.endsWith(link.getAttribute("href"))))"""


@pytest.fixture
def bob(alice, bob, gardening):
    bob.joins(gardening)
    return bob


@pytest.fixture
def tab(bob):
    """A tab of bob's in which features can be missing."""
    return bob.tab()


@pytest.fixture
def old(tab):
    """A tab in which all newer features are missing."""
    tab.page.emulate_media(color_scheme="light")
    lacks_newer_features(tab.page)
    return tab


def test_a_group_is_read_and_written_in(alice, old, gardening):
    alice.wrote(gardening, "from before https://example.org/a")
    old.opens(gardening)
    alice.wrote(gardening, "live https://example.org/b")

    old.says("mine https://example.org/c")

    expect(old.find("#chat-log .entry-text a")).to_have_text([f"https://example.org/{each}" for each in "abc"])
    expect(old.pending).to_have_count(0)
    expect(old.pill).to_have_text("Live")


def test_a_group_is_written_in_where_tabs_can_not_ask_each_other(bob, tab, gardening):
    lacks(tab.page, "Navigator.prototype.locks", "BroadcastChannel")
    bob.opens(gardening).field.fill("a draft")
    tab.opens(gardening)

    tab.says("hello")

    tab.sees("hello")
    tab.page.reload()
    expect(tab.pill).to_have_text("Live")
    tab.page.wait_for_timeout(ABSENCE)
    expect(tab.field).to_have_value("")


def test_groups_are_joined_and_left_at_home(alice, old):
    group = alice.creates("Aardvarks")
    old.goes_home()

    old.button("join", group).click()

    expect(old.button("leave", group)).to_be_visible()


@pytest.mark.parametrize("path", ["./", "groups/{group}/"])
def test_without_light_dark_the_colours_are_those_of_the_light_scheme(bob, old, gardening, path):
    for tab in (bob, old):
        tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.page.goto(path.format(group=gardening))
        if "group" in path:
            tab.page.wait_for_function(HAS_LATER_STYLES)
            expect(tab.pill).to_have_text("Live")

    assert old.page.evaluate(COLOURS) == bob.page.evaluate(COLOURS)


def test_without_popovers_the_menu_is_open_and_covers_nothing(old, gardening):
    old.page.set_viewport_size(DESKTOP)
    old.opens(gardening)

    expect(old.page.get_by_role("button", name="Log out")).to_be_visible()
    old.find("#members li").first.click(trial=True)


def test_without_popovers_a_phone_shows_the_conversation_alone(old, gardening):
    old.page.set_viewport_size(PHONE)
    old.opens(gardening)

    old.page.get_by_role("button", name="Log out").click(trial=True)
    old.page.get_by_role("button", name="Leave Gardening").click(trial=True)
    old.find("#chat-message-submit").click(trial=True)
    expect(old.find(".panel, .bar-groups, .bar-members").filter(visible=True)).to_have_count(0)
    assert old.overhang == 0


def test_without_popovers_a_window_may_change_its_width(alice, old, gardening):
    old.page.set_viewport_size(PHONE)
    old.opens(gardening)

    old.page.set_viewport_size(DESKTOP)
    alice.wrote(gardening, "hello")

    old.sees("hello")


@pytest.mark.parametrize("languages", [["en_US"], ["en-US@posix"], ["en-"], None], ids=str)
def test_odd_languages_stop_nothing(alice, tab, gardening, languages):
    speaks(tab.page, languages)
    tab.opens(gardening)

    alice.wrote(gardening, "hello")

    tab.sees("hello")
    expect(tab.find("#chat-log time").last).to_have_text(CLOCK)


@pytest.mark.parametrize("missing", ["IntersectionObserver", "TextEncoder", "Intl.DateTimeFormat"])
def test_without_what_only_decorates_the_log_goes_on(alice, tab, gardening, complaints, missing):
    complaints.excuse(r"(Reference|Type)Error: .*not (defined|a constructor|a function)")
    alice.floods(gardening, 60)
    lacks(tab.page, missing)
    tab.opens(gardening)

    alice.wrote(gardening, "hello")

    expect(tab.messages.last).to_have_text("hello")
    expect(tab.pill).to_have_text("Live")


def test_without_popovers_a_letter_typed_at_nothing_is_written(old, gardening):
    old.opens(gardening)
    old.page.wait_for_function(HAS_LATER_STYLES)
    old.field.blur()

    old.page.keyboard.type("Hi")

    expect(old.field).to_have_value("Hi")


def test_without_popovers_a_message_has_a_page_to_react_on(alice, old, gardening):
    alice.wrote(gardening, "hello")
    old.opens(gardening)
    old.page.wait_for_function(HAS_LATER_STYLES)

    old.find("#seq-3").press("+")

    expect(old.page.get_by_role("button", name="React with 👍")).to_be_visible()


def test_a_later_part_that_fails_stops_no_other(tab, gardening, complaints):
    complaints.excuse("Error: there is no #message-said-template here")
    comes_with(tab.page, "document.querySelector('#message-said-template')?.remove()")
    tab.opens(gardening)
    tab.page.wait_for_function(HAS_LATER_STYLES)

    tab.field.press_sequentially("@al")

    expect(tab.page.get_by_role("option", name="alice")).to_be_visible()


def test_without_relative_times_the_home_page_is_live(alice, tab, complaints):
    complaints.excuse("TypeError: Intl.RelativeTimeFormat is not a constructor")
    alice.creates("Aardvarks")
    lacks(tab.page, "Intl.RelativeTimeFormat")

    tab.goes_home()
