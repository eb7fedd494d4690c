"""With DEBUG, browsers load the plain files of static/, and nothing else changes."""

import re

import pytest
from playwright.sync_api import expect
from servers import Server


@pytest.fixture
def site(tmp_path):
    server = Server(tmp_path, DEBUG="true").start()
    yield server
    server.stop()


@pytest.fixture
def lasting_contexts():
    contexts = {}
    yield contexts
    for context in contexts.values():
        context.close()


def test_a_group_of_plain_modules_is_live(alice, bob, gardening):
    bob.joins(gardening)
    scripts = []
    bob.page.on("request", lambda request: scripts.append(request.url) if request.resource_type == "script" else None)
    bob.opens(gardening)

    alice.wrote(gardening, "hello")

    bob.sees("hello")
    expect(bob.pill).to_have_text("Live")
    assert [url for url in scripts if re.search(r"/static/js/log/log\.js$", url)]
    assert [url for url in scripts if "bundles" in url] == []
