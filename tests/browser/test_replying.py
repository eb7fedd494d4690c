"""Which message the next one answers: chosen on the page, and kept with the draft."""

import re

import pytest
from browsers import scrolls_up
from playwright.sync_api import expect

FIRST = 3  # the seq of the first message, after the two Joins


@pytest.fixture
def asked(alice, bob, together):
    """Alice asks; bob looks at it, and has begun his answer."""
    alice.wrote(together, "shall we plant tomatoes?", "or beans?")
    bob.page.goto(f"groups/{together}/?reply={FIRST}")
    expect(bob.pill).to_have_text("Live")
    bob.field.fill("tomatoes")
    return together


def line(tab):
    return tab.find("#composer-reply")


def expect_answering(tab):
    expect(line(tab)).to_be_visible()
    expect(line(tab)).to_contain_text("Replying to alice shall we plant tomatoes?")
    expect(tab.field).to_have_accessible_description(re.compile("Replying to alice shall we plant tomatoes"))


def reply_in_log(tab, text):
    return tab.find("#chat-log .message", has_text=text).locator(".entry-reply")


def test_a_draft_still_answers_its_message_after_a_look_at_home(bob, asked):
    bob.goes_home()

    bob.opens(asked)

    expect_answering(bob)
    expect(bob.field).to_have_value("tomatoes")
    bob.field.press("Enter")
    expect(reply_in_log(bob, "tomatoes").last).to_contain_text("alice shall we plant tomatoes?")


def test_a_draft_still_answers_its_message_after_a_reload(bob, asked):
    bob.page.goto(f"groups/{asked}/")

    bob.page.reload()

    expect_answering(bob)


def test_a_new_tab_takes_over_the_draft_of_a_dead_one_with_what_it_answers(bob, asked):
    other = bob.tab()
    bob.page.goto("about:blank")

    other.opens(asked)

    expect(other.field).to_have_value("tomatoes")
    expect_answering(other)


def test_what_was_sent_or_cancelled_is_not_answered_again(bob, asked):
    bob.field.press("Enter")
    expect(line(bob)).to_be_hidden()
    bob.opens(asked)
    expect(line(bob)).to_be_hidden()

    bob.page.goto(f"groups/{asked}/?reply={FIRST}")
    bob.field.press_sequentially("on its own")
    bob.find(".composer-reply-drop").click()
    bob.opens(asked)

    expect(bob.field).to_have_value("on its own")
    expect(line(bob)).to_be_hidden()


def test_escape_cancels_the_reply_and_keeps_the_text(bob, asked):
    bob.field.press("Escape")

    expect(line(bob)).to_be_hidden()
    expect(bob.field).to_have_value("tomatoes")
    bob.field.press("Escape")
    expect(bob.field).to_have_value("tomatoes")


def test_escape_closes_an_open_list_before_it_cancels_the_reply(bob, asked):
    bob.field.press_sequentially(" @al")
    expect(bob.find(".suggestions [role=option]")).to_have_count(1)

    bob.field.press("Escape")

    expect(bob.find(".suggestions [role=option]")).to_have_count(0)
    expect_answering(bob)


def test_a_copy_of_the_tab_follows_what_is_answered(bob, asked):
    bob.page.goto(f"groups/{asked}/")
    copy = bob.duplicates(bob)
    expect_answering(copy)
    copy.field.blur()
    bob.find(".composer-reply-drop").click()

    expect(line(copy)).to_be_hidden()
    expect(copy.field).to_have_value("tomatoes")


def test_a_message_further_up_is_named_once_its_row_comes(alice, bob, long_log):
    bob.page.goto(f"groups/{long_log}/?reply={FIRST}")
    bob.field.fill("tomatoes")
    bob.opens(long_log)
    expect(line(bob)).to_contain_text("Replying to an earlier message")

    scrolls_up(bob, 10_000)

    expect(line(bob)).to_contain_text("Replying to alice message 1")


def test_the_line_leads_to_the_message(bob, long_log):
    bob.page.goto(f"groups/{long_log}/?reply={FIRST}")
    bob.field.fill("tomatoes")

    bob.find(".composer-reply-text").click()

    expect(bob.find(f"#seq-{FIRST}")).to_be_in_viewport()
    expect(bob.field).to_have_value("tomatoes")
    expect(line(bob)).to_be_visible()


def test_a_message_deleted_meanwhile_is_named_so(alice, bob, asked):
    bob.goes_home()
    alice.posts(f"groups/{asked}/messages/{FIRST}/delete/")

    bob.opens(asked)

    expect(line(bob)).to_contain_text("Replying to alice Message deleted")
    expect(bob.field).to_have_value("tomatoes")


def test_control_and_enter_send_on_a_phone_where_enter_breaks_the_line(arrives, alice, bob, gardening):
    bob.joins(gardening)
    phone = arrives("bob", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.logs_in()
    phone.opens(gardening)

    phone.field.press_sequentially("one")
    phone.field.press("Enter")
    phone.field.press_sequentially("two")
    phone.field.press("Control+Enter")

    expect(phone.messages).to_have_count(1)
    assert phone.log()[-1][3] == "one\ntwo"
