"""Members are added by name and removed, and get other roles."""

import re

import pytest
from people import Page, closed
from rights import add, arrive, changes, disown, entries, promote, remove, roles, settle
from sqlalchemy import select
from world import add_members

from discussit.models import User

NOWHERE = "00000000-0000-4000-8000-000000000000"
FORM_ID = re.compile('name="form_id" value="[0-9a-f]+"')
UNKNOWN = "You share no group with anybody called"


@pytest.fixture
def dan(site, bob):
    return arrive(site, "dan")[0]


@pytest.fixture
def lunch(bob):
    """A closed group of bob's."""
    return bob.founds("Lunch", "closed")


@pytest.fixture
def team(bob, cleo, dan, gardening, lunch):
    """Lunch, where bob is the owner, cleo a moderator and dan a member."""
    for person in (bob, cleo, dan):
        person.joins(gardening)
    add(bob, lunch, "cleo", "dan")
    promote(bob, lunch, "cleo", "moderator")
    return lunch


@pytest.fixture
def crew(site, bob, gardening, team):
    """The same with emil as a second moderator, and finn as a second owner."""
    for person, role in zip(arrive(site, "emil", "finn"), ("moderator", "owner"), strict=True):
        person.joins(gardening)
        add(bob, team, person.name)
        promote(bob, team, person.name, role)
    return team


@pytest.fixture
def people(alice, bob, cleo, dan):
    """By name; alice, the superuser, is not in Lunch."""
    return {person.name: person for person in (alice, bob, cleo, dan)}


# Adding


def test_people_who_share_a_group_are_added_with_the_name_of_who_did_it(bob, cleo, gardening, lunch):
    bob.joins(gardening)
    cleo.joins(gardening)

    assert add(bob, lunch, "alice", "CLEO").status_code == 303

    joins = [(each["user"], each.get("by")) for each in entries(cleo, lunch)]
    assert joins == [("bob", None), ("alice", "bob"), ("cleo", "bob")]


def test_whoever_is_added_sees_it_live_at_home(bob, cleo, gardening, lunch):
    for person in (bob, cleo):
        person.joins(gardening)
    with cleo.browser.websocket_connect("/", subprotocols=["discussit.v1"]) as home:
        assert home.receive_json()[0]["type"] == "ready"
        add(bob, lunch, "cleo")

        objects = home.receive_json()
        while not any(each["type"] == "group" for each in objects):
            objects += home.receive_json()

    (group,) = [each for each in objects if each["type"] == "group"]
    assert (group["group_uuid"], group["name"], group["access"]) == (lunch, "Lunch", "closed")


@pytest.mark.parametrize("typed", ["alice cleo", "alice, cleo", " alice ,\tcleo ", "alice,cleo,ALICE"])
def test_one_field_takes_several_names(bob, cleo, gardening, lunch, typed):
    bob.joins(gardening)
    cleo.joins(gardening)

    assert add(bob, lunch, typed).status_code == 303
    assert list(roles(bob, lunch)) == ["bob", "alice", "cleo"]


def test_members_are_skipped(bob, gardening, team):
    before = changes(bob, team)

    assert add(bob, team, "cleo", "bob", "dan").status_code == 303
    assert changes(bob, team) == before


@pytest.mark.parametrize("name", ["nobody", "cleo", "closed", "\0", "x" * 300, "@everyone", "<b>", "everyone"])
def test_unknown_people_and_those_of_other_groups_are_refused_with_the_same_words(
    site, alice, bob, cleo, gardening, lunch, faultless, name
):
    bob.joins(gardening)

    response = add(bob, lunch, "alice", name)

    assert response.status_code == 400
    errors = Page(response.text).errors()
    assert errors == {"username": f"{UNKNOWN} “{name}”. Check the spelling, or send an invitation link."}
    assert list(roles(bob, lunch)) == ["bob"]


def test_a_closed_account_is_nobodys_name(site, state, bob, cleo, gardening, lunch):
    for person in (bob, cleo):
        person.joins(gardening)
    site.portal.call(close, state.database, "cleo")

    assert Page(add(bob, lunch, "cleo").text).errors()["username"].startswith(UNKNOWN)


async def close(database, name):
    async with database.transaction() as session:
        await (await session.scalar(select(User).where(User.username == name))).close()


def test_a_superuser_adds_only_people_of_groups_that_they_share_as_well(alice, cleo, gardening):
    assert add(alice, gardening, "cleo").status_code == 400

    cleo.joins(alice.founds("Cooking"))
    assert add(alice, gardening, "cleo").status_code == 303


def test_what_was_typed_is_kept_when_it_is_refused(bob, lunch):
    page = Page(add(bob, lunch, "alice, nobody").text)

    assert page.one("field-username")["value"] == "alice, nobody"


