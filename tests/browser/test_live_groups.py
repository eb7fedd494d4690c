"""Lists of groups on the home page and beside the log, as groups appear, change and end."""

import sqlite3
from contextlib import closing

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect


@pytest.fixture
def cooking(bob):
    """A closed group of bob's."""
    return bob.founds("Cooking", access="closed")


def adds(alice, name, group):
    """In the administration: a superuser's deed."""
    group_id, user_id = key(alice, name, group)
    alice.context.request.post("admin/membership/create", form={"group": group_id, "user": user_id})


def removes(alice, name, group):
    """The same."""
    alice.context.request.delete("admin/membership/delete", params={"pks": "{};{}".format(*key(alice, name, group))})


def key(alice, name, group):
    """The ids of a group and of a user."""
    with closing(sqlite3.connect(alice.site.folder / "discussit.db")) as database:
        find = "SELECT groups.id, users.id FROM groups, users WHERE uuid = ? AND username = ?"
        return database.execute(find, [group.replace("-", ""), name]).fetchone()


def change(site, group, **values):
    """With a program beside the server, which finds it when it compares groups with the database."""
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        for column, value in values.items():
            sql = f"UPDATE groups SET {column} = ?, rev = rev + 1 WHERE uuid = ?"  # noqa: S608
            database.execute(sql, [value, group.replace("-", "")])


def row(tab, group):
    return tab.find(f'[id="{group}"]')


def beside(tab, group):
    return tab.find(f'#sidebar li[data-group="{group}"]')


# The home page


def test_a_group_to_which_somebody_is_added_appears_on_their_home_page(alice, bob, gardening):
    bob.goes_home()
    group, other = alice.founds("Painting"), alice.founds("Astronomy")

    adds(alice, "bob", group)

    expect(bob.button("open", group)).to_be_visible()
    expect(row(bob, other)).to_have_count(0)


def test_a_group_that_somebody_creates_elsewhere_appears_first_and_counts(alice, bob, gardening):
    bob.goes_home()

    group = bob.founds("Cooking", access="closed")

    expect(bob.find("#own-groups .group").first).to_have_attribute("id", group)
    expect(row(bob, group)).to_contain_text("Closed")
    expect(row(bob, group).locator(".group-members")).to_have_text("1 member")
    expect(bob.button("leave", group)).to_be_visible()
    assert bob.violations == []


def test_the_first_group_appears_on_an_empty_page(alice, bob):
    bob.goes_home()
    expect(bob.find("#no-groups")).to_be_visible()

    group = bob.founds("Cooking")

    expect(bob.button("open", group)).to_be_visible()
    expect(bob.find("#no-groups")).to_have_count(0)


def test_a_row_that_appeared_equals_one_that_was_loaded(bob):
    bob.goes_home()
    group = bob.founds("Cooking", access="closed")
    expect(row(bob, group)).to_contain_text("No messages yet")
    appeared = row(bob, group).inner_text()

    bob.goes_home()

    assert row(bob, group).inner_text() == appeared


def test_a_group_is_renamed_on_the_home_page_and_beside_the_log(site, alice, bob, together):
    home = bob.tab().goes_home()

    change(site, together, name="Vegetables")

    expect(home.find(f'[id="name-{together}"]')).to_have_text("Vegetables")
    expect(beside(bob, together)).to_contain_text("Vegetables")


def test_an_archived_group_goes_and_comes_back(site, bob, cooking):
    bob.goes_home()
    expect(bob.button("open", cooking)).to_be_visible()

    change(site, cooking, archived_at="2026-01-01 00:00:00.000000")
    expect(row(bob, cooking)).to_have_count(0)

    change(site, cooking, archived_at=None)
    expect(bob.button("open", cooking)).to_be_visible()


def test_an_open_group_that_one_is_removed_from_can_be_joined_again(alice, bob, gardening):
    bob.joins(gardening)
    bob.goes_home()

    removes(alice, "bob", gardening)

    expect(bob.button("join", gardening)).to_be_visible()


def test_a_closed_group_that_one_was_removed_from_meanwhile_is_gone(alice, bob, complaints):
    complaints.excuse(OUTAGE)
    group = alice.founds("Secret", access="closed")
    adds(alice, "bob", group)
    bob.goes_home()
    expect(bob.button("leave", group)).to_be_visible()
    bob.context.set_offline(True)
    removes(alice, "bob", group)

    bob.context.set_offline(False)

    expect(row(bob, group)).to_have_count(0)


def test_a_closed_group_that_one_leaves_is_gone(bob, cooking):
    bob.goes_home()
    home = bob.tab().goes_home()

    bob.button("leave", cooking).click()
    expect(bob.find("main form button")).to_be_visible()
    bob.find("main form button").first.click()

    expect(row(home, cooking)).to_have_count(0)
    expect(bob.find("h1")).to_have_text("Groups")
    expect(row(bob, cooking)).to_have_count(0)


