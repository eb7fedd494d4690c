"""The network is cut, the server is killed: nothing that was typed is lost, doubled or out of order."""

import re

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

TWENTY = [f"message {n}" for n in range(1, 21)]


@pytest.fixture
def server(lasting_server):
    yield lasting_server
    if not lasting_server.is_running:
        lasting_server.start()


@pytest.fixture
def stingy(server):
    """For as long as the test lasts, a user may send five messages in five seconds."""
    ample = server.environment
    server.stop()
    server.environment = ample | {"MESSAGE_RATE": "1"}
    server.start()
    yield
    server.stop()
    server.environment = ample
    server.start()


@pytest.fixture(autouse=True)
def outages(complaints):
    complaints.excuse(OUTAGE)


@pytest.fixture
def watched(alice, bob, together):
    """The group, and from here on every word of both pills is noted."""
    alice.watches_the_pill()
    bob.watches_the_pill()
    return together


def waiting(words, ones, many, upto):
    counts = [f"{words} – {n} messages {many}" for n in range(2, upto + 1)]
    return [words, f"{words} – 1 message {ones}", *counts]


def by(person, *readers):
    """What each reader's log has of this person's messages."""
    return [[text for _, name, _, text in reader.log() if name == person.name and text] for reader in readers]


def is_what_a_reload_shows(tab, group):
    live = tab.log()
    tab.opens(group)
    return tab.log() == live


def test_twenty_messages_typed_offline_arrive_once_and_in_order(alice, bob, watched):
    alice.goes_offline()
    alice.says(*TWENTY)
    bob.says("meanwhile")
    expect(bob.messages).to_have_text("meanwhile")
    expect(alice.pill).to_have_text("Offline – 20 messages will be sent")

    alice.context.set_offline(False)

    bob.sees("meanwhile", *TWENTY)
    alice.sees("meanwhile", *TWENTY)
    assert is_what_a_reload_shows(alice, watched)


def test_the_pill_shows_a_network_that_goes_and_comes_back(alice, bob, watched):
    alice.goes_offline()
    alice.says(*TWENTY)
    bob.says("meanwhile")
    expect(bob.messages).to_have_text("meanwhile")
    alice.context.set_offline(False)

    expect(alice.pill).to_have_text("Live")

    offline = waiting("Offline", "will be sent", "will be sent", upto=20)
    # Some may be acknowledged before the page has caught up.
    connecting, *arriving = reversed(waiting("Reconnecting…", "waits here", "wait here", upto=20))
    said = [text for text in alice.pill_said if text not in arriving]
    assert said == ["Live", *offline, connecting, "Caught up", "Live"]
    assert bob.pill_said == ["Live"]


def test_messages_typed_while_the_server_was_killed_arrive_once_and_in_order(alice, bob, server, watched):
    server.kill()
    alice.says(*TWENTY)
    bob.says("one", "two", "three")

    server.start()

    for reader in (alice, bob):
        expect(reader.messages).to_have_count(23)
        expect(reader.pending).to_have_count(0)
    assert by(alice, alice, bob) == [TWENTY, TWENTY]
    assert by(bob, alice, bob) == [["one", "two", "three"]] * 2
    assert is_what_a_reload_shows(alice, watched)
    assert is_what_a_reload_shows(bob, watched)


def test_the_pill_shows_a_server_that_dies_and_comes_back(alice, server, watched):
    server.kill()
    expect(alice.pill).to_have_text("Reconnecting…")
    alice.says(*TWENTY[:3])
    expect(alice.pill).to_have_text("Reconnecting… – 3 messages wait here")
    server.start()

    expect(alice.pill).to_have_text("Live")

    assert alice.pill_said == [
        "Live",
        *waiting("Reconnecting…", "waits here", "wait here", upto=3),
        "Caught up",
        "Live",
    ]


def test_caught_up_is_shown_only_when_the_log_is_complete(alice, bob, watched):
    alice.goes_offline()
    bob.says(*TWENTY)
    bob.sees(*TWENTY)

    alice.context.set_offline(False)

    alice.until(lambda: "Caught up" in alice.pill_said)
    last = bob.log()[-1][0]
    assert [seq for text, seq in alice.page.evaluate("() => pillSaid") if text == "Caught up"] == [last]


