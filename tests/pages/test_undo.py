"""Leaving or hiding a group on its own page leads home, which offers to undo it."""

import pytest
from world import archive

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def conversation(alice, bob, gardening):
    """Bob's direct conversation with alice, in which he has written."""
    bob.joins(gardening)
    conversation = bob.converses("alice")
    bob.says(conversation, "hi")
    return conversation


def leaves_there(person, group):
    """Press Leave or Hide on the group's page; where that leads."""
    action = f"/groups/{group}/leave/"
    return person.post(action, **person.fills(f"/groups/{group}/", action)).headers["location"]


def offered(person, path):
    """What the home page at this address says was left; None without an offer to undo it."""
    page = person.page(path)
    return " ".join(page.one("just-left-text").text.split()) if "just-left" in page.ids() else None


def undoes(person, path):
    """Press Undo on the home page at this address; where that leads."""
    page = person.page(path)
    line = page.one("just-left")
    (form,) = [each for each in page.forms() if line in each.parents]
    names = [each["value"] for each in page.within("just-left") if each.get("name") == "username"]
    return person.post(form["action"], **page.fields(form) | ({"username": names} if names else {})).headers["location"]


def test_leaving_an_open_group_on_its_page_can_be_undone(bob, gardening):
    bob.joins(gardening)

    home = leaves_there(bob, gardening)

    assert home == f"/?left={gardening}"
    assert offered(bob, home) == "You left Gardening."
    assert undoes(bob, home) == f"/groups/{gardening}/"
    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_hiding_a_conversation_can_be_undone(bob, conversation):
    home = leaves_there(bob, conversation)

    assert offered(bob, home) == "You hid alice. It appears again with its next message."
    assert f"name-{conversation}" not in bob.page("/").ids()
    assert undoes(bob, home) == f"/groups/{conversation}/"
    assert f"name-{conversation}" in bob.page("/").ids()


def test_hiding_a_conversation_of_several_people_can_be_undone(bob, cleo, gardening, conversation):
    cleo.joins(gardening)
    group = bob.converses("alice", "cleo")
    bob.says(group, "hi")

    home = leaves_there(bob, group)

    assert offered(bob, home).startswith("You hid alice, cleo.")
    assert undoes(bob, home) == f"/groups/{group}/"


def test_hiding_notes_to_self_can_be_undone(bob):
    notes = bob.converses()
    bob.says(notes, "milk")

    home = leaves_there(bob, notes)

    assert offered(bob, home).startswith("You hid Notes to self.")
    assert undoes(bob, home) == f"/groups/{notes}/"


def test_the_page_that_asks_before_hiding_leads_to_the_offer_as_well(bob, conversation):
    action = f"/groups/{conversation}/leave/"

    response = bob.post(action, **bob.fills(action, action))

    assert response.headers["location"] == f"/?left={conversation}"


def test_a_repeated_leave_leads_to_the_same_offer(bob, gardening):
    bob.joins(gardening)
    action = f"/groups/{gardening}/leave/"
    form = bob.fills(f"/groups/{gardening}/", action)

    assert {bob.post(action, **form).headers["location"] for _ in range(2)} == {f"/?left={gardening}"}


def test_nothing_is_offered_once_it_is_undone(alice, bob, gardening, conversation):
    homes = [leaves_there(bob, group) for group in (gardening, conversation)]
    bob.joins(gardening)
    alice.says(conversation, "hello")

    assert [offered(bob, home) for home in homes] == [None, None]


def test_a_conversation_that_another_began_is_not_betrayed(alice, bob, gardening):
    bob.joins(gardening)
    unknown = alice.converses("bob")

    assert offered(bob, f"/?left={unknown}") is None


def test_what_one_can_not_join_is_not_offered(site, state, alice, bob, gardening):
    club = alice.founds("Book club", "closed")
    archived = alice.founds("Archived")
    site.portal.call(archive, state.database, archived)

    assert {offered(bob, f"/?left={group}") for group in (club, archived, NOWHERE)} == {None}


@pytest.mark.parametrize("value", ["", "x", "%00", "Gardening", "1" * 2_000, "<b>", "urn:uuid:", "-", "?left=1"])
def test_anything_else_in_the_address_shows_nothing(bob, gardening, faultless, value):
    assert offered(bob, f"/?left={value}") is None


def test_leaving_a_group_that_was_closed_meanwhile_leads_home(alice, bob):
    cooking = alice.founds("Cooking")
    bob.joins(cooking)
    action = f"/groups/{cooking}/leave/"
    form = bob.fills(f"/groups/{cooking}/", action)
    settings = alice.fills(f"/groups/{cooking}/settings/", f"/groups/{cooking}/settings/", access="closed")
    assert alice.post(f"/groups/{cooking}/settings/", **settings).status_code == 303

    assert bob.post(action, **form).headers["location"] == "/"


def test_a_visitor_with_this_address_logs_in_first(site, alice, bob, gardening):
    bob.log_out()

    assert bob.get(f"/?left={gardening}").headers["location"].startswith("/accounts/login/?next=/")


def test_the_offer_is_not_compressed_since_the_page_repeats_its_address(bob, gardening):
    response = bob.get(f"/?left={gardening}", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in response.headers


def test_only_an_offer_takes_another_query(bob, gardening, queries):
    bob.get("/")  # notes once in a while that the session is used

    assert asked_by(bob, f"/?left={gardening}", queries) == asked_by(bob, "/", queries) + 1


def asked_by(person, path, queries):
    """How many queries the page at this address takes."""
    queries.clear()
    person.get(path)
    return len(queries)
