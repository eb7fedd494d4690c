"""Pages behind a proxy that answers in the server's place: what it says of sessions and groups is not believed."""

import pytest
from browsers import OUTAGE, REFUSAL
from faults.proxy import Proxy
from playwright.sync_api import expect

MINUTES = 3 * 60_000  # milliseconds: more than a page that was refused waits before it asks again
ATTEMPTS = 4


@pytest.fixture
def proxy(site, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)
    with Proxy(site.port) as proxy:
        yield proxy


@pytest.fixture
def behind(alice, bob, gardening, proxy):
    """Bob's page of the group, behind the proxy; alice talks to the server itself."""
    bob.joins(gardening)
    bob.page.goto(f"{proxy.url}/groups/{gardening}/")
    expect(bob.pill).to_have_text("Live")
    return bob


def lies(proxy, tab, status):
    """The proxy answers all of several attempts to connect, and of questions why they failed."""
    before = len(proxy.requests)
    proxy.answers(status)
    proxy.cuts_connections()
    tab.until(lambda: sum(request.startswith("HEAD") for request in proxy.requests[before:]) >= ATTEMPTS)


@pytest.mark.parametrize("status", [200, 302, 403, 404, 500])
def test_a_page_returns_after_another_server_answered(alice, behind, proxy, gardening, status):
    lies(proxy, behind, status)
    alice.wrote(gardening, "meanwhile")
    expect(behind.pill).to_have_text("Reconnecting…")

    proxy.passes_on()

    behind.sees("meanwhile")
    expect(behind.pill).to_have_text("Live")
    for notice in ("#session-ended", "#membership-ended", "#group-ended", "#sockets-fail"):
        expect(behind.find(notice)).to_be_hidden()


@pytest.mark.parametrize("status", [302, 403, 404])
def test_the_home_page_returns_after_another_server_answered(bob, gardening, proxy, status):
    bob.page.goto(proxy.url)
    bob.until(lambda: bob.received)
    lies(proxy, bob, status)
    before = len(bob.received)

    proxy.passes_on()

    bob.until(lambda: [each for each in bob.received[before:] if each["type"] == "ready"])
    expect(bob.find("#session-ended")).to_be_hidden()


def test_one_refusal_of_our_own_server_is_not_believed(alice, behind, gardening, proxy):
    asked = []

    def refuse_once(route):
        asked.append(route.request.method)
        first = len(asked) == 1
        route.fulfill(status=404, headers={"DiscussIt": "1"}) if first else route.continue_()

    behind.page.route("**/entries/**", refuse_once)
    proxy.answers(502, only="?since=")
    proxy.cuts_connections()

    behind.until(lambda: len(asked) > 1)

    proxy.passes_on()
    expect(behind.pill).to_have_text("Live")


def test_a_page_recovers_when_its_user_is_a_member_again(alice, bob, behind, gardening):
    bob.leaves(gardening)
    expect(behind.find("#membership-ended")).to_be_visible()
    bob.joins(gardening)
    alice.wrote(gardening, "welcome back")

    behind.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")

    behind.sees("welcome back")
    expect(behind.find("#membership-ended")).to_be_hidden()
    expect(behind.pill).to_have_text("Live")


def test_a_page_recovers_by_itself_when_its_user_logs_in_again(alice, bob, gardening, proxy):
    bob.joins(gardening)
    bob.page.clock.install()
    bob.page.goto(f"{proxy.url}/groups/{gardening}/")
    expect(bob.pill).to_have_text("Live")
    bob.posts("accounts/logout/")
    expect(bob.find("#session-ended")).to_be_visible()
    bob.logs_in()
    alice.wrote(gardening, "welcome back")

    bob.page.clock.fast_forward(MINUTES)

    bob.sees("welcome back")
    expect(bob.find("#session-ended")).to_be_hidden()


@pytest.fixture
def lent(bob):
    """Bob's browser, which logs in again after the test."""
    yield bob.context
    bob.context.clear_cookies()


def test_a_page_does_not_recover_with_the_session_of_another_account(alice, bob, behind, gardening, lent):
    bob.posts("accounts/logout/")
    expect(behind.find("#session-ended")).to_be_visible()
    lent.clear_cookies()
    lent.add_cookies(alice.context.cookies())
    alice.wrote(gardening, "not for bob's page")

    with behind.page.expect_response("**/entries/**") as answer:
        behind.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")

    assert answer.value.status == 409
    expect(behind.find("#session-ended")).to_be_visible()
    expect(behind.messages).to_have_count(0)
