"""Writing, and acting on a message, for everyone: axe finds nothing, all of it fits where letters are large."""

import pytest
from acting import has_all_parts, press, row
from browsers import OUTAGE
from playwright.sync_api import expect

LARGE = {"fontSizes": {"standard": 32, "fixed": 26}}  # what the user has chosen in the browser
SIZE = {"width": 320, "height": 568}
CODE = "```python\n" + "\n".join(f"line_{n} = {n}  # {'word ' * 20}" for n in range(30)) + "\n```"
OTHERS, REPLY, LONG, OWN = 3, 4, 5, 9  # seqs; 6 to 8 are deleted


@pytest.fixture
def acting(alice, bob, together, complaints):
    """Alice, whose letters are large in a window that is narrow, in a group with everything that messages can have."""
    complaints.excuse(OUTAGE)
    bob.wrote(together, "shall we plant tomatoes? " + "w" * 150)
    alice.posts(f"groups/{together}/messages/", message="yes " + "and beans " * 9, reply_to=OTHERS)
    alice.wrote(together, CODE, "one", "two", "three", "the last one")
    alice.posts(f"groups/{together}/messages/{REPLY}/edit/", message="yes", rev=0)
    bob.posts(f"groups/{together}/messages/{OWN}/reactions/", emoji="👍", on=1)
    for seq in (6, 7, 8):
        alice.posts(f"groups/{together}/messages/{seq}/delete/")
    alice.page.set_viewport_size(SIZE)
    session = alice.page.context.new_cdp_session(alice.page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", LARGE)
    alice.opens(together)
    alice.page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
    has_all_parts(alice)
    yield alice
    session.detach()


def on(seq, *keys):
    def act(tab):
        row(tab, seq).focus()
        press(tab, *keys)

    return act


def types(text, *keys):
    def act(tab):
        tab.field.press_sequentially(text)
        press(tab, *keys)

    return act


def edits(text, *keys):
    def act(tab):
        on(OWN, "e")(tab)
        row(tab, OWN).get_by_label("Edit message").fill(text)
        press(tab, *keys)

    return act


def offline(act):
    def act_offline(tab):
        tab.goes_offline()
        act(tab)

    return act_offline


def looks_for_an_emoji(text):
    def act(tab):
        tab.find("#emoji-button").click()
        tab.find(".emoji-picker-search").fill(text)

    return act


def clicks(selector):
    return lambda tab: tab.find(selector).last.click()


# What is done, and what shows that it is.
STATES = {
    "menu": (on(OWN, "Enter"), "#message-menu"),
    "keys": (on(OWN, "?"), "dialog[open]"),
    "delete": (on(OWN, "Delete"), "dialog[open]"),
    "reply": (on(OTHERS, "r"), "#composer-reply"),
    "editor": (on(OWN, "e"), ".editor-field"),
    "too long": (edits("w" * 10_001, "Enter"), ".editor-field[aria-invalid=true]"),
    "emptied": (edits("", "Enter"), "dialog[open]"),
    "unsaved": (edits("not yet", "Escape"), ".unsaved-edit"),
    "saving": (offline(edits("a pending text", "Enter")), f"#seq-{OWN} .pending-mark"),
    "deleting": (offline(on(OWN, "Shift+Delete")), f"#seq-{OWN} .pending-mark"),
    "sending": (offline(types("later", "Enter")), "#pending .message"),
    "members": (types("hello @"), ".suggestions"),
    "emoji": (types("hello :smi"), ".suggestions"),
    "picker": (looks_for_an_emoji("grin"), "#emoji-found"),
    "nothing found": (looks_for_an_emoji("zzzz"), ".emoji-picker-status"),
    "tones": (lambda tab: (looks_for_an_emoji("")(tab), clicks(".emoji-picker-tone")(tab)), "#emoji-tones"),
    "deleted": (clicks(".run-line"), ".run[open]"),
    "code": (clicks(".code-more"), ".code:not(.is-folded)"),
}


@pytest.mark.parametrize("state", STATES)
def test_it_fits_where_letters_are_large_and_axe_finds_nothing(acting, state):
    act, shown = STATES[state]

    act(acting)

    expect(acting.find(shown).last).to_be_visible()
    assert acting.overhang <= 0
    assert acting.violations == []


@pytest.mark.parametrize("key", ["?", "Delete"])
def test_a_dialog_begins_at_its_title_and_shows_what_has_the_focus(acting, key):
    row(acting, OWN).focus()

    press(acting, key)

    expect(acting.find("dialog[open] h2")).to_be_in_viewport(ratio=1)
    expect(acting.find("dialog[open] :focus")).to_be_in_viewport(ratio=1)


def test_the_line_of_a_reply_covers_nothing(acting):
    on(OTHERS, "r")(acting)

    text, cancel = (acting.find(f".composer-reply-{part}").bounding_box() for part in ("text", "drop"))

    assert text["x"] + text["width"] <= cancel["x"] or text["y"] + text["height"] <= cancel["y"]
