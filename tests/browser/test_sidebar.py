"""The groups beside the log and on the home page: their last messages and their order, as two people write."""

import re
import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NO_WAIT = "() => { Math.random = () => 0 }"  # for requests that pages spread over some seconds


@pytest.fixture
def groups(alice, bob, gardening):
    """Groups of alice's and bob's, the latest first: Cooking, Astronomy, Gardening."""
    bob.joins(gardening)
    astronomy, cooking = shared(alice, bob, "Astronomy"), shared(alice, bob, "Cooking")
    return cooking, astronomy, gardening


def shared(alice, bob, name):
    group = alice.founds(name)
    bob.joins(group)
    return group


def order(tab):
    return tab.find("#sidebar .panel-name")


def home_order(tab):
    return tab.find("#own-groups .group-name")


def beside(tab, group):
    return tab.find(f'#sidebar li[data-group="{group}"]')


def last(tab, group):
    return tab.find(f'li[data-group="{group}"] .last, [id="{group}"] .last')


def points_at(tab, place):
    """The pointer is there, and nowhere else."""
    box = place.bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


# The last message


def test_the_last_message_of_each_group_is_shown_as_it_is_written(alice, bob, groups):
    cooking, astronomy, _ = groups
    home = alice.tab().goes_home()
    alice.opens(astronomy)
    expect(last(alice, cooking)).to_have_text("No messages yet")

    bob.wrote(cooking, "*Soup*  is\nready")

    for tab in (alice, home):
        expect(last(tab, cooking)).to_have_text("bob: Soup is ready")
    expect(home.find(f'[id="{cooking}"] time')).to_have_text("just now")


@pytest.mark.parametrize("place", ["./", "groups/{}/"])
def test_what_is_written_while_a_page_loads_is_its_last_message_too(alice, bob, groups, place):
    cooking, astronomy, _ = groups
    held = []
    alice.page.route(re.compile(r"/js/pages/(home|group)\.js"), lambda route: held.append(route))
    alice.page.goto(place.format(astronomy), wait_until="commit")
    alice.until(lambda: held)

    bob.wrote(cooking, "Soup")
    held[0].continue_()

    expect(last(alice, cooking)).to_have_text("bob: Soup")


@pytest.mark.parametrize("place", ["home", "beside the log"])
def test_a_page_that_missed_nothing_asks_for_no_last_messages(alice, bob, groups, place):
    cooking, astronomy, _ = groups
    bob.wrote(cooking, "@alice Soup")
    asked = []
    alice.page.on("request", lambda request: "/mine/" in request.url and asked.append(request))

    alice.page.add_init_script(f"({NO_WAIT})()")
    alice.goes_home() if place == "home" else alice.opens(astronomy)
    bob.wrote(cooking, "Salad")

    expect(last(alice, cooking)).to_have_text("bob: Salad")
    assert asked == []


def test_the_last_message_follows_its_edit_and_deletion(alice, bob, groups):
    cooking, astronomy, _ = groups
    home = alice.tab().goes_home()
    alice.opens(astronomy)
    bob.wrote(cooking, "one")
    expect(last(alice, cooking)).to_have_text("bob: one")

    bob.posts(f"groups/{cooking}/messages/3/edit/", message="two", rev=0)
    for tab in (alice, home):
        expect(last(tab, cooking)).to_have_text("bob: two")

    bob.posts(f"groups/{cooking}/messages/3/delete/")
    for tab in (alice, home):
        expect(last(tab, cooking)).to_have_text("Message deleted")


def test_the_group_beside_its_own_log_follows_that(alice, bob, groups):
    _, astronomy, _ = groups
    alice.opens(astronomy)

    alice.says("mine")
    expect(last(alice, astronomy)).to_have_text("You: mine")
    bob.wrote(astronomy, "**his** own, @alice")
    expect(last(alice, astronomy)).to_have_text("bob: his own, @alice")
    bob.posts(f"groups/{astronomy}/messages/4/edit/", message="better", rev=0)
    expect(last(alice, astronomy)).to_have_text("bob: better")
    alice.posts(f"groups/{astronomy}/messages/3/delete/")
    bob.posts(f"groups/{astronomy}/messages/4/delete/")
    expect(last(alice, astronomy)).to_have_text("Message deleted")


def test_live_rows_equal_those_of_a_reload(alice, bob, groups):
    cooking, astronomy, _ = groups
    alice.opens(astronomy)
    bob.wrote(cooking, "hi")
    bob.wrote(bob.converses("alice"), "Psst")
    expect(order(alice)).to_have_text(["bob", "Cooking", "Astronomy", "Gardening"])
    expect(alice.find("#sidebar .last").first).to_have_text("Psst")
    live = alice.find("#sidebar").inner_text()

    alice.opens(astronomy)

    assert alice.find("#sidebar").inner_text() == live
    assert alice.violations == []


