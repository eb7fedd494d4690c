"""Finding a group by its name at home and beside the log, where there are too many to be shown."""

import re
import sqlite3
from contextlib import closing

import pytest
from browsers import PHONE
from playwright.sync_api import expect

MOMENT = 40_000  # milliseconds: more than a page waits before it loads itself again


@pytest.fixture
def friends(site, alice):
    """The names of 150 people with whom alice has direct conversations."""
    names = [f"friend{number:03}" for number in range(150)]
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        ((alice_id,),) = database.execute("SELECT id FROM users WHERE username = 'alice'")
        for name in names:
            converse(database, alice_id, name)
    yield names
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        database.execute("DELETE FROM memberships WHERE user_id <> ?", [alice_id])
        database.execute("DELETE FROM users WHERE username LIKE 'friend%'")


def converse(database, user_id, name):
    """What a program beside the server writes: a new user, and their direct group with this one."""
    key, long_ago = name.encode().hex(), "2026-01-01 00:00:00.000000"
    user = {"username": name, "username_key": name, "password": "!", "is_superuser": 0, "is_active": 1}
    user_ids = user_id, insert(database, "users", **user, created_at=long_ago)
    group = {"uuid": f"{key:0<32}", "name": "Direct", "access": "direct", "direct_key": key, "epoch": "0"}
    counts = dict.fromkeys(("last_seq", "messages", "revisions"), 0) | {"member_count": 2}
    group_id = insert(database, "groups", **group, **counts, created_at=long_ago)
    for id in user_ids:
        insert(database, "memberships", group_id=group_id, user_id=id, joined_at=long_ago, read_seq=0)


def insert(database, table, **values):
    """The id of the new row."""
    sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608
    return database.execute(sql, list(values.values())).lastrowid


def rows(tab):
    return tab.find("#groups .group-name:visible")


def searches(tab, term, field="#find"):
    """As one who presses Enter; the page has been sent what is new since."""
    tab.find(field).fill(term)
    before = len(tab.received)
    tab.find(field).press("Enter")
    expect(tab.find(".groups-found")).to_contain_text(term)
    tab.until(lambda: any(each["type"] == "ready" and "groups" in each for each in tab.received[before:]))


def test_a_conversation_that_home_does_not_show_is_found_by_its_name(alice, friends):
    alice.goes_home()
    expect(alice.find(".groups-more")).to_contain_text("100 of your 150 groups are shown.")
    alice.find("#find").fill("FRIEND149")
    expect(rows(alice)).to_have_count(0)
    expect(alice.find(".search-none")).to_have_text("None of these groups match. Press Enter to search all.")
    alice.find("#find").fill("friend")
    expect(alice.find(".search-none")).to_be_hidden()

    searches(alice, "FRIEND149")

    expect(rows(alice)).to_have_text("friend149")
    expect(alice.find("#find")).to_have_value("FRIEND149")
    alice.find("#own-groups .group-name").click()
    expect(alice.find("h1")).to_have_text("friend149")


def test_so_it_is_beside_the_log(alice, gardening, friends):
    alice.opens(gardening)
    expect(alice.find(".panel-groups")).to_contain_text("100 of 151 are shown. Press Enter to search all.")

    searches(alice, "friend148", "#find-group")

    expect(rows(alice)).to_have_text("friend148")


def test_so_it_is_without_script(arrives, alice, friends):
    plain = arrives("alice", java_script_enabled=False)
    plain.logs_in()
    plain.page.goto("./")
    plain.find("#find").fill("friend147")
    plain.page.get_by_role("button", name="Search").click()

    expect(rows(plain)).to_have_text("friend147")
    plain.page.get_by_role("link", name="Show all").click()
    expect(rows(plain)).to_have_count(100)


def test_so_it_is_on_a_phone(arrives, gardening, friends):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(gardening)
    phone.find(".bar-groups").click()

    searches(phone, "friend146", "#find-group")

    expect(rows(phone)).to_have_text("friend146")
    assert (phone.overhang, phone.violations) == (0, [])


def test_a_search_that_finds_nothing_leads_on(alice, gardening):
    alice.page.goto("./?q=zzz")
    expect(alice.find(".groups-found")).to_contain_text("No results for “zzz”.")
    assert alice.violations == []

    alice.page.get_by_role("link", name="Show all").click()

    expect(rows(alice)).to_have_text("Gardening")


# What happens meanwhile


def test_what_is_new_appears_among_the_found_if_it_is_one(alice, bob):
    bob.page.goto("./?q=gard")
    bob.until(lambda: any(each["type"] == "ready" for each in bob.received))

    bob.founds("Cooking")
    bob.founds("Gardening")

    expect(rows(bob)).to_have_text("Gardening")
    expect(bob.find(".groups-found")).not_to_contain_text("No results")


def test_what_is_new_is_filtered_as_it_was_typed(alice, bob, gardening):
    for number in range(21):
        alice.creates(f"Group {number}")
    bob.goes_home()
    bob.find("#find").fill("gard")

    bob.founds("Cooking")
    bob.founds("Gardening club")

    expect(rows(bob)).to_have_text(["Gardening club", "Gardening"])
    bob.find("#find").fill("cook")
    expect(rows(bob)).to_have_text("Cooking")


def test_joining_leaves_the_found_as_they_are(bob, gardening):
    bob.goes_home()
    bob.page.goto("./?q=gard")

    bob.button("join", gardening).click()

    expect(bob.button("leave", gardening)).to_be_visible()
    expect(bob.page).to_have_url(re.compile(r"\?q=gard$"))


def test_a_page_that_loads_itself_again_still_shows_the_found(alice, bob, gardening):
    tab = bob.tab(announces_scripts)
    tab.page.clock.install()
    tab.page.route("**/", serves_scripts)
    tab.page.goto("./?q=gard en")
    tab.until(lambda: any(each["type"] == "ready" for each in tab.received))

    with tab.page.expect_navigation(url=re.compile(r"/\?q=gard\+en$")):
        tab.page.clock.fast_forward(MOMENT)

    expect(tab.find("#find")).to_have_value("gard en")


def announces_scripts(socket):
    """The server has newer scripts than the page."""
    server = socket.connect_to_server()
    server.on_message(lambda text: socket.send(re.sub('"version":"[^"]*"', '"version":"newer"', text)))


def serves_scripts(route):
    """When it is asked, it serves them."""
    response = route.fetch()
    route.fulfill(response=response, headers=response.headers | {"script-version": "newer"})
