"""Two accounts in one browser: a page, and what is written on it, belongs to the account it was made for."""

import json
import sqlite3
from contextlib import closing

import pytest
from browsers import OUTAGE, REFUSAL
from people import PASSWORD
from playwright.sync_api import expect

STORE = "([key, value]) => localStorage.setItem(key, value)"
KEYS = "() => Object.keys(localStorage)"
AFTER_A_GAP = {"type": "later", "seq": 99, "timestamp": "2026-11-22T22:31:05.123456Z"}
OLD_MESSAGE = json.dumps({"client_id": "old", "message": "from before"})


@pytest.fixture(autouse=True)
def outages(complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)


@pytest.fixture
def lent(alice, bob, together):
    """The group of both. Alice wrote a message without a network, and bob has logged in in her browser since."""
    alice.goes_offline()
    alice.says("hers")
    expect(alice.pill).to_have_text("Offline – 1 message will be sent")
    alice.lends_browser_to("bob")
    return together


@pytest.fixture
def renames(site):
    """`renames("cleo", "caroline")`: from then on cleo is a new account."""

    def renames(old, new):
        with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
            database.execute("UPDATE users SET username = ?1, username_key = ?1 WHERE username = ?2", [new, old])
        site.accounts.symmetric_difference_update({old, new})

    return renames


def offline(person, group):
    """They wrote a message to the group that could not be sent."""
    person.logs_in()
    person.joins(group)
    person.opens(group)
    person.goes_offline()
    person.says("kept")
    return person


def author(tab, text):
    (name,) = [row[1] for row in tab.log() if row[3] == text]
    return name


def test_a_page_sends_nothing_as_another_account(alice, bob, lent):
    alice.context.set_offline(False)

    expect(alice.find("#session-ended")).to_be_visible()
    alice.says("hers too")
    expect(alice.pill).to_have_text("Logged out – 2 messages wait here")
    bob.says("his")
    bob.sees("his")
    assert alice.sent == []


def test_what_waits_is_sent_when_its_owner_returns_and_not_by_a_page_of_the_other(alice, bob, lent):
    alice.context.set_offline(False)
    his = alice.tab().opens(lent)
    his.says("his")
    his.sees("his")

    alice.takes_browser_back()

    alice.opens(lent).sees("his", "hers")
    bob.sees("his", "hers")
    assert [author(bob, text) for text in ("his", "hers")] == ["bob", "alice"]


def test_log_in_again_leads_its_owner_back_to_the_page(alice, bob, lent):
    alice.context.set_offline(False)
    alice.find("#session-ended a").click()

    alice.find("[name=username]").fill("alice")
    alice.find("[name=password]").fill(PASSWORD)
    alice.find("[name=password]").press("Enter")

    expect(alice.pill).to_have_text("Live")
    bob.sees("hers")


def test_a_draft_is_shown_to_its_owner_alone(alice, bob, together):
    alice.field.fill("hers")
    alice.lends_browser_to("bob")
    alice.opens(together)
    expect(alice.field).to_have_value("")
    expect(alice.tab().opens(together).field).to_have_value("")

    alice.takes_browser_back()

    alice.opens(together)
    expect(alice.field).to_have_value("hers")


def test_nothing_is_sent_before_the_server_has_named_the_account(alice, gardening):
    sockets, sent = [], []

    def hold_second_ready(socket):
        sockets.append(socket)
        is_first = len(sockets) == 1
        socket.connect_to_server().on_message(lambda text: is_first and socket.send(text))
        socket.on_message(lambda text: sent.append(text))

    tab = alice.tab(hold_second_ready).opens(gardening)
    tab.page.evaluate("() => Object.defineProperty(navigator, 'onLine', { value: false })")
    sockets[0].send(json.dumps([AFTER_A_GAP]))
    tab.until(lambda: len(sockets) == 2)
    tab.says("too early")

    expect(tab.pill).to_have_text("Reconnecting… – 1 message waits here")
    assert sent == []


def test_every_message_names_its_author(alice, together):
    alice.says("hers")

    alice.sees("hers")
    assert [frame["author"] for frame in alice.said] == ["alice"]


def test_the_home_page_joins_nobody_else(alice, bob, gardening):
    alice.goes_home()
    alice.leaves(gardening)
    expect(alice.button("join", gardening)).to_be_visible()
    alice.context.set_offline(True)
    alice.lends_browser_to("bob")
    alice.context.set_offline(False)
    expect(alice.find("#session-ended")).to_be_visible()

    alice.button("join", gardening).click()

    expect(alice.find("#session-ended")).to_be_visible()
    assert bob.gets(f"groups/{gardening}/").status == 403
    assert alice.sent == []


def test_older_entries_are_not_shown_from_a_page_of_another_account(alice, bob, together):
    alice.floods(together, 60)
    alice.opens(together)
    alice.find(".scroller").evaluate("scroller => scroller.scrollTop = 0")
    alice.lends_browser_to("bob")
    first = alice.log()[0][0]

    with alice.page.expect_response(lambda response: "before=" in response.url):
        alice.find("#earlier").scroll_into_view_if_needed()

    alice.page.evaluate("() => fetch('/healthz')")
    assert alice.log()[0][0] == first


def test_messages_of_old_pages_are_sent_by_the_account_that_has_the_name(alice, bob, together):
    key = f"discussit:outbox:alice:{together}:001764190000000:old"
    alice.page.evaluate(STORE, [key, OLD_MESSAGE])

    alice.opens(together)

    alice.sees("from before")
    bob.sees("from before")
    assert key not in alice.page.evaluate(KEYS)


def test_messages_of_old_pages_are_not_sent_by_a_new_account_of_the_name(arrives, renames, gardening):
    emil = arrives("emil")
    key = f"discussit:outbox:emil:{gardening}:001764190000000:old"
    emil.logs_in()
    emil.goes_home()
    emil.page.evaluate(STORE, [key, OLD_MESSAGE])
    renames("emil", "emile")

    emil.lends_browser_to("emil")
    emil.joins(gardening)

    expect(emil.opens(gardening).pending).to_have_count(0)
    assert key in emil.page.evaluate(KEYS)


def test_a_renamed_account_sends_what_it_wrote_under_its_old_name(arrives, alice, renames, gardening):
    finn = offline(arrives("finn"), gardening)
    renames("finn", "finley")

    finn.context.set_offline(False)
    expect(finn.find("#session-ended")).to_be_visible()
    finn.opens(gardening)

    alice.opens(gardening).sees("kept")
    assert author(alice, "kept") == "finley"


def test_a_new_account_of_an_old_name_gets_nothing_of_the_renamed_one(arrives, renames, gardening):
    dora = offline(arrives("dora"), gardening)
    dora.field.fill("a draft")
    renames("dora", "doreen")
    dora.lends_browser_to("dora")
    dora.joins(gardening)

    dora.context.set_offline(False)

    expect(dora.find("#session-ended")).to_be_visible()
    expect(dora.opens(gardening).pending).to_have_count(0)
    expect(dora.field).to_have_value("")