@pytest.mark.parametrize(("names", "error"), [([], "at least one"), ([" , "], "at least one"), (["x"] * 51, "At most")])
def test_nobody_and_too_many_are_refused(bob, lunch, names, error):
    response = add(bob, lunch, *(f"{name}{number}" if name == "x" else name for number, name in enumerate(names)))

    assert response.status_code == 400
    assert error.lower() in Page(response.text).errors()["username"]


def test_fifty_people_are_added_at_a_time(site, state, bob, gardening, lunch):
    names = [f"member{number:02}" for number in range(50)]
    site.portal.call(add_members, state.database, gardening, names)
    bob.joins(gardening)
    page = bob.page(f"/groups/{lunch}/members/")

    response = add(bob, lunch, *names, **without(page.form(f"/groups/{lunch}/members/"), "username"))

    assert response.status_code == 303
    assert list(roles(bob, lunch)) == ["bob", *names]


def without(fields, name):
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(("name", "status"), [("bob", 303), ("cleo", 303), ("dan", 403)])
def test_moderators_and_owners_add_people(people, bob, team, name, status):
    assert add(people[name], team, "alice").status_code == status
    assert ("alice" in roles(bob, team)) == (status == 303)


def test_nobody_is_added_to_an_archived_group(bob, gardening, team):
    settle(bob, team, archived=1)

    response = add(bob, team, "alice")

    assert response.status_code == 403
    assert "archived" in response.text


def test_a_repeated_form_adds_once(bob, gardening, lunch):
    bob.joins(gardening)
    form = bob.fills(f"/groups/{lunch}/members/", f"/groups/{lunch}/members/", username="alice")

    answers = [bob.post(f"/groups/{lunch}/members/", **form) for _ in range(2)]

    assert [each.headers["location"] for each in answers] == [f"/groups/{lunch}/members/"] * 2
    assert len(entries(bob, lunch)) == 2


# Removing


@pytest.mark.parametrize(
    ("actor", "target", "status"),
    [
        ("bob", "cleo", 303),
        ("bob", "dan", 303),
        ("cleo", "dan", 303),
        ("cleo", "bob", 403),
        ("cleo", "emil", 403),
        ("dan", "cleo", 403),
        ("dan", "emil", 403),
        ("bob", "bob", 403),
        ("bob", "finn", 403),
        ("alice", "dan", 404),
    ],
)
def test_people_are_removed_by_those_of_higher_rank(
    site, alice, bob, cleo, dan, gardening, team, actor, target, status
):
    emil, finn = arrive(site, "emil", "finn")
    for person, role in ((emil, "moderator"), (finn, "owner")):
        person.joins(gardening)
        add(bob, team, person.name)
        promote(bob, team, person.name, role)
    people = {"alice": alice, "bob": bob, "cleo": cleo, "dan": dan}

    assert remove(people[actor], team, target).status_code == status
    assert (target in roles(bob, team)) == (status != 303)


def test_a_removal_ends_the_members_sockets_and_is_in_the_log(bob, dan, team):
    with dan.browser.websocket_connect(f"/groups/{team}/", subprotocols=["discussit.v1"]) as socket:
        remove(bob, team, "dan")

        assert closed(socket) == 4403

    left = entries(bob, team)[-1]
    assert (left["user"], left["status"], left["by"]) == ("dan", "Left", "bob")
    assert dan.get(f"/groups/{team}/").status_code == 404


@pytest.mark.parametrize("name", ["alice", "nobody", "", "\0"])
def test_nobody_is_removed_who_is_not_in_the_group(bob, team, faultless, name):
    response = remove(bob, team, name)

    assert response.status_code == 400
    assert "Nobody with this name is in the group" in response.text


def test_the_removal_of_oneself_is_refused_with_the_other_way(bob, team):
    assert "Use Leave instead" in remove(bob, team, "bob").text


# Roles


@pytest.mark.parametrize(
    ("actor", "target", "role", "status"),
    [
        ("bob", "dan", "moderator", 303),
        ("bob", "dan", "owner", 303),
        ("bob", "cleo", "member", 303),
        ("bob", "cleo", "cook", 400),
        ("bob", "cleo", "", 400),
        ("bob", "alice", "owner", 400),
        ("cleo", "dan", "moderator", 403),
        ("cleo", "cleo", "owner", 403),
        ("cleo", "cleo", "member", 403),
        ("dan", "dan", "owner", 403),
        ("alice", "alice", "owner", 404),
    ],
)
def test_owners_change_the_roles_of_others(people, bob, team, actor, target, role, status):
    before = roles(bob, team)

    assert promote(people[actor], team, target, role).status_code == status
    expected = {"owner": "Owner", "moderator": "Moderator"}.get(role, "")
    assert roles(bob, team) == (before | {target: expected} if status == 303 else before)


def test_a_new_role_is_an_entry_and_reaches_the_member_live(bob, dan, team):
    with dan.reading(team) as reader:
        promote(bob, team, "dan", "moderator")

        change = reader.until(type="group_changed")

    assert (change["change"], change["user"], change["target_user"], change["value"]) == (
        "role",
        "bob",
        "dan",
        "moderator",
    )
    assert change["message"] == "bob made dan a moderator"


