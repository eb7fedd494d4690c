"""Jumps to other parts of a long log, and back."""

from datetime import UTC, datetime, timedelta

import pytest
from browsers import OUTAGE, PHONE, REFUSAL, scrolls_up
from long_logs import fill, is_at_end, place, returns_to, rows
from playwright.sync_api import expect

ENTRIES = 3_000
LAST = ENTRIES + 2  # after two Joins
FAILED = "These messages can't be loaded now. Check your connection and try again."


class HeldBack:
    """The pages that a tab asks for wait here until they are let through."""

    def __init__(self, tab, url):
        self._waiting = []
        tab.page.route(url, lambda route: self._waiting.append(route))

    @property
    def is_asked(self):
        return len(self._waiting) > 0

    def lets_through(self):
        for route in self._waiting:
            route.continue_()


@pytest.fixture(params=[{}, PHONE], ids=["desktop", "phone"])
def reader(request, site, alice, arrives, gardening):
    """Bob at the end of a long log of many days."""
    bob = arrives("bob", **request.param)
    return opens_long_log(site, bob, gardening)


@pytest.fixture
def bob(site, bob, gardening):
    return opens_long_log(site, bob, gardening)


def opens_long_log(site, bob, group):
    bob.logs_in()
    bob.joins(group)
    fill(site, group, ENTRIES, per_hour=10)
    bob.has_read(group)
    bob.group = group
    return bob.opens(group)


def follows_link_to(tab, seq):
    """By a link to the entry, as one of the same group's messages has it."""
    script = """([group, seq]) => {
      const link = document.createElement("a")
      link.href = `/groups/${group}/?at=${seq}#seq-${seq}`
      document.querySelector("#group").append(link)
      link.click()
      link.remove()
    }"""
    tab.page.evaluate(script, [tab.group, seq])


def goes_to_day(tab, day):
    tab.find(".entry-day-button").last.evaluate("button => button.click()")
    tab.find("#date-jump input").fill(day.isoformat())
    tab.find("#date-jump").get_by_text("Go", exact=True).click()


def is_pointed(tab, seq):
    expect(tab.find(f"#seq-{seq}")).to_be_in_viewport()
    expect(tab.find(".pointed")).to_have_id(f"seq-{seq}")
    expect(tab.find(f"#seq-{seq}")).to_have_attribute("aria-current", "true")


def goes_on_to_the_end(tab):
    def has_arrived():
        tab.page.evaluate("() => { document.querySelector('.scroller').scrollTop += 1500 }")
        return is_at_end(tab)

    tab.until(has_arrived)


def test_a_link_leads_to_an_entry_far_up_and_marks_it(reader):
    follows_link_to(reader, 1_000)

    is_pointed(reader, 1_000)
    assert reader.page.url.endswith(f"/groups/{reader.group}/?at=1000#seq-1000")


def test_a_pages_address_leads_to_an_entry_and_marks_it(reader):
    reader.page.goto(f"groups/{reader.group}/?at=1000#seq-1000")

    is_pointed(reader, 1_000)


def test_back_leads_to_the_row_that_a_reader_came_from(reader):
    scrolls_up(reader, 1_200)
    before = place(reader)
    follows_link_to(reader, 1_000)
    is_pointed(reader, 1_000)

    reader.page.go_back()

    returns_to(reader, *before)


def test_back_and_forward_lead_through_several_jumps(bob):
    follows_link_to(bob, 1_000)
    is_pointed(bob, 1_000)
    scrolls_up(bob, 1_234)
    before = place(bob)
    follows_link_to(bob, 2_000)
    is_pointed(bob, 2_000)

    bob.page.go_back()
    returns_to(bob, *before)
    bob.page.go_forward()

    expect(bob.find("#seq-2000")).to_be_in_viewport()


def test_back_leads_to_the_end_for_somebody_who_came_from_there(alice, bob):
    follows_link_to(bob, 1_000)
    is_pointed(bob, 1_000)
    alice.wrote(bob.group, "hi")

    bob.page.go_back()

    expect(bob.messages.last).to_have_text("hi")
    expect(bob.messages.last).to_be_in_viewport()


def test_the_button_leads_to_the_newest_messages_after_jumps(reader):
    follows_link_to(reader, 1_000)
    is_pointed(reader, 1_000)
    follows_link_to(reader, 500)
    is_pointed(reader, 500)

    reader.find("#newest").click()

    expect(reader.find(f"#seq-{LAST}")).to_be_in_viewport()
    expect(reader.find(".pointed")).to_have_count(0)
    expect(reader.find("#newest")).to_be_hidden()


