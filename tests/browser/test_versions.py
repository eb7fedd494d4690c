"""Pages and servers of different versions: what a page does not know it counts or passes over, and it renews itself."""

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

PAUSE = 1_000  # milliseconds: more than a page pauses before it connects again
MOMENT = 40_000  # milliseconds: more than a page waits before it asks for new scripts, less than it takes for sleep
MOMENTS = 50  # milliseconds: less than any pause before the next connection
GROWING = 3_500  # milliseconds: more than four such pauses take, less than four of which each is twice as long
PAGE = re.compile(r"/groups/[^/]+/(\?.*)?$|//[^/]+/$")


class Between:
    """Stands between a tab's sockets and the server: `change` gives what is sent on in place of each object."""

    def __init__(self, change=lambda each: [each]):
        self.change = change
        self.sockets = []
        self.greetings = 0
        self.passed = []

    def __call__(self, socket):
        self.sockets.append(socket)
        socket.connect_to_server().on_message(lambda text: socket.send(self._changed(text)))

    def _changed(self, text):
        objects = json.loads(text)
        self.greetings += objects[0]["type"] == "ready"
        changed = [found for each in objects for found in self.change(each)]
        self.passed += changed
        return json.dumps(changed)

    def announces(self, tab, **facts):
        """From now on every `ready` says so; the first immediately, on a new connection."""
        self.change = lambda each: [each | facts] if each["type"] == "ready" else [each]
        self.ends_connection(tab)

    def ends_connection(self, tab, code=4000):
        """And the tab's clock goes on to when it connects again."""
        self.sockets[-1].close(code=code)
        tab.page.clock.run_for(PAUSE)


class Loads:
    """How often a page was loaded, and how often it asked which scripts it would come with."""

    def __init__(self, page, served=None):
        self.count = 0
        self.asked = 0
        self.served = served
        page.route(PAGE, self._pass_on)

    def _pass_on(self, route):
        if route.request.method != "HEAD":
            self.count += route.request.is_navigation_request()
            return route.continue_()
        self.asked += 1
        response = route.fetch()
        return route.fulfill(response=response, headers=response.headers | self._named())

    def _named(self):
        return {"script-version": self.served} if self.served else {}


@pytest.fixture
def between():
    return Between()


@pytest.fixture
def tab(bob, gardening, between):
    """Bob's tab, with the group in it and something between its sockets and the server."""
    bob.joins(gardening)
    tab = bob.tab(between)
    tab.page.clock.install()
    return tab.opens(gardening)


def replaced(content, **by):
    """Entries of this content have these values instead of a message's."""

    def change(each):
        place = {key: each[key] for key in ("group_uuid", "seq", "timestamp") if key in each}
        return [place | by if each.get("content") == content else each]

    return change


def announced(alice, tab, between, **facts):
    """The page has a new connection, whose `ready` had these facts: an entry that came after it is there."""
    before, shown = between.greetings, tab.messages.count()
    between.announces(tab, **facts)
    tab.until(lambda: between.greetings > before)
    alice.wrote(tab.find("#group").get_attribute("data-group"), "and then")
    expect(tab.messages).to_have_count(shown + 1)


def waits(tab):
    tab.page.clock.fast_forward(MOMENT)


def waits_in_vain(tab):
    """Wait; what the page asked the server in the meantime is known by now."""
    waits(tab)
    tab.page.evaluate("() => fetch('/healthz')")


# What a page does not know


def test_an_entry_of_an_unknown_type_is_counted_and_has_no_row(alice, tab, between, gardening):
    between.change = replaced("two", type="poll", target=1, user="alice", choices=["👍", "👎"])

    alice.wrote(gardening, "one", "two", "three")

    tab.sees("one", "three")
    expect(tab.pill).to_have_text("Live")
    assert len(between.sockets) == 1


def test_a_page_returns_after_an_entry_that_it_does_not_show(alice, tab, between, gardening):
    between.change = replaced("last", type="poll")
    alice.wrote(gardening, "one", "last")
    expect(tab.pill).to_have_attribute("title", "Last entry here: 4")

    between.ends_connection(tab)

    tab.until(lambda: between.greetings == 2)
    assert "?since=4&" in between.sockets[-1].url


