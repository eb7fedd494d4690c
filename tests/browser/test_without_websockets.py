"""Pages behind a proxy that lets no WebSocket through."""

from datetime import UTC, datetime, timedelta

import pytest
from browsers import REFUSAL
from faults.proxy import Proxy
from playwright.sync_api import expect

DELAYED = "Delayed"


@pytest.fixture
def proxy(site, complaints):
    complaints.excuse(REFUSAL)
    complaints.excuse("Failed to load resource: net::")
    with Proxy(site.port) as proxy:
        yield proxy


@pytest.fixture
def delayed(alice, bob, gardening, proxy):
    """Bob's page, which has found out that sockets fail; alice talks to the server itself."""
    bob.joins(gardening)
    alice.opens(gardening)
    proxy.drops_upgrades()
    bob.page.goto(f"{proxy.url}/groups/{gardening}/")
    expect(bob.pill).to_have_text(DELAYED)
    return bob


def test_the_page_says_that_live_updates_are_blocked_and_what_to_do(delayed):
    expect(delayed.find("#sockets-fail")).to_contain_text("Your connection blocks live updates")
    expect(delayed.find("#sockets-fail")).to_contain_text("ask whoever runs your network")
    assert delayed.violations == []
    assert delayed.overhang <= 0


def test_messages_arrive_and_are_sent_without_a_socket(alice, delayed):
    alice.says("hello bob")
    expect(delayed.messages).to_have_text(["hello bob"])

    delayed.says("hello alice", "two\nlines & +%20 👍")

    alice.sees("hello bob", "hello alice", "two lines & +%20 👍")
    delayed.sees("hello bob", "hello alice", "two lines & +%20 👍")


def test_the_list_of_groups_follows_without_a_socket(alice, delayed):
    cooking = alice.founds("Cooking")
    delayed.joins(cooking)
    delayed.page.reload()
    expect(delayed.pill).to_have_text(DELAYED)
    delayed.page.evaluate("() => { Math.random = () => 0 }")

    alice.wrote(cooking, "Soup")

    expect(delayed.find(f'li[data-group="{cooking}"] .last')).to_have_text("alice: Soup")


def test_what_is_read_without_a_socket_is_marked_as_read(alice, delayed, proxy):
    alice.says("hello bob")
    expect(delayed.messages).to_have_text(["hello bob"])

    delayed.until(lambda: any("/read/" in request for request in proxy.requests))

    delayed.until(lambda: "group-unread" not in delayed.gets("./").text())


def test_a_page_without_a_socket_counts_on_from_what_was_unread(alice, bob, gardening, proxy):
    bob.joins(gardening)
    alice.wrote(gardening, "one", "two")
    proxy.drops_upgrades()
    tab = bob.tab()
    tab.page.add_init_script("document.hasFocus = () => false")
    tab.page.goto(f"{proxy.url}/groups/{gardening}/")
    expect(tab.pill).to_have_text(DELAYED)

    alice.wrote(gardening, "three")

    expect(tab.find(f'.group-unread[data-group="{gardening}"]')).to_have_text("3")


def test_the_numbers_of_other_groups_change_without_a_socket(alice, delayed):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)
    delayed.joins(cooking)
    delayed.page.reload()
    expect(delayed.pill).to_have_text(DELAYED)

    alice.wrote(cooking, "soup", "bread")

    expect(delayed.find(f'.group-unread[data-group="{cooking}"]')).to_have_text("2")


def test_what_is_sent_twice_without_a_socket_is_stored_once(alice, delayed, proxy):
    proxy.answers(502, only="/messages/")
    delayed.says("once")
    expect(delayed.pending).to_have_count(1)
    delayed.until(lambda: any("/messages/" in request for request in proxy.requests))

    proxy.passes_on()
    proxy.drops_upgrades()

    alice.sees("once")
    delayed.sees("once")