def test_the_same_role_again_changes_nothing(bob, team):
    before = changes(bob, team)

    assert promote(bob, team, "cleo", "moderator").status_code == 303
    assert changes(bob, team) == before


def test_an_owner_does_nothing_to_another_owner(bob, cleo, team):
    promote(bob, team, "cleo", "owner")

    assert promote(bob, team, "cleo", "member").status_code == 403
    assert promote(cleo, team, "bob", "member").status_code == 403


def test_an_owner_steps_down_unless_there_is_no_other(bob, team):
    refused = promote(bob, team, "bob", "member")
    promote(bob, team, "cleo", "owner")

    assert (refused.status_code, promote(bob, team, "bob", "moderator").status_code) == (403, 303)
    assert "Make somebody else an owner first" in refused.text
    assert changes(bob, team)[-1] == "bob made themselves a moderator"


def test_a_role_by_a_form_that_is_out_of_date_is_refused(bob, team):
    page = bob.page(f"/groups/{team}/members/")
    rev = page.form(f"/groups/{team}/members/role/")["rev"]
    promote(bob, team, "dan", "moderator")

    response = promote(bob, team, "cleo", "owner", rev=rev)

    assert response.status_code == 409
    assert roles(bob, team)["cleo"] == "Moderator"


@pytest.mark.parametrize("rev", ["x", "-1", "1.5", "9" * 30])
def test_a_rev_that_is_none_is_refused(bob, team, rev):
    assert promote(bob, team, "dan", "moderator", rev=rev).status_code == 400


# Groups without an owner


@pytest.fixture
def unowned(alice, bob, cleo, gardening, site, state):
    """Gardening with bob and cleo, as a group from before there were owners; alice is not in it."""
    for person in (bob, cleo):
        person.joins(gardening)
    site.portal.call(disown, state.database)
    alice.leaves(gardening)
    return gardening


def test_a_superuser_appoints_an_owner_where_there_is_none(alice, bob, unowned):
    assert promote(alice, unowned, "bob", "owner").status_code == 303

    assert roles(bob, unowned) == {"bob": "Owner", "cleo": ""}
    assert changes(bob, unowned)[-1] == "alice made bob an owner"
    assert promote(alice, unowned, "cleo", "owner").status_code == 403


def test_a_superuser_who_is_in_it_appoints_themselves(alice, bob, unowned):
    alice.joins(unowned)

    assert promote(alice, unowned, "alice", "owner").status_code == 303
    assert roles(bob, unowned)["alice"] == "Owner"


def test_nobody_else_does(bob, cleo, unowned):
    assert promote(bob, unowned, "bob", "owner").status_code == 403
    assert remove(bob, unowned, "cleo").status_code == 403


def test_a_superuser_outside_removes_nobody(alice, bob, cleo, unowned):
    assert remove(alice, unowned, "cleo").status_code == 403

    promote(alice, unowned, "bob", "owner")
    assert remove(alice, unowned, "cleo").status_code == 403


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_a_superuser_outside_does_not_learn_who_is_in_a_group_that_nobody_owns(alice, bob, unowned, role):
    before = changes(bob, unowned)

    answers = [promote(alice, unowned, name, role) for name in ("bob", "nobody")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert changes(bob, unowned) == before


def test_a_superuser_outside_adds_nobody(alice, unowned):
    assert add(alice, unowned, "alice").status_code == 403


def test_a_superuser_in_the_group_has_an_owners_rights_but_not_over_owners(alice, bob, cleo, gardening, team):
    add(bob, team, "alice")

    assert promote(alice, team, "cleo", "member").status_code == 303
    assert promote(alice, team, "bob", "member").status_code == 403
    assert promote(alice, team, "alice", "owner").status_code == 403
    assert remove(alice, team, "cleo").status_code == 303


# Outsiders


@pytest.mark.parametrize("path", ["members/", "members/role/", "members/remove/"])
def test_outsiders_are_answered_as_where_no_group_is(alice, lunch, path):
    fields = {"username": "bob", "role": "owner"}

    there, nowhere = (alice.post(f"/groups/{uuid}/{path}", **fields) for uuid in (lunch, NOWHERE))

    assert there.status_code == nowhere.status_code == 404
    assert FORM_ID.sub("", there.text.replace(lunch, NOWHERE)) == FORM_ID.sub("", nowhere.text)


# The security log


def test_each_act_is_in_the_security_log(bob, gardening, team, logged):
    logged()
    add(bob, team, "alice")
    promote(bob, team, "dan", "moderator")
    remove(bob, team, "dan")
    remove(bob, team, "bob")

    acts = [(level, *line.split(" ")[:2]) for level, line in logged()]
    done = [("INFO", act, "done") for act in ("member-add", "member-role", "member-remove")]
    assert acts == [*done, ("WARNING", "group", "refused")]
