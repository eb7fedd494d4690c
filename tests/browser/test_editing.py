"""Editing a message in its row: what was typed is saved, or kept until it is."""

import pytest
from acting import has_all_parts
from browsers import OUTAGE, PHONE
from playwright.sync_api import expect

FIRST, LAST = 2, 3  # alice's messages: her Join is the entry before them
SOURCE = "*water* them\n\n- daily"
SELECTION = "field => [field.selectionStart, field.selectionEnd, document.activeElement === field]"
COMPOSE = """field => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }))"""

# As if the server had been restored from a copy since.
OF_A_LATER_TEXT = """() => {
  for (const key of Object.keys(localStorage))
    localStorage[key] = localStorage[key].replace('"rev":0', '"rev":5')
}"""


@pytest.fixture
def written(alice, gardening):
    """A group in which alice wrote two messages, and looks at them."""
    alice.wrote(gardening, "sow tomatoes", SOURCE)
    has_all_parts(alice.opens(gardening))
    return gardening


@pytest.fixture
def begun(alice, written):
    """Alice has changed the last message's text, and not saved it."""
    begins(alice, "feed them")
    return written


def row(tab, seq=LAST):
    return tab.find(f"#seq-{seq}")


def editor(tab, seq=LAST):
    return row(tab, seq).get_by_label("Edit message")


def ways(tab, seq=LAST):
    """The words on the form's buttons."""
    return row(tab, seq).locator(".editor button:visible").all_inner_texts()


def presses(tab, name):
    tab.find("#chat-log").get_by_role("button", name=name, exact=True).click()


def begins(tab, text=None):
    """Edit what was written last, as a keyboard does."""
    has_all_parts(tab)
    tab.field.press("ArrowUp")
    expect(editor(tab)).to_be_focused()
    if text is not None:
        editor(tab).fill(text)


def saves_offline(tab, complaints):
    complaints.excuse(OUTAGE)
    tab.goes_offline()
    editor(tab).press("Enter")


def edits(person, group, text, seq=LAST, rev=0):
    """At another device."""
    person.posts(f"groups/{group}/messages/{seq}/edit/", message=text, rev=rev)


def deletes(person, group, seq=LAST):
    person.posts(f"groups/{group}/messages/{seq}/delete/")


# Beginning


def test_arrow_up_edits_the_last_message_as_it_was_typed(alice, written):
    begins(alice)

    expect(editor(alice)).to_have_value(SOURCE)
    expect(row(alice).locator(".entry-text")).to_be_hidden()


def test_arrow_up_edits_no_message_of_others_and_none_that_is_deleted(alice, bob, together):
    alice.wrote(together, "mine", "mine, deleted")
    bob.wrote(together, "his")
    deletes(alice, together, 4)
    expect(alice.messages).to_have_text(["mine", "his"])
    has_all_parts(alice)

    alice.field.press("ArrowUp")

    expect(editor(alice, 3)).to_be_focused()


@pytest.mark.parametrize("keys", ["Shift+ArrowUp", "Alt+ArrowUp", "Control+ArrowUp"])
def test_arrow_up_with_another_key_edits_nothing(alice, written, keys):
    alice.field.press(keys)
    alice.says("on we go")

    expect(alice.messages).to_have_count(3)
    expect(alice.find(".editor")).to_have_count(0)


def test_arrow_up_in_a_text_moves_in_it(alice, written):
    alice.field.fill("one\ntwo")

    alice.field.press("ArrowUp")

    expect(alice.field).to_be_focused()
    expect(alice.find(".editor")).to_have_count(0)


def test_a_text_that_cant_be_loaded_is_explained(alice, written, complaints):
    complaints.excuse(OUTAGE)
    alice.goes_offline()

    alice.field.press("ArrowUp")

    expect(alice.find("#log-refused")).to_contain_text("couldn't be loaded")
    expect(alice.find(".editor")).to_have_count(0)


# Saving


@pytest.mark.parametrize("keys", ["Enter", "Control+Enter", "Meta+Enter"])
def test_what_is_saved_is_in_the_log_and_the_focus_where_it_was(alice, begun, keys):
    editor(alice).press(keys)

    expect(row(alice).locator(".entry-text")).to_have_text("feed them")
    expect(row(alice)).to_have_attribute("data-rev", "1")
    expect(alice.field).to_be_focused()