def test_an_event_of_an_unknown_kind_is_counted_and_changes_no_members(alice, tab, between, gardening):
    between.change = replaced("two", type="event_message", user="cleo", status="Waved")

    alice.wrote(gardening, "one", "two", "three")

    tab.sees("one", "three")
    expect(tab.members).to_have_text(["alice", "bob"])
    assert len(between.sockets) == 1


def test_other_unknown_objects_are_ignored(alice, tab, between, gardening):
    between.change = lambda each: [{"type": "typing", "users": ["alice"]}, {"type": "pin", "seq": 99}, each]

    alice.wrote(gardening, "one", "two")

    tab.sees("one", "two")
    assert len(between.sockets) == 1


@pytest.mark.parametrize("kind", ["Message", "Edit"])
def test_an_entry_that_only_the_process_does_not_know_loads_the_page_again(alice, tab, between, gardening, kind):
    loads = Loads(tab.page)
    between.change = replaced("one", type="unknown", kind=kind)
    alice.wrote(gardening, "one")
    expect(tab.pill).to_have_attribute("title", "Last entry here: 3")

    waits(tab)

    tab.sees("one")
    assert loads.count == 1


# Close codes


def test_after_an_unknown_code_the_page_comes_back(alice, tab, between, gardening):
    between.ends_connection(tab, code=4399)

    alice.wrote(gardening, "afterwards")

    tab.sees("afterwards")
    expect(tab.pill).to_have_text(re.compile("Caught up|Live"))
    assert len(between.sockets) == 2


def test_after_an_unknown_final_code_the_page_shows_an_error_and_keeps_the_draft(tab, between):
    between.ends_connection(tab, code=4402)

    expect(tab.find("#connection-ended")).to_be_visible()
    tab.says("kept")
    expect(tab.pill).to_have_text("Disconnected – 1 message waits here")
    waits(tab)
    assert len(between.sockets) == 1
    tab.find("#connection-ended").get_by_role("link", name="Reload").click()
    tab.sees("kept")


def test_the_home_page_says_that_it_is_disconnected_for_good(bob, gardening, between):
    tab = bob.tab(between)
    tab.page.goto("./")
    tab.until(lambda: between.greetings == 1)

    between.sockets[-1].close(code=4499)

    expect(tab.find("#connection-ended")).to_be_visible()


@pytest.fixture
def paused(tab):
    """The tab, whose clock does not go on by itself."""
    tab.page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    yield tab
    tab.page.clock.resume()  # all tabs of the browser have this clock, and it outlives the test


def test_connections_that_end_early_are_begun_less_and_less_often(paused, between):
    waited = 0

    for count in range(2, 6):
        between.sockets[-1].close(code=4000)
        while between.greetings < count:
            paused.page.clock.run_for(MOMENTS)
            paused.page.evaluate("() => fetch('/healthz')")
            waited += MOMENTS

    assert waited > GROWING


# New scripts


def test_for_new_scripts_the_page_loads_itself_again_once(alice, tab, between, gardening):
    loads = Loads(tab.page, served="new")
    announced(alice, tab, between, version="new")
    with tab.page.expect_navigation():
        waits(tab)
    expect(tab.pill).to_have_text("Live")

    waits_in_vain(tab)

    alice.wrote(gardening, "afterwards")
    tab.sees("and then", "afterwards")
    assert (loads.count, loads.asked) == (1, 1)


def test_nothing_that_was_typed_is_lost_to_new_scripts(alice, tab, between):
    Loads(tab.page, served="new")
    tab.says("\x1c")
    expect(tab.pending.locator(".pending-reason")).to_have_text("Not sent: A message needs some text.")
    tab.field.press_sequentially("half a thou")
    announced(alice, tab, between, version="new")

    with tab.page.expect_navigation():
        waits(tab)

    expect(tab.pill).to_have_text("Live")
    expect(tab.field).to_have_value("half a thou")
    expect(tab.pending.locator(".pending-reason")).to_have_text("Not sent: A message needs some text.")


