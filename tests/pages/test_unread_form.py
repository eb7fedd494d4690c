"""Marking a message and all that follows as unread, without a script."""

import pytest
from people import HttpPerson
from world import archive

JSON = {"Accept": "application/json"}


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1, bob's is 2, and he has read her messages 3 to 5."""
    bob.joins(gardening)
    for text in ("one", "two", "three"):
        alice.says(gardening, text)
    bob.post(f"/groups/{gardening}/read/", seq=5)
    return gardening


def path(group, seq):
    return f"/groups/{group}/messages/{seq}/unread/"


def marks(person, group, seq):
    """Press the button on the message's page; the page that it leads to."""
    form = person.fills(f"/groups/{group}/messages/{seq}/actions/", path(group, seq))
    response = person.post(path(group, seq), **form)
    assert response.status_code == 303
    return response.headers["location"]


def unread(person, group):
    return person.page(f"/groups/{group}/").one("group")["data-unread"]


def test_a_message_and_what_follows_are_unread_again(bob, together):
    assert marks(bob, together, 4) == f"/groups/{together}/?at=4&unread=1#seq-4"

    group = bob.page(f"/groups/{together}/").one("group")
    assert [group[f"data-{name}"] for name in ("unread", "read", "read-rev", "first-unread")] == ["2", "3", "1", "4"]


def test_the_page_says_so_and_waits_for_its_reader(bob, together):
    page = bob.page(marks(bob, together, 4))

    assert page.one("marked-unread").text == "Marked as unread from here. Your groups"
    assert "hidden" not in page.one("marked-unread").attributes
    assert page.link("Your groups") == "/"
    assert "data-held" in page.one("group").attributes


@pytest.mark.parametrize("query", ["", "?at=4", "?unread=1", "?at=3&unread=1", "?at=4&unread=2", "?at=x&unread=1"])
def test_another_page_does_not_say_so(bob, together, query):
    marks(bob, together, 4)

    page = bob.page(f"/groups/{together}/{query}")

    assert "hidden" in page.one("marked-unread").attributes
    assert "data-held" not in page.one("group").attributes


def test_the_page_no_longer_says_so_once_it_was_read(bob, together):
    place = marks(bob, together, 4)
    bob.post(f"/groups/{together}/read/", seq=5)

    assert "hidden" in bob.page(place).one("marked-unread").attributes


def test_what_is_unread_already_stays_as_it_is(alice, bob, together):
    alice.says(together, "four")

    marks(bob, together, 6)

    assert bob.page(f"/groups/{together}/").one("group")["data-read-rev"] == "0"


def test_ones_own_message_is_marked(alice, bob, together):
    bob.says(together, "mine")
    alice.says(together, "four")
    bob.post(f"/groups/{together}/read/", seq=7)

    marks(bob, together, 6)

    assert unread(bob, together) == "1"


def test_a_deleted_message_is_marked(alice, bob, together):
    alice.deletes(together, 4)

    marks(bob, together, 4)

    assert unread(bob, together) == "2"


def test_a_form_that_is_sent_again_later_does_not_mark_what_was_read_since(bob, together):
    form = bob.fills(f"/groups/{together}/messages/4/actions/", path(together, 4))
    first = bob.post(path(together, 4), **form)
    bob.post(f"/groups/{together}/read/", seq=5)

    again = bob.post(path(together, 4), **form)

    assert again.headers["location"] == first.headers["location"]
    assert unread(bob, together) == "0"


def test_a_script_gets_the_numbers(bob, together):
    response = bob.browser.post(path(together, 4), headers=JSON)

    numbers = {"unread": 2, "mentions": 0, "read": 3, "read_rev": 1, "at": 5}
    assert response.json() == [{"type": "unread", "group_uuid": together, **numbers}]


def test_a_socket_that_is_open_is_told(bob, together):
    with bob.reading(together) as reader:
        marks(bob, together, 4)

        assert reader.until(type="unread")["unread"] == 2


def test_messages_of_an_archived_group_are_marked(site, state, bob, together):
    site.portal.call(archive, state.database, together)

    marks(bob, together, 4)

    assert unread(bob, together) == "2"


@pytest.mark.parametrize("seq", [2, 99, 2**63])
def test_what_is_no_message_can_not_be_marked(bob, together, seq):
    response = bob.post(path(together, seq))

    assert (response.status_code, unread(bob, together)) == (404, "0")


def test_only_members_mark_messages(site, bob, together):
    bob.leaves(together)

    assert bob.post(path(together, 4)).status_code == 403
    assert "/accounts/login/" in HttpPerson(site, "visitor").post(path(together, 4)).headers["location"]
