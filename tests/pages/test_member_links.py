"""Members' names, on a group's page and on that of all its members, lead to a conversation with them."""

import pytest
from people import HttpPerson


@pytest.fixture
def together(alice, bob, gardening):
    bob.joins(gardening)
    return gardening


@pytest.fixture(params=["", "members/"], ids=["beside the log", "all"])
def path(request):
    """A page with the members of a group."""
    return "/groups/{}/" + request.param


def test_a_members_name_leads_to_the_form_with_it_filled_in(bob, together, path):
    link = name_of(bob.page(path.format(together)), "alice")

    assert (link.text, link["aria-label"]) == ("alice", "Message alice")
    assert bob.page(link["href"]).form("/messages/new/")["username"] == "alice"


def test_ones_own_name_leads_nowhere(bob, together, path):
    own = name_of(bob.page(path.format(together)), "bob")

    assert own.text == "bob"
    assert {"href", "aria-label"}.isdisjoint(own.attributes)


@pytest.mark.parametrize("name", ["a+b", "a@b.c", "żółw", "クレオ"])
def test_every_name_arrives_as_it_is(site, alice, gardening, path, name):
    other = HttpPerson(site, name)
    other.sign_up()
    other.joins(gardening)

    href = name_of(alice.page(path.format(gardening)), name)["href"]

    assert alice.page(href).form("/messages/new/")["username"] == name


def test_in_a_conversation_of_two_and_in_notes_there_is_nobody_else_to_message(bob, together, path):
    for group in (bob.converses("alice"), bob.converses()):
        assert links(bob.page(path.format(group))) == []


def test_a_conversation_of_three_leads_to_each_of_the_others(site, bob, together, path):
    carol = HttpPerson(site, "carol")
    carol.sign_up()
    carol.joins(together)

    page = bob.page(path.format(bob.converses("alice", "carol")))

    assert [each.text for each in links(page)] == ["alice", "carol"]


def name_of(page, name):
    """The name in a member's row."""
    (found,) = [each for each in page.within(f"members-{name}") if each.get("class") == "member-name"]
    return found


def links(page):
    return [each for each in page.within("members") if (each.get("href") or "").startswith("/messages/")]