def test_a_restarted_server_is_found_again(alice, bob, server, watched):
    alice.says("before")
    bob.sees("before")

    server.stop()
    server.start()

    alice.says("after")
    bob.sees("before", "after")
    alice.sees("before", "after")
    expect(alice.pill).to_have_text("Live")
    assert alice.log() == bob.log()


def test_a_server_killed_in_the_middle_of_sending_gets_each_message_once(alice, bob, server, watched):
    alice.says(*TWENTY)
    expect(bob.messages.nth(4)).to_be_visible()

    server.kill()
    server.start()

    bob.sees(*TWENTY)
    alice.sees(*TWENTY)


def test_the_next_tab_sends_what_a_closed_one_could_not(alice, bob, watched):
    alice.goes_offline()
    alice.says("one", "two")
    alice.page.close()
    alice.context.set_offline(False)

    alice.tab().opens(watched).sees("one", "two")

    bob.sees("one", "two")


def test_pending_messages_survive_a_page_that_can_not_be_loaded(alice, bob, server, watched):
    server.kill()
    alice.says("one", "two")
    alice.page.goto("about:blank")
    server.start()

    alice.page.go_back()

    alice.sees("one", "two")
    bob.sees("one", "two")


def test_a_draft_survives_a_reload(alice, watched):
    alice.field.press_sequentially("half a thou")

    alice.opens(watched)

    expect(alice.field).to_have_value("half a thou")


def test_after_more_than_a_thousand_missed_entries_the_page_loads_itself_again_once(alice, bob, watched):
    alice.goes_offline()
    alice.says("still here")
    bob.floods(watched, 1_001)
    loads = interrupted_loads(alice.page, lambda: bob.wrote(watched, "meanwhile"))

    alice.context.set_offline(False)

    expect(alice.find("#chat-log [data-seq]").first).to_have_attribute("data-seq", re.compile("90[4-6]"))
    for text in ("still here", "meanwhile"):
        expect(alice.messages.filter(has_text=text)).to_have_count(1)
    expect(alice.pending).to_have_count(0)
    assert len(loads) == 1


def interrupted_loads(page, happens):
    """The times that the group's page is loaded from now on; `happens` is called before it is answered."""
    loads = []

    def hold_up(route):
        # A script that asks why it has no connection asks at the same address.
        if route.request.is_navigation_request():
            loads.append(route.request.url)
            happens()
        route.continue_()

    page.route(re.compile("/groups/[^/]*/$"), hold_up)
    return loads


def test_a_page_that_wakes_on_a_dead_connection_opens_another(alice, bob, together):
    connections, dead = [], set()

    def forward(browser):
        number = len(connections)
        server = browser.connect_to_server()
        server.on_message(lambda text: number in dead or browser.send(text))
        connections.append(server)

    sleeper = alice.tab(between=forward)
    sleeper.page.clock.install()
    sleeper.opens(together)
    dead.add(0)
    bob.says("one", "two")
    bob.sees("one", "two")
    assert sleeper.log() != bob.log()

    sleeper.page.clock.fast_forward(120_000)

    sleeper.sees("one", "two")
    assert len(connections) == 2
    assert is_what_a_reload_shows(sleeper, together)


def test_joins_and_leaves_that_the_home_page_missed_show_on_return(alice, gardening):
    alice.goes_home()
    alice.context.set_offline(True)
    alice.leaves(gardening)

    alice.context.set_offline(False)

    expect(alice.button("join", gardening)).to_be_visible()


def test_a_home_page_says_that_the_database_fails_and_works_again_afterwards(alice, bob, gardening, server, complaints):
    database = server.folder / "discussit.db"
    bob.goes_home()
    database.rename(server.folder / "elsewhere.db")
    bob.button("join", gardening).click()
    row = bob.find(f'[id="{gardening}"]')
    expect(row.get_by_role("alert")).to_have_text("That didn't work just now. Please try again in a moment.")

    (server.folder / "elsewhere.db").rename(database)
    bob.button("join", gardening).click()

    expect(bob.button("leave", gardening)).to_be_visible()
    expect(row.get_by_role("alert")).to_have_count(0)


def test_a_rate_limit_is_waited_out(stingy, alice, bob, together):
    alice.goes_offline()
    alice.says(*TWENTY[:6])
    alice.context.set_offline(False)

    bob.sees(*TWENTY[:6])
    alice.sees(*TWENTY[:6])
    assert [frame["code"] for frame in alice.received if frame["type"] == "error"][:1] == ["rate_limited"]
