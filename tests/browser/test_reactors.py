"""Reactions below messages: whether they can be pressed, and who reacted."""

import pytest
from browsers import OUTAGE, PHONE
from playwright.sync_api import expect

ATTRIBUTES = "chip => [...chip.attributes].map(each => `${each.name}=${each.value}`).sort()"
FIRST = 3  # the seq of the first message, after the two Joins


@pytest.fixture
def reacted(alice, bob, together):
    """Alice's message, to which bob reacts; both look at it."""
    alice.wrote(together, "shall we plant tomatoes?")
    reacts(bob, together)
    for person in (alice, bob):
        expect(chip(person)).to_be_visible()
    return together


def reacts(person, group, emoji="👍", *, seq=FIRST, on=1):
    person.posts(f"groups/{group}/messages/{seq}/reactions/", emoji=emoji, on=on)


def chip(tab, emoji="👍", seq=FIRST):
    return tab.find(f'#seq-{seq} .reaction[data-emoji="{emoji}"]')


def popover(tab):
    return tab.find("#reactors")


def asked(tab):
    """The requests for who reacted, from now on."""
    requests = []
    tab.page.on("request", lambda each: each.method == "GET" and "/reactions/" in each.url and requests.append(each))
    return requests


# Who reacted


def test_a_pointer_that_rests_on_a_reaction_shows_who_reacted_and_may_move_to_the_names(alice, bob, reacted):
    reacts(alice, reacted)
    expect(chip(alice).locator(".reaction-count")).to_have_text("2")

    chip(alice).hover()
    expect(popover(alice)).to_have_text("bob and you reacted with 👍")
    popover(alice).hover()
    alice.page.wait_for_timeout(400)  # longer than it would stay
    expect(popover(alice)).to_be_visible()
    alice.page.mouse.move(0, 0)

    expect(popover(alice)).to_be_hidden()


def test_the_keyboards_focus_shows_who_reacted_and_screen_readers_say_so(alice, reacted):
    chip(alice).evaluate("chip => chip.focus({ focusVisible: true })")

    expect(chip(alice)).to_have_accessible_description("bob reacted with 👍")
    expect(chip(alice)).to_have_accessible_name("👍 1")
    expect(popover(alice)).to_be_visible()
    assert alice.violations == []


def test_esc_takes_the_names_away_and_leaves_the_focus(alice, reacted):
    chip(alice).evaluate("chip => chip.focus({ focusVisible: true })")
    expect(popover(alice)).to_be_visible()

    alice.page.keyboard.press("Escape")

    expect(popover(alice)).to_be_hidden()
    expect(chip(alice)).to_be_focused()
    assert chip(alice).get_attribute("aria-describedby") is None


def test_who_reacted_is_asked_once_until_that_changes(alice, bob, arrives, reacted):
    requests = asked(alice)
    for _ in range(2):
        chip(alice).hover()
        expect(popover(alice)).to_have_text("bob reacted with 👍")
        alice.page.mouse.move(0, 0)
        expect(popover(alice)).to_be_hidden()
    assert len(requests) == 1

    carol = arrives("carol")
    carol.logs_in()
    carol.joins(reacted)
    chip(alice).hover()
    expect(popover(alice)).to_be_visible()
    reacts(carol, reacted)

    expect(popover(alice)).to_have_text("bob and carol reacted with 👍")
    assert len(requests) == 2


def test_names_go_with_the_reaction(alice, bob, reacted):
    chip(alice).hover()
    expect(popover(alice)).to_be_visible()

    reacts(bob, reacted, on=0)

    expect(chip(alice)).to_have_count(0)
    expect(popover(alice)).to_be_hidden()


def test_a_finger_that_holds_a_reaction_shows_who_reacted_and_does_not_react(arrives, reacted):
    alice = arrives("alice", **PHONE)
    alice.logs_in()
    alice.opens(reacted)
    box = chip(alice).bounding_box()
    touches = alice.page.context.new_cdp_session(alice.page)
    point = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]

    touches.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point})
    expect(popover(alice)).to_have_text("bob reacted with 👍")
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(popover(alice)).to_be_visible()
    expect(chip(alice)).to_have_attribute("aria-pressed", "false")


def test_names_that_cannot_be_loaded_are_asked_for_again(alice, reacted, complaints):
    complaints.excuse(OUTAGE)
    alice.page.route("**/messages/*/reactions/", lambda route: route.abort())
    chip(alice).hover()
    expect(popover(alice)).to_have_text("Names can't be loaded right now.")
    alice.page.mouse.move(0, 0)
    expect(popover(alice)).to_be_hidden()

    alice.page.unroute_all()
    chip(alice).hover()

    expect(popover(alice)).to_have_text("bob reacted with 👍")


# In an archived group


def archives(alice, group, bob, *, archived=1):
    alice.posts(f"groups/{group}/settings/", archived=archived)
    expect(bob.find("#archived")).to_be_visible(visible=archived == 1)


def test_nothing_happens_when_a_reaction_is_pressed_in_an_archived_group(alice, bob, reacted):
    archives(alice, reacted, bob)
    before = len(bob.sent)

    chip(bob).click(force=True)  # Playwright waits until it is enabled
    chip(bob).press("Enter")

    expect(chip(bob)).to_have_attribute("aria-pressed", "true")
    expect(bob.find("#log-refused")).to_be_empty()
    assert not [frame for frame in bob.sent[before:] if frame["type"] == "react"]


def test_out_of_the_archive_reactions_can_be_pressed_again(alice, bob, reacted):
    archives(alice, reacted, bob)
    archives(alice, reacted, bob, archived=0)

    chip(bob).click()

    expect(chip(alice)).to_have_count(0)


def test_an_archived_groups_reactions_are_the_same_live_as_after_a_reload(alice, bob, reacted):
    archives(alice, reacted, bob)
    expect(chip(bob)).to_have_attribute("aria-disabled", "true")
    live = chip(bob).evaluate(ATTRIBUTES)

    bob.opens(reacted)

    assert chip(bob).evaluate(ATTRIBUTES) == live


def test_who_reacted_in_an_archived_group_can_still_be_asked(alice, bob, reacted):
    archives(alice, reacted, bob)

    chip(bob).hover(force=True)

    expect(popover(bob)).to_have_text("You reacted with 👍")
