"""The tab's title and icon: how much of what is unread the user wants to be told of, in all their groups."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def gardening(gardening, bob):
    """Alice has written entry 3."""
    bob.joins(gardening)
    return gardening


def prefers(person, group, **preferences):
    person.posts(f"/groups/{group}/preferences/", **preferences)


def has_icon(tab, name):
    expect(tab.find("link[rel=icon]")).to_have_attribute("href", re.compile(f"/{name}.svg$"))


@pytest.mark.parametrize("place", ["home", "in another group"])
def test_what_is_unread_is_a_dot_and_a_mention_a_number(alice, bob, gardening, cooking, place):
    alice.goes_home() if place == "home" else alice.opens(cooking)
    name = alice.page.title()

    bob.wrote(gardening, "hi")
    expect(alice.page).to_have_title(f"• {name}")
    has_icon(alice, "favicon-dot")

    bob.wrote(gardening, "@alice")
    expect(alice.page).to_have_title(f"(1) {name}")
    has_icon(alice, "favicon-alert")


def test_a_page_begins_with_what_is_unread(alice, bob, gardening):
    bob.wrote(gardening, "@alice", "@alice?")

    alice.goes_home()

    expect(alice.page).to_have_title(re.compile(r"^\(2\) "))


def test_showing_the_tab_resets_nothing_and_reading_does(alice, bob, gardening, cooking):
    alice.opens(cooking)
    alice.hides()
    bob.wrote(gardening, "@alice")
    expect(alice.page).to_have_title("(1) Cooking · DiscussIt")

    alice.shows()
    alice.tab().opens(gardening)

    expect(alice.page).to_have_title("Cooking · DiscussIt")
    has_icon(alice, "favicon")


def test_a_hidden_page_counts_its_own_group_by_its_level(alice, bob, gardening):
    alice.opens(gardening)
    alice.hides()
    bob.wrote(gardening, "one")
    expect(alice.page).to_have_title("• Gardening · DiscussIt")

    prefers(alice, gardening, level="all")
    expect(alice.page).to_have_title("(1) Gardening · DiscussIt")
    bob.wrote(gardening, "two")
    expect(alice.page).to_have_title("(2) Gardening · DiscussIt")


def test_a_group_that_is_muted_leaves_a_dot(alice, bob, gardening, cooking):
    alice.opens(cooking)
    bob.wrote(gardening, "@alice")
    expect(alice.page).to_have_title("(1) Cooking · DiscussIt")

    prefers(alice, gardening, mute="1h")

    expect(alice.page).to_have_title("• Cooking · DiscussIt")


def test_a_direct_message_is_counted(alice, bob, gardening, cooking):
    alice.opens(cooking)

    bob.wrote(bob.converses("alice"), "hi")

    expect(alice.page).to_have_title("(1) Cooking · DiscussIt")


def test_a_reply_is_counted_and_shown_in_the_hidden_groups_own_title(alice, bob, gardening):
    alice.wrote(gardening, "Tomatoes?")
    alice.opens(gardening)
    alice.hides()

    bob.posts(f"/groups/{gardening}/messages/", message="Yes", reply_to="3")

    expect(alice.page).to_have_title("(1) Gardening · DiscussIt")


def test_a_group_that_is_left_counts_no_more(alice, bob, gardening, cooking):
    alice.opens(cooking)
    bob.wrote(gardening, "@alice")
    expect(alice.page).to_have_title("(1) Cooking · DiscussIt")

    alice.leaves(gardening)

    expect(alice.page).to_have_title("Cooking · DiscussIt")


def test_the_groups_bar_leads_to_its_notifications_and_says_that_it_is_muted(alice, gardening):
    alice.opens(gardening)
    alice.find("#preferences").click()
    alice.find("input[value=all]").check()
    alice.find("select").select_option("forever")
    alice.find("main .button.strong").click()

    expect(alice.find("#preferences")).to_have_accessible_name("Notifications (muted) for Gardening")
    alice.find("#preferences").click()
    expect(alice.find("input[value=all]")).to_be_checked()
    expect(alice.find(".settings-now")).to_have_text("Muted until you turn it off.")


def test_the_groups_bar_follows_what_is_muted_elsewhere_and_the_groups_name(alice, gardening):
    alice.opens(gardening)
    bell = alice.find("#preferences")
    expect(bell).to_have_accessible_name("Notifications for Gardening")

    prefers(alice, gardening, mute="forever")
    expect(bell).to_have_accessible_name("Notifications (muted) for Gardening")
    expect(bell.locator("use")).to_have_attribute("href", re.compile("#muted$"))
    alice.posts(f"/groups/{gardening}/settings/", name="Seeds")
    expect(bell).to_have_accessible_name("Notifications (muted) for Seeds")

    prefers(alice, gardening, mute="off")
    expect(bell).to_have_accessible_name("Notifications for Seeds")
    expect(bell.locator("use")).to_have_attribute("href", re.compile("#bell$"))
