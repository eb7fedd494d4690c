"""A group of more members than its page shows."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

JOIN = """
    INSERT INTO memberships (group_id, user_id, joined_at, read_seq)
    SELECT g.id, u.id, u.created_at, 0 FROM groups g, users u WHERE u.username LIKE 'member%' ORDER BY u.id LIMIT ?
"""


@pytest.fixture
def crowd(lasting_server, alice, bob, gardening):
    """`crowd(150)`: so many people are in Gardening, besides alice and bob, whose accounts are older than theirs."""
    bob.joins(gardening)

    def crowd(size):
        with closing(sqlite3.connect(lasting_server.folder / "discussit.db")) as database, database:
            for number in range(size):
                database.execute(
                    "INSERT INTO users (username, username_key, password, is_superuser, is_active, created_at)"
                    " SELECT :name, :name, '!', 0, 1, '2026-01-01 00:00:00.000000' ON CONFLICT DO NOTHING",
                    {"name": f"member{number:03}"},
                )
            database.execute(JOIN, [size])
            database.execute("UPDATE groups SET member_count = (SELECT count(*) FROM memberships)")

    return crowd


@pytest.fixture
def zoe(arrives, crowd):
    """She is not in the group. Her account is younger than those of the crowd."""
    crowd(150)
    zoe = arrives("zoe")
    zoe.logs_in()
    return zoe


def expect_members(person, *, listed, count):
    expect(person.find("#people .panel-member-count")).to_have_text(str(count))
    expect(person.members).to_have_count(listed)
    expect(person.find("#all-members")).to_be_visible()


def test_joins_and_leaves_of_those_who_are_not_listed_are_counted(alice, gardening, zoe):
    alice.opens(gardening)
    expect_members(alice, listed=100, count=152)

    zoe.joins(gardening)
    expect_members(alice, listed=100, count=153)
    zoe.leaves(gardening)

    expect_members(alice, listed=100, count=152)


def test_who_is_listed_and_leaves_is_listed_no_more_until_they_return(alice, bob, gardening, zoe):
    alice.opens(gardening)

    bob.leaves(gardening)
    expect_members(alice, listed=99, count=151)
    expect(alice.find('[id="members-bob"]')).to_have_count(0)
    bob.joins(gardening)

    expect_members(alice, listed=100, count=152)
    expect(alice.members.nth(1)).to_have_text("bob")


def test_a_join_between_page_and_socket_is_counted_once(alice, gardening, zoe):
    def meanwhile(route):
        zoe.joins(gardening)
        route.continue_()

    alice.page.route("**/js/pages/group.js", meanwhile)

    alice.opens(gardening)

    expect_members(alice, listed=100, count=153)
    alice.opens(gardening)
    expect_members(alice, listed=100, count=153)


def test_a_group_that_grows_beyond_a_hundred_lists_no_more_of_them(alice, bob, gardening, crowd):
    crowd(99)
    bob.leaves(gardening)
    alice.opens(gardening)
    expect_members(alice, listed=100, count=100)

    bob.joins(gardening)

    expect_members(alice, listed=100, count=101)
    bob.leaves(gardening)
    expect_members(alice, listed=100, count=100)


def test_all_members_are_found_from_the_list_without_a_script(arrives, gardening, zoe):
    reader = arrives("plain", java_script_enabled=False)
    reader.logs_in()
    reader.joins(gardening)
    reader.page.goto(f"groups/{gardening}/")

    reader.find("#all-members").click()
    expect(reader.find(".member")).to_have_count(100)
    reader.page.get_by_role("link", name="Next").click()
    expect(reader.find(".member")).to_have_count(53)
    reader.page.get_by_role("searchbox", name="Search by name").fill("ER04")
    reader.page.get_by_role("button", name="Search").click()

    expect(reader.find(".member")).to_have_text([f"member04{digit}" for digit in range(10)])
    reader.page.get_by_role("link", name="Back to Gardening").click()
    expect(reader.find("h1")).to_have_text("Gardening")


def test_the_page_is_no_longer_than_its_window_however_many_unread_groups_are_beside_the_log(alice, bob, gardening):
    bob.joins(gardening)
    for group in [alice.creates(f"Group {number}") for number in range(12)]:
        alice.joins(group)
        bob.joins(group)
        alice.wrote(group, "hello")
    bob.page.set_viewport_size({"width": 1280, "height": 400})

    bob.opens(gardening)

    assert bob.page.evaluate("document.documentElement.scrollHeight") == 400


@pytest.mark.parametrize("query", ["", "?page=2", "?q=member", "?q=nobody"])
def test_axe_finds_nothing_on_the_page_of_all_members(alice, gardening, crowd, query):
    crowd(150)

    alice.page.goto(f"groups/{gardening}/members/{query}")

    assert alice.violations == []


def test_axe_finds_nothing_on_the_page_of_a_large_group(alice, gardening, crowd):
    crowd(150)

    alice.opens(gardening)

    assert alice.violations == []


def test_the_page_of_all_members_is_not_wider_than_a_phone(arrives, gardening, crowd):
    crowd(150)
    phone = arrives("bob", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.logs_in()

    phone.page.goto(f"groups/{gardening}/members/?q={'w' * 200}")
    assert phone.overhang <= 0
    phone.page.goto(f"groups/{gardening}/members/?page=2")

    assert phone.overhang <= 0
    expect(phone.find(".member").first).to_be_visible()