def test_somebody_elses_text_is_only_text(alice, bob, groups):
    alice.opens(groups[0])

    bob.wrote(groups[1], "<b>x</b><script>")

    expect(last(alice, groups[1])).to_have_text("bob: <b>x</b><script>")


# Order


def test_a_group_moves_up_when_somebody_writes_there(alice, bob, groups):
    home = alice.tab().goes_home()
    alice.opens(groups[0])
    expect(order(alice)).to_have_text(["Cooking", "Astronomy", "Gardening"])

    bob.wrote(groups[2], "hi")

    expect(order(alice)).to_have_text(["Gardening", "Cooking", "Astronomy"])
    expect(home_order(home)).to_have_text(["Gardening", "Cooking", "Astronomy"])


def test_a_group_that_was_read_stands_by_its_activity_again(alice, bob, groups):
    bob.wrote(groups[2], "hi")
    alice.wrote(groups[0], "Soup")
    alice.opens(groups[0])
    expect(order(alice)).to_have_text(["Gardening", "Cooking", "Astronomy"])

    alice.posts(f"groups/{groups[2]}/read/", seq=3)

    expect(order(alice)).to_have_text(["Cooking", "Gardening", "Astronomy"])


def test_nothing_moves_under_the_pointer(alice, bob, groups):
    alice.opens(groups[0])
    points_at(alice, beside(alice, groups[1]))

    bob.wrote(groups[2], "hi")

    expect(last(alice, groups[2])).to_have_text("bob: hi")
    expect(beside(alice, groups[2]).locator(".group-unread")).to_have_text("1")
    expect(order(alice)).to_have_text(["Cooking", "Astronomy", "Gardening"])
    points_at(alice, alice.field)
    expect(order(alice)).to_have_text(["Gardening", "Cooking", "Astronomy"])


def test_nothing_moves_around_the_focus(alice, bob, groups):
    alice.opens(groups[0])
    link = beside(alice, groups[1]).locator("a")
    link.focus()

    bob.wrote(groups[2], "hi")

    expect(last(alice, groups[2])).to_have_text("bob: hi")
    expect(order(alice)).to_have_text(["Cooking", "Astronomy", "Gardening"])
    expect(link).to_be_focused()
    alice.field.focus()
    expect(order(alice)).to_have_text(["Gardening", "Cooking", "Astronomy"])


def test_a_group_that_goes_leaves_its_space_under_the_pointer(alice, bob, groups):
    alice.opens(groups[2])
    points_at(alice, beside(alice, groups[1]))
    place = beside(alice, groups[1]).bounding_box()["y"]

    alice.posts(f"groups/{groups[0]}/leave/")

    expect(beside(alice, groups[0])).to_be_hidden()
    assert beside(alice, groups[1]).bounding_box()["y"] == place
    points_at(alice, alice.field)
    expect(beside(alice, groups[0])).to_have_count(0)


def test_a_group_that_goes_keeps_the_focus_until_that_moves_on(alice, bob, groups):
    bob.opens(groups[2])
    row = beside(bob, groups[0])
    row.locator("a").focus()

    alice.posts(f"groups/{groups[0]}/members/remove/", username="bob")

    expect(row).to_have_attribute("data-gone", "")
    expect(row.locator("a")).to_be_focused()
    bob.field.focus()
    expect(row).to_have_count(0)


def test_a_new_group_comes_last_under_the_pointer(alice, bob, groups):
    alice.opens(groups[0])
    points_at(alice, beside(alice, groups[1]))

    alice.founds("Painting")

    expect(order(alice)).to_have_text(["Cooking", "Astronomy", "Gardening", "Painting"])
    points_at(alice, alice.field)
    expect(order(alice)).to_have_text(["Painting", "Cooking", "Astronomy", "Gardening"])


def test_nothing_moves_at_home_under_the_pointer(alice, bob, groups):
    alice.goes_home()
    points_at(alice, alice.find(f'[id="{groups[1]}"]'))

    bob.wrote(groups[2], "hi")

    expect(last(alice, groups[2])).to_have_text("bob: hi")
    expect(home_order(alice)).to_have_text(["Cooking", "Astronomy", "Gardening"])
    points_at(alice, alice.find("h1"))
    expect(home_order(alice)).to_have_text(["Gardening", "Cooking", "Astronomy"])