def test_the_button_works_while_another_jump_is_loading(bob):
    follows_link_to(bob, 1_000)
    is_pointed(bob, 1_000)
    slow = HeldBack(bob, "**/?at=2000")
    follows_link_to(bob, 2_000)
    bob.until(lambda: slow.is_asked)

    bob.find("#newest").click()
    expect(bob.find(f"#seq-{LAST}")).to_be_in_viewport()
    with bob.page.expect_response("**/?at=2000"):
        slow.lets_through()

    expect(bob.find(f"#seq-{LAST}")).to_be_in_viewport()
    expect(bob.find("#seq-2000")).to_have_count(0)


def test_only_the_latest_jump_takes_effect(bob):
    slow = HeldBack(bob, "**/?at=1000")
    follows_link_to(bob, 1_000)
    bob.until(lambda: slow.is_asked)

    follows_link_to(bob, 2_000)
    is_pointed(bob, 2_000)
    with bob.page.expect_response("**/?at=1000"):
        slow.lets_through()

    is_pointed(bob, 2_000)
    expect(bob.find("#seq-1000")).to_have_count(0)


def test_a_jump_that_fails_says_so_and_leaves_the_page_where_it_is(bob, complaints):
    complaints.excuse(OUTAGE)
    scrolls_up(bob, 1_000)
    before, url = place(bob), bob.page.url
    bob.goes_offline()

    follows_link_to(bob, 1_000)

    expect(bob.find("#log-refused")).to_have_text(FAILED)
    returns_to(bob, *before)
    assert bob.page.url == url


def test_a_jump_that_the_server_refuses_says_so_until_one_succeeds(bob, complaints):
    complaints.excuse(REFUSAL)
    bob.page.route("**/?at=1000", lambda route: route.fulfill(status=503, body="busy"))
    follows_link_to(bob, 1_000)
    expect(bob.find("#log-refused")).to_have_text(FAILED)
    expect(bob.find(f"#seq-{LAST}")).to_be_in_viewport()

    follows_link_to(bob, LAST - 5)

    expect(bob.find("#log-refused")).to_have_text("")


def test_a_reader_who_jumped_joins_the_end_by_scrolling_and_is_live(alice, bob):
    follows_link_to(bob, LAST - 150)
    is_pointed(bob, LAST - 150)
    alice.wrote(bob.group, "while away")
    expect(bob.find("#newest")).to_have_text("1 new")

    goes_on_to_the_end(bob)
    expect(bob.messages.last).to_have_text("while away")
    alice.wrote(bob.group, "live")

    expect(bob.messages.last).to_have_text("live")
    assert rows(bob) == list(range(rows(bob)[0], LAST + 3))


def test_more_than_a_hundred_messages_that_came_meanwhile_are_there(alice, bob):
    follows_link_to(bob, LAST - 150)
    is_pointed(bob, LAST - 150)
    alice.floods(bob.group, 130)
    expect(bob.find("#newest")).to_have_text("130 new")

    goes_on_to_the_end(bob)

    bob.until(lambda: rows(bob)[-1] == LAST + 130)
    assert rows(bob) == list(range(rows(bob)[0], LAST + 131))


def test_what_comes_while_the_end_is_loading_is_there_once(alice, bob):
    slow = HeldBack(bob, f"**/?at={LAST - 60}")
    follows_link_to(bob, LAST - 60)
    bob.until(lambda: slow.is_asked)
    alice.wrote(bob.group, "one", "two")
    expect(bob.messages.last).to_have_text("two")

    slow.lets_through()
    is_pointed(bob, LAST - 60)
    goes_on_to_the_end(bob)
    alice.wrote(bob.group, "three")

    expect(bob.messages.last).to_have_text("three")
    assert rows(bob) == list(range(rows(bob)[0], LAST + 4))


def test_what_comes_after_the_end_was_read_is_not_missing(alice, bob):
    """The answer was written before the message, and arrives after it."""
    answer = bob.gets(f"groups/{bob.group}/?at={LAST - 5}")
    scrolls_far_away(bob)
    bob.page.route(f"**/?at={LAST - 5}", lambda route: route.fulfill(response=answer))
    alice.wrote(bob.group, "one", "two")
    expect(bob.find("#newest")).to_have_text("2 new")

    follows_link_to(bob, LAST - 5)

    expect(bob.messages.last).to_have_text("two")
    assert rows(bob) == list(range(rows(bob)[0], LAST + 3))


def scrolls_far_away(tab):
    follows_link_to(tab, 1_000)
    is_pointed(tab, 1_000)


def test_what_was_shown_live_survives_an_older_answer(alice, bob):
    """The same for somebody who was at the end, where the messages had rows already."""
    answer = bob.gets(f"groups/{bob.group}/")
    bob.page.route(f"**/?at={LAST - 100}", lambda route: route.fulfill(response=answer))
    alice.wrote(bob.group, "one", "two")
    expect(bob.messages.last).to_have_text("two")

    follows_link_to(bob, LAST - 100)

    expect(bob.messages.last).to_have_text("two")
    assert rows(bob)[-3:] == [LAST, LAST + 1, LAST + 2]


