"""Changing messages that aren't sent yet."""

import pytest
from acting import has_all_parts
from browsers import OUTAGE
from playwright.sync_api import expect


@pytest.fixture
def unsent(alice, gardening, complaints):
    """A group in which alice wrote a message without a network."""
    complaints.excuse(OUTAGE)
    has_all_parts(alice.opens(gardening))
    alice.goes_offline()
    alice.says("sow tomatos")
    expect(alice.pending).to_have_count(1)
    return gardening


def editor(tab):
    return tab.pending.get_by_label("Edit message")


def begins(tab, text):
    tab.field.press("ArrowUp")
    expect(editor(tab)).to_be_focused()
    editor(tab).fill(text)


def presses(tab, name):
    tab.pending.get_by_role("button", name=name, exact=True).click()


def hold_back(socket):
    socket.connect_to_server()
    socket.on_message(lambda _: None)


def test_arrow_up_changes_a_message_that_isnt_sent_yet(alice, unsent):
    begins(alice, "sow tomatoes")
    editor(alice).press("Enter")
    expect(alice.pending.locator(".entry-text")).to_have_text("sow tomatoes")
    expect(alice.field).to_be_focused()

    alice.context.set_offline(False)

    alice.sees("sow tomatoes")


def test_a_button_does_the_same(alice, unsent):
    presses(alice, "Edit this message")

    expect(editor(alice)).to_have_value("sow tomatos")
    expect(editor(alice)).to_be_focused()


def test_a_message_is_not_sent_while_it_is_changed(alice, unsent):
    begins(alice, "sow toma")
    alice.says("and water them")
    alice.context.set_offline(False)
    expect(alice.messages).to_have_text(["and water them"])

    editor(alice).fill("sow tomatoes")
    presses(alice, "Save and send")

    alice.sees("and water them", "sow tomatoes")


def test_escape_leaves_what_was_changed_unsent_until_somebody_says_so(alice, unsent):
    begins(alice, "sow tomatoes")
    editor(alice).press("Escape")
    alice.context.set_offline(False)
    expect(alice.pending).to_contain_text("Not sent: You edited this message but didn't send it.")

    presses(alice, "Retry")

    alice.sees("sow tomatoes")


def test_escape_sends_what_was_not_changed(alice, unsent):
    begins(alice, "sow tomatos")
    editor(alice).press("Escape")

    alice.context.set_offline(False)

    alice.sees("sow tomatos")


def test_what_was_typed_in_a_tab_that_is_gone_is_neither_lost_nor_sent(alice, unsent):
    begins(alice, "sow tomatoes and")
    alice.page.close(run_before_unload=False)
    alice.context.set_offline(False)

    tab = alice.tab().opens(unsent)

    expect(tab.pending).to_contain_text("sow tomatoes and")
    expect(tab.pending).to_contain_text("Not sent")


def test_a_message_is_changed_in_one_tab_at_a_time(alice, unsent):
    begins(alice, "sow tomatoes")
    alice.context.set_offline(False)
    other = alice.tab().opens(unsent)
    has_all_parts(other)

    other.field.press("ArrowUp")
    expect(editor(other)).to_have_value("sow tomatoes")
    expect(editor(alice)).to_have_count(0)
    editor(other).press("Enter")

    alice.sees("sow tomatoes")


def test_an_emptied_message_is_not_sent_but_can_be_discarded(alice, unsent):
    begins(alice, "")
    editor(alice).press("Enter")
    expect(alice.pending.get_by_role("alert")).to_contain_text("can't be empty")

    presses(alice, "Discard")

    expect(alice.pending).to_have_count(0)


def test_a_message_that_is_on_its_way_is_not_changed_there(alice, gardening):
    tab = alice.tab(hold_back).opens(gardening)
    tab.says("on its way")
    expect(tab.pending).to_have_count(1)
    has_all_parts(tab)

    tab.field.press("ArrowUp")

    expect(tab.find("#log-refused")).to_contain_text("already on its way")


def test_the_form_of_an_unsent_message_is_accessible(alice, unsent):
    begins(alice, "sow tomatoes")

    assert alice.violations == []
