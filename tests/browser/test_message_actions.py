"""Acting on a message without leaving the page: by the menu, by keys, and by the buttons beside it."""

import re

import pytest
from acting import chooses, items, menu, opens, press, row
from browsers import OUTAGE
from playwright.sync_api import expect

RICH = """\
a **b** *c* ~~d~~ `e` [f](https://example.org/g)

> q
> r

- x
- y
  - z

3. k
4. l

```py
if a:

    b
```"""


def dialog(tab):
    return tab.page.get_by_role("dialog")


def pastes(tab):
    """What the clipboard has."""
    tab.field.fill("")
    press(tab, "ControlOrMeta+V")
    return tab.field.input_value()


# Deleting


def test_deleting_asks_and_names_what_goes(alice, talking):
    chooses(talking, 4, "Delete")

    expect(dialog(talking)).to_have_accessible_name("Delete this message?")
    expect(dialog(talking)).to_have_accessible_description(re.compile("for everyone, and can't be undone"))
    expect(dialog(talking).locator("blockquote")).to_have_text("bob yes")
    assert talking.violations == []
    dialog(talking).get_by_role("button", name="Delete").click()

    expect(row(alice, 4).locator(".entry-deleted")).to_be_visible()
    expect(row(talking, 4)).to_be_focused()


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_a_message_stays_whose_deletion_is_cancelled(talking, key):
    row(talking, 4).focus()
    press(talking, "Delete")
    expect(dialog(talking).get_by_role("button", name="Cancel")).to_be_focused()

    press(talking, key)

    expect(row(talking, 4)).to_be_focused()
    expect(row(talking, 4).locator(".entry-text")).to_have_text("yes")
    assert not [frame for frame in talking.sent if frame["type"] == "delete_message"]


@pytest.mark.parametrize("key", ["Shift+Delete", "Shift+Backspace"])
def test_with_shift_a_message_is_deleted_without_a_question(alice, talking, key):
    row(talking, 4).focus()

    press(talking, key)

    expect(row(alice, 4).locator(".entry-deleted")).to_be_visible()


def test_a_message_that_was_deleted_meanwhile_is_not_deleted_again(alice, talking):
    chooses(talking, 4, "Delete")
    alice.deletes("yes")
    expect(row(talking, 4).locator(".entry-deleted")).to_be_visible()

    dialog(talking).get_by_role("button", name="Delete").click()

    expect(row(talking, 4)).to_be_focused()
    assert not [frame for frame in talking.sent if frame["type"] == "delete_message"]


def test_the_question_keeps_no_text_that_is_deleted(alice, talking):
    chooses(talking, 4, "Delete")
    expect(dialog(talking).locator("blockquote")).to_contain_text("yes")
    alice.deletes("yes")
    expect(dialog(talking).locator("blockquote")).not_to_contain_text("yes")


def test_nor_one_that_it_has_deleted(talking):
    chooses(talking, 4, "Delete")

    dialog(talking).get_by_role("button", name="Delete").click()

    expect(row(talking, 4).locator(".entry-deleted")).to_be_visible()
    assert "yes" not in str(talking.find(".message-dialog").text_content())


def test_a_message_is_deleted_whose_row_went_while_it_asked(alice, talking):
    chooses(talking, 4, "Delete")
    alice.floods(talking.group, 450)
    expect(row(talking, 4)).to_have_count(0)

    dialog(talking).get_by_role("button", name="Delete").click()
    talking.until(lambda: any(frame["type"] == "message_deleted" for frame in talking.received))

    alice.opens(talking.group)
    alice.page.goto(f"groups/{talking.group}/?at=4")
    expect(row(alice, 4).locator(".entry-deleted")).to_be_visible()


def test_the_key_deletes_nothing_of_somebody_else(talking):
    row(talking, 3).focus()

    press(talking, "Delete", "Shift+Delete")

    expect(dialog(talking)).to_have_count(0)
    expect(row(talking, 3).locator(".entry-text")).to_be_visible()


def test_a_deletion_waits_for_the_connection(alice, talking, complaints):
    complaints.excuse(OUTAGE)
    talking.goes_offline()
    row(talking, 4).focus()
    press(talking, "Shift+Delete")

    talking.context.set_offline(False)

    expect(row(alice, 4).locator(".entry-deleted")).to_be_visible()


