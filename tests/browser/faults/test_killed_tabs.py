"""A tab that is killed at any step takes nothing with it: what was typed or done is there in the next tab."""

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

TYPED = "two hours of work"
FIRST, OWN = 3, 4  # bob's message and alice's


@pytest.fixture(autouse=True)
def outages(complaints):
    complaints.excuse(OUTAGE)


@pytest.fixture
def talk(alice, bob, together):
    """A group with a message of bob's and one of alice's. Bob has it open; alice's first tab is elsewhere."""
    bob.wrote(together, "shall we plant tomatoes?")
    alice.wrote(together, "tomatoes it is")
    bob.opens(together)
    alice.page.goto("about:blank")
    return together


@pytest.fixture
def doomed(alice, talk):
    """A tab of alice's that is going to be killed."""
    return alice.tab().opens(talk).is_to_die()


@pytest.fixture
def offline(doomed):
    """The same, without a network."""
    doomed.goes_offline()
    return doomed


def next_tab(alice, talk):
    """Her next tab, with a network."""
    alice.context.set_offline(False)
    return alice.tab().opens(talk)


def row(person, seq=FIRST):
    return person.find(f"#seq-{seq}")


def test_a_text_that_was_being_typed(alice, talk, doomed):
    doomed.field.press_sequentially(TYPED)

    doomed.dies()

    expect(next_tab(alice, talk).field).to_have_value(TYPED)


def test_a_message_that_waited_for_the_network(alice, bob, talk, offline):
    offline.says(TYPED)

    offline.dies()

    next_tab(alice, talk).sees("shall we plant tomatoes?", "tomatoes it is", TYPED)
    bob.sees("shall we plant tomatoes?", "tomatoes it is", TYPED)


def test_a_message_that_was_sent_and_never_answered(alice, bob, talk):
    def swallow(socket):
        server = socket.connect_to_server()
        server.on_message(lambda text: None if '"ack"' in text or TYPED in text else socket.send(text))

    tab = alice.tab(swallow).opens(talk).is_to_die()
    tab.says(TYPED)
    bob.sees("shall we plant tomatoes?", "tomatoes it is", TYPED)

    tab.dies()

    next_tab(alice, talk).sees("shall we plant tomatoes?", "tomatoes it is", TYPED)
    bob.sees("shall we plant tomatoes?", "tomatoes it is", TYPED)


def acts(tab, name, seq=FIRST):
    """By the menu of a message, once the page has it."""
    expect(tab.find("#chat-log [tabindex='0']")).to_be_attached()
    row(tab, seq).focus()
    tab.page.keyboard.press("Enter")
    tab.find("#message-menu").locator(f"button:has-text('{name}')").click()


def begins(tab):
    """Edit what was written last, once the page has loaded what it loads later."""
    expect(tab.find("#chat-log [tabindex='0']")).to_be_attached()
    tab.field.press("ArrowUp")
    expect(tab.find(".editor-field")).to_be_focused()
    tab.find(".editor-field").fill(TYPED)


def test_an_edit_that_was_being_typed(alice, talk, doomed):
    begins(doomed)

    doomed.dies()

    tab = next_tab(alice, talk)
    row(tab, OWN).get_by_role("button", name="Unsaved edit", exact=True).click()
    expect(tab.find(".editor-field")).to_have_value(TYPED)


def test_an_edit_that_waited_for_the_network(alice, bob, talk, offline):
    begins(offline)
    offline.page.keyboard.press("Enter")
    expect(row(offline, OWN)).to_contain_text("saving")

    offline.dies()

    expect(row(next_tab(alice, talk), OWN).locator(".entry-text")).to_have_text(TYPED)
    expect(row(bob, OWN).locator(".entry-text")).to_have_text(TYPED)


def test_an_edit_that_was_refused(alice, talk, doomed):
    begins(doomed)
    doomed.goes_offline()
    doomed.page.keyboard.press("Enter")
    alice.posts(f"groups/{talk}/messages/{OWN}/edit/", message="beans", rev=0)
    alice.context.set_offline(False)
    expect(row(doomed, OWN).get_by_role("alert")).to_be_visible()

    doomed.dies()

    tab = next_tab(alice, talk)
    row(tab, OWN).get_by_role("button", name="Unsaved edit", exact=True).click()
    expect(tab.find(".editor-field")).to_have_value(TYPED)
    expect(row(tab, OWN).locator(".entry-text")).to_have_text("beans")


def test_a_message_that_was_changed_before_it_was_sent(alice, talk, offline):
    offline.says("two hours")
    begins(offline)

    offline.dies()

    expect(next_tab(alice, talk).pending).to_contain_text(TYPED)


def test_which_message_a_text_answers(alice, bob, talk, doomed):
    acts(doomed, "Reply")
    doomed.field.press_sequentially(TYPED)

    doomed.dies()

    tab = next_tab(alice, talk)
    expect(tab.field).to_have_value(TYPED)
    tab.find("#chat-message-submit").click()
    expect(bob.find("#chat-log .entry-reply")).to_have_attribute("data-reply-to", str(FIRST))


def test_an_edit_that_was_kept_without_being_saved(alice, talk, doomed):
    begins(doomed)
    doomed.find(".editor-field").press("Escape")

    doomed.dies()

    tab = next_tab(alice, talk)
    row(tab, OWN).get_by_role("button", name="Unsaved edit", exact=True).click()
    expect(tab.find(".editor-field")).to_have_value(TYPED)


def test_a_deletion_that_waited_for_the_network(alice, bob, talk, offline):
    acts(offline, "Delete", OWN)
    offline.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(offline, OWN)).to_contain_text("deleting")

    offline.dies()

    next_tab(alice, talk)
    expect(row(bob, OWN).locator(".entry-deleted")).to_be_visible()


def test_a_reaction_of_a_moment_ago(alice, bob, talk, doomed):
    acts(doomed, "👍")

    doomed.dies()

    next_tab(alice, talk)
    expect(row(bob).locator(".reaction-count")).to_have_text("1")


def test_everything_in_the_order_in_which_it_was_done(alice, bob, talk, offline):
    begins(offline)
    offline.page.keyboard.press("Enter")
    acts(offline, "👍")
    offline.says("one")
    acts(offline, "Delete", OWN)
    offline.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    offline.says("two")

    offline.dies()

    next_tab(alice, talk).sees("shall we plant tomatoes?", "one", "two")
    bob.sees("shall we plant tomatoes?", "one", "two")
    kinds = [each["type"] for each in bob.received if each.get("seq", 0) > OWN and "timestamp" in each]
    assert kinds == ["message_edited", "reaction", "text_message", "message_deleted", "text_message"]
