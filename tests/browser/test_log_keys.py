"""The keyboard in the log: it is one Tab stop, in which arrow keys lead from row to row and through a row."""

import re

import pytest
from playwright.sync_api import expect

TALL = "\n".join(f"line {n}" for n in range(1, 201))
SEQ = """() => document.activeElement.dataset.seq ?? document.activeElement.closest("[data-seq]")?.dataset.seq ?? ''"""
# Code can be focused, but Tab passes it.
STOPS = """() => [...document.querySelectorAll("#chat-log, #chat-log *:not(pre)")]
  .filter(element => element.tabIndex >= 0).length"""


@pytest.fixture(params=[(1280, 720), (390, 844)], ids=["desktop", "phone"])
def reading(request, bob, long_log):
    """Bob, who has left the field, at the end of a log of 62 entries."""
    width, height = request.param
    bob.page.set_viewport_size({"width": width, "height": height})
    bob.field.focus()
    return bob


def press(tab, *keys):
    for key in keys:
        tab.page.keyboard.press(key)


def enter(tab):
    """From the field back into the log."""
    press(tab, "Shift+Tab")


def seq(tab):
    return tab.page.evaluate(SEQ)


def row(tab, seq):
    return tab.find(f"#seq-{seq}")


def test_tab_leads_to_the_last_row_in_view_and_out_again(reading):
    enter(reading)
    expect(row(reading, 62)).to_be_focused()

    press(reading, "Tab")

    expect(reading.field).to_be_focused()
    assert reading.page.evaluate(STOPS) == 1
    expect(reading.find(".scroller")).to_have_attribute("tabindex", "-1")


def test_what_is_before_the_log_is_one_step_back(reading):
    enter(reading)

    press(reading, "Shift+Tab", "Shift+Tab")

    expect(reading.find("#chat-log :focus")).to_have_count(0)
    expect(reading.find(".scroller:focus")).to_have_count(0)


def test_tab_leads_to_where_somebody_is_reading_and_moves_nothing(reading):
    reading.find(".scroller").evaluate("scroller => scroller.scrollTop = -600")
    expect(reading.find("#newest")).to_be_visible()
    enter(reading)

    enter(reading)

    place = int(seq(reading))
    expect(row(reading, place)).to_be_in_viewport(ratio=1)
    expect(row(reading, place + 3)).not_to_be_in_viewport()
    assert reading.find(".scroller").evaluate("scroller => scroller.scrollTop") == -600


def test_arrow_keys_lead_from_row_to_row(reading):
    enter(reading)

    press(reading, *["ArrowUp"] * 20)
    expect(row(reading, 42)).to_be_focused()
    expect(row(reading, 42)).to_be_in_viewport(ratio=1)
    press(reading, *["ArrowDown"] * 3)

    expect(row(reading, 45)).to_be_focused()
    assert reading.page.evaluate(STOPS) == 1


def test_the_row_with_the_focus_shows_it_and_its_actions(reading):
    enter(reading)

    press(reading, "ArrowUp")

    expect(row(reading, 61)).to_have_css("outline-style", "solid")
    expect(row(reading, 61).locator(".entry-actions")).to_have_css("opacity", "1")
    assert reading.violations == []


def test_home_and_end_lead_to_the_first_and_the_last_row(reading):
    enter(reading)

    press(reading, "Home")
    expect(row(reading, 13)).to_be_focused()
    press(reading, "End")

    expect(row(reading, 62)).to_be_focused()
    expect(row(reading, 62)).to_be_in_viewport(ratio=1)


def test_the_last_row_has_no_next(reading):
    enter(reading)

    press(reading, "ArrowDown", "PageDown")

    expect(row(reading, 62)).to_be_focused()


def test_page_keys_lead_a_view_further(reading):
    enter(reading)
    view = reading.find(".scroller").evaluate("scroller => scroller.clientHeight")
    top = "row => row.offsetTop"

    press(reading, "PageUp")
    above = int(seq(reading))
    distance = row(reading, 62).evaluate(top) - row(reading, above).evaluate(top)
    assert 0.5 * view < distance < view
    expect(row(reading, above)).to_be_in_viewport(ratio=1)
    press(reading, "PageDown")

    expect(row(reading, 62)).to_be_focused()


def test_older_rows_load_on_the_way_up(reading):
    enter(reading)

    press(reading, "Home")
    expect(row(reading, 1)).to_be_attached()
    expect(row(reading, 13)).to_be_focused()
    press(reading, "ArrowUp")

    expect(row(reading, 12)).to_be_focused()
    assert reading.page.evaluate(STOPS) == 1


