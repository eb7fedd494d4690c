"""Drafts: one in each tab, and nothing that was typed is lost or sent twice."""

import pytest
from playwright.sync_api import expect

LONG = "a long text that took an hour"
# How many tabs hold the lock that shows they are open: the browser takes it from a closed one a moment later.
OPEN_TABS = """async () => {
  const { held } = await navigator.locks.query()
  return held.filter(({ name }) => name.startsWith("discussit:tab:")).length
}"""
ABSENCE = 3_500  # milliseconds: longer than a tab that loads again waits for others that are loading
FILL = """storage => {
  for (let size = 2 ** 22; size >= 1; size = Math.floor(size / 2)) {
    try { for (let n = 0; ; n++) window[storage].setItem(`full-${size}-${n}`, "x".repeat(size)) } catch {}
  }
}"""
EMPTY = "() => Object.keys(localStorage).filter(key => key.startsWith('full')).forEach(key => delete localStorage[key])"
RESET = '[{"type": "reset", "seq": 1}]'


@pytest.fixture
def tab(alice, gardening):
    """Alice's first tab, with the group in it."""
    return alice.opens(gardening)


@pytest.fixture
def sockets():
    """The sockets of `routed`."""
    return []


@pytest.fixture
def routed(alice, gardening, sockets):
    """Another tab of hers, to which a test may say something in the server's name."""

    def note(socket):
        sockets.append(socket)
        socket.connect_to_server()

    return alice.tab(note).opens(gardening)


@pytest.fixture
def full(alice, gardening):
    """`full(tab, "localStorage")`: no character more fits in."""
    yield lambda tab, storage: tab.page.evaluate(FILL, storage)
    alice.goes_home().page.evaluate(EMPTY)


@pytest.fixture
def copy(alice, tab):
    """A duplicate of a tab with a long draft. Neither field has the focus."""
    tab.field.fill(LONG)
    copy = alice.duplicates(tab)
    expect(copy.field).to_have_value(LONG)
    for each in (tab, copy):
        each.field.blur()
    return copy


def test_a_message_sent_from_another_tab_leaves_the_draft_alone(alice, tab, gardening):
    tab.field.fill(LONG)
    other = alice.tab().opens(gardening)
    other.says("short")
    other.sees("short")

    tab.page.reload()

    expect(tab.field).to_have_value(LONG)
    expect(other.field).to_have_value("")


@pytest.mark.parametrize("page", ["members/", "messages/2/actions/"])
def test_a_tab_that_looks_something_up_keeps_its_draft(alice, tab, gardening, page):
    tab.says("hi")
    tab.sees("hi")
    tab.field.fill(LONG)
    tab.page.goto(f"groups/{gardening}/{page}")
    other = alice.tab().opens(gardening)
    other.page.wait_for_timeout(ABSENCE)

    tab.opens(gardening)

    expect(tab.field).to_have_value(LONG)
    expect(other.field).to_have_value("")


def test_a_new_tab_shows_the_draft_of_one_that_is_gone(alice, tab, gardening):
    other = alice.tab().opens(gardening)
    other.field.fill(LONG)
    other.page.close()
    tab.until(lambda: tab.page.evaluate(OPEN_TABS) == 1)

    expect(alice.tab().opens(gardening).field).to_have_value(LONG)
    third = alice.tab().opens(gardening)

    third.page.wait_for_timeout(ABSENCE)
    expect(third.field).to_have_value("")


def test_a_new_tab_does_not_show_the_draft_of_one_that_is_frozen(alice, tab, gardening):
    tab.field.fill(LONG)
    tab.freezes()

    other = alice.tab().opens(gardening)
    other.says("short")

    other.sees("short")
    tab.thaws()
    expect(tab.field).to_have_value(LONG)


def test_a_tab_that_shows_another_page_of_the_site_is_not_gone(alice, tab, gardening):
    tab.field.fill(LONG)
    tab.goes_home()

    other = alice.tab().opens(gardening)

    other.says("short")
    tab.opens(gardening)
    expect(tab.field).to_have_value(LONG)


