"""What a group's page says of ranks, by which its script offers to delete messages of others."""

import json

import pytest
from rights import arrive, promote


@pytest.fixture
def staff(site, bob):
    """Bob's group, mona, who is a moderator of it, and carl, a member."""
    lunch = bob.founds("Lunch")
    mona, carl = arrive(site, "mona", "carl")
    for person in (mona, carl):
        person.joins(lunch)
    promote(bob, lunch, "mona", "moderator")
    return lunch, mona, carl


def ranks(person, group):
    """The user's own rank, and those that the page names."""
    page = person.page(f"/groups/{group}/").one("group")
    named = page.get("data-ranks")
    return page["data-rank"], named and json.loads(named)


def test_owners_and_moderators_learn_who_else_is_one(bob, staff):
    lunch, mona, _ = staff

    assert ranks(bob, lunch) == ("2", {"bob": 2, "mona": 1})
    assert ranks(mona, lunch) == ("1", {"bob": 2, "mona": 1})


def test_members_learn_their_own_rank_alone(staff):
    lunch, _, carl = staff

    assert ranks(carl, lunch) == ("0", None)


def test_a_superuser_has_the_rank_of_an_owner(alice, bob, staff):
    lunch, _, _ = staff
    alice.joins(lunch)

    assert ranks(alice, lunch) == ("2", {"bob": 2, "mona": 1})


def test_nobody_deletes_messages_of_others_in_a_direct_group(alice, bob, gardening):
    bob.joins(gardening)
    group = alice.converses("bob")
    alice.says(group, "hi")

    assert [ranks(person, group) for person in (alice, bob)] == [("2", None), ("0", None)]


def test_ranks_cost_moderators_one_query_and_members_none(bob, staff, queries):
    lunch, mona, carl = staff
    counts = {}
    for person in (mona, carl):
        person.page(f"/groups/{lunch}/")
        queries.clear()
        person.page(f"/groups/{lunch}/")
        counts[person.name] = len(queries)

    assert counts["mona"] == counts["carl"] + 1
