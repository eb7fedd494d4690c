"""Named people side by side in real Chromium, on a real server."""

import os
import shutil
import sqlite3
import time
from contextlib import ExitStack, closing

import pytest
from browsers import LIMIT, BrowserPerson, Complaints
from playwright.sync_api import expect
from servers import VARIABLES, Server

# The first is Chromium without windows, which starts sooner.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)

expect.set_options(timeout=LIMIT)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    # Chromium's sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def lasting_server(tmp_path_factory):
    """One server for all tests of this process: who has signed up stays, groups end with their test."""
    with pytest.MonkeyPatch.context() as environment:
        for name in VARIABLES:
            environment.delenv(name, raising=False)
        server = Server(tmp_path_factory.mktemp("lasting")).start()
        yield server
        server.stop()


@pytest.fixture
def site(lasting_server):
    """Where people are. It has no groups yet: long lists of them would make every page slow."""
    yield lasting_server
    with closing(sqlite3.connect(lasting_server.folder / "discussit.db")) as database, database:
        database.execute("PRAGMA foreign_keys = ON")  # with the entries, what belongs to them
        for table in ("entries", "memberships", "groups"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608


@pytest.fixture
def complaints(site):
    """What browsers and server complain of fails the test."""
    complaints = Complaints(site.log)
    yield complaints
    assert complaints.found() == []


@pytest.fixture(scope="session")
def lasting_contexts():
    contexts = {}
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def browser_of(site, browser, lasting_contexts):
    """A person's browser. It outlives the test unless its clock was set: a warm cache makes it three times as quick."""

    def browser_of(name, **options):
        kind = name, repr(options)
        if kind not in lasting_contexts:
            lasting_contexts[kind] = browser.new_context(base_url=f"{site.url}/", **options)
        return lasting_contexts[kind]

    yield browser_of
    for kind in [kind for kind, context in lasting_contexts.items() if not is_on_time(context)]:
        lasting_contexts.pop(kind).close()


def is_on_time(context):
    """Whether its clock is that of the system, as far as an open tab tells."""
    return bool(context.pages) and abs(context.pages[0].evaluate("() => Date.now()") - 1_000 * time.time()) < 1_000


@pytest.fixture
def arrives(site, browser_of, complaints):
    """Has somebody log in, in a browser of their own: `arrives("alice")`."""
    with ExitStack() as goings:

        def arrives(name, **options):
            context = browser_of(name, **options)
            goings.enter_context(complaints.listening_to(context))
            return goings.enter_context(BrowserPerson(name, context, site))

        yield arrives


@pytest.fixture
def alice(arrives):
    """She is the first everywhere, so she is the superuser."""
    alice = arrives("alice")
    alice.logs_in()
    return alice


@pytest.fixture
def bob(arrives, alice):
    bob = arrives("bob")
    bob.logs_in()
    return bob


@pytest.fixture
def gardening(alice):
    """A group that alice created and joined: her Join is its first entry."""
    group = alice.creates("Gardening")
    alice.joins(group)
    return group


@pytest.fixture
def cooking(alice):
    """Another group of alice's, which she has joined."""
    group = alice.creates("Cooking")
    alice.joins(group)
    return group


@pytest.fixture
def together(alice, bob, gardening):
    """Alice and bob look at the same group; its uuid."""
    bob.joins(gardening)
    alice.opens(gardening)
    bob.opens(gardening)
    return gardening


@pytest.fixture
def talking(alice, bob, together):
    """Alice's message is entry 3, bob's is 4; both see them."""
    alice.wrote(together, "shall we plant tomatoes?")
    bob.wrote(together, "yes")
    for each in (alice, bob):
        each.sees("shall we plant tomatoes?", "yes")
    bob.group = together
    return bob


@pytest.fixture
def long_log(alice, bob, gardening):
    """Bob has read a log of 62 entries, of which a page has 50, and opens it; alice writes."""
    bob.joins(gardening)
    alice.floods(gardening, 60)
    bob.posts(f"groups/{gardening}/read/", seq=62)
    bob.opens(gardening)
    return gardening