def test_a_group_that_is_joined_moves_to_ones_own_when_nobody_points_at_it(alice, bob, groups):
    group = alice.founds("Painting")
    alice.wrote(group, "hello")
    bob.goes_home()
    bob.page.evaluate(NO_WAIT)
    place = bob.button("join", group).bounding_box()["y"]

    bob.button("join", group).click()

    expect(bob.button("open", group)).to_be_focused()
    assert bob.button("open", group).bounding_box()["y"] == place
    points_at(bob, bob.find("h1"))
    bob.button("open", group).blur()
    expect(home_order(bob).first).to_have_text("Painting")
    expect(last(bob, group)).to_have_text("alice: hello")


# On a phone


def test_a_touch_keeps_rows_in_their_places_for_a_moment(arrives, alice, bob, groups):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.page.clock.install()
    phone.opens(groups[0])
    phone.find(".bar-groups").tap()
    beside(phone, groups[1]).dispatch_event("touchstart")
    bob.wrote(groups[2], "hi")
    expect(last(phone, groups[2])).to_have_text("bob: hi")
    expect(order(phone)).to_have_text(["Cooking", "Astronomy", "Gardening"])

    phone.page.clock.run_for(2_500)

    expect(order(phone)).to_have_text(["Gardening", "Cooking", "Astronomy"])
    assert (phone.overhang, phone.violations) == (0, [])


# Where it is scrolled to


@pytest.fixture
def many(site, alice):
    """Forty groups of alice's, the latest first, which a program beside the server has added."""
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        ((alice_id,),) = database.execute("SELECT id FROM users WHERE username = 'alice'")
        return [added(database, alice_id, number) for number in range(40)][::-1]


def added(database, user_id, number):
    uuid, at = uuid4(), f"2026-01-01 00:00:{number:02}.000000"
    group = database.execute(
        "INSERT INTO groups (uuid, name, last_seq, messages, member_count, revisions, epoch, created_at)"
        " VALUES (?, ?, 0, 0, 1, 0, '0', ?)",
        [uuid.hex, f"Group {number}", at],
    )
    membership = "INSERT INTO memberships (group_id, user_id, joined_at, read_seq) VALUES (?, ?, ?, 0)"
    database.execute(membership, [group.lastrowid, user_id, at])
    return str(uuid)


def test_the_present_group_is_in_view(alice, many):
    alice.opens(many[-1])

    expect(beside(alice, many[-1])).to_be_in_viewport(ratio=1)
    assert alice.page.evaluate("() => scrollY") == 0


def test_the_list_stays_where_it_was_scrolled_to(alice, many):
    alice.opens(many[0])
    alice.find("#my-groups").evaluate("panel => { panel.scrollTop = 500 }")

    beside(alice, many[14]).locator("a").click()

    expect(alice.find("h1")).to_have_text("Group 25")
    expect(alice.pill).to_have_text("Live")
    assert alice.find("#my-groups").evaluate("panel => panel.scrollTop") == 500


def test_the_present_group_is_in_view_on_a_phone(arrives, alice, many):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(many[-1])

    phone.find(".bar-groups").tap()

    expect(beside(phone, many[-1])).to_be_in_viewport(ratio=1)


def test_the_present_group_stays_in_view_where_it_moves(alice, bob, many):
    bob.joins(many[-1])
    alice.opens(many[-1])
    alice.page.mouse.move(640, 300)

    bob.wrote(many[-1], "hi")

    expect(order(alice).first).to_have_text("Group 0")
    expect(beside(alice, many[-1])).to_be_in_viewport(ratio=1)


def test_a_list_that_was_scrolled_away_from_the_present_group_stays_there(alice, bob, many):
    bob.joins(many[0])
    alice.opens(many[0])
    alice.find("#my-groups").evaluate("panel => { panel.scrollTop = 500 }")
    expect(beside(alice, many[0])).not_to_be_in_viewport()

    bob.wrote(many[0], "hi")

    expect(last(alice, many[0])).to_have_text("bob: hi")
    assert alice.find("#my-groups").evaluate("panel => panel.scrollTop") == 500


def test_the_way_out_of_a_long_list_is_in_view_on_a_phone(arrives, alice, many):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(many[-1])
    phone.find(".bar-groups").tap()
    expect(beside(phone, many[-1])).to_be_in_viewport(ratio=1)

    phone.find("#my-groups .panel-close").tap()

    expect(phone.find("#my-groups")).to_be_hidden()


def test_the_present_group_is_in_view_on_a_phone_on_its_side(arrives, alice, many):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.page.set_viewport_size({"width": 844, "height": 390})

    phone.opens(many[20])

    expect(beside(phone, many[20])).to_be_in_viewport(ratio=1)


