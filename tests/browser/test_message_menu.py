"""The menu of a message: how it opens, what it offers, and how it is left."""

import pytest
from acting import items, menu, opens, press, row
from browsers import OUTAGE, PHONE
from playwright.sync_api import expect

OTHERS = ["Reply", "Copy text", "Copy link", "Mark as unread from here"]
OWN = [*OTHERS, "Edit", "Delete"]
WIDE, NARROW = (1280, 720), (320, 600)


def focused(tab):
    return menu(tab).locator(":focus")


def lies_within(tab, size):
    box = menu(tab).bounding_box()
    ends = box["x"] + box["width"], box["y"] + box["height"]
    return min(box["x"], box["y"]) >= 0 and ends[0] <= size[0] and ends[1] <= size[1]


def test_it_offers_what_can_be_done_with_the_message_of_somebody_else(talking):
    opens(talking, 3)

    expect(items(talking)).to_have_text(OTHERS)
    expect(menu(talking).get_by_role("menuitemcheckbox")).to_have_count(6)


def test_it_offers_what_can_be_done_with_ones_own_message(talking):
    opens(talking, 4)

    expect(items(talking)).to_have_text(OWN)
    expect(menu(talking)).to_have_accessible_name("Actions for message from bob")


def test_it_stands_beside_what_opened_it_and_moves_nothing(talking):
    before = row(talking, 3).bounding_box()

    opens(talking, 3)

    button, box = row(talking, 3).locator(".entry-actions").bounding_box(), menu(talking).bounding_box()
    below, above = box["y"] - (button["y"] + button["height"]), button["y"] - (box["y"] + box["height"])
    assert 0 <= max(below, above) < 10
    assert abs(box["x"] + box["width"] - button["x"] - button["width"]) < 2
    assert row(talking, 3).bounding_box() == before


@pytest.mark.parametrize("key", ["Enter", "ContextMenu", "Shift+F10"])
def test_the_keyboard_opens_it_and_escape_leads_back(talking, key):
    row(talking, 4).focus()

    press(talking, key)
    expect(focused(talking)).to_have_attribute("data-emoji", "👍")
    press(talking, "Escape")

    expect(menu(talking)).to_have_count(0)
    expect(row(talking, 4)).to_be_focused()


def test_arrow_keys_lead_through_it(talking):
    row(talking, 4).focus()
    press(talking, "Enter")

    for keys, name in [
        (["ArrowRight"], "React with ❤️"),
        (["ArrowDown"], "Reply"),
        (["ArrowUp", "ArrowUp"], "Delete"),
        (["Home", "End", "ArrowDown", "ArrowLeft"], "React with 👍"),
        (["c"], "Copy text"),
        (["c"], "Copy link"),
    ]:
        press(talking, *keys)
        expect(focused(talking)).to_have_accessible_name(name)


def test_another_click_closes_it(talking):
    opens(talking, 3)

    row(talking, 3).locator(".entry-actions").click()

    expect(menu(talking)).to_have_count(0)
    expect(row(talking, 3).locator(".entry-actions")).to_be_focused()


def test_a_click_with_a_key_opens_the_messages_page_in_a_tab(talking):
    row(talking, 3).hover()

    with talking.context.expect_page() as opened:
        row(talking, 3).locator(".entry-actions").click(modifiers=["ControlOrMeta"])

    expect(opened.value).to_have_url(f"{talking.site.url}/groups/{talking.group}/messages/3/actions/")
    expect(menu(talking)).to_have_count(0)


def test_it_closes_when_its_message_is_deleted(alice, talking):
    opens(talking, 3)

    alice.posts(f"groups/{talking.group}/messages/3/delete/")

    expect(menu(talking)).to_have_count(0)
    expect(row(talking, 3)).to_be_focused()


def test_a_deleted_message_can_be_linked_to_and_marked(alice, talking):
    alice.posts(f"groups/{talking.group}/messages/3/delete/")
    expect(row(talking, 3).locator(".entry-deleted")).to_be_visible()
    row(talking, 3).focus()

    press(talking, "Enter")

    expect(items(talking)).to_have_text(["Copy link", "Mark as unread from here"])
    expect(menu(talking).locator(".message-menu-line")).to_be_hidden()


def test_a_reaction_is_set_and_taken_back(alice, talking):
    opens(talking, 3)
    menu(talking).get_by_role("menuitemcheckbox", name="React with 🎉").click()
    expect(row(alice, 3).locator(".reaction")).to_have_text("🎉 1")
    expect(row(talking, 3).locator(".reaction")).to_have_attribute("aria-pressed", "true")
    opens(talking, 3)
    chosen = menu(talking).get_by_role("menuitemcheckbox", checked=True)
    expect(chosen).to_have_accessible_name("React with 🎉")

    chosen.click()

    expect(row(alice, 3).locator(".reaction")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_fits_and_axe_finds_nothing(talking, size):
    talking.page.set_viewport_size({"width": size[0], "height": size[1]})
    row(talking, 4).focus()

    press(talking, "Enter")

    assert lies_within(talking, size)
    assert (talking.violations, talking.overhang) == ([], 0)


@pytest.fixture
def phone(arrives, talking):
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.opens(talking.group)
    return phone


@pytest.mark.parametrize("place", [".entry-actions", ".avatar"])
def test_on_a_phone_it_is_a_sheet_that_the_margin_opens_as_well(phone, place):
    row(phone, 3).locator(place).tap()

    box = menu(phone).bounding_box()
    assert (box["width"], box["y"] + box["height"]) == (390, 844)
    expect(items(phone)).to_have_text(OTHERS)
    assert phone.violations == []


def test_on_a_phone_a_tap_on_the_text_opens_nothing(phone):
    row(phone, 3).locator(".entry-text").tap()

    expect(menu(phone)).to_have_count(0)


def test_a_finger_hits_the_dots_without_aiming(phone):
    dots = row(phone, 4).locator(".entry-actions").bounding_box()

    phone.page.touchscreen.tap(dots["x"] + 18, dots["y"] + 40)

    expect(items(phone)).to_have_text(OWN)


def test_it_closes_when_its_row_is_no_longer_shown(talking):
    opens(talking, 3)
    row(talking, 3).evaluate("row => row.remove()")

    talking.find(".scroller").dispatch_event("scroll")

    expect(menu(talking)).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_fits_where_letters_are_large(talking, size):
    talking.page.set_viewport_size({"width": size[0], "height": size[1]})
    talking.page.evaluate("() => { document.documentElement.style.fontSize = '32px' }")
    row(talking, 4).focus()

    press(talking, "Enter", "End")

    assert lies_within(talking, size)
    expect(focused(talking)).to_be_in_viewport(ratio=1)


def test_a_page_that_is_not_live_leads_to_the_messages_page(talking):
    talking.posts(f"groups/{talking.group}/messages/", message="now", reply_to=3)
    talking.page.goto(f"groups/{talking.group}/?replies=3")
    row(talking, 3).hover()

    row(talking, 3).locator(".entry-actions").click()

    expect(talking.page).to_have_url(f"{talking.site.url}/groups/{talking.group}/messages/3/actions/")


def test_it_comes_later_where_its_script_could_not_be_loaded_at_first(bob, talking, gardening, complaints):
    complaints.excuse(OUTAGE)
    tab = bob.tab()
    aborted = []

    def fail_once(route):
        route.continue_() if aborted else route.abort()
        aborted.append(route)

    tab.page.route("**/group.later.js*", fail_once)
    tab.opens(gardening)

    opens(tab, 3)
    assert len(aborted) > 1