def test_shift_and_enter_breaks_the_line(alice, begun):
    editor(alice).press("End")
    editor(alice).press("Shift+Enter")

    expect(editor(alice)).to_have_value("feed them\n")


def test_a_key_of_an_input_method_saves_nothing(alice, begun):
    editor(alice).evaluate(COMPOSE)

    expect(editor(alice)).to_have_value("feed them")
    expect(row(alice)).to_have_attribute("data-rev", "0")


def test_on_a_touch_screen_enter_breaks_the_line_and_the_button_saves(arrives, alice, written):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(written)
    begins(phone, "feed them")

    editor(phone).press("Enter")
    expect(editor(phone)).to_have_value("feed them\n")
    presses(phone, "Save")

    expect(row(alice).locator(".entry-text")).to_have_text("feed them")


def test_the_same_text_is_not_sent(alice, written):
    begins(alice, "other")
    editor(alice).fill(SOURCE)

    editor(alice).press("Enter")

    expect(editor(alice)).to_have_count(0)
    expect(alice.find(".unsaved-edit")).to_have_count(0)
    assert not [frame for frame in alice.sent if frame["type"] == "edit_message"]


def test_a_text_that_is_too_long_stays_in_its_form(alice, begun):
    editor(alice).fill("x" * 10_002)

    editor(alice).press("Enter")

    expect(editor(alice)).to_have_attribute("aria-invalid", "true")
    expect(row(alice).locator(".editor-counter")).to_have_text("2 characters too long")


def test_an_edit_is_saved_when_the_network_is_back(alice, bob, begun, complaints):
    complaints.excuse(OUTAGE)
    bob.joins(begun)
    bob.opens(begun)
    alice.goes_offline()
    editor(alice).press("Enter")
    expect(row(alice).locator(".entry-pending")).to_contain_text("feed them")

    alice.context.set_offline(False)

    expect(row(bob).locator(".entry-text")).to_have_text("feed them")


def test_an_edit_of_an_edit_that_waits_replaces_it(alice, begun, complaints):
    saves_offline(alice, complaints)
    begins(alice, "feed them well")
    editor(alice).press("Enter")

    alice.context.set_offline(False)

    expect(row(alice).locator(".entry-text")).to_have_text("feed them well")
    expect(row(alice)).to_have_attribute("data-rev", "1")


def test_an_emptied_text_asks_whether_to_delete_the_message(alice, begun):
    editor(alice).fill(" ")

    editor(alice).press("Enter")

    expect(alice.page.get_by_role("heading", name="Delete this message?")).to_be_visible()


# Leaving


def test_escape_keeps_what_was_typed_and_a_button_shows_it_again(alice, begun):
    editor(alice).press("Escape")
    expect(row(alice).locator(".entry-text")).to_be_visible()
    expect(alice.field).to_be_focused()

    presses(alice, "Unsaved edit")

    expect(editor(alice)).to_have_value("feed them")
    expect(editor(alice)).to_be_focused()


def test_nothing_is_kept_where_nothing_was_typed(alice, written):
    begins(alice)

    presses(alice, "Cancel")

    expect(alice.find(".editor, .unsaved-edit")).to_have_count(0)
    expect(alice.field).to_be_focused()


def test_a_kept_edit_is_discarded_when_somebody_says_so(alice, begun):
    presses(alice, "Cancel")

    presses(alice, "Discard unsaved edit")
    alice.page.reload()

    expect(row(alice).locator(".entry-text")).to_contain_text("water them")
    expect(alice.find(".editor, .unsaved-edit")).to_have_count(0)


def test_an_open_edit_is_open_again_after_a_reload_without_the_focus(alice, begun):
    alice.opens(begun)

    expect(editor(alice)).to_have_value("feed them")
    expect(alice.field).to_be_focused()


def test_the_edit_of_a_closed_tab_is_in_the_next_one(alice, begun):
    alice.page.close(run_before_unload=False)

    tab = alice.tab().opens(begun)
    presses(tab, "Unsaved edit")

    expect(editor(tab)).to_have_value("feed them")