# Copying


def test_a_text_is_copied(talking):
    chooses(talking, 3, "Copy text")

    expect(talking.find(".message-said")).to_have_text("Copied")
    assert pastes(talking) == "shall we plant tomatoes?"


def test_a_text_is_copied_as_it_may_have_been_typed(talking):
    talking.wrote(talking.group, RICH)
    chooses(talking, 5, "Copy text")
    expect(talking.find(".message-said")).to_have_text("Copied")

    assert pastes(talking) == RICH


def test_a_text_that_was_copied_and_sent_reads_the_same(talking):
    talking.wrote(talking.group, RICH)
    chooses(talking, 5, "Copy text")
    expect(talking.find(".message-said")).to_have_text("Copied")

    talking.says(pastes(talking))

    expect(row(talking, 6)).to_be_visible()
    texts = talking.find("#seq-5 .entry-text, #seq-6 .entry-text")
    assert len(set(texts.evaluate_all("texts => texts.map(text => text.innerHTML)"))) == 1


def test_a_link_leads_to_its_message(talking):
    row(talking, 3).focus()
    press(talking, "c")
    expect(talking.find(".message-said")).to_have_text("Copied")

    talking.page.goto(pastes(talking))

    expect(row(talking, 3)).to_have_attribute("aria-current", "true")


def test_an_event_has_a_link_as_well(talking):
    talking.find(".run > summary").click()
    row(talking, 2).focus()

    press(talking, "c")

    expect(talking.find(".message-said")).to_have_text("Copied")
    assert pastes(talking).endswith(f"/groups/{talking.group}/?at=2#seq-2")


def test_a_text_is_copied_where_pages_have_no_clipboard(talking):
    talking.page.evaluate("() => { delete Navigator.prototype.clipboard }")
    row(talking, 3).focus()

    chooses(talking, 3, "Copy text")

    expect(talking.find(".message-said")).to_have_text("Copied")
    expect(row(talking, 3).locator(":scope:focus, :focus")).to_have_count(1)
    assert pastes(talking) == "shall we plant tomatoes?"


# Marking as unread


@pytest.fixture
def caught_up(talking):
    """Bob has read everything."""
    number = talking.find(f'.group-unread[data-group="{talking.group}"]')
    talking.has_read(talking.group)
    expect(number).to_have_count(0)
    return number


def test_a_message_is_marked_as_unread_in_place(alice, talking, caught_up):
    alice.wrote(talking.group, "and beans?")
    expect(row(talking, 5)).to_be_visible()
    expect(caught_up).to_have_count(0)

    chooses(talking, 3, "Mark as unread from here")

    expect(caught_up).to_have_text("2")
    expect(talking.find("#marked-unread")).to_be_visible()
    expect(talking.find("#unread-line + .message")).to_contain_text("tomatoes")


def test_ones_own_message_is_marked_by_a_key_and_what_follows_is_unread(alice, talking, caught_up):
    alice.wrote(talking.group, "and beans?")
    expect(row(talking, 5)).to_be_visible()
    row(talking, 4).focus()

    press(talking, "u")

    expect(caught_up).to_have_text("1")
    expect(talking.find("#unread-line + .message")).to_contain_text("beans")


def test_what_is_marked_without_a_connection_is_sent_with_the_next(talking, caught_up, complaints):
    complaints.excuse(OUTAGE)
    talking.goes_offline()
    row(talking, 3).focus()
    press(talking, "u")
    expect(talking.find("#marked-unread")).to_be_visible()

    talking.context.set_offline(False)

    expect(caught_up).to_have_text("1")


def test_what_is_marked_stays_unread_while_one_reads_on(alice, talking, caught_up):
    row(talking, 3).focus()
    press(talking, "u")
    expect(caught_up).to_have_text("1")

    talking.field.click()
    alice.wrote(talking.group, "and beans?")

    expect(caught_up).to_have_text("2")


# Keys


def test_keys_lead_to_reply_edit_and_react(talking):
    row(talking, 4).focus()
    press(talking, "+")
    expect(talking.find("#emoji-picker:popover-open")).to_be_visible()
    press(talking, "Escape")
    expect(row(talking, 4)).to_be_focused()

    press(talking, "r")
    expect(talking.find("#composer-reply")).to_contain_text("bob")
    expect(talking.field).to_be_focused()
    row(talking, 4).focus()
    press(talking, "e")

    expect(row(talking, 4).locator("textarea")).to_be_focused()


