"""Reactions below messages: whether they can be pressed, and who reacted."""

import pytest
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