def test_what_is_typed_in_one_tab_is_what_another_opens(alice, begun):
    other = alice.tab().opens(begun)
    editor(alice).fill("feed them well")

    presses(other, "Unsaved edit")

    expect(editor(other)).to_have_value("feed them well")


def test_what_is_saved_in_one_tab_is_unsaved_in_no_other(alice, begun):
    other = alice.tab().opens(begun)
    expect(other.find(".unsaved-edit")).to_be_visible()

    editor(alice).press("Enter")

    expect(row(other).locator(".entry-text")).to_have_text("feed them")
    expect(other.find(".unsaved-edit, .editor")).to_have_count(0)


def test_what_was_typed_in_another_tab_is_kept_when_one_saves(alice, begun):
    other = alice.tab().opens(begun)
    presses(other, "Unsaved edit")
    editor(other).fill("prune them")
    editor(alice).fill("feed them well")
    editor(alice).press("Enter")
    expect(row(other).locator(".entry-text")).to_have_text("feed them well")

    other.opens(begun)

    expect(editor(other)).to_have_value("prune them")


# Meanwhile


def test_live_entries_leave_the_field_as_it_is(alice, bob, begun):
    bob.joins(begun)
    editor(alice).evaluate("field => field.setSelectionRange(2, 5)")
    field = editor(alice).element_handle()

    bob.wrote(begun, "hello", "again")
    bob.posts(f"groups/{begun}/messages/{LAST}/reactions/", emoji="👍", on=1)
    expect(row(alice).locator(".reaction")).to_be_visible()

    assert field.evaluate(SELECTION) == [2, 5, True]


def test_an_open_edit_stays_when_its_row_is_far_away(alice, begun):
    alice.floods(begun, 450)
    expect(alice.find("#newest")).to_be_visible()
    expect(editor(alice)).to_be_focused()
    alice.find("#newest").click()
    expect(row(alice, LAST + 450)).to_be_visible()

    expect(editor(alice)).to_have_value("feed them")
    expect(row(alice, FIRST)).to_have_count(0)


def test_an_edit_elsewhere_is_shown_and_ones_own_can_replace_it(alice, begun):
    edits(alice, begun, "prune them")
    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(row(alice).locator(".entry-text")).to_have_text("prune them")
    assert ways(alice) == ["Save my version", "Use current version", "Cancel"]

    presses(alice, "Save my version")

    expect(row(alice)).to_have_attribute("data-rev", "2")
    expect(row(alice).locator(".entry-text")).to_have_text("feed them")


def test_an_edit_elsewhere_can_be_used_instead(alice, begun):
    edits(alice, begun, "prune them")

    presses(alice, "Use current version")
    alice.opens(begun)

    expect(row(alice).locator(".entry-text")).to_have_text("prune them")
    expect(alice.find(".editor, .unsaved-edit")).to_have_count(0)


def test_an_edit_that_comes_too_late_is_shown_again_beside_the_text_that_was_first(alice, begun, complaints):
    saves_offline(alice, complaints)
    edits(alice, begun, "prune them")

    alice.context.set_offline(False)

    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(editor(alice)).to_have_value("feed them")
    expect(row(alice).locator(".entry-text")).to_have_text("prune them")


def test_an_edit_of_one_that_comes_too_late_does_too(alice, begun, complaints):
    saves_offline(alice, complaints)
    begins(alice, "feed them well")
    edits(alice, begun, "prune them")

    alice.context.set_offline(False)

    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(editor(alice)).to_have_value("feed them well")
    expect(row(alice).locator(".entry-text")).to_have_text("prune them")


def test_an_edit_of_one_that_was_not_allowed_is_saved_once_it_is(alice, begun, complaints):
    saves_offline(alice, complaints)
    begins(alice, "feed them well")
    alice.posts(f"groups/{begun}/settings/", archived=1)
    alice.context.set_offline(False)
    expect(row(alice).get_by_role("alert")).to_contain_text("Not saved: This group is archived")

    alice.posts(f"groups/{begun}/settings/", archived=0)
    alice.opens(begun)
    editor(alice).press("Enter")

    expect(row(alice).locator(".entry-text")).to_have_text("feed them well")


