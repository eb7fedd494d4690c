"""What the administration shows of closed and of direct groups: no more than that they are there."""

import re
from itertools import product

import pytest
from administrators import SECTIONS, create, delete, edit, errors, listed
from people import HttpPerson
from sqlalchemy import select
from starlette.requests import Request
from world import group_of

from discussit.admin.view import View
from discussit.models import Message, User
from discussit.models.base import now

# Written in Roses, which is closed, and in direct conversations.
SECRETS = ("xylophone", "yesteryear", "zeppelin", "quokka", "🦡", "thornless", "Direct")
ROSES, OF_OTHERS, OWN = 2, 3, 4  # ids of groups: closed; of bob and carol; of alice, the superuser, and bob
PAGES = ("details", "edit")
MISSING = 77


@pytest.fixture
def carol(site, alice, bob):
    carol = HttpPerson(site, "carol")
    carol.sign_up()
    return carol


@pytest.fixture
def roses(site, state, alice, bob, carol, gardening):
    """A closed group of bob's, in which carol is, and two conversations; in each is something of every kind."""
    for person in (bob, carol):
        person.joins(gardening)
    roses = bob.post("/groups/", name="Roses", access="closed").headers["location"].split("/")[2]
    site.portal.call(add, state.database, roses, "carol")
    for group, first in ((roses, 3), (bob.converses("carol"), 1), (alice.converses("bob"), 1)):
        texts = {roses: "xylophone yesteryear"}.get(group, "zeppelin quokka").split()
        for text in texts:
            bob.says(group, text)
        bob.reacts(group, first, "🦡")
        bob.edits(group, first + 1, "thornless")
    return roses


async def add(database, uuid, *names):
    async with database.transaction() as session:
        group = await group_of(session, uuid)
        for user in await session.scalars(select(User).where(User.username.in_(names))):
            await group.add_user(user)


async def change(database, uuid, **values):
    """Change the group, unlogged."""
    async with database.transaction() as session:
        group = await group_of(session, uuid)
        for name, value in values.items():
            setattr(group, name, value)


def keys_of(section, group):
    """Keys that a group's rows may have in a section."""
    return [f"{group};{number}" for number in range(1, 8)] if section not in ("user", "group") else [str(group)]


HIDDEN = [
    (section, key)
    for section, group in product(SECTIONS, (ROSES, OF_OTHERS, OWN))
    for key in keys_of(section, group)
    if section != "user" and (section, group) != ("group", ROSES)
]


# Nothing is shown


def test_a_section_that_does_not_say_what_may_be_read_has_no_rows(world):
    class NewView(View, model=Message):
        pass

    view, request = NewView(world.database), Request({"type": "http", "user": world.alice, "query_string": b""})

    for select_rows in (view.list_query, view.count_query, lambda request: view.row_of(request, (1, 1))):
        with pytest.raises(NotImplementedError):
            select_rows(request)


def test_no_page_shows_what_was_written_or_who_is_there(alice, roses):
    addresses = ["/admin/", *addresses_of_lists()]
    addresses += [f"/admin/{section}/{page}/{key}" for section, key in HIDDEN for page in PAGES]
    addresses += [f"/admin/{section}/delete?pks={key}" for section, key in HIDDEN]
    addresses += [f"/admin/{page}/{id}" for page in ("user/details", "user/edit") for id in (1, 2, 3)]
    addresses += [f"/admin/group/{page}/{ROSES}" for page in PAGES] + [f"/admin/group/delete?pks={ROSES}"]

    for path in addresses:
        text = alice.get(path).text.replace("Direct conversations, which only the people in them can see: 2", "")
        query = path.partition("?")[2]
        assert [word for word in SECRETS if word in text and word not in query] == [], path


def addresses_of_lists():
    queries = ["", *(f"?search={term}" for term in (*SECRETS, "bob", "carol", "Roses"))]
    queries += [f"?group={group}" for group in (ROSES, OF_OTHERS, OWN)] + ["?user=2", "?user=3"]
    return [f"/admin/{section}/list{query}" for section in SECTIONS for query in queries]


