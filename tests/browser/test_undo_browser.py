"""Leaving or hiding a group on its own page, and undoing it at home."""

import re

import pytest
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
HOME = re.compile(r":\d+/$")


@pytest.fixture
def plain(arrives, gardening):
    """Somebody whose browser runs no script, in the group."""
    plain = arrives("plain", java_script_enabled=False)
    plain.logs_in()
    plain.joins(gardening)
    return plain


@pytest.fixture
def conversation(alice, bob, gardening):
    """Bob's direct conversation with alice, in which he has written."""
    bob.joins(gardening)
    conversation = bob.converses("alice")
    bob.wrote(conversation, "hi")
    return conversation


def leaves(tab, group, button="Leave Gardening"):
    tab.page.goto(f"groups/{group}/")
    tab.page.get_by_role("button", name=button).press("Enter")
    expect(tab.find("#just-left")).to_have_count(1)
    return tab.find("#just-left")


def test_leaving_on_the_groups_page_is_undone_by_keyboard(alice, bob, gardening):
    bob.joins(gardening)
    line = leaves(bob, gardening)
    expect(line).to_contain_text("You left Gardening.")
    expect(line).to_be_focused()
    expect(line).to_be_in_viewport(ratio=1)
    expect(bob.page).to_have_url(HOME)
    assert bob.violations == []

    bob.page.keyboard.press("Tab")
    bob.page.keyboard.press("Enter")

    expect(bob.page).to_have_url(re.compile(f"/groups/{gardening}/$"))
    expect(bob.find("h1")).to_have_text("Gardening")


def test_leaving_is_undone_without_script(plain, gardening):
    line = leaves(plain, gardening)
    expect(line).to_contain_text("You left Gardening.")
    expect(line).to_be_focused()

    plain.page.get_by_role("button", name="Undo").click()

    expect(plain.find("h1")).to_have_text("Gardening")


def test_hiding_a_conversation_is_undone(bob, conversation):
    line = leaves(bob, conversation, "Hide alice")
    expect(line).to_contain_text("You hid alice. It appears again with its next message.")
    expect(bob.button("open", conversation)).to_have_count(0)

    bob.page.get_by_role("button", name="Undo").click()

    expect(bob.find("h1")).to_have_text("alice")
    expect(bob.goes_home().button("open", conversation)).to_be_visible()


def test_on_a_phone_the_offer_is_in_sight_below_many_groups(arrives, alice, gardening):
    for number in range(20):
        alice.creates(f"Group {number}")
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.joins(gardening)

    line = leaves(phone, gardening)

    expect(line).to_be_in_viewport(ratio=1)
    expect(line).to_be_focused()
    assert phone.page.evaluate("() => scrollY") == 0
    assert (phone.overhang, phone.violations) == (0, [])


def test_whoever_joins_again_in_another_way_is_offered_nothing_more(alice, bob, gardening):
    bob.joins(gardening)
    line = leaves(bob, gardening)
    bob.until(lambda: any("groups" in each for each in bob.received))

    bob.button("join", gardening).click()

    expect(line).to_be_hidden()


def test_a_conversation_that_goes_on_is_no_longer_offered(alice, bob, conversation):
    line = leaves(bob, conversation, "Hide alice")
    bob.until(lambda: any("groups" in each for each in bob.received))

    alice.wrote(conversation, "hello")

    expect(bob.button("open", conversation)).to_be_visible()
    expect(line).to_be_hidden()


def test_a_hidden_conversation_is_found_by_name_and_goes_on_there(alice, bob, conversation):
    leaves(bob, conversation, "Hide alice")
    bob.page.goto("./?q=ali")
    bob.until(lambda: bob.received and bob.received[-1]["type"] == "ready")
    row = bob.find(f'[id="{conversation}"]')
    expect(row).to_contain_text("Hidden")
    expect(bob.button("open", conversation)).to_be_visible()
    assert bob.violations == []

    alice.wrote(conversation, "hello")

    expect(row).not_to_contain_text("Hidden")
    bob.button("open", conversation).click()
    expect(bob.find("h1")).to_have_text("alice")


def test_the_offer_is_gone_after_a_reload(bob, gardening):
    bob.joins(gardening)
    leaves(bob, gardening)
    expect(bob.page).to_have_url(HOME)

    bob.page.reload()

    expect(bob.button("join", gardening)).to_be_visible()
    expect(bob.find("#just-left")).to_have_count(0)


def test_of_two_groups_that_were_left_the_last_is_offered(alice, bob, gardening):
    cooking = alice.founds("Cooking")
    bob.joins(cooking)
    bob.joins(gardening)
    line = leaves(bob, gardening)
    bob.until(lambda: any("groups" in each for each in bob.received))

    bob.button("leave", cooking).click()

    expect(bob.find("#left")).to_contain_text("You left Cooking.")
    expect(line).to_be_hidden()
