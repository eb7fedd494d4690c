"""Joining, leaving and opening on the home page, as it happens."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def group(alice):
    return alice.creates("Gardening")


def joins_and_leaves(tab):
    return [frame["type"] for frame in tab.sent]


def test_join_turns_into_leave_and_open_in_place(alice, group):
    alice.goes_home()

    alice.button("join", group).click()

    expect(alice.button("leave", group)).to_be_visible()
    expect(alice.button("open", group)).to_be_focused()
    expect(alice.button("join", group)).to_have_count(0)
    expect(alice.find(f'[id="{group}"] .group-members')).to_have_text("1 member")


def test_whoever_joins_their_first_group_is_no_longer_told_that_they_have_none(alice, bob, group):
    founded = alice.founds("Cooking")
    bob.goes_home()
    none, preview = bob.find(".groups-none"), bob.find(f'[id="{founded}"]').get_by_role("link", name="Preview")
    expect(none).to_have_text("You're not in any group yet. Join one below or create your own.", use_inner_text=True)
    expect(preview).to_be_visible()
    place = bob.button("join", founded).bounding_box()["y"]

    bob.button("join", founded).click()

    expect(none).to_have_text("Groups you join below move up here.", use_inner_text=True)
    expect(preview).to_be_hidden()
    assert bob.button("open", founded).bounding_box()["y"] == place
    bob.button("leave", founded).click()
    expect(none).to_contain_text("You're not in any group yet.", use_inner_text=True)
    expect(preview).to_be_visible()


def test_leave_turns_into_join_in_place(alice, group):
    alice.joins(group)
    alice.goes_home()

    alice.button("leave", group).click()

    expect(alice.button("join", group)).to_be_focused()
    expect(alice.button("open", group)).to_have_count(0)
    expect(alice.find(f'[id="{group}"] .group-members')).to_have_text("0 members")


def test_leaving_can_be_undone(alice, bob, group):
    bob.joins(group)
    bob.goes_home()
    bob.button("leave", group).click()
    expect(bob.find("#left")).to_contain_text("You left Gardening.")
    assert bob.violations == []

    bob.page.get_by_role("button", name="Undo").press("Enter")

    expect(bob.button("open", group)).to_be_focused()
    expect(bob.find("#left")).to_be_hidden()
    assert joins_and_leaves(bob) == ["leave_group", "join_group"]


def test_without_a_connection_leaving_is_undone_by_the_form(alice, group):
    alice.joins(group)
    sockets = []
    tab = alice.tab(lambda socket: sockets.append((socket, socket.connect_to_server())))
    tab.goes_home().button("leave", group).click()
    expect(tab.find("#left")).to_be_visible()
    for socket, _ in sockets:
        socket.close(code=4499)
    expect(tab.find("#connection-ended")).to_be_visible()

    tab.page.get_by_role("button", name="Undo").click()

    expect(tab.button("open", group)).to_be_visible()


def test_only_where_leave_was_pressed_it_can_be_undone(alice, group):
    alice.joins(group)
    other = alice.tab().goes_home()
    alice.goes_home()

    other.button("leave", group).click()

    expect(other.find("#left")).to_be_visible()
    expect(alice.find("#news")).to_have_text("You're no longer in Gardening.")
    expect(alice.find("#left")).to_be_hidden()
    alice.button("join", group).click()
    expect(other.find("#left")).to_be_hidden()


def test_a_join_or_leave_shows_in_every_tab_of_its_person_only(alice, bob, group):
    other = alice.tab().goes_home()
    alice.goes_home()
    bob.goes_home()

    alice.button("join", group).click()

    expect(other.button("open", group)).to_be_visible()
    expect(other.button("open", group)).not_to_be_focused()
    expect(bob.button("join", group)).to_be_visible()
    assert bob.received[-1]["type"] == "ready"


def test_the_live_home_page_equals_a_reload(alice, group):
    alice.goes_home()
    alice.button("join", group).click()
    expect(alice.button("open", group)).to_be_focused()
    became = actions(alice, group)

    alice.goes_home()

    assert actions(alice, group) == became


def actions(tab, group):
    """The markup of the group's buttons, but for the id of their forms, which is a new one on each page."""
    markup = tab.find(f'[id="{group}"] .group-actions').inner_html()
    return re.sub(r'(?<=name="form_id" value=")[0-9a-f]+', "", markup).split()


def test_ten_quick_clicks_send_one_frame(alice, group):
    alice.goes_home()

    alice.button("join", group).evaluate("button => { for (let n = 0; n < 10; n++) button.click() }")
    alice.button("leave", group).click()

    expect(alice.button("join", group)).to_be_visible()
    assert joins_and_leaves(alice) == ["join_group", "leave_group"]


def test_ten_turns_send_one_frame_each(alice, group):
    alice.goes_home()

    for _ in range(5):
        alice.button("join", group).click()
        alice.button("leave", group).click()

    expect(alice.button("join", group)).to_be_focused()
    assert joins_and_leaves(alice) == ["join_group", "leave_group"] * 5


def test_open_leads_to_the_group_and_back_returns(alice, group):
    alice.joins(group)
    alice.goes_home()
    home = alice.page.url

    alice.button("open", group).click()

    expect(alice.page).to_have_url(f"{home}groups/{group}/")
    alice.page.go_back()
    expect(alice.page).to_have_url(home)
    expect(alice.button("open", group)).to_be_visible()


@pytest.mark.parametrize("click", [{"button": "middle"}, {"modifiers": ["Control"]}], ids=["middle", "ctrl"])
def test_open_opens_beside_as_a_link_does(alice, group, click):
    alice.joins(group)
    alice.goes_home()
    home = alice.page.url

    with alice.context.expect_page() as opened:
        alice.button("open", group).click(**click)

    expect(opened.value).to_have_url(f"{home}groups/{group}/")
    expect(alice.page).to_have_url(home)


def test_a_click_at_a_deleted_group_shows_an_error_at_its_row(alice, group):
    alice.goes_home()
    row = alice.find(f'[id="{group}"]')
    gone = "00000000-0000-4000-8000-000000000000"

    alice.button("join", group).evaluate("(button, gone) => button.value = `join_group ${gone}`", gone)
    alice.button("join", group).click()

    alice.until(lambda: alice.received[-1].get("code") == "no_such_group")
    expect(row.get_by_role("button")).to_be_enabled()


def test_an_ended_session_is_shown_on_the_home_page(alice, group):
    alice.goes_home()

    alice.posts("/accounts/logout/")

    expect(alice.find("#session-ended")).to_be_visible()