def test_the_picker_that_a_key_opens_is_beside_the_message(talking):
    row(talking, 4).focus()

    press(talking, "+")

    expect(talking.find("#emoji-picker:popover-open")).to_be_visible()
    picker, log = (talking.find(each).bounding_box() for each in ("#emoji-picker", ".scroller"))
    assert picker["x"] + picker["width"] <= log["x"] + log["width"]


def test_an_owner_deletes_the_message_of_somebody_else(alice, talking):
    opens(alice, 4)
    menu(alice).get_by_role("menuitem", name="Delete").click()

    dialog(alice).get_by_role("button", name="Delete").click()

    expect(row(talking, 4).locator(".entry-deleted")).to_be_visible()


def test_a_key_lists_the_keys(talking):
    row(talking, 4).focus()

    press(talking, "?")

    expect(dialog(talking)).to_have_accessible_name("Keys")
    assert talking.violations == []
    press(talking, "Enter")
    expect(row(talking, 4)).to_be_focused()


@pytest.mark.parametrize("modifier", ["ctrlKey", "altKey", "metaKey", "shiftKey", "isComposing", "repeat"])
def test_keys_of_shortcuts_and_input_methods_do_nothing(talking, modifier):
    row(talking, 4).focus()

    row(talking, 4).dispatch_event("keydown", {"key": "u", modifier: True, "bubbles": True})
    press(talking, "Enter")

    expect(menu(talking)).to_be_visible()
    expect(talking.find("#marked-unread")).to_be_hidden()


def test_letters_in_the_field_are_written(talking):
    talking.field.focus()

    press(talking, "u", "c", "?")

    assert talking.field.input_value() == "uc?"
    expect(talking.find("#marked-unread")).to_be_hidden()


# The buttons beside a message


def test_three_actions_are_beside_the_message_under_the_pointer(alice, talking):
    quick = talking.find(".message-quick")
    row(talking, 3).hover()
    expect(row(talking, 3).locator("button:visible")).to_have_count(3)

    row(talking, 4).hover()

    expect(quick).to_have_count(1)
    expect(row(talking, 4).locator("button:visible")).to_have_count(3)
    talking.field.hover()
    expect(quick).to_have_count(0)


def test_they_leave_text_and_code_of_their_message_to_the_pointer(alice, talking, gardening):
    alice.wrote(gardening, "first", "wide " * 60, "```\ncode\n```")
    wide, code = (talking.find("#chat-log .message").nth(each) for each in (-2, -1))

    expect(code).to_contain_text("code")
    wide.hover()
    expect(wide.locator(".message-quick")).to_be_visible()

    quick, text = (wide.locator(each).bounding_box() for each in (".message-quick", ".entry-text"))
    assert quick["y"] + quick["height"] <= text["y"] + 2
    code.hover()
    for button in code.locator(".code-button").all():
        button.click(trial=True)


def test_the_pointer_copies_by_one_of_them(talking):
    row(talking, 3).hover()

    row(talking, 3).get_by_role("button", name="Copy text").click()

    expect(talking.find(".message-said")).to_have_text("Copied")
    assert talking.violations == []


def test_arrow_keys_pass_them(talking):
    row(talking, 4).hover()
    row(talking, 4).focus()

    press(talking, "ArrowRight", "ArrowRight")

    expect(row(talking, 4).locator(".entry-actions")).to_be_focused()


# Where less can be done


def test_in_an_archived_group_nothing_is_written(alice, talking):
    alice.posts(f"groups/{talking.group}/settings/", archived=1)
    expect(talking.find("#archived")).to_be_visible()

    opens(talking, 4)

    expect(items(talking)).to_have_text(["Copy text", "Copy link", "Mark as unread from here", "Delete"])


def test_older_browsers_lead_to_the_messages_page(talking):
    talking.page.evaluate("() => { delete HTMLElement.prototype.showPopover }")
    row(talking, 4).focus()

    press(talking, "Enter")

    expect(talking.page).to_have_url(re.compile("/messages/4/actions/$"))