@pytest.mark.parametrize("section", [each for each in SECTIONS if each not in ("user", "group")])
def test_no_list_counts_what_it_does_not_show(alice, roses, section):
    for group in (ROSES, OF_OTHERS, OWN):
        hidden, missing = (alice.get(f"/admin/{section}/list?group={id}").text for id in (group, MISSING))
        assert anonymous(hidden, group) == anonymous(missing, MISSING)
    assert {key.split(";")[0] for key in listed(alice, section)} <= {"1"}


@pytest.mark.parametrize("section", [each for each in SECTIONS if each != "user"])
def test_a_hidden_row_is_answered_as_a_missing_one(alice, roses, section):
    for key in [key for of_section, key in HIDDEN if of_section == section]:
        missing = f"{MISSING};{MISSING}" if ";" in key else str(MISSING)
        for page in ("details/{}", "edit/{}", "delete?pks={}"):
            hidden, none = (alice.get(f"/admin/{section}/{page.format(each)}") for each in (key, missing))
            assert hidden.status_code == none.status_code == 404
            assert anonymous(hidden.text, key) == anonymous(none.text, missing)


def test_hidden_rows_can_not_be_deleted(alice, bob, roses):
    answers = {delete(alice, section, key).status_code for section, key in HIDDEN}

    assert answers == {404}
    assert "xylophone" in bob.get(f"/groups/{roses}/").text


def test_a_list_of_a_users_groups_has_only_those_that_may_be_seen(alice, roses):
    assert listed(alice, "membership", user=2) == ["1;2"]
    assert listed(alice, "membership", search="carol") == ["1;3"]


def test_no_suggestion_is_hidden(alice, roses):
    terms = ("", "Roses", "Direct", "o")
    found = [alice.get("/admin/group/ajax/lookup", params={"term": term}).json()["results"] for term in terms]

    assert [each["text"] for results in found for each in results] == ["Gardening"]


# What is shown of a closed group


def test_a_closed_group_is_listed_with_its_owners_and_numbers(alice, roses):
    page = alice.page(f"/admin/group/details/{ROSES}")

    texts = [" ".join(each.text.split()) for each in page.elements if each.tag in ("dt", "dd")]
    values = dict(zip(texts[::2], texts[1::2], strict=True))
    assert set(listed(alice, "group")) == {"1", "2"}
    assert [values[name] for name in ("Name", "Access", "Members", "Messages")] == ["Roses", "closed", "2", "2"]
    assert (values["Owners"], "carol" in str(texts)) == ("bob", False)


def test_direct_groups_are_counted(alice, roses):
    assert "the people in them can see: 2" in alice.get("/admin/group/list").text


def test_a_closed_group_can_be_deleted(alice, bob, roses):
    assert delete(alice, "group", str(ROSES)).status_code == 303

    assert bob.get(f"/groups/{roses}/").status_code == 404


# Joining


def test_an_administrator_joins_a_closed_group_visibly(alice, bob, roses, logged):
    logged()

    with bob.reading(roses) as his:
        response = alice.post(f"/admin/group/join/{ROSES}")

        joined = his.until(status="Join")
    assert response.headers["location"] == f"/admin/group/details/{ROSES}"
    assert (joined["user"], joined["by"]) == ("alice", "alice")
    assert "group-join done group=2 account=1 by=1" in logged()[0][1]


def test_what_is_in_a_closed_group_is_shown_once_the_administrator_has_joined(alice, roses):
    button = f"/admin/group/join/{ROSES}"
    alice.post(button, **alice.fills(f"/admin/group/details/{ROSES}", button))

    assert "xylophone" in alice.get("/admin/message/list").text
    assert "carol" in alice.get(f"/admin/group/details/{ROSES}").text
    assert {"2;1", "2;2", "2;3"} == set(listed(alice, "membership", group=ROSES))
    assert "Join as administrator" not in alice.get(f"/admin/group/details/{ROSES}").text


def test_what_was_written_before_is_not_shown_to_those_who_may_not_read_it(site, state, alice, bob, roses):
    site.portal.call(lambda: change(state.database, roses, history="from_join"))
    alice.post(f"/admin/group/join/{ROSES}")
    bob.says(roses, "later")

    assert listed(alice, "message", group=ROSES) == ["2;8"]


def test_a_change_of_what_they_may_not_read_is_not_shown_either(site, state, alice, bob, roses):
    site.portal.call(lambda: change(state.database, roses, history="from_join"))
    alice.post(f"/admin/group/join/{ROSES}")
    bob.says(roses, "later")
    for seq in (3, 8):
        bob.reacts(roses, seq, "🍅")

    assert listed(alice, "change", group=ROSES) == ["2;10"]


