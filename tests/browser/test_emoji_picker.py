"""Emoji are chosen from a picker, by search, by group or among those used last; the composer has a button for it."""

import re

import pytest
from browsers import OUTAGE, PHONE
from playwright.sync_api import expect

SUGGESTED = ["👍", "❤️", "😂", "🎉", "😮", "😢"]
STORED = "() => Object.entries(localStorage).filter(([key]) => key.endsWith(':emoji')).map(([, value]) => value)"
HEIGHT = "picker => picker.querySelector('.emoji-picker-scroller').clientHeight"
WITHOUT_SOURCE = """(() => {
  const show = HTMLElement.prototype.showPopover
  HTMLElement.prototype.showPopover = function () { show.call(this) }
})()"""
FONT = {"standard": 32, "fixed": 26}


class Picker:
    """What somebody does in the picker, on a group's page."""

    def __init__(self, tab):
        self.tab = tab
        self.element = tab.find("#emoji-picker")
        self.button = tab.find("#emoji-button")
        self.search = self.element.get_by_role("combobox")
        self.current = tab.find(".emoji-picker-current")

    def opens(self):
        self.button.click()
        expect(self.element).to_be_visible()
        expect(self.cell("nazar amulet")).to_be_attached()
        return self

    def cell(self, name):
        return self.element.get_by_role("gridcell", name=name, exact=True, include_hidden=True).last

    @property
    def recent(self):
        return self.element.get_by_role("grid", name="recently used").get_by_role("gridcell", include_hidden=True)

    def found(self):
        return self.element.get_by_role("grid", name="Search results").get_by_role("gridcell")

    def press(self, *keys):
        for key in keys:
            self.tab.page.keyboard.press(key)

    @property
    def focused(self):
        return self.element.locator(":focus")

    def expect_at(self, name):
        expect(self.focused).to_have_attribute("aria-label", name)


@pytest.fixture
def picker(alice, gardening):
    alice.opens(gardening)
    alice.page.evaluate("() => localStorage.clear()")
    return Picker(alice)


def test_a_click_inserts_an_emoji_at_the_caret(alice, picker):
    alice.field.fill("hello  there")
    alice.field.evaluate("field => field.setSelectionRange(6, 6)")
    picker.opens()

    picker.cell("waving hand").click()

    expect(alice.field).to_have_value("hello 👋 there")
    expect(alice.field).to_be_focused()
    expect(picker.element).to_be_hidden()
    alice.page.keyboard.type("!")
    expect(alice.field).to_have_value("hello 👋! there")


def test_what_was_inserted_can_be_undone_and_is_kept_as_a_draft(alice, picker, gardening):
    alice.field.fill("hello ")
    picker.opens().cell("waving hand").click()
    expect(alice.field).to_have_value("hello 👋")

    alice.opens(gardening)
    expect(alice.field).to_have_value("hello 👋")
    picker.opens().cell("tomato").click()
    alice.page.keyboard.press("Control+z")

    expect(alice.field).to_have_value("hello 👋")


def test_with_shift_the_picker_stays_open_for_more(alice, picker):
    picker.opens()

    for name in ("waving hand", "tomato", "tomato"):
        picker.cell(name).click(modifiers=["Shift"])
    expect(picker.element).to_be_visible()
    picker.cell("rocket").click()

    expect(alice.field).to_have_value("👋🍅🍅🚀")


def test_a_search_finds_emoji_and_enter_takes_the_first(alice, picker):
    picker.opens()
    expect(picker.search).to_be_focused()

    alice.page.keyboard.type("heart eyes")
    expect(picker.found()).to_have_text(["😍", "😻"])
    expect(picker.current).to_have_text("😍 smiling face with heart-eyes :heart_eyes:")
    picker.press("Enter")

    expect(alice.field).to_have_value("😍")
    expect(picker.element).to_be_hidden()
    expect(alice.messages).to_have_count(0)


def test_enter_takes_nothing_where_nothing_was_found_or_searched(alice, picker):
    picker.opens()
    picker.press("Enter")
    expect(picker.element).to_be_visible()

    alice.page.keyboard.type("xyzzy")
    expect(picker.element.get_by_role("status")).to_have_text("No emoji found for “xyzzy”.")
    picker.press("Enter", "ArrowDown")

    expect(picker.element).to_be_visible()
    expect(picker.search).to_be_focused()
    expect(alice.field).to_have_value("")


