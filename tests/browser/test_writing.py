"""The composer, and what becomes of a message that is refused."""

import json

import pytest
from playwright.sync_api import expect

# A blank for the server and none for the browser: Python's whitespace has more characters.
BLANK_FOR_THE_SERVER = "\x1c"


@pytest.fixture
def alone(alice, gardening):
    """The group, with alice looking at it."""
    alice.opens(gardening)
    return gardening


def test_shift_and_enter_break_the_line(alice, alone):
    alice.field.press_sequentially("one")
    alice.field.press("Shift+Enter")
    alice.field.press_sequentially("two")
    alice.field.press("Enter")

    expect(alice.messages).to_have_count(1)
    assert alice.log()[-1][3] == "one\ntwo"


def test_enter_ends_a_composition_without_sending(alice, alone):
    keys = alice.context.new_cdp_session(alice.page)
    keys.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})

    alice.page.keyboard.press("Enter")

    keys.send("Input.insertText", {"text": "日本"})
    alice.page.keyboard.press("Enter")
    alice.sees("日本")
    assert len(alice.said) == 1


def test_blanks_are_not_sent(alice, alone):
    alice.says("", "   ", "\n\n", "something")

    alice.sees("something")
    assert len(alice.said) == 1


def test_too_long_a_message_is_counted_and_stays_in_the_field(alice, alone):
    alice.field.fill("x" * 10_001)

    alice.field.press("Enter")

    expect(alice.find("#counter")).to_have_text("1 character too long")
    expect(alice.field).to_have_value("x" * 10_001)
    assert alice.said == []


def test_the_longest_message_is_sent_whole(alice, alone):
    longest = "🌱" * 10_000

    alice.says(longest)

    alice.sees(longest)


def test_a_refused_message_says_why_and_lets_the_next_one_go(alice, alone):
    alice.says(BLANK_FOR_THE_SERVER, "next")

    alice.until(lambda: alice.messages.count() == 1)
    expect(alice.pending.locator(".pending-reason")).to_have_text("Not sent: A message needs some text.")
    expect(alice.messages).to_have_text("next")
    alice.opens(alone)
    expect(alice.pending).to_have_count(1)


def test_discard_removes_a_refused_message_for_good(alice, alone):
    alice.says(BLANK_FOR_THE_SERVER)

    alice.pending.get_by_role("button", name="Discard").click()

    expect(alice.pending).to_have_count(0)
    alice.opens(alone)
    expect(alice.find("#pending")).to_be_empty()


def test_retry_sends_a_refused_message_again(alice, bob, gardening):
    bob.joins(gardening)
    tab = alice.tab(refuse_the_first).opens(gardening)
    tab.says("again")
    expect(tab.pending.locator(".pending-reason")).to_have_text("Not sent: not today")

    tab.pending.get_by_role("button", name="Retry").click()

    tab.sees("again")
    bob.opens(gardening).sees("again")


def refuse_the_first(socket):
    server, refused = socket.connect_to_server(), []

    def pass_on(text):
        client_id = json.loads(text).get("client_id")
        if refused or client_id is None:
            return server.send(text)
        refused.append(client_id)
        error = {"type": "error", "code": "too_long", "message": "not today", "client_id": client_id}
        return socket.send(json.dumps([error]))

    socket.on_message(pass_on)


def test_a_message_stands_below_the_log_immediately_marked_sending(alice, gardening):
    tab = alice.tab(hold_back).opens(gardening)

    tab.says("on its way")

    expect(tab.pending.locator(".entry-text")).to_have_text("on its way")
    expect(tab.pending.locator(".pending-mark")).to_have_text("sending")


def hold_back(socket):
    socket.connect_to_server()
    socket.on_message(lambda _: None)
