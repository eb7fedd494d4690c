"""Reading a log that is longer than the window."""

import sqlite3
from contextlib import closing

from browsers import scrolls_up
from playwright.sync_api import expect


def place_of(row):
    return row.bounding_box()["y"]


def test_the_page_opens_at_the_end(bob, long_log):
    expect(bob.messages.last).to_have_text("message 60")
    expect(bob.messages.last).to_be_in_viewport()
    expect(bob.field).to_be_focused()


def test_a_new_entry_scrolls_into_view_for_somebody_at_the_end(alice, bob, long_log):
    alice.wrote(long_log, "new")

    expect(bob.messages.last).to_have_text("new")
    expect(bob.messages.last).to_be_in_viewport()
    expect(bob.find("#newest")).to_be_hidden()


def test_a_new_entry_moves_nothing_for_somebody_reading_further_up(alice, bob, long_log):
    scrolls_up(bob, 800)
    read = bob.messages.filter(has_text="message 45")
    before = place_of(read)

    alice.wrote(long_log, "new", "newer")

    expect(bob.find("#newest")).to_contain_text("2 new")
    assert abs(place_of(read) - before) < 1


def test_the_button_of_new_entries_leads_to_them(alice, bob, long_log):
    scrolls_up(bob, 800)
    alice.wrote(long_log, "new")

    bob.find("#newest").click()

    expect(bob.messages.last).to_be_in_viewport()
    expect(bob.find("#newest")).to_be_hidden()


def test_ones_own_message_leads_to_the_end(bob, long_log):
    scrolls_up(bob, 800)

    bob.says("mine")

    expect(bob.messages.last).to_have_text("mine")
    expect(bob.messages.last).to_be_in_viewport()


def test_earlier_entries_load_by_themselves_and_move_nothing(bob, long_log):
    expect(bob.find("#chat-log [data-seq]")).to_have_count(50)
    scrolls_up(bob, 10_000)

    expect(bob.find("#chat-log [data-seq]")).to_have_count(62)
    expect(bob.find("#earlier")).to_have_count(0)
    assert [seq for seq, *_ in bob.log()] == list(range(1, 63))
    expect(bob.find('[data-seq="13"]')).to_be_in_viewport()


def test_the_link_to_earlier_entries_leads_to_a_page_of_them(bob, long_log):
    earlier = bob.find("#earlier").get_attribute("href")

    bob.page.goto(earlier)

    expect(bob.find('[data-seq="3"]')).to_be_in_viewport()
    bob.find("#newest").click()
    expect(bob.find('[data-seq="62"]')).to_be_in_viewport()


def test_a_message_written_among_earlier_entries_is_sent_from_the_end(alice, bob, long_log):
    bob.page.goto(f"/groups/{long_log}/?before=13")

    bob.says("from the past")

    expect(bob.pill).to_have_text("Live")
    expect(bob.messages.last).to_have_text("from the past")
    expect(alice.opens(long_log).messages.last).to_have_text("from the past")


def test_a_link_to_an_entry_of_another_page_leads_to_the_page_around_it(bob, long_log):
    bob.page.goto(f"/groups/{long_log}/#seq-5")

    expect(bob.find("#seq-5")).to_be_in_viewport()
    expect(bob.page).to_have_url(f"{bob.page.url.split('?')[0]}?at=5#seq-5")


def test_another_servers_page_of_earlier_entries_is_not_shown(bob, long_log):
    bob.page.clock.install()
    bob.opens(long_log)
    empty = {"body": '<div id="chat-log"></div>', "content_type": "text/html"}
    bob.page.route("**/?before=*", lambda route: route.fulfill(**empty))
    with bob.page.expect_response("**/?before=*"):
        scrolls_up(bob, 10_000)
    expect(bob.find("#earlier")).to_be_visible()
    bob.page.unroute("**/?before=*")

    bob.until(lambda: bob.page.clock.run_for(5_000) or not bob.find("#earlier").count())

    expect(bob.find("#chat-log [data-seq]")).to_have_count(62)


def test_earlier_entries_that_are_not_shown_are_looked_for_once(site, bob, long_log):
    with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
        database.execute("UPDATE entries SET kind = 'Poll' WHERE seq < 10")
    bob.opens(long_log)
    asked = []
    bob.page.on("request", lambda request: "?before=" in request.url and asked.append(request.url))

    scrolls_up(bob, 10_000)

    expect(bob.find("#earlier")).to_have_count(0)
    assert [seq for seq, *_ in bob.log()] == list(range(10, 63))
    assert len(asked) == 2