def test_keys_of_an_input_method_choose_nothing(alice, picker):
    picker.opens()
    alice.page.keyboard.type("tomato")

    picker.search.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True})

    expect(picker.element).to_be_visible()
    expect(alice.field).to_have_value("")


def test_arrow_keys_move_in_the_grid(picker):
    picker.opens()
    names = [each.get_attribute("aria-label") for each in picker.element.get_by_role("gridcell").all()[:33]]

    for key, place in [
        *(("ArrowDown", 0), ("ArrowRight", 1), ("End", 5), ("ArrowRight", 6), ("ArrowLeft", 5), ("Home", 0)),
        *(("ArrowDown", 6), ("ArrowDown", 15), ("End", 23), ("ArrowUp", 14), ("ArrowUp", 5), ("Control+Home", 0)),
    ]:
        picker.press(key)
        picker.expect_at(names[place])


def test_long_ways_in_the_grid_are_short(picker):
    picker.opens()
    picker.press("ArrowDown", "Control+End")
    picker.expect_at("flag: Wales")

    picker.press("PageUp")
    expect(picker.focused).to_be_in_viewport(ratio=1)
    picker.press("PageDown", "End")
    picker.expect_at("flag: Wales")


def test_arrow_up_leads_back_to_the_search_and_so_does_typing(alice, picker):
    picker.opens()
    picker.press("ArrowDown", "ArrowUp")
    expect(picker.search).to_be_focused()

    picker.press("ArrowDown", "t", "a", "d", "a")

    expect(picker.search).to_have_value("tada")
    picker.press("ArrowDown", "Enter")
    expect(alice.field).to_have_value("🎉")


def test_one_cell_is_a_tab_stop_and_so_is_the_toolbar(picker):
    picker.opens()
    picker.press("ArrowDown", "ArrowRight", "Shift+Tab")
    picker.expect_at("Recently used")

    picker.press("ArrowRight", "ArrowRight", "Enter", "Tab")

    picker.expect_at("waving hand")
    expect(picker.focused).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("group", ["Smileys & emotion", "Objects", "Flags"])
def test_a_button_leads_to_each_group(alice, picker, group):
    picker.opens()
    alice.page.keyboard.type("tomato")

    way = picker.element.get_by_role("button", name=group)
    way.click()

    expect(picker.search).to_have_value("")
    expect(picker.element.get_by_role("heading", name=group)).to_be_in_viewport(ratio=1)
    expect(way).to_have_attribute("aria-current", "true")


def test_escape_closes_and_the_focus_returns(alice, picker):
    alice.field.fill("hello")
    picker.opens()

    picker.press("Escape")

    expect(picker.element).to_be_hidden()
    expect(picker.button).to_be_focused()
    expect(alice.field).to_have_value("hello")


def test_a_click_elsewhere_closes_and_leaves_the_focus_there(alice, picker):
    picker.opens()

    alice.field.click()

    expect(picker.element).to_be_hidden()
    expect(alice.field).to_be_focused()


def test_its_button_closes_it_as_well(picker):
    for _ in range(2):
        picker.opens()
        picker.button.click()
        expect(picker.element).to_be_hidden()
        expect(picker.button).to_be_focused()


def test_what_was_used_last_comes_first_when_it_opens_again(alice, picker):
    expect(picker.opens().recent).to_have_text(SUGGESTED)
    picker.cell("tomato").click(modifiers=["Shift"])
    expect(picker.recent).to_have_text(SUGGESTED)
    picker.press("Escape")

    picker.opens()

    expect(picker.recent).to_have_text(["🍅", *SUGGESTED[:5]])
    assert alice.page.evaluate(STORED) == ["🍅"]


def test_a_skin_tone_is_chosen_once(alice, picker, gardening):
    picker.opens()
    tone = picker.element.get_by_role("button", name="Skin tone: no skin tone")
    tone.click()
    picker.press("ArrowRight", "ArrowRight", "ArrowRight", "Escape")
    expect(picker.element.get_by_role("button", name="Skin tone: medium", exact=True)).to_be_focused()
    expect(picker.element.get_by_role("radio").first).to_be_hidden()

    alice.opens(gardening)
    picker.opens().cell("thumbs up").click()
    picker.opens().cell("tomato").click()

    expect(alice.field).to_have_value("👍🏽🍅")
    expect(picker.opens().recent).to_have_text(["🍅", "👍🏽", *SUGGESTED[:4]])


