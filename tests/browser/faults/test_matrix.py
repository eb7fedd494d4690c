"""The fault matrix of browsers: whatever goes wrong, and whatever goes wrong with it, people have one log at the end.

Alice's browser is behind a proxy; bob's isn't. Each case is one fault, or two at the same time, while both talk.
"""

from contextlib import ExitStack, contextmanager
from itertools import combinations

import pytest
from browsers import LIMIT, OUTAGE, REFUSAL, BrowserPerson, Complaints
from faults.proxy import Proxy
from playwright.sync_api import expect
from servers import FaultyServer

ATTEMPTS = 8  # of pages behind a proxy that does not let them through: half of them ask why


class Stage:
    """A group of alice and bob on a server, and alice's tabs that show it."""

    def __init__(self, server, proxy, alice, bob):
        self.server, self.proxy, self.alice, self.bob = server, proxy, alice, bob
        self.group = alice.creates("Gardening")
        self.said = {"alice": [], "bob": []}
        self.is_cut_off = False  # nothing of alice's reaches the server
        for person in (alice, bob):
            person.joins(self.group)
        self.tabs = [self.shows(alice)]
        bob.opens(self.group)

    def shows(self, tab):
        tab.page.goto(f"{self.proxy.url}/groups/{self.group}/")
        expect(tab.pill).to_have_text("Live")
        return tab

    def talk(self, when):
        """Everybody says something, in each tab that runs."""
        for number, tab in enumerate(self.tabs):
            if not tab.is_frozen:
                self.say("alice", tab, f"{when}, in tab {number}")
        self.say("bob", self.bob, f"{when}, from bob")

    def say(self, name, tab, text):
        tab.says(text)
        self.said[name].append(text)

    @property
    def awake(self):
        """One of alice's tabs that run."""
        return next(tab for tab in self.tabs if not tab.is_frozen)

    def until(self, is_so):
        self.bob.until(is_so)

    def outlasts_attempts(self):
        """The proxy passes on again when the pages behind it have tried several times, or given up."""
        before = len(self.proxy.requests)
        self.proxy.cuts_connections()
        yield
        self.until(lambda: len(self.proxy.requests) - before >= ATTEMPTS or self.awake.has_ended)
        self.proxy.passes_on()

    def turns_to_each_tab(self):
        """A page that was logged out then asks whether it still is."""
        for tab in (*self.tabs, self.bob):
            tab.hides()
            tab.shows()

    def is_settled(self):
        """Everybody sees every message once, as its author's, in one order, and is shown as "Live"."""
        everyone = [*self.tabs, self.bob]
        for tab in everyone:
            expect(tab.pill).to_have_text("Live", timeout=2 * LIMIT)
            expect(tab.messages).to_have_count(sum(map(len, self.said.values())))
            expect(tab.pending).to_have_count(0)
        logs = [tab.log() for tab in everyone]
        assert all(log == logs[0] for log in logs)
        assert [row[0] for row in logs[0]] == list(range(1, len(logs[0]) + 1))
        found = {name: [row[3] for row in logs[0] if row[1] == name and row[3]] for name in self.said}
        assert {name: sorted(texts) for name, texts in found.items()} == {
            name: sorted(texts) for name, texts in self.said.items()
        }
        assert found["bob"] == self.said["bob"]


# The actors: each is a fault that begins before a talk, and ends when somebody has felt it


@contextmanager
def second_tab(stage):
    stage.tabs.append(stage.shows(stage.alice.tab()))
    yield


@contextmanager
def sleeping_tab(stage):
    """The tab that sends, since it was the first, sleeps; what another one says arrives meanwhile."""
    stage.tabs.append(stage.shows(stage.alice.tab()))
    stage.alice.freezes()
    yield
    stage.until(lambda: stage.awake.has_ended or stage.awake.pending.count() == 0)
    stage.alice.thaws()


@contextmanager
def other_account(stage):
    """Carol, a member as well, logs in in alice's browser while its network is gone; then alice logs in again."""
    stage.proxy.hangs()
    stage.proxy.cuts_connections()
    stage.alice.lends_browser_to("carol")
    stage.alice.joins(stage.group)
    stage.proxy.passes_on()
    yield
    stage.until(lambda: stage.is_cut_off or stage.awake.has_ended)
    stage.alice.leaves(stage.group)
    stage.alice.takes_browser_back()


@contextmanager
def lying_proxy(stage):
    """It answers for the server, which it does not reach, that there is no such group."""
    stage.is_cut_off = True
    stage.proxy.answers(404)
    yield from stage.outlasts_attempts()
    stage.is_cut_off = False


@contextmanager
def blocking_proxy(stage):
    """It lets no WebSocket through, only other requests."""
    stage.proxy.drops_upgrades()
    yield from stage.outlasts_attempts()


@contextmanager
def jumping_clock(stage):
    """The server's clock is ahead, by which all sessions are over, then an hour behind."""
    stage.server.sets_clock(days=30)
    yield
    stage.until(lambda: stage.bob.has_ended)
    stage.server.sets_clock(hours=-1)


@contextmanager
def killed_server(stage):
    stage.server.kill()
    stage.server.start()
    yield


ACTORS = (second_tab, sleeping_tab, other_account, lying_proxy, blocking_proxy, jumping_clock, killed_server)
CASES = [*((actor,) for actor in ACTORS), *combinations(ACTORS, 2)]


@pytest.fixture
def stage(tmp_path, browser):
    server = FaultyServer(tmp_path, "jumping_clock").start()
    complaints = Complaints(server.log)
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)
    with ExitStack() as ends:
        ends.callback(server.end)
        proxy = ends.enter_context(Proxy(server.port))
        people = []
        for name in ("alice", "bob"):
            context = ends.enter_context(browser.new_context(base_url=f"{server.url}/"))
            ends.enter_context(complaints.listening_to(context))
            people.append(ends.enter_context(BrowserPerson(name, context, server)))
            people[-1].logs_in()
        yield Stage(server, proxy, *people)
    assert complaints.found() == []


@pytest.mark.parametrize("actors", CASES, ids=lambda actors: "+".join(actor.__name__ for actor in actors))
def test_whatever_goes_wrong_everybody_has_one_log_at_the_end(stage, actors):
    stage.talk("before")
    with ExitStack() as faults:
        for actor in actors:
            faults.enter_context(actor(stage))
        stage.talk("meanwhile")
    stage.talk("afterwards")
    stage.turns_to_each_tab()

    stage.is_settled()