def test_an_owner_is_asked_before_they_leave_and_joins_again_as_a_member(alice, bob, gardening):
    group = bob.founds("Cooking")
    alice.joins(group)
    bob.goes_home()

    bob.button("leave", group).click()

    expect(bob.find("main")).to_contain_text("You'll no longer be an owner.")
    bob.page.get_by_role("button", name="Leave Cooking").click()
    bob.button("join", group).click()
    bob.button("leave", group).click()
    expect(bob.button("join", group)).to_be_focused()


def test_whoever_has_a_group_to_themselves_again_owns_it_and_is_asked(bob):
    group = bob.founds("Cooking")
    bob.leaves(group)
    bob.goes_home().button("join", group).click()
    expect(row(bob, group)).to_have_attribute("data-role", "owner")

    bob.button("leave", group).click()

    expect(bob.find("main")).to_contain_text("You'll no longer be an owner.")


def test_a_role_that_one_gets_or_loses_changes_what_leave_does(alice, bob, gardening):
    bob.joins(gardening)
    bob.goes_home()
    bob.button("leave", gardening).focus()

    for role, method in (("moderator", "get"), ("member", "post")):
        alice.posts(f"groups/{gardening}/members/role/", username="bob", role=role)
        expect(row(bob, gardening)).to_have_attribute("data-role", role)
        expect(bob.find(f'form:has([id="leave-{gardening}"])')).to_have_attribute("method", method)
        expect(bob.button("leave", gardening)).to_be_focused()


# Beside the log


def test_a_group_appears_beside_the_log_and_goes(alice, bob, together):
    cooking = bob.founds("Cooking")
    expect(beside(bob, cooking)).to_contain_text("Cooking")
    expect(beside(bob, cooking).locator("a")).to_have_attribute("href", f"/groups/{cooking}/")

    bob.leaves(cooking)

    expect(beside(bob, cooking)).to_have_count(0)
    expect(beside(bob, together)).to_be_visible()


def test_the_sidebar_says_when_it_is_empty(site, bob, cooking):
    bob.opens(cooking)
    none = bob.find("#no-own-groups")
    expect(none).to_be_hidden()

    change(site, cooking, archived_at="2026-01-01 00:00:00.000000")
    expect(none).to_have_text("You have no groups in use.")

    change(site, cooking, archived_at=None)
    expect(beside(bob, cooking)).to_be_visible()
    expect(none).to_be_hidden()


def test_a_long_name_fits_into_pages(bob):
    group = bob.founds("W" * 30)
    bob.page.set_viewport_size({"width": 390, "height": 844})

    for path in ("members/", "invitations/", "settings/", "leave/", "preferences/"):
        bob.page.goto(f"groups/{group}/{path}")
        assert (path, bob.overhang) == (path, 0)


def test_a_group_that_appeared_beside_the_log_counts_what_is_unread(alice, bob, together):
    cooking = alice.founds("Cooking")
    bob.joins(cooking)
    expect(beside(bob, cooking)).to_be_visible()

    alice.wrote(cooking, "Soup")

    expect(beside(bob, cooking).locator(".group-unread")).to_have_text("1")


def test_the_first_message_of_a_conversation_shows_it_with_its_number(alice, bob, together):
    home = bob.tab().goes_home()
    direct = alice.converses("bob")

    alice.wrote(direct, "Psst")

    for tab, listed in ((bob, beside(bob, direct)), (home, row(home, direct))):
        expect(listed).to_contain_text("alice")
        expect(listed.locator(".group-unread")).to_have_text("1")
        assert tab.violations == []


def test_one_creates_a_group_beside_the_log_in_one_step(bob, alice, together):
    bob.find(".panel-new summary").click()
    bob.page.get_by_label("Name", exact=True).fill("Cooking")
    bob.page.get_by_label("Closed").check()
    bob.page.get_by_role("button", name="Create").click()

    expect(bob.find(".bar h1")).to_have_text("Cooking")
    expect(bob.find(".scroller-silence a")).to_have_text("Invite people")


# Filters


def test_more_than_twenty_groups_are_filtered_while_one_types(alice, bob, gardening):
    bob.joins(gardening)
    for number in range(20):
        bob.posts(f"groups/{alice.creates(f'Group {number}')}/join/")
    bob.opens(gardening)

    bob.find("#find-group").fill("gard")

    expect(bob.find("#sidebar .panel-name:visible")).to_have_text("Gardening")
    bob.find("#find-group").fill("group 1")
    expect(bob.find("#sidebar li:visible")).to_have_count(11)
    bob.find("#find-group").press("Enter")
    expect(bob.find(".groups-found")).to_contain_text("Groups with “group 1” in their names.")
    expect(bob.find("#own-groups .group")).to_have_count(11)