def test_tabs_that_load_at_the_same_time_keep_their_drafts(alice, tab, gardening):
    other = alice.tab().opens(gardening)
    tab.field.fill(LONG)

    for each in (other, tab):
        each.page.evaluate("() => { setTimeout(() => location.reload()) }")

    other.page.wait_for_timeout(ABSENCE)
    expect(tab.field).to_have_value(LONG)
    expect(other.field).to_have_value("")


def test_a_copy_follows_what_is_typed(tab, copy):
    copy.field.press_sequentially(" and more")

    expect(tab.field).to_have_value(copy.field.input_value())


def test_a_copy_follows_what_is_sent(tab, copy):
    copy.field.press("Enter")

    copy.sees(LONG)
    expect(tab.field).to_have_value("")
    tab.page.reload()
    expect(tab.field).to_have_value("")


def test_a_copy_follows_what_is_cleared(tab, copy):
    copy.field.fill("")

    expect(tab.field).to_have_value("")


def test_a_copy_that_has_the_focus_stays_as_it_is_and_becomes_a_draft_of_its_own(tab, copy):
    tab.field.focus()
    tab.page.evaluate("() => addEventListener('storage', () => window.heard = true)")
    copy.field.fill("another text")
    copy.page.reload()
    tab.page.wait_for_function("() => window.heard")
    expect(tab.field).to_have_value(LONG)

    tab.field.press_sequentially("!")

    for each, text in ((tab, f"{LONG}!"), (copy, "another text")):
        each.page.reload()
        expect(each.field).to_have_value(text)


def test_a_copy_follows_once_it_loses_the_focus(tab, copy):
    tab.field.focus()
    copy.field.fill("another text")
    copy.page.reload()

    tab.field.blur()

    expect(tab.field).to_have_value("another text")


def test_a_draft_survives_a_reload_that_the_page_triggers(alice, tab, routed, sockets):
    routed.field.fill(LONG)
    tab.says("short")
    routed.sees("short")

    with routed.page.expect_navigation():
        sockets[-1].send(RESET)

    expect(routed.pill).to_have_text("Live")
    expect(routed.field).to_have_value(LONG)


def test_what_an_extension_puts_into_the_field_survives_a_reload(tab):
    tab.field.evaluate("(field, text) => { field.value = text }", LONG)

    tab.page.reload()

    expect(tab.field).to_have_value(LONG)


def test_a_new_tab_shows_the_draft_of_a_page_with_the_old_scripts(alice, tab, gardening):
    tab.page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"discussit:draft:alice:{gardening}", LONG])

    other = alice.tab().opens(gardening)

    expect(other.field).to_have_value(LONG)


def test_a_draft_survives_a_reload_while_localstorage_is_full(tab, full):
    full(tab, "localStorage")
    tab.field.fill(LONG)

    tab.page.reload()

    expect(tab.field).to_have_value(LONG)


def test_a_message_that_waits_survives_a_reload_while_localstorage_is_full(alice, gardening, full):
    tab = alice.tab(drop_messages).opens(gardening)
    full(tab, "localStorage")
    tab.says(LONG)

    tab.page.reload()

    expect(tab.pending.locator(".entry-text")).to_have_text(LONG)


def test_a_page_does_not_reload_itself_while_nothing_can_be_stored(routed, sockets, full):
    full(routed, "localStorage")
    full(routed, "sessionStorage")
    routed.field.fill(LONG)
    expect(routed.find(".composer-warning")).to_be_visible()

    sockets[-1].send(RESET)

    expect(routed.find("#page-outdated")).to_be_visible()
    expect(routed.pill).to_have_text("Out of date")
    expect(routed.field).to_have_value(LONG)


def test_leaving_a_page_asks_first_while_nothing_can_be_stored(routed, full, complaints):
    complaints.excuse("a dialog")
    full(routed, "localStorage")
    full(routed, "sessionStorage")
    routed.field.press_sequentially(LONG)

    with routed.page.expect_event("dialog"):
        routed.page.evaluate("() => { setTimeout(() => location.reload()) }")

    expect(routed.field).to_have_value(LONG)


def drop_messages(socket):
    socket.connect_to_server()
    socket.on_message(lambda _: None)
