"""The user's groups as JSON, with which pages make their lists right after they were without a connection."""

import pytest
from people import HttpPerson
from world import add_groups, mute


def own(person, **query):
    response = person.get("/groups/mine/", params=query)
    assert response.status_code == 200, response.status_code
    ready, *groups = response.json()
    assert ready["type"] == "ready"
    return ready, groups


def test_all_ones_groups_are_listed_with_their_last_messages(alice, bob, gardening):
    bob.joins(gardening)
    bob.says(gardening, "hi")

    ready, (group,) = own(alice)

    assert ready == {"type": "ready", "user": "alice", "account": alice.account, "groups": [gardening]}
    last = group.pop("last")
    assert last == {"seq": 3, "author": "bob", "text": "hi", "timestamp": group.pop("active_at")}
    about = {"group_uuid": gardening, "name": "Gardening", "access": "open", "archived": False, "members": 2}
    assert group == {"type": "group", "role": "member", "level": "mentions", **about}


def test_a_deleted_message_and_a_muted_group_say_so(site, state, alice, bob, gardening):
    bob.joins(gardening)
    bob.says(gardening, "a secret")
    bob.deletes(gardening, 3)
    site.portal.call(mute, state.database, "alice")

    _, (group,) = own(alice)

    assert group["muted"] is True
    assert (group["last"]["text"], group["last"]["deleted"]) == ("", True)


def test_nobody_is_told_of_groups_that_they_are_not_in(alice, bob, gardening):
    assert own(bob)[1] == []
    bob.joins(gardening)
    assert [each["name"] for each in own(bob)[1]] == ["Gardening"]


def test_of_very_many_groups_a_hundred_are_described(site, state, alice):
    site.portal.call(add_groups, state.database, 130, "alice")

    ready, groups = own(alice)

    assert (len(ready["groups"]), len(groups)) == (130, 100)


def test_without_a_session_nothing_is_sent(site, alice):
    assert HttpPerson(site, "visitor").get("/groups/mine/").status_code == 401


@pytest.mark.parametrize(("name", "status"), [("alice", 200), ("bob", 409)])
def test_a_page_of_another_account_is_told_nothing(alice, bob, name, status):
    account = {"alice": alice, "bob": bob}[name].account

    assert alice.get("/groups/mine/", params={"account": account}).status_code == status