def test_a_date_that_moves_up_with_older_rows_leaves_the_focus_where_it_was(reading):
    held = []
    reading.page.route("**/*before=*", lambda route: held.append(route))
    enter(reading)
    press(reading, "Home", "ArrowUp")
    expect(reading.find(".entry-day-button")).to_be_focused()
    reading.until(lambda: held)

    held.pop().continue_()

    expect(row(reading, 1)).to_be_attached()
    expect(row(reading, 13)).to_be_focused()


@pytest.fixture
def rich(alice, bob, together):
    """A message with a link that bob answered and reacted to; bob is in the field."""
    alice.wrote(together, "see https://example.org/a")
    bob.posts(f"groups/{together}/messages/", message="yes", reply_to=3)
    bob.posts(f"groups/{together}/messages/3/reactions/", emoji="👍", on=1)
    expect(bob.find(".reaction")).to_be_visible()
    expect(row(bob, 4)).to_be_visible()
    bob.field.focus()
    return bob


def test_arrow_keys_lead_through_what_can_be_pressed_in_a_row(rich):
    enter(rich)
    press(rich, "ArrowUp")

    for each in (".entry-time", ".entry-text a", ".reaction", ".entry-replies", ".entry-actions"):
        press(rich, "ArrowRight")
        expect(row(rich, 3).locator(each)).to_be_focused()
    press(rich, "ArrowRight", "ArrowLeft")

    expect(row(rich, 3).locator(".entry-replies")).to_be_focused()


def test_escape_and_the_way_back_lead_to_the_row(rich):
    enter(rich)
    press(rich, "ArrowRight", "ArrowRight", "Escape")
    expect(row(rich, 4)).to_be_focused()

    press(rich, "ArrowRight", "ArrowLeft")
    expect(row(rich, 4)).to_be_focused()
    press(rich, "ArrowLeft", "Escape")

    expect(row(rich, 4)).to_be_focused()


def test_up_and_down_lead_to_rows_from_within_a_row(rich):
    enter(rich)

    press(rich, "ArrowRight", "ArrowUp")

    expect(row(rich, 3)).to_be_focused()


def test_enter_opens_the_actions_of_a_message_and_follows_a_link(rich, together):
    enter(rich)
    press(rich, "ArrowRight", "Enter")
    expect(rich.page).to_have_url(re.compile("#seq-4$"))

    press(rich, "Escape", "ArrowUp", "Enter")

    expect(rich.page.get_by_role("menu")).to_have_accessible_name("Actions for message from alice")