def test_an_edit_of_a_text_that_is_not_there_any_more_can_be_saved(alice, begun):
    alice.page.evaluate(OF_A_LATER_TEXT)
    alice.opens(begun)
    editor(alice).press("Enter")
    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")

    presses(alice, "Save my version")

    expect(row(alice).locator(".entry-text")).to_have_text("feed them")
    expect(row(alice)).to_have_attribute("data-rev", "1")


def test_an_edit_of_another_copy_of_the_log_shows_both_texts(alice, begun):
    alice.revises("sow tomatoes", "sow carrots")

    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(row(alice).locator(".entry-text")).to_contain_text("daily")
    expect(editor(alice)).to_have_value("feed them")


def test_an_edit_that_is_not_allowed_any_more_says_so_and_keeps_the_text(alice, begun, complaints):
    saves_offline(alice, complaints)
    alice.posts(f"groups/{begun}/settings/", archived=1)

    alice.context.set_offline(False)

    expect(row(alice).get_by_role("alert")).to_contain_text("Not saved: This group is archived")
    expect(editor(alice)).to_have_value("feed them")


def test_a_kept_edit_of_a_text_that_changed_meanwhile_shows_both_when_it_is_opened(alice, begun):
    presses(alice, "Cancel")
    edits(alice, begun, "prune them")
    alice.opens(begun)

    presses(alice, "Unsaved edit")

    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(row(alice).locator(".entry-text")).to_have_text("prune them")


def test_the_text_for_a_deleted_message_can_be_sent_as_a_new_one(alice, begun):
    deletes(alice, begun)
    expect(row(alice).get_by_role("alert")).to_have_text("This message was deleted.")
    assert ways(alice) == ["Send as new message", "Discard"]

    presses(alice, "Send as new message")

    alice.sees("sow tomatoes", "feed them")
    expect(row(alice).locator(".entry-deleted")).to_be_visible()


def test_an_untouched_form_closes_with_its_deleted_message(alice, written):
    begins(alice)

    deletes(alice, written)

    expect(row(alice).locator(".entry-deleted")).to_be_visible()
    expect(alice.find(".editor, .unsaved-edit")).to_have_count(0)


def test_an_edit_that_was_refused_far_away_leads_there(alice, begun, complaints):
    saves_offline(alice, complaints)
    edits(alice, begun, "prune them")
    alice.floods(begun, 450)

    alice.context.set_offline(False)
    alice.find("#log-refused").get_by_role("link", name="Show").click()

    expect(row(alice).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(editor(alice)).to_have_value("feed them")


def test_a_kept_edit_is_there_again_when_its_row_comes_back(alice, begun):
    presses(alice, "Cancel")
    alice.floods(begun, 450)
    expect(row(alice)).to_have_count(0)

    alice.opens(begun)
    alice.page.evaluate(f"() => {{ location.hash = 'seq-{LAST}' }}")

    expect(row(alice).locator(".unsaved-edit")).to_be_visible()


# With a keyboard, and for everyone


def test_tab_goes_through_the_form_and_arrow_keys_stay_in_it(alice, begun):
    for name in ("Save", "Cancel"):
        alice.page.keyboard.press("Tab")
        expect(row(alice).get_by_role("button", name=name, exact=True)).to_be_focused()

    alice.page.keyboard.press("ArrowUp")

    expect(row(alice).get_by_role("button", name="Cancel", exact=True)).to_be_focused()


def test_every_state_of_the_form_is_accessible_and_narrow(alice, begun):
    alice.page.set_viewport_size({"width": 320, "height": 640})
    found, overhangs = alice.violations, [alice.overhang]
    editor(alice).press("Escape")
    found, overhangs = found + alice.violations, [*overhangs, alice.overhang]
    presses(alice, "Unsaved edit")
    edits(alice, begun, "prune them")
    expect(row(alice).get_by_role("alert")).to_be_visible()
    found, overhangs = found + alice.violations, [*overhangs, alice.overhang]
    deletes(alice, begun)
    expect(row(alice).locator(".entry-deleted")).to_be_visible()

    assert (found + alice.violations, [*overhangs, alice.overhang]) == ([], [0] * 4)


def test_the_field_is_described_by_what_is_wrong_with_it(alice, begun):
    edits(alice, begun, "prune them")

    expect(editor(alice)).to_have_accessible_description(
        "This message was edited elsewhere. The current version is above, yours is below."
    )
