"""The time of day of a browser's machine is set while its page is open."""

import json
import re

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

MOMENT = 40_000  # milliseconds: more than a page waits before it asks for new scripts, less than it takes for sleep
TICK = 6_000  # milliseconds: more than passes between two looks for sleep, less than an answer may take
PAGE = re.compile(r"/groups/[^/]+/$")


class Between:
    """Stands between a tab's sockets and the server, and changes what `ready` says."""

    def __init__(self):
        self.greetings = 0
        self.facts = {}

    def __call__(self, socket):
        socket.connect_to_server().on_message(lambda text: socket.send(json.dumps(self._changed(text))))

    def _changed(self, text):
        first, *others = json.loads(text)
        if first["type"] == "ready":
            self.greetings += 1
            first |= self.facts
        return [first, *others]


@pytest.fixture
def between():
    return Between()


@pytest.fixture
def bob(arrives, alice, gardening):
    """In a browser whose clock can be set."""
    bob = arrives("bob", color_scheme="light")
    bob.logs_in()
    bob.joins(gardening)
    bob.page.clock.install()
    bob.sets_clock()
    yield bob
    bob.sets_clock()


@pytest.fixture
def tab(bob, gardening, between):
    """Bob's tab, with the group in it."""
    return bob.tab(between).opens(gardening)


@pytest.mark.parametrize(("hours", "connections"), [(1, 2), (-1, 1)])
def test_the_log_goes_on_and_its_connection_is_renewed_once_at_most(alice, gardening, tab, between, hours, connections):
    tab.sets_clock(hours=hours)
    tab.page.clock.run_for(TICK)
    alice.wrote(gardening, "one")
    expect(tab.messages).to_have_text("one")
    tab.says("two", "three")

    tab.sees("one", "two", "three")
    expect(tab.pill).to_have_text("Live")
    assert between.greetings == connections


def test_messages_that_wait_are_sent_in_the_order_of_writing(bob, gardening, complaints):
    complaints.excuse(OUTAGE)
    bob.opens(gardening)
    bob.goes_offline()
    bob.says("one")
    bob.sets_clock(hours=-1)
    bob.says("two")

    bob.context.set_offline(False)

    bob.sees("one", "two")


def test_after_it_was_set_back_new_scripts_do_not_wait_longer(tab, between):
    tab.page.route(PAGE, serve_new_scripts)
    tab.field.press_sequentially("half a thou")
    between.facts = {"version": "new"}
    tab.sets_clock(hours=-1)
    tab.page.evaluate("() => dispatchEvent(new Event('offline'))")
    tab.page.clock.run_for(1_000)
    tab.until(lambda: between.greetings == 2)

    with tab.page.expect_navigation():
        tab.page.clock.fast_forward(MOMENT)

    expect(tab.field).to_have_value("half a thou")


def serve_new_scripts(route):
    if route.request.method != "HEAD":
        return route.continue_()
    response = route.fetch()
    return route.fulfill(response=response, headers=response.headers | {"script-version": "new"})


def test_what_happened_after_its_present_was_just_now(alice, bob, gardening):
    alice.wrote(gardening, "hello")
    bob.sets_clock(days=-2)

    bob.goes_home()

    expect(bob.find(".group-facts time")).to_have_text("just now")
