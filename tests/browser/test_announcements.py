"""Announcements, roles and the archive decide who may write: the field comes and goes without a reload."""

import pytest
from playwright.sync_api import expect

DRAFT = "Half a senten"


def settles(person, group, **fields):
    person.posts(f"/groups/{group}/settings/", **fields)


def promotes(alice, group, name, role):
    alice.posts(f"/groups/{group}/members/role/", username=name, role=role)


@pytest.fixture
def writing(bob, together):
    """Bob, in the middle of a word that an input method composes: then no page loads itself again."""
    bob.field.fill(DRAFT)
    bob.field.dispatch_event("compositionstart")
    return bob


@pytest.fixture
def news(alice, bob):
    """A group that alice owns, which bob looks at."""
    group = alice.founds("News")
    bob.joins(group)
    bob.opens(group)
    return group


def expect_field(tab):
    expect(tab.field).to_be_visible()
    for notice in ("#announcements", "#archived"):
        expect(tab.find(notice)).to_be_hidden()


def expect_notice(tab, notice):
    expect(tab.find(notice)).to_be_visible()
    expect(tab.field).to_be_hidden()


def test_announcements_take_the_field_away_and_give_it_back_with_its_text(alice, writing, together):
    settles(alice, together, posting="moderators")
    expect_notice(writing, "#announcements")
    assert writing.violations == []

    settles(alice, together, posting="everyone")

    expect_field(writing)
    expect(writing.field).to_have_value(DRAFT)


def test_only_moderators_keep_the_field_and_only_while_they_are_some(alice, writing, together):
    settles(alice, together, posting="moderators")
    expect_notice(writing, "#announcements")

    promotes(alice, together, "bob", "moderator")
    expect_field(writing)
    promotes(alice, together, "bob", "member")

    expect_notice(writing, "#announcements")


def test_a_member_to_whom_the_group_is_handed_over_may_write(alice, bob, news):
    bob.field.dispatch_event("compositionstart")
    settles(alice, news, posting="moderators")
    expect_notice(bob, "#announcements")

    alice.leaves(news)

    expect(bob.find("#chat-log .event").last).to_contain_text("handed the group over to bob")
    expect_field(bob)


def test_out_of_the_archive_a_group_of_announcements_still_has_no_field(alice, writing, together):
    settles(alice, together, posting="moderators")
    settles(alice, together, archived=1)
    expect_notice(writing, "#archived")
    expect(writing.find("#announcements")).to_be_hidden()

    settles(alice, together, archived=0)

    expect_notice(writing, "#announcements")
    expect(writing.find("#archived")).to_be_hidden()


def test_a_superuser_writes_whatever_their_role(alice, bob, news):
    alice.opens(news)
    settles(alice, news, posting="moderators")
    promotes(alice, news, "bob", "owner")
    promotes(alice, news, "alice", "member")

    expect(alice.find("#chat-log .event").last).to_contain_text("made themselves an ordinary member")
    expect_field(alice)
    alice.says("Harvest on Sunday")
    bob.sees("Harvest on Sunday")


@pytest.fixture
def welcomed(bob, gardening):
    """Bob, as after signing up by an invitation."""
    bob.joins(gardening)
    bob.page.goto(f"groups/{gardening}/?welcome=1")
    expect(bob.pill).to_have_text("Live")
    bob.field.dispatch_event("compositionstart")
    return bob.find("#welcome")


def test_the_welcome_names_the_group_as_it_is_called_now(alice, welcomed, gardening):
    settles(alice, gardening, name="Seeds & <b>soil</b>")

    expect(welcomed).to_have_text("Welcome to Seeds & <b>soil</b>! Write your first message below.")


def test_the_welcome_points_to_the_field_while_there_is_one(alice, welcomed, gardening):
    settles(alice, gardening, posting="moderators")
    expect(welcomed.get_by_role("link")).to_be_hidden()
    expect(welcomed).to_contain_text("Welcome to Gardening!")

    settles(alice, gardening, posting="everyone")

    expect(welcomed.get_by_role("link")).to_be_visible()