def test_new_scripts_keep_what_is_being_answered(alice, tab, between, gardening):
    alice.wrote(gardening, "tomatoes?")
    tab.page.goto(f"groups/{gardening}/?reply=3")
    expect(tab.pill).to_have_text("Live")
    Loads(tab.page, served="new")
    tab.field.press_sequentially("yes")
    announced(alice, tab, between, version="new")

    with tab.page.expect_navigation():
        waits(tab)

    expect(tab.find("#composer-reply")).to_contain_text("Replying to alice tomatoes?")
    expect(tab.field).to_have_value("yes")


def test_a_page_that_would_come_with_the_old_scripts_is_not_loaded_again(alice, tab, between):
    loads = Loads(tab.page)
    announced(alice, tab, between, version="new")
    # Else the page would renew its connection, since its mark was not answered within these minutes.
    tab.until(lambda: any(each["type"] == "unread" and each["read"] == 3 for each in between.passed))

    tab.until(lambda: waits_in_vain(tab) or loads.asked >= 3)

    assert loads.count == 0


def test_the_present_version_changes_nothing(alice, tab, between):
    loads = Loads(tab.page, served="new")
    announced(alice, tab, between)

    waits_in_vain(tab)

    assert (loads.count, loads.asked) == (0, 0)


def test_new_scripts_wait_for_somebody_reading_further_up(alice, tab, between, gardening):
    alice.floods(gardening, 40)
    expect(tab.messages).to_have_count(40)
    loads = Loads(tab.page, served="new")
    tab.find(".scroller").evaluate("scroller => scroller.scrollTop = -500")
    announced(alice, tab, between, version="new")
    waits_in_vain(tab)
    assert loads.asked == 0
    expect(tab.pill).to_have_text("Live")  # a mark may have been without an answer, which renews the connection

    tab.find(".scroller").evaluate("scroller => scroller.scrollTop = 0")

    with tab.page.expect_navigation():
        waits(tab)


def test_new_scripts_wait_for_the_name_of_a_group_that_is_being_typed(alice, gardening, between):
    tab = alice.tab(between)
    loads = Loads(tab.page, served="new")
    tab.page.clock.install()
    tab.page.goto("./")
    tab.until(lambda: between.greetings == 1)
    tab.find("[name=name]").fill("Cook")
    between.announces(tab, version="new")
    tab.until(lambda: between.greetings == 2)
    waits_in_vain(tab)
    assert loads.asked == 0

    tab.find("[name=name]").fill("")

    with tab.page.expect_navigation():
        waits(tab)


def test_each_tab_keeps_what_was_typed_in_it(tab, bob, gardening):
    other = bob.tab().opens(gardening)
    tab.field.fill("here")
    other.field.fill("there")

    tab.page.reload()

    expect(tab.field).to_have_value("here")
    expect(other.field).to_have_value("there")


# Another log


def test_a_page_says_which_log_it_has_read(tab, between):
    epoch = tab.find("#chat-log").get_attribute("data-epoch")
    timestamp = tab.find('[data-seq="2"] time').get_attribute("datetime")

    query = parse_qs(urlsplit(between.sockets[0].url).query)

    assert query == {"since": ["2"], "epoch": [epoch], "at": [timestamp]}


def test_a_log_of_another_epoch_loads_the_page_again(tab, between):
    with tab.page.expect_navigation():
        between.announces(tab, epoch="another")


def test_a_page_is_not_reloaded_while_another_server_answers(tab, between, complaints):
    complaints.excuse("Failed to load resource")
    answers, loads = [502, 404, 403], []

    def lie(route):
        loads.append(route.request.is_navigation_request())
        route.fulfill(status=answers.pop(0), body="not the server") if answers else route.continue_()

    tab.page.route(PAGE, lie)
    between.announces(tab, epoch="another log")

    for waited in (1, 2):
        tab.until(lambda waited=waited: len(loads) >= waited)
        tab.page.clock.run_for(10_000)
    tab.until(lambda: len(loads) >= 3)
    with tab.page.expect_navigation():
        tab.page.clock.run_for(10_000)

    # Nor before it has asked a fourth time.
    assert True not in loads[:4]
