"""The names that complete what somebody types: `GET /groups/{uuid}/members/?q=` for scripts."""

import pytest
from people import HttpPerson
from world import add_members

JSON = {"Accept": "application/json"}


@pytest.fixture
def address(alice, gardening):
    return f"/groups/{gardening}/members/"


@pytest.fixture
def join(site, state, gardening):
    """`join("ann", "ben")`: new users of these names join Gardening."""
    return lambda *names: site.portal.call(add_members, state.database, gardening, names)


def completing(person, address, term):
    response = person.get(address, params={"q": term}, headers=JSON)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    return response.json()["members"]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("an", ["Anna", "ANTON", "joanna"]),
        ("STRASSE", ["Straße"]),
        ("e\u0301", ["Émile"]),
        ("nobody", []),
        ("\0", []),
        ("", ["alice", "Anna", "ANTON", "joanna", "Straße", "Émile"]),
    ],
)
def test_names_that_begin_with_it_come_first_then_those_that_contain_it(alice, join, address, term, found):
    join("joanna", "Émile", "Straße", "ANTON", "Anna")

    assert completing(alice, address, term) == found


def test_at_most_twenty_are_sent(alice, join, address):
    join(*(f"member{number:02}" for number in range(25)))

    assert completing(alice, address, "member") == [f"member{number:02}" for number in range(20)]


def test_an_answer_names_members_of_this_group_alone(alice, bob, address):
    bob.joins(alice.creates("Cooking"))

    assert completing(alice, address, "") == ["alice"]


def test_a_non_member_learns_no_name(bob, address):
    response = bob.get(address, headers=JSON)

    assert response.status_code == 403
    assert "alice" not in response.text


def test_a_non_member_learns_nothing_of_a_closed_group(alice, bob):
    closed = alice.founds("Board", access="closed")

    assert bob.get(f"/groups/{closed}/members/", headers=JSON).status_code == 404


def test_a_visitor_gets_a_status_instead_of_the_login_page(site, address):
    assert HttpPerson(site, "visitor").get(address, headers=JSON).status_code == 401


def test_a_browser_that_loads_the_page_gets_the_page(alice, address):
    response = alice.get(address, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert response.headers["content-type"].startswith("text/html")


def test_more_look_ups_than_anybody_types_are_refused(alice, address):
    for _ in range(300):
        alice.get(address, headers=JSON)

    response = alice.get(address, headers=JSON)

    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
