"""Who reacts to a message, as JSON for the group's page."""

import pytest
from people import HttpPerson, missing

from discussit.pages.message import REACTORS


@pytest.fixture
def asked(bob, gardening):
    """Gardening, in which bob asks something: entry 3."""
    bob.joins(gardening)
    bob.says(gardening, "Tomatoes?")
    return gardening


def path(group, seq=3):
    return f"/groups/{group}/messages/{seq}/reactions/"


def reactions(person, group):
    response = person.get(path(group))
    assert (response.status_code, missing(response)) == (200, [])
    return response.json()["reactions"]


def test_a_member_learns_who_reacts_in_the_order_in_which_they_did(alice, bob, asked):
    for person, emoji in ((bob, "🍅"), (alice, "👍"), (alice, "🍅")):
        person.reacts(asked, 3, emoji)

    assert reactions(alice, asked) == [
        {"emoji": "🍅", "count": 2, "users": ["bob", "alice"]},
        {"emoji": "👍", "count": 1, "users": ["alice"]},
    ]


def test_reactions_that_were_taken_back_have_no_names_and_keep_the_order_of_emoji(alice, bob, asked):
    for person, emoji, on in ((bob, "🍅", 1), (alice, "👍", 1), (bob, "🍅", 0), (alice, "🍅", 1), (alice, "👍", 0)):
        person.reacts(asked, 3, emoji, on)
    bob.reacts(asked, 3, "👍")

    assert reactions(bob, asked) == [
        {"emoji": "🍅", "count": 1, "users": ["alice"]},
        {"emoji": "👍", "count": 1, "users": ["bob"]},
    ]


def test_of_very_many_the_first_are_named_whatever_others_react_with(site, alice, bob, asked):
    bob.reacts(asked, 3, "👍")
    for number in range(REACTORS + 2):
        person = HttpPerson(site, f"person{number}")
        person.sign_up()
        person.joins(asked)
        person.reacts(asked, 3, "👍")
    alice.reacts(asked, 3, "🍅")

    thumbs, tomatoes = reactions(alice, asked)

    assert (thumbs["count"], thumbs["users"][:2], len(thumbs["users"])) == (REACTORS + 3, ["bob", "person0"], REACTORS)
    assert tomatoes["users"] == ["alice"]


def test_a_message_without_reactions_has_none(alice, asked):
    assert reactions(alice, asked) == []


def test_a_deleted_message_has_no_reactions_to_ask_for(alice, bob, asked):
    alice.reacts(asked, 3, "👍")
    bob.deletes(asked, 3)

    response = alice.get(path(asked), headers={"accept": "application/json"})

    assert (response.status_code, response.json()[0]["code"]) == (410, "gone")


def test_a_script_that_is_logged_out_is_told_so(site, alice, asked):
    visitor = HttpPerson(site, "visitor")

    assert visitor.get(path(asked), headers={"accept": "application/json"}).status_code == 401
    assert alice.get(path(asked), headers={"accept": "application/json"}).status_code == 200
