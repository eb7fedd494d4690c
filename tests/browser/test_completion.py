"""The list that opens above a field, and completes names and emoji."""

import re

import pytest
from browsers import PHONE
from playwright.sync_api import expect

UNDO = "Control+z"


@pytest.fixture
def tab(alice, bob, together):
    return alice


@pytest.fixture
def crowd(alice, arrives, tab, together):
    """Cleo and dora are in the group as well; dora wrote last."""
    for name in ("cleo", "dora"):
        person = arrives(name)
        person.logs_in()
        person.joins(together)
    person.wrote(together, "hello")
    tab.sees("hello")
    return together


def options(tab):
    return tab.find(".suggestions [role=option]")


def names(tab):
    return tab.find(".suggestions-name")


def types(tab, text):
    tab.field.press_sequentially(text)


def expect_chosen(tab, name):
    """The field points to the option of this name."""
    chosen = tab.find(".suggestions [aria-selected=true]")
    expect(chosen.locator(".suggestions-name")).to_have_text(name)
    expect(tab.field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))


def test_a_sign_alone_lists_members_the_last_writer_first(tab, crowd):
    types(tab, "hello @")

    expect(names(tab)).to_have_text(["dora", "cleo", "bob", "everyone"])
    expect(tab.page.get_by_role("listbox", name="Members")).to_be_visible()
    expect_chosen(tab, "dora")


def test_enter_inserts_the_chosen_name_and_the_next_one_sends(tab, crowd):
    types(tab, "hello @o")
    expect(names(tab)).to_have_text(["dora", "cleo", "bob", "everyone"])
    tab.field.press("ArrowDown")
    expect_chosen(tab, "cleo")

    tab.field.press("Enter")
    expect(tab.field).to_have_value("hello @cleo ")
    expect(options(tab)).to_have_count(0)
    tab.field.press("Enter")

    expect(tab.messages.last).to_have_text("hello @cleo")
    expect(tab.find("#chat-log .mention")).to_have_text("@cleo")


def test_tab_inserts_and_a_click_does(tab, together):
    types(tab, "@b")
    tab.field.press("Tab")
    expect(tab.field).to_have_value("@bob ")

    types(tab, "and @")
    options(tab).get_by_text("everyone").click()

    expect(tab.field).to_have_value("@bob and @everyone ")
    expect(tab.field).to_be_focused()


def test_what_was_inserted_can_be_undone(tab, together):
    types(tab, "hello @b")
    tab.field.press("Enter")
    expect(tab.field).to_have_value("hello @bob ")

    tab.field.press(UNDO)

    expect(tab.field).to_have_value("hello @b")


def test_escape_closes_the_list_alone_and_it_stays_closed(tab, together):
    types(tab, "hello @")
    expect(options(tab)).not_to_have_count(0)

    tab.field.press("Escape")
    types(tab, "b")

    expect(options(tab)).to_have_count(0)
    expect(tab.field).to_have_value("hello @b")
    types(tab, " @")
    expect(options(tab)).not_to_have_count(0)


def test_the_list_closes_where_the_caret_or_the_focus_goes_elsewhere(tab, together):
    types(tab, "hello @b")
    expect(names(tab)).to_have_text(["bob"])

    tab.field.press("Home")
    expect(options(tab)).to_have_count(0)
    tab.field.press("End")
    types(tab, "o")
    expect(names(tab)).to_have_text(["bob"])
    tab.field.blur()

    expect(options(tab)).to_have_count(0)
    expect(tab.field).not_to_have_attribute("aria-activedescendant", re.compile("."))


def test_a_whole_name_is_sent_without_asking(tab, together):
    tab.field.press_sequentially("thanks @bob")
    tab.field.press("Enter")

    tab.sees("thanks @bob")


def test_an_alias_becomes_its_emoji(tab, together):
    types(tab, "well done :tad")
    expect(names(tab).first).to_have_text("party popper")

    tab.field.press("Enter")

    expect(tab.field).to_have_value("well done 🎉")


@pytest.mark.parametrize("text", ["`@b", "https://example.org/@b", "mail@b", "at 10:30", "so :p"])
def test_nothing_opens_in_code_addresses_words_times_and_faces(tab, together, text):
    types(tab, text)

    expect(tab.field).to_have_value(text)
    expect(options(tab)).to_have_count(0)


def test_keys_of_an_input_method_choose_nothing(tab, together):
    types(tab, "hello @")
    expect(options(tab)).not_to_have_count(0)
    keys = tab.context.new_cdp_session(tab.page)
    keys.send("Input.imeSetComposition", {"text": "b", "selectionStart": 1, "selectionEnd": 1})
    expect(names(tab)).to_have_text(["bob"])

    tab.page.keyboard.press("Enter")

    keys.send("Input.insertText", {"text": "b"})
    expect(tab.field).to_have_value(re.compile(r"hello @b\s?"))
    expect(tab.field).not_to_have_value(re.compile("bob"))


def test_only_those_may_mention_everyone_whom_the_server_lets(alice, bob, gardening, together):
    for person in (alice, bob):
        person.page.evaluate("() => { document.querySelector('#members').dataset.members = '21' }")

        types(person, "@every")

    expect(names(alice)).to_have_text(["everyone"])
    expect(options(bob)).to_have_count(0)


def test_a_member_whom_a_large_groups_page_does_not_list_is_found(tab, crowd):
    limit = "() => { document.querySelector('#members').dataset.limit = '1' }"
    tab.page.evaluate("() => document.querySelector('#members-cleo').remove()")
    tab.page.evaluate("() => document.querySelectorAll('#chat-log .run').forEach(run => run.remove())")
    tab.page.evaluate(limit)

    types(tab, "@cl")

    expect(names(tab)).to_have_text(["cleo"])


@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_on_an_open_list_and_it_fits(tab, crowd, width):
    tab.page.set_viewport_size({"width": width, "height": 480})
    types(tab, "@")
    expect(options(tab)).to_have_count(4)

    assert tab.violations == []
    assert tab.overhang <= 0


def test_a_list_stays_within_a_small_window_with_large_letters(tab, crowd):
    tab.page.set_viewport_size({"width": 320, "height": 256})
    tab.page.evaluate("() => { document.documentElement.style.fontSize = '32px' }")
    types(tab, "@")
    expect(options(tab)).to_have_count(4)

    box = tab.find(".suggestions").bounding_box()

    assert box["y"] >= 0
    assert box["y"] + box["height"] <= tab.field.bounding_box()["y"]
    assert box["height"] >= 44


def test_a_tap_inserts_on_a_phone(arrives, alice, bob, gardening):
    bob.joins(gardening)
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.opens(gardening).field.tap()

    types(phone, "@a")
    options(phone).first.tap()

    expect(phone.field).to_have_value("@alice ")
    expect(phone.field).to_be_focused()
