"""What is typed, pasted or dropped outside the composer goes there; files go nowhere."""

import pytest
from playwright.sync_api import expect

REFUSAL = "Files can't be sent here. Paste a link or text instead."
# As the browser does it when something is pasted or dropped; scripts can't do it themselves.
GIVE = """([type, selector, text, file]) => {
  const given = new DataTransfer()
  if (text) given.setData("text/plain", text)
  if (file) given.items.add(new File(["x"], file))
  const names = { paste: "clipboardData" }
  const about = { bubbles: true, cancelable: true, [names[type] ?? "dataTransfer"]: given }
  const target = document.querySelector(selector)
  const event = type === "paste" ? new ClipboardEvent(type, about) : new DragEvent(type, about)
  return !target.dispatchEvent(event)
}"""


@pytest.fixture
def tab(alice, together):
    """With a message in the log, and the focus on nothing."""
    alice.says("hello")
    alice.sees("hello")
    alice.field.blur()
    return alice


def gives(tab, kind, selector, *, text="", file=""):
    """Whether the page takes it, so that the browser doesn't."""
    return tab.page.evaluate(GIVE, [kind, selector, text, file])


def test_a_letter_typed_at_nothing_is_written(tab):
    tab.page.keyboard.type("Hi")

    expect(tab.field).to_be_focused()
    expect(tab.field).to_have_value("Hi")


@pytest.mark.parametrize("keys", ["Control+b", "Alt+a", "Meta+k", "Space", "PageUp", "Shift"])
def test_other_keys_stay_where_they_are(tab, keys):
    tab.page.keyboard.press(keys)

    expect(tab.field).not_to_be_focused()
    expect(tab.field).to_have_value("")


def test_letters_on_a_row_or_in_another_field_are_not_written(tab):
    tab.find("#seq-3").focus()
    tab.page.keyboard.press("x")
    tab.find("#chat-message-submit").focus()
    tab.page.keyboard.press("y")

    expect(tab.field).to_have_value("")


def test_letters_are_not_written_behind_a_dialog(tab):
    tab.find(".entry-day-button").click()
    tab.find("#date-jump").evaluate("dialog => dialog.ownerDocument.activeElement.blur()")
    tab.page.keyboard.press("x")

    expect(tab.field).to_have_value("")
    tab.page.keyboard.press("Escape")


def test_text_pasted_elsewhere_is_put_where_the_caret_was(tab):
    tab.field.fill("one three")
    tab.field.evaluate("field => { field.setSelectionRange(4, 4); field.blur() }")

    assert gives(tab, "paste", "#chat-log", text="two ")

    expect(tab.field).to_have_value("one two three")
    expect(tab.field).to_be_focused()


def test_text_dropped_on_the_log_or_the_composer_is_put_there(tab):
    assert gives(tab, "dragover", "#chat-log", text="one")
    assert gives(tab, "drop", "#chat-log", text="one")
    assert gives(tab, "drop", ".composer-foot", text=" two")

    expect(tab.field).to_have_value("one two")
    assert not gives(tab, "drop", ".bar", text="three")
    expect(tab.field).to_have_value("one two")


def test_text_dragged_within_the_log_is_not_written(tab):
    gives(tab, "dragstart", "#seq-3 .entry-text", text="hello")

    assert not gives(tab, "drop", "#chat-log", text="hello")

    expect(tab.field).to_have_value("")


@pytest.mark.parametrize("target", ["#chat-log", "#chat-message-input", ".bar"])
def test_a_dropped_file_leads_nowhere_and_is_explained(tab, target):
    assert gives(tab, "dragover", target, file="notes.txt")
    assert gives(tab, "drop", target, file="notes.txt")

    expect(tab.find("#log-refused")).to_have_text(REFUSAL)


@pytest.mark.parametrize("target", ["#chat-log", "#chat-message-input"])
def test_a_pasted_file_is_explained(tab, target):
    assert gives(tab, "paste", target, file="picture.png")

    expect(tab.find("#log-refused")).to_have_text(REFUSAL)


def test_a_picture_of_the_pasted_text_is_ignored(tab):
    gives(tab, "paste", "#chat-log", text="a table", file="table.png")

    expect(tab.field).to_have_value("a table")
    expect(tab.find("#log-refused")).to_be_empty()


def test_nothing_is_written_where_the_user_may_not_write(alice, bob, gardening):
    bob.joins(gardening)
    alice.posts(f"groups/{gardening}/settings/", posting="moderators")
    bob.opens(gardening)
    bob.page.keyboard.type("Hi")

    assert not gives(bob, "paste", "#chat-log", text="text")

    expect(bob.field).to_have_value("")
