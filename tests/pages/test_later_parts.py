"""What a group's page loads after it: markup for its scripts, which browsers keep."""

import re

import pytest

from discussit.assets import IMMUTABLE


@pytest.fixture
def address(alice, gardening):
    """As a group's page names it."""
    return re.search(r'data-parts="([^"]+)"', alice.get(f"/groups/{gardening}/").text)[1]


def test_it_has_what_scripts_clone_and_nothing_of_anybody(site, alice, address):
    markup = alice.get(address).text

    for name in ("message-menu", "delete-dialog", "editor", "emoji-picker"):
        assert f'<template id="{name}-template">' in markup
    assert site.get(address).text == markup


def test_it_is_asked_for_once(alice, address):
    sent = alice.get(address, headers={"accept-encoding": "gzip"})

    assert sent.headers["cache-control"] == IMMUTABLE
    assert sent.headers["content-encoding"] == "gzip"
    assert len(sent.text) > 2 * int(sent.headers["content-length"])


def test_a_page_of_another_version_gets_what_there_is_and_does_not_keep_it(alice, address):
    sent = alice.get(address.partition("=")[0] + "=0123456789ab")

    assert (sent.status_code, sent.headers["cache-control"]) == (200, "no-store")
