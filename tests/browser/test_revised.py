"""A text that is changed in place while a page is loading or is not connected is not left on it."""

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

SECRET = "the spare key is under the rosemary"
HARMLESS = "the rosemary is in flower"


@pytest.fixture
def told(alice, together):
    """The group, in which alice has written what she should not have."""
    alice.wrote(together, SECRET, "and nobody knows")
    return together


def test_a_text_that_is_changed_before_its_pages_socket_connects_disappears(alice, bob, told):
    shown = []

    def change_first(socket):
        if not shown:
            shown.append(tab.find("#chat-log").inner_text())
            alice.revises(SECRET, HARMLESS)
        socket.connect_to_server()

    tab = bob.tab(change_first)
    tab.opens(told)

    expect(tab.find("#chat-log")).to_contain_text(HARMLESS)
    expect(tab.find("#chat-log")).not_to_contain_text(SECRET)
    assert SECRET in shown[0]


def test_a_text_that_is_changed_while_a_page_is_offline_disappears_when_it_resumes(alice, bob, told, complaints):
    complaints.excuse(OUTAGE)
    bob.sees(SECRET, "and nobody knows")
    bob.goes_offline()
    alice.revises(SECRET, HARMLESS)

    bob.context.set_offline(False)

    expect(bob.find("#chat-log")).not_to_contain_text(SECRET)
    expect(bob.find("#chat-log")).to_contain_text("and nobody knows")


def test_older_entries_of_a_revised_log_are_not_put_beside_those_of_the_page(alice, bob, gardening):
    bob.joins(gardening)
    alice.floods(gardening, 60)
    bob.posts(f"groups/{gardening}/read/", seq=62)
    tab = bob.tab(lambda _socket: None).opens_unconnected(gardening)
    alice.revises("message 40", HARMLESS)

    tab.find(".scroller").evaluate("scroller => scroller.scrollTop -= 10_000")

    expect(tab.find("#chat-log")).to_contain_text(HARMLESS)
    expect(tab.find("#chat-log")).to_contain_text("message 11")
    assert "message 40" not in tab.find("#chat-log").inner_text()