def test_the_links_after_a_long_list_are_in_view(alice, many):
    alice.opens(many[0])

    for name in ("Directory", "Your groups"):
        expect(alice.find("#my-groups").get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    expect(alice.find(".panel-new summary")).to_be_in_viewport(ratio=1)


# After a lost connection


def goes_offline(*tabs):
    """They have noticed it."""
    for tab in tabs:
        tab.page.evaluate(NO_WAIT)
    tabs[0].page.context.set_offline(True)
    expect(tabs[0].pill).to_contain_text("Offline")


def test_after_a_lost_connection_both_lists_are_right_again(alice, bob, groups, complaints):
    complaints.excuse(OUTAGE)
    cooking, astronomy, gardening = groups
    home = bob.tab().goes_home()
    bob.opens(astronomy)
    goes_offline(bob, home)
    alice.wrote(gardening, "The tomatoes are ripe")
    alice.posts(f"groups/{cooking}/settings/", **settings_of(alice, cooking), name="Baking")
    alice.posts(f"groups/{astronomy}/members/role/", username="bob", role="moderator")
    painting = shared_with(alice, bob, "Painting")

    bob.context.set_offline(False)

    for tab, names in ((bob, order(bob)), (home, home_order(home))):
        expect(last(tab, gardening)).to_have_text("alice: The tomatoes are ripe")
        expect(names).to_have_text(["Gardening", "Painting", "Baking", "Astronomy"])
        expect(last(tab, painting)).to_have_text("No messages yet")


def settings_of(alice, group):
    """What the form of a group's settings has, but for its name."""
    alice.page.goto(f"groups/{group}/settings/")
    return {"rev": alice.find("form [name=rev]").first.input_value()}


def shared_with(alice, bob, name):
    group = alice.founds(name)
    alice.posts(f"groups/{group}/members/", username="bob")
    return group


def test_a_group_that_was_muted_meanwhile_comes_last_and_says_so(site, alice, bob, groups, complaints):
    complaints.excuse(OUTAGE)
    home = bob.tab().goes_home()
    bob.opens(groups[1])
    goes_offline(bob, home)
    mute(site, groups[0])

    bob.context.set_offline(False)

    for tab, names, row in (
        (bob, order(bob), beside(bob, groups[0])),
        (home, home_order(home), home.find(f'[id="{groups[0]}"]')),
    ):
        expect(names).to_have_text(["Astronomy", "Gardening", "Cooking"])
        expect(row).to_contain_text("Muted")
        assert tab.violations == []


def mute(site, group):
    """With a program beside the server: for all its members."""
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        database.execute(
            "UPDATE memberships SET muted_until = '9000-01-01 00:00:00.000000'"
            " WHERE group_id = (SELECT id FROM groups WHERE uuid = ?)",
            [group.replace("-", "")],
        )


def test_a_page_in_the_background_asks_when_it_is_looked_at(alice, bob, groups, complaints):
    complaints.excuse(OUTAGE)
    bob.opens(groups[1])
    asked = []
    bob.page.on("request", lambda request: asked.append(request.url) if "/mine/" in request.url else None)
    goes_offline(bob)
    bob.hides()
    alice.wrote(groups[2], "hi")
    bob.context.set_offline(False)
    expect(bob.pill).to_have_text("Live")
    assert asked == []

    bob.shows()

    expect(last(bob, groups[2])).to_have_text("alice: hi")


def test_a_group_that_the_list_lacks_appears_when_somebody_writes_there(alice, bob, many, gardening):
    for group in (cooking := alice.founds("Cooking"), gardening):
        bob.joins(group)
    alice.opens(gardening)
    alice.page.evaluate(NO_WAIT)
    beside(alice, cooking).evaluate("row => row.remove()")  # as where somebody has more groups than it shows

    bob.wrote(cooking, "Soup")

    expect(last(alice, cooking)).to_have_text("bob: Soup")
    expect(order(alice).first).to_have_text("Cooking")


def test_what_is_typed_beside_the_log_stays_when_the_list_is_right_again(alice, bob, groups, complaints):
    complaints.excuse(OUTAGE)
    bob.opens(groups[1])
    bob.find(".panel-new summary").click()
    bob.page.get_by_label("Name", exact=True).fill("Pain")
    goes_offline(bob)
    alice.wrote(groups[2], "hi")

    bob.context.set_offline(False)

    expect(last(bob, groups[2])).to_have_text("alice: hi")
    expect(bob.page.get_by_label("Name", exact=True)).to_have_value("Pain")
    expect(bob.page.get_by_label("Name", exact=True)).to_be_focused()


def test_a_group_from_before_the_first_connection_appears(alice, bob, groups):
    tab = bob.tab(lambda socket: bob.founds("Painting") and socket.connect_to_server())
    tab.page.add_init_script("Math.random = () => 0")

    tab.goes_home()

    expect(home_order(tab)).to_have_text(["Painting", "Cooking", "Astronomy", "Gardening"])
