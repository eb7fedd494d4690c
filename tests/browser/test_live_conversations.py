"""Direct conversations, live: what becomes of their pages when an account is closed."""

import re
from secrets import token_hex

import pytest
from playwright.sync_api import expect


@pytest.fixture
def guest(arrives, alice, gardening):
    """A member whose account ends with the test: its name can't be had again."""
    guest = arrives(f"guest-{token_hex(4)}")
    guest.logs_in()
    guest.joins(gardening)
    return guest


@pytest.fixture
def close(alice):
    """`close(bob)`: in the administration."""

    def close(person):
        users = alice.context.request.get("admin/user/list", params={"search": person.name}).text()
        (key,) = set(re.findall(r"/admin/user/details/(\d+)", users))
        answer = alice.context.request.post("admin/user/delete", params={"pks": key}, max_redirects=0)
        assert answer.status == 303

    return close


def converses(person, *others):
    """Open the conversation with them; its uuid."""
    form = {"username": " ".join(each.name for each in others)}
    answer = person.context.request.post("messages/new/", form=form, max_redirects=0)
    group = answer.headers["location"].split("/")[2]
    person.opens(group)
    return group


def expect_read_only(tab):
    expect(tab.find("#conversation-ended")).to_contain_text("You can't send messages here any more.")
    expect(tab.field).to_be_hidden()


def test_a_page_learns_that_an_account_was_closed_as_a_page_that_is_loaded(alice, guest, close):
    group = converses(alice, guest)
    expect(alice.find("#conversation-ended")).to_be_hidden()

    close(guest)

    expect_read_only(alice)
    alice.page.goto(f"groups/{group}/")
    expect_read_only(alice)
    assert alice.violations == []


def test_so_do_all_others_in_it_and_no_other_page(alice, bob, guest, gardening, close):
    bob.joins(gardening)
    group = converses(alice, bob, guest)
    alice.says("hello")
    alice.sees("hello")  # bob finds the conversation from then on
    bob.opens(group)
    other = bob.tab().opens(gardening)

    close(guest)

    expect_read_only(alice)
    expect_read_only(bob)
    other.says("still here")
    other.sees("still here")