def test_another_account_has_its_own_tone_and_emoji(arrives, alice, picker, gardening):
    picker.opens().cell("tomato").click()
    alice.lends_browser_to("carol")
    alice.joins(gardening)
    alice.opens(gardening)

    expect(picker.opens().recent).to_have_text(SUGGESTED)


def test_the_page_says_if_the_picker_itself_can_not_be_loaded(alice, picker, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(r"(TypeError: )?Failed to fetch")
    alice.page.route("**/group.picker.js*", lambda route: route.abort())

    picker.button.click()

    expect(alice.find("#log-refused")).to_have_text(
        "The emoji couldn't be loaded. Check your connection and try again."
    )


def test_offline_the_picker_says_so_and_loads_when_it_can(alice, picker, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(r"(TypeError: )?Failed to fetch")
    alice.page.route(re.compile(r"emoji\.json"), lambda route: route.abort())
    picker.button.click()
    expect(picker.element.get_by_role("status")).to_contain_text("couldn't be loaded")
    picker.press("Escape")
    alice.page.unroute_all()

    picker.opens()

    expect(picker.element.get_by_role("status")).to_be_hidden()


def test_without_a_script_there_is_no_button(alice, gardening):
    page = alice.page.context.browser.new_context(java_script_enabled=False, base_url=f"{alice.site.url}/").new_page()
    page.context.add_cookies(alice.context.cookies())
    page.goto(f"groups/{gardening}/")

    expect(page.locator("#chat-message-submit")).to_be_visible()
    expect(page.locator("#emoji-button")).to_be_hidden()
    page.context.close()


def test_axe_finds_nothing_in_any_state(alice, picker):
    picker.opens()
    assert alice.violations == []
    picker.element.get_by_role("button", name="Skin tone").click()
    assert alice.violations == []
    for term in ("cat", "xyzzy"):
        picker.search.fill(term)
        assert alice.violations == []


@pytest.mark.parametrize("size", [(320, 640), (320, 256), (844, 390)])
def test_where_there_is_little_room_it_is_a_sheet_that_fits(alice, gardening, size):
    alice.page.set_viewport_size({"width": size[0], "height": size[1]})
    alice.opens(gardening)
    picker = Picker(alice).opens()

    expect(picker.element).to_be_in_viewport(ratio=1)
    assert alice.overhang <= 0
    assert picker.element.evaluate(HEIGHT) >= 120
    assert picker.element.bounding_box()["width"] == size[0]
    picker.element.get_by_role("button", name="Close").click()
    expect(picker.button).to_be_focused()


def test_with_a_large_font_there_are_fewer_columns(alice, gardening):
    alice.page.set_viewport_size({"width": 400, "height": 800})
    session = alice.page.context.new_cdp_session(alice.page)
    session.send("Page.setFontSizes", {"fontSizes": FONT})
    alice.opens(gardening)
    picker = Picker(alice).opens()

    first = picker.element.get_by_role("row").first
    expect(first.get_by_role("gridcell")).to_have_count(5)
    assert picker.element.evaluate("picker => picker.scrollWidth - picker.clientWidth") == 0
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


def test_on_a_wide_screen_it_is_beside_the_button(alice, picker):
    picker.opens()
    box, button = picker.element.bounding_box(), picker.button.bounding_box()

    assert box["y"] + box["height"] <= button["y"]
    assert abs(box["x"] + box["width"] - button["x"] - button["width"]) <= 1


def test_where_a_browser_cannot_place_it_it_is_in_a_corner(alice, gardening):
    tab = alice.tab()
    tab.page.add_init_script(WITHOUT_SOURCE)
    tab.opens(gardening)

    picker = Picker(tab).opens()

    expect(picker.element).to_be_in_viewport(ratio=1)


def test_a_phones_keyboard_stays_away_until_one_searches(arrives, alice, gardening):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(gardening)
    picker = Picker(phone)
    picker.button.tap()
    expect(picker.cell("nazar amulet")).to_be_attached()

    expect(picker.search).not_to_be_focused()
    assert picker.cell("tomato").bounding_box()["height"] >= 44
    picker.cell("tomato").tap()
    expect(phone.field).to_have_value("🍅")


def test_when_the_window_narrows_the_rows_do_as_well(alice, picker):
    picker.opens()
    first = picker.element.get_by_role("row").nth(1)
    expect(first.get_by_role("gridcell")).to_have_count(9)
    picker.press("ArrowDown")

    alice.page.set_viewport_size({"width": 320, "height": 640})

    expect(first.get_by_role("gridcell")).to_have_count(8)
    picker.expect_at("thumbs up")