def test_messages_that_changed_after_they_came_unseen_are_right(alice, bob):
    scrolls_far_away(bob)
    alice.wrote(bob.group, "secret", "draft")
    alice.posts(f"groups/{bob.group}/messages/{LAST + 1}/delete/")
    alice.posts(f"groups/{bob.group}/messages/{LAST + 2}/edit/", message="final", rev=0)
    alice.posts(f"groups/{bob.group}/messages/{LAST + 2}/reactions/", emoji="👍", on="1")
    expect(bob.find("#newest")).to_have_text("2 new")

    bob.find("#newest").click()

    expect(bob.messages.last).to_have_text("final")
    expect(bob.find(f"#seq-{LAST + 1} .entry-deleted")).to_be_visible()
    expect(bob.find(f"#seq-{LAST + 2} .reaction-count")).to_have_text("1")
    expect(bob.find("#chat-log")).not_to_contain_text("secret")


def test_a_reply_that_comes_unseen_is_counted_where_its_original_is_read(alice, bob):
    scrolls_far_away(bob)

    alice.posts(f"groups/{bob.group}/messages/", message="yes", reply_to=1_000)
    expect(bob.find("#seq-1000 .entry-replies")).to_have_text("1 reply")
    alice.posts(f"groups/{bob.group}/messages/", message="no", reply_to=1_000)

    expect(bob.find("#seq-1000 .entry-replies")).to_have_text("2 replies")


def test_ones_own_message_leads_from_far_up_to_the_end(reader):
    follows_link_to(reader, 1_000)
    is_pointed(reader, 1_000)

    reader.field.fill("mine")
    reader.find("#chat-message-submit").click()

    expect(reader.messages.last).to_have_text("mine")
    expect(reader.messages.last).to_be_in_viewport()
    expect(reader.find("#chat-log").get_by_text("mine", exact=True)).to_have_count(1)


def test_a_message_that_is_sent_offline_in_the_middle_arrives(bob, complaints):
    complaints.excuse(OUTAGE)
    scrolls_far_away(bob)
    before = place(bob)
    bob.goes_offline()
    bob.says("mine")
    expect(bob.find("#log-refused")).to_have_text(FAILED)
    returns_to(bob, *before)

    bob.page.context.set_offline(False)
    expect(bob.pill).to_have_text("Live")
    bob.find("#newest").click()

    expect(bob.messages.last).to_have_text("mine")
    expect(bob.pending).to_have_count(0)


def day_ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).date()


def test_a_reader_goes_to_a_day(reader):
    day = day_ago(5)

    goes_to_day(reader, day)

    separator = reader.find(f".entry-day time[datetime='{day.isoformat()}']")
    expect(separator).to_be_in_viewport()
    top = reader.find(".scroller").bounding_box()["y"]
    assert separator.bounding_box()["y"] - top < 40
    expect(reader.find("#date-jump")).to_be_hidden()


def test_a_day_before_the_log_leads_to_its_beginning(bob):
    goes_to_day(bob, day_ago(365))

    expect(bob.find("#seq-3")).to_be_in_viewport()


def test_a_day_begins_when_it_does_where_the_reader_is(site, alice, arrives, gardening):
    carol = arrives("carol", timezone_id="Pacific/Kiritimati")
    opens_long_log(site, carol, gardening)
    day = day_ago(5)

    goes_to_day(carol, day)

    separator = carol.find(f".entry-day time[datetime='{day.isoformat()}']")
    expect(separator).to_be_in_viewport()


def test_a_cancelled_dialog_leads_nowhere(bob):
    before = place(bob)
    bob.find(".entry-day-button").last.evaluate("button => button.click()")

    bob.find("#date-jump").get_by_text("Cancel").click()

    expect(bob.find("#date-jump")).to_be_hidden()
    assert place(bob) == before


def test_a_reply_leads_to_its_original_in_a_log_of_a_hundred_thousand(site, alice, bob):
    fill(site, bob.group, 100_000 - ENTRIES, per_hour=1_000)
    alice.posts(f"groups/{bob.group}/messages/", message="yes", reply_to=10)
    bob.has_read(bob.group)
    bob.opens(bob.group)

    bob.find(".entry-reply").last.click()

    is_pointed(bob, 10)
    bob.page.go_back()
    expect(bob.messages.last).to_have_text("yes")
    expect(bob.messages.last).to_be_in_viewport()


def test_a_day_without_entries_leads_to_the_next_that_has_some(site, arrives, alice):
    group = alice.creates("Cooking")
    fill(site, group, 100, until=datetime.now(UTC) - timedelta(days=30))
    fill(site, group, 100)
    dora = arrives("dora")
    dora.logs_in()
    dora.joins(group)
    dora.opens(group)

    goes_to_day(dora, day_ago(10))

    expect(dora.find("#seq-101")).to_be_in_viewport()
    expect(dora.find("#seq-100")).not_to_be_in_viewport()