def test_what_was_written_before_a_group_was_opened_is_not_shown_either(site, state, alice, bob, roses):
    site.portal.call(lambda: change(state.database, roses, access="open", readable_from=4))

    assert listed(alice, "message", group=ROSES) == ["2;4"]


def test_a_conversation_is_not_shown_to_the_administrator_who_is_in_it(alice, roses):
    assert listed(alice, "message", search="quokka") == []
    assert alice.post(f"/admin/group/join/{OWN}").status_code == 404


@pytest.mark.parametrize("id", [1, OF_OTHERS, MISSING])
def test_only_closed_groups_are_joined_here(alice, roses, id):
    alice.post(f"/admin/group/join/{id}")

    assert alice.post(f"/admin/group/join/{id}").status_code == 404


def test_an_archived_group_is_not_joined(site, state, alice, roses):
    site.portal.call(lambda: change(state.database, roses, archived_at=now()))

    assert alice.post(f"/admin/group/join/{ROSES}").status_code == 403


# Changing what is not theirs


@pytest.mark.parametrize("group", ["Roses", str(ROSES), str(OF_OTHERS), str(OWN), "Direct"])
def test_nobody_is_added_to_a_group_that_the_administrator_is_not_in(alice, roses, group):
    assert errors(create(alice, "membership", group=group, user="alice")) == {"group": "There is no such group."}


def test_a_closed_group_of_the_same_name_is_no_other_one(alice, roses):
    create(alice, "group", name="Roses")

    assert create(alice, "membership", group="Roses", user="bob").status_code == 303
    assert listed(alice, "membership", search="Roses") == ["5;2"]


def test_members_are_added_to_a_closed_group_once_it_is_joined(site, alice, roses):
    alice.post(f"/admin/group/join/{ROSES}")
    HttpPerson(site, "dan").sign_up()

    assert create(alice, "membership", group="Roses", user="dan").status_code == 303


@pytest.mark.parametrize("access", ["open", "closed"])
def test_a_group_that_has_owners_is_not_renamed_by_others(alice, bob, access):
    bob.post("/groups/", name="Tulips", access=access)

    response = edit(alice, "group", "1", name="Lilies")

    assert "administrators in it, can rename it. Join it first." in errors(response)["name"]
    assert listed(alice, "group", search="Tulips") == ["1"]


@pytest.mark.parametrize("access", ["open", "closed"])
def test_administrators_act_as_the_owners_of_a_group_that_has_none(site, state, alice, gardening, access):
    site.portal.call(lambda: change(state.database, gardening, access=access))
    alice.leaves(gardening)

    assert edit(alice, "group", "1", name="Lilies").status_code == 303
    assert alice.page("/admin/group/details/1").link("Group settings") == f"/groups/{gardening}/settings/"
    assert alice.get(f"/groups/{gardening}/settings/").status_code == 200


def test_the_settings_of_a_group_that_has_owners_are_theirs(alice, roses):
    assert alice.page(f"/admin/group/details/{ROSES}").link("Group settings") is None


def test_a_new_name_is_an_entry_of_the_log(alice, bob, roses):
    alice.post(f"/admin/group/join/{ROSES}")

    with bob.reading(roses) as his:
        edit(alice, "group", str(ROSES), name="Lilies")

        changed = his.until(type="group_changed")
    assert (changed["change"], changed["value"], changed["user"]) == ("renamed", "Lilies", "alice")
    assert listed(alice, "group-change", search="lilies") == ["2;8"]


def test_a_removal_names_the_administrator(alice, gardening, roses):
    with alice.reading(gardening) as hers:
        delete(alice, "membership", "1;3")

        assert hers.until(status="Left")["by"] == "alice"


def test_those_who_remove_themselves_left(alice, bob, gardening, roses):
    with bob.reading(gardening) as his:
        delete(alice, "membership", "1;1")

        assert "by" not in his.until(status="Left")


def anonymous(text, key):
    """The page without what differs each time."""
    text = re.sub(r'name="form_id" value="\w+"', "", text)
    return re.sub(rf"(?<=group=){key}\b|(?<=value=\"){key}(?=\")", "KEY", text)
