"""Groups and their members are changed, live."""

import names
import pytest
from administrators import create, delete, edit, errors, key_of, listed
from people import HttpPerson, closed


def test_a_group_is_created_renamed_and_deleted(alice):
    create(alice, "group", name=" Cooking ")
    assert "Cooking" in alice.get("/").text

    edit(alice, "group", "1", name="Baking")
    assert "Baking" in alice.get("/").text

    delete(alice, "group", "1")
    assert "Baking" not in alice.get("/").text


@pytest.mark.parametrize("name", ["", "   ", "x" * 31, "a\nb"])
def test_a_groups_name_that_can_not_be_is_refused_beside_the_field(alice, gardening, name):
    text = "A group&#39;s name has 1 to 30 printable characters."

    assert errors(create(alice, "group", name=name)) == {"name": text}
    assert errors(edit(alice, "group", "1", name=name)) == {"name": text}
    assert listed(alice, "group", search="Gardening") == ["1"]


def test_deleting_a_group_ends_its_sockets(alice, bob, together):
    with alice.in_group(together) as hers, bob.in_group(together) as his:
        delete(alice, "group", "1")

        assert closed(hers) == closed(his) == 4403
    assert listed(alice, "event") == listed(alice, "membership") == []


# Members


def test_a_member_added_here_is_seen_to_join(alice, bob, gardening):
    with alice.reading(gardening) as hers:
        create(alice, "membership", group=gardening, user="bob")

        assert hers.next() | {"timestamp": ""} == {
            "type": "event_message", "group_uuid": gardening, "seq": 2, "user": "bob", "status": "Join",
            "timestamp": "", "message": "bob Join the Gardening group", "by": "alice",
        }  # fmt: skip
    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_a_member_removed_here_is_seen_to_leave_and_sent_nothing_more(alice, bob, together):
    with alice.reading(together) as hers, bob.in_group(together) as his:
        delete(alice, "membership", key_of(alice, "membership", "bob"))

        assert hers.next()["status"] == "Left"
        assert closed(his) == 4403
    assert bob.get(f"/groups/{together}/").status_code == 403


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"user": "bob"}, "user", "bob is already a member of Gardening."),
        ({"user": "nobody"}, "user", "Nobody has this name."),
        ({"user": ""}, "user", "Nobody has this name."),
        ({"user": "\0"}, "user", "Nobody has this name."),
        ({"user": "9" * 30}, "user", "Nobody has this name."),
        ({"group": "Nowhere"}, "group", "There is no such group."),
        ({"group": "Cooking"}, "group", "Several groups have this name. Give the UUID of the one you mean."),
    ],
)
def test_a_membership_that_can_not_be_is_refused_beside_the_field(alice, together, fields, field, text):
    create(alice, "group", name="Cooking")
    create(alice, "group", name="Cooking")

    response = create(alice, "membership", **{"group": "Gardening", "user": "bob"} | fields)

    assert errors(response) == {field: text}
    assert listed(alice, "event") == ["1;2", "1;1"]


def test_a_name_of_digits_is_a_name_before_it_is_an_id(site, alice, gardening):
    HttpPerson(site, "1").sign_up()

    create(alice, "membership", group="1", user="1")

    assert listed(alice, "membership", user=2) == ["1;2"]


@pytest.mark.parametrize("name", [names.JOINED, names.UNJOINED])
def test_names_of_users_and_groups_are_found_with_and_without_joiners(site, alice, name):
    HttpPerson(site, names.JOINED).sign_up()
    create(alice, "group", name=names.JOINED)

    create(alice, "membership", group=name, user=name)

    assert listed(alice, "membership", search=name[5:]) == ["1;2"]
    assert listed(alice, "user", search=name[5:]) == ["2"]
    assert listed(alice, "group", search=name[5:]) == ["1"]


@pytest.mark.parametrize("term", ["\u2665", "\u2665\ufe0f"])
def test_groups_are_suggested_whatever_their_joiners_and_variations(alice, term):
    for name in ("\u2665", "\u2665\ufe0f", "\u2665\ufe0f\u200d\U0001f525"):
        create(alice, "group", name=name)

    groups = alice.get("/admin/group/ajax/lookup", params={"term": term}).json()["results"]

    assert [(group["text"], len(group["id"])) for group in groups] == [
        ("\u2665", 36), ("\u2665\ufe0f", 36), ("\u2665\ufe0f\u200d\U0001f525", 4)
    ]  # fmt: skip


def test_a_form_suggests_what_can_be_meant(alice, bob):
    for name in ("Gardening", "Cooking", "Cooking"):
        create(alice, "group", name=name)

    users = alice.get("/admin/user/ajax/lookup?term=B").json()["results"]
    groups = alice.get("/admin/group/ajax/lookup?term=").json()["results"]

    assert users == [{"id": "bob", "text": ""}]
    assert [group["text"] for group in groups] == ["Cooking", "Cooking", "Gardening"]
    assert [len(group["id"]) for group in groups] == [36, 36, len("Gardening")]