def test_a_refused_message_says_why_without_a_socket(delayed):
    delayed.page.route("**/messages/", lambda route: route.continue_(post_data="message=+"))

    delayed.says("hello")

    expect(delayed.find(".pending-reason")).to_have_text("Not sent: A message needs some text.")


def test_a_removed_member_is_shown_that_without_a_socket(delayed, gardening):
    delayed.leaves(gardening)

    expect(delayed.find("#membership-ended")).to_be_visible()
    expect(delayed.find("#sockets-fail")).to_be_hidden()


def test_the_page_is_live_again_when_sockets_work_again(alice, delayed, proxy):
    proxy.passes_on()

    expect(delayed.pill).to_have_text("Live")

    expect(delayed.find("#sockets-fail")).to_be_hidden()
    alice.says("live")
    delayed.sees("live")
    assert any(each.get("content") == "live" for each in delayed.received)


def test_the_next_page_of_the_tab_polls_soon(delayed, proxy, gardening):
    delayed.page.goto("about:blank")  # the page before tries no more sockets
    sockets = []
    delayed.page.on("websocket", lambda socket: sockets.append(socket.url))
    delayed.page.clock.install()
    delayed.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))  # nor does this one try a second

    delayed.page.goto(f"{proxy.url}/groups/{gardening}/")
    expect(delayed.pill).to_have_text(DELAYED)

    assert len(sockets) == 1


@pytest.mark.parametrize("fault", ["hangs_upgrades", "mutes_upgrades"])
def test_a_proxy_that_only_hangs_is_found_out(alice, bob, gardening, proxy, fault):
    bob.joins(gardening)
    getattr(proxy, fault)()
    bob.page.clock.install()
    bob.page.goto(f"{proxy.url}/groups/{gardening}/")

    bob.until(lambda: bob.page.clock.run_for(1_000) or bob.pill.text_content() == DELAYED)

    alice.wrote(gardening, "hello")
    bob.until(lambda: bob.page.clock.run_for(1_000) or bob.messages.all_text_contents() == ["hello"])


def test_missed_entries_of_many_pages_arrive_without_a_socket(alice, delayed, gardening, proxy):
    proxy.answers(502)
    expect(delayed.pill).to_have_text("Reconnecting…")
    alice.floods(gardening, 450)
    proxy.passes_on()
    proxy.drops_upgrades()

    expect(delayed.pill).to_have_text(DELAYED)  # after a pause: it has tried in vain
    expect(delayed.find('#chat-log [data-seq="452"]')).to_be_attached()

    # Further up, rows are left out that are far from what is shown.
    seqs = [seq for seq, *_ in delayed.log()]
    assert seqs == list(range(seqs[0], 453))
    assert len(seqs) <= 400


def test_joining_on_the_home_page_works_without_a_socket(bob, gardening, proxy):
    proxy.drops_upgrades()
    bob.page.goto(proxy.url)

    bob.button("join", gardening).click()

    expect(bob.button("leave", gardening)).to_be_visible()
    bob.button("leave", gardening).click()
    expect(bob.button("join", gardening)).to_be_visible()


@pytest.fixture
def one_socket(lasting_server):
    """For as long as the test lasts, each session may have one socket open."""
    ample = lasting_server.environment
    for environment in (ample | {"SOCKETS_PER_SESSION": "1"}, ample):
        lasting_server.stop()
        lasting_server.environment = environment
        lasting_server.start()
        if environment is not ample:
            yield


def test_a_tab_too_many_works_without_a_socket(one_socket, alice, gardening, complaints):
    complaints.excuse(REFUSAL)
    alice.opens(gardening)
    other = alice.tab()
    other.page.goto(f"groups/{gardening}/")
    expect(other.pill).to_have_text(DELAYED)
    expect(other.find("#sockets-fail")).to_contain_text("Close other tabs of this site")

    other.says("hello")

    alice.sees("hello")
    other.sees("hello")