def test_a_reaction_is_pressed_without_losing_the_place(rich):
    enter(rich)
    press(rich, "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "Enter")

    expect(rich.find(".reaction")).to_have_count(0)
    press(rich, "ArrowUp")

    expect(rich.find(".run-line")).to_be_focused()


@pytest.fixture
def code(alice, rich, together):
    """Code that is wider than the log, after two messages and a reaction."""
    alice.wrote(together, f"```\n{'x' * 500}\n```", "last")
    expect(row(rich, 7)).to_be_visible()
    expect(row(rich, 6).locator(".code-copy")).to_be_visible()
    return row(rich, 6).locator("pre")


def test_code_that_is_wider_than_the_log_is_scrolled_before_it_is_left(rich, code):
    enter(rich)
    press(rich, "ArrowUp", *["ArrowRight"] * 4)
    expect(code).to_be_focused()

    press(rich, "ArrowRight")
    rich.until(lambda: code.evaluate("code => code.scrollLeft") > 0)
    expect(code).to_be_focused()
    code.evaluate("code => code.scrollLeft = code.scrollWidth")
    press(rich, "ArrowRight")

    expect(row(rich, 6).locator(".entry-actions")).to_be_focused()


def test_tab_passes_code_and_axe_finds_nothing(rich, code):
    enter(rich)
    press(rich, "Home", "Tab")
    expect(rich.field).to_be_focused()

    press(rich, "Shift+Tab")

    expect(code).not_to_be_focused()
    expect(rich.find("#chat-log :focus")).to_have_count(1)
    assert rich.violations == []


def test_an_event_has_no_actions(rich):
    enter(rich)
    press(rich, "Home")
    address = rich.page.url

    press(rich, "Enter", "ArrowDown", "Enter")

    expect(row(rich, 1)).to_be_focused()
    assert rich.page.url == address


@pytest.mark.parametrize("key", ["Control+Home", "Alt+ArrowUp", "Shift+ArrowUp", "Meta+ArrowUp"])
def test_keys_with_modifiers_are_not_the_logs(reading, key):
    enter(reading)

    press(reading, key)

    expect(row(reading, 62)).to_be_focused()


def test_letters_without_a_meaning_do_nothing_in_the_log(reading):
    enter(reading)

    reading.page.keyboard.type("xyz")

    expect(row(reading, 62)).to_be_focused()
    expect(reading.field).to_have_value("")


def test_a_click_makes_its_row_the_current_one_and_selects_text(reading):
    row(reading, 60).locator(".entry-text").dblclick(position={"x": 10, "y": 10})
    assert reading.page.evaluate("() => String(getSelection())").strip() == "message"

    press(reading, "ArrowUp")

    expect(row(reading, 59)).to_be_focused()


def test_entries_that_come_are_left_out_by_tab(alice, reading, long_log):
    enter(reading)
    alice.wrote(long_log, "see https://example.org", "```\ncode\n```")
    alice.posts(f"groups/{long_log}/messages/62/reactions/", emoji="👍", on=1)
    expect(reading.find(".reaction")).to_be_visible()

    assert reading.page.evaluate(STOPS) == 1
    press(reading, "ArrowDown", "ArrowDown")

    expect(row(reading, 64)).to_be_focused()


def test_a_message_that_is_deleted_keeps_its_place_in_the_keyboards_order(alice, rich, together):
    enter(rich)
    press(rich, "ArrowUp", "ArrowRight", "ArrowRight")
    expect(rich.find(".entry-text a")).to_be_focused()

    alice.posts(f"groups/{together}/messages/3/delete/")

    expect(rich.find(".entry-deleted")).to_be_visible()
    press(rich, "Escape")
    expect(row(rich, 3)).to_be_focused()
    expect(row(rich, 3)).not_to_have_accessible_name(re.compile("see"))


@pytest.mark.parametrize("change", ["row.remove()", "row.replaceWith(other)", "row.before(row.previousElementSibling)"])
def test_the_focus_stays_when_rows_go_or_are_moved(reading, change):
    enter(reading)
    press(reading, "ArrowUp", "ArrowUp")
    row(reading, 60).evaluate(f"row => {{ const other = row.cloneNode(true); {change} }}")

    place = 59 if change == "row.remove()" else 60

    expect(row(reading, place)).to_be_focused()
    assert reading.page.evaluate(STOPS) == 1


FOLD = """rows => {
  const run = document.createElement("details")
  run.className = "run"
  run.append(document.createElement("summary"))
  run.firstChild.append("3 messages")
  rows[0].before(run)
  run.append(...rows)
}"""


def test_a_folded_run_is_one_row_until_it_is_opened(reading):
    reading.find("#seq-58, #seq-59, #seq-60").evaluate_all(FOLD)
    enter(reading)
    press(reading, "ArrowUp", "ArrowUp")
    expect(reading.find(".run > summary")).to_be_focused()

    press(reading, "ArrowUp", "ArrowDown", "Enter", "ArrowDown")

    expect(row(reading, 58)).to_be_focused()
    assert reading.page.evaluate(STOPS) == 1


def test_the_focus_moves_to_the_run_that_its_row_is_folded_into(reading):
    enter(reading)
    press(reading, "ArrowUp", "ArrowUp", "ArrowUp")
    expect(row(reading, 59)).to_be_focused()

    reading.find("#seq-58, #seq-59, #seq-60").evaluate_all(FOLD)

    expect(reading.find(".run > summary")).to_be_focused()


def test_a_message_that_is_higher_than_the_view_is_scrolled_through(alice, reading, long_log):
    alice.wrote(long_log, TALL, "last")
    expect(row(reading, 64)).to_be_visible()
    enter(reading)
    press(reading, "ArrowUp")
    before = row(reading, 63).bounding_box()["y"]

    press(reading, "ArrowUp", "ArrowUp")
    reading.until(lambda: before + 40 < row(reading, 63).bounding_box()["y"] < before + 200)

    expect(row(reading, 63)).to_be_focused()


def test_without_a_script_the_log_scrolls_by_the_keyboard_and_its_links_are_stops(browser_of, bob, long_log):
    context = browser_of("bob without scripts", java_script_enabled=False)
    context.add_cookies(bob.context.cookies())
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"groups/{long_log}/")

    page.locator(".scroller").focus()
    for _ in range(2):
        page.keyboard.press("Tab")

    expect(page.locator(".scroller")).to_have_attribute("tabindex", "0")
    expect(page.locator("#chat-log .entry-time").first).to_be_focused()
