"""Direct conversations on pages: how they begin, what they are called, and how they are hidden."""

import re

import pytest
from people import Page, refused

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def together(alice, bob, gardening):
    """Alice and bob share a group, so that they can message each other."""
    bob.joins(gardening)


# The form


def test_home_leads_to_the_form_of_a_new_message(bob):
    assert bob.page("/").link("New message") == "/messages/new/"


def test_a_name_in_the_address_is_filled_in(bob):
    form = bob.page("/messages/new/?username=alice&username=cleo").form("/messages/new/")

    assert form["username"] == "alice cleo"


@pytest.mark.parametrize("names", [{"username": ["alice", "cleo"]}, {"username": " alice, cleo "}])
def test_several_names_are_sent_in_one_field_or_in_several(alice, bob, cleo, gardening, together, names):
    cleo.joins(gardening)

    response = bob.browser.post("/messages/new/", data=names)

    assert heading(bob, response.headers["location"]) == "alice, cleo"


def test_a_repeated_request_leads_to_the_same_conversation(alice, bob, together):
    assert bob.converses("alice") == bob.converses("Alice") == alice.converses("bob")


def test_a_form_that_is_sent_again_leads_where_it_led(bob, together):
    form = bob.fills("/messages/new/", "/messages/new/", username="alice")

    answers = [bob.post("/messages/new/", **form) for _ in range(2)]

    assert {each.headers["location"] for each in answers} == {f"/groups/{bob.converses('alice')}/"}


@pytest.mark.parametrize("name", ["cleo", "nobody"])
def test_those_whom_one_can_not_message_are_refused_as_unknown_names_are(bob, cleo, name):
    response = bob.post("/messages/new/", username=f"{name} bob")

    assert response.status_code == 400
    assert Page(response.text).errors() == {
        "username": f"You can't message “{name}”. Check the spelling. "
        "Some people accept direct messages only from people in their groups, or from nobody."
    }
    assert f'value="{name} bob"' in response.text


def test_both_refusals_are_the_same_page(bob, cleo):
    one, other = (bob.post("/messages/new/", username=name).text for name in ("cleo", "oelc"))

    assert without_ids(one) == without_ids(other).replace("oelc", "cleo")


def test_too_many_people_are_refused_beside_the_field(bob):
    response = bob.post("/messages/new/", username=" ".join(f"user{number}" for number in range(8)))

    assert (response.status_code, "at most 8 people" in response.text) == (400, True)


# Its page


def test_a_conversation_is_called_after_the_others(alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    assert (heading(bob, f"/groups/{group}/"), heading(alice, f"/groups/{group}/")) == ("alice", "bob")
    assert "<title>alice · DiscussIt</title>" in bob.get(f"/groups/{group}/").text
    assert "Direct" not in bob.get(f"/groups/{group}/members/").text


def test_a_conversation_of_one_person_is_notes_to_self(bob):
    group = bob.converses()

    assert heading(bob, f"/groups/{group}/") == "Notes to self"
    assert bob.says(group, "milk").status_code == 303


def test_a_conversation_has_no_joins(bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    assert [seq for seq, _ in bob.page(f"/groups/{group}/").log()] == [1]


@pytest.mark.parametrize("path", ["", "members/", "entries/", "messages/1/"])
def test_a_conversation_exists_for_its_people_alone(alice, bob, cleo, together, path):
    group = bob.converses("bob")
    bob.says(group, "mine")

    for person in (alice, cleo):
        assert person.get(f"/groups/{group}/{path}").status_code == 404
        assert refused(person, f"/groups/{group}/") == 404
    assert person.joins(group).status_code == person.joins(NOWHERE).status_code == 404


def test_the_others_learn_of_it_with_its_first_message(alice, bob, together):
    group = bob.converses("alice")
    assert alice.get(f"/groups/{group}/").status_code == refused(alice, f"/groups/{group}/") == 404

    bob.says(group, "hi")

    assert alice.get(f"/groups/{group}/").status_code == 200


def test_a_conversation_that_is_hidden_leads_home_and_returns_when_it_is_continued(bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")
    assert "Hide" in bob.get(f"/groups/{group}/").text

    assert bob.leaves(group).headers["location"] == "/"

    assert not lists(bob, group)
    assert bob.converses("alice") == group
    assert lists(bob, group)


def test_a_hidden_conversation_returns_with_its_next_message(alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")
    bob.leaves(group)

    alice.says(group, "hello")

    assert lists(bob, group)


def test_a_conversation_can_not_be_joined_by_others_nor_left_for_good(alice, bob, cleo, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    bob.leaves(group)

    assert bob.says(group, "still here").status_code == 303
    assert cleo.joins(group).status_code == 404


def test_a_conversation_with_a_closed_account_is_read_only(alice, bob, together):
    group = alice.converses("bob")
    alice.says(group, "hi")
    alice.post("/admin/user/delete?pks=2")

    page = alice.page(f"/groups/{group}/")

    assert "read-only" in page.one("composer")["class"].split()
    assert heading(alice, f"/groups/{group}/") == "bob"
    assert (alice.says(group, "hello?").status_code, alice.reacts(group, 1, "👍").status_code) == (403, 403)
    edit = alice.get(f"/groups/{group}/messages/1/edit/")
    assert (edit.status_code, "closed their account" in edit.text) == (403, True)
    assert alice.deletes(group, 1).status_code == 303


def heading(person, path):
    return next(each.text for each in person.page(path).elements if each.tag == "h1")


def lists(person, group):
    """Whether the group is among those whose numbers a person's page is sent."""
    with person.at_home("discussit.v1") as socket:
        return group in socket.receive_json()[0]["groups"]


def without_ids(page):
    return re.sub(r'name="form_id" value="\w+"', "", page)


def test_the_page_that_asks_before_hiding_names_the_others(alice, together):
    group = alice.converses("bob")

    page = alice.page(f"/groups/{group}/leave/")

    assert "Hide bob" in page.one("content").text
