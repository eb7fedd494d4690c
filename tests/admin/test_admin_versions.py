"""Two administrators: neither overwrites or deletes what the other has changed without having seen it."""

import pytest
from administrators import NEW_PASSWORD, create, delete, edit, listed, opened, question, values
from people import PASSWORD, HttpPerson, Page
from sqlalchemy import select
from waits import answered_after

from discussit.models import Group, User

RENAMED = {"username": "caroline", "is_superuser": "on"}
# What bob or carol does while alice has carol's form open, and what alice is told.
MEANWHILE = {
    "demoted": (lambda bob, _: edit(bob, "user", "3", username="carol"), "Superuser: was Yes, is now No"),
    "renamed": (
        lambda bob, _: edit(bob, "user", "3", username="cleo", is_superuser="on"),
        "Name: was carol, is now cleo",
    ),
    "a password set": (
        lambda bob, _: edit(bob, "user", "3", username="carol", is_superuser="on", password=NEW_PASSWORD),
        "Password: a new one was set",
    ),
    "her own new password": (
        lambda _, carol: carol.post(
            "/accounts/password/", password=PASSWORD, password1=NEW_PASSWORD, password2=NEW_PASSWORD
        ),
        "Password: a new one was set",
    ),
}


@pytest.fixture
def bob(bob, alice):
    """The second administrator."""
    edit(alice, "user", "2", username="bob", is_superuser="on")
    return bob


@pytest.fixture
def carol(site, alice, bob):
    """The third, of whom it is about."""
    create(alice, "user", username="carol", password=PASSWORD, is_superuser="on")
    carol = HttpPerson(site, "carol")
    carol.log_in()
    return carol


@pytest.mark.parametrize(("act", "line"), MEANWHILE.values(), ids=MEANWHILE)
def test_a_stale_form_saves_nothing_and_says_what_changed(site, state, alice, bob, carol, act, line):
    form = opened(alice, "user", "3")
    act(bob, carol)
    before = row_of(site, state, User, 3)

    answer = edit(alice, "user", "3", **form | RENAMED)

    assert (answer.status_code, changes(answer)) == (409, [line])
    assert row_of(site, state, User, 3) == before


def test_a_stale_form_keeps_what_was_typed_and_may_be_saved_again(alice, bob, carol):
    form = opened(alice, "user", "3")
    edit(bob, "user", "3", username="carol")

    refused = edit(alice, "user", "3", **form | RENAMED | {"password": NEW_PASSWORD})
    again = values(refused)

    assert (again["username"], again["is_superuser"]) == ("caroline", "on")
    assert Page(refused.text).errors() == {"password": "Please type the new password again."}
    assert edit(alice, "user", "3", **again).status_code == 303
    assert opened(alice, "user", "3")["username"] == "caroline"


def test_a_form_is_compared_when_it_is_saved_and_not_when_it_arrives(site, alice, gardening):
    form = opened(alice, "group", "1")

    answer = answered_after(site, lambda: edit(alice, "group", "1", **form | {"name": "Cooking"}), renamed_group)

    assert (answer.status_code, changes(answer)) == (409, ["Name: was Gardening, is now Baking"])
    assert listed(alice, "group", search="Baking") == ["1"]


def test_a_form_of_an_account_that_was_closed_meanwhile_says_so_and_leads_back(alice, bob, carol):
    form = opened(alice, "user", "3")
    delete(bob, "user", "3")

    answer = edit(alice, "user", "3", **form | RENAMED)

    assert (answer.status_code, changes(answer)) == (409, ["Account open: was Yes, is now No"])
    assert values(answer) == {}
    assert Page(answer.text).link("Back") == "/admin/user/details/3"


def test_a_form_of_a_group_that_was_deleted_meanwhile_says_so(alice, bob, gardening):
    form = opened(alice, "group", "1")
    delete(bob, "group", "1")

    answer = edit(alice, "group", "1", **form)

    assert answer.status_code == 410
    assert "It was deleted after you opened the page. Nothing was saved." in answer.text


@pytest.mark.parametrize(("version", "status"), [("", 303), ("{", 409), ("[]", 409), ('{"Name": 1}', 409), ("{}", 409)])
def test_a_form_without_a_version_is_saved_and_one_with_a_wrong_one_is_not(alice, gardening, version, status):
    assert edit(alice, "group", "1", name="Cooking", version=version).status_code == status


def test_a_form_with_an_error_keeps_its_version(alice, bob, gardening):
    form = opened(alice, "group", "1")
    edit(bob, "group", "1", name="Baking")

    corrected = values(edit(alice, "group", "1", **form | {"name": ""}))

    assert edit(alice, "group", "1", **corrected | {"name": "Cooking"}).status_code == 409


def test_a_password_that_was_typed_beside_an_error_is_asked_for_again(alice, bob, carol):
    answer = edit(alice, "user", "3", username="bob", password=NEW_PASSWORD)

    assert Page(answer.text).errors() == {
        "username": "This name is taken.",
        "password": "Please type the new password again.",
    }


# Deleting


@pytest.mark.parametrize(
    ("section", "keys", "act", "line"),
    [
        ("user", "3,4", lambda bob, _: edit(bob, "user", "3", username="cleo"), "Was carol, is now cleo"),
        (
            "user",
            "3,4",
            lambda bob, _: edit(bob, "user", "4", username="dan", is_superuser="on"),
            "Was dan, is now dan (superuser)",
        ),
        ("group", "1", lambda bob, _: edit(bob, "group", "1", name="Baking"), "Was Gardening, is now Baking"),
    ],
)
def test_rows_that_changed_since_the_question_are_not_deleted_before_it_is_asked_again(
    site, state, alice, bob, gardening, section, keys, act, line
):
    for name in ("carol", "dan"):
        create(alice, "user", username=name, password=PASSWORD)
    asked = question(alice, section, keys)
    act(bob, gardening)

    answer = delete(alice, section, keys, data=asked)

    assert (answer.status_code, changes(answer)) == (409, [line])
    assert delete(alice, section, keys, data=values(answer)).status_code == 303


def test_a_member_who_left_and_came_back_is_not_removed_by_an_old_question(alice, bob, gardening):
    bob.joins(gardening)
    asked = question(alice, "membership", "1;2")
    bob.leaves(gardening)
    bob.joins(gardening)

    answer = delete(alice, "membership", "1;2", data=asked)

    assert answer.status_code == 409
    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_what_is_gone_already_does_not_keep_the_rest_from_being_deleted(alice, bob):
    for name in ("Cooking", "Baking"):
        create(alice, "group", name=name)
    asked = question(alice, "group", "1,2")
    delete(bob, "group", "1")

    assert delete(alice, "group", "1,2", data=asked).status_code == 303
    assert listed(alice, "group") == []


def test_an_account_that_was_closed_meanwhile_is_closed_as_asked_for(alice, bob, carol):
    asked = question(alice, "user", "3")
    delete(bob, "user", "3")

    assert delete(alice, "user", "3", data=asked).headers["location"] == "/admin/user/list"


def test_the_question_shows_the_text_that_is_to_be_deleted(alice, gardening):
    alice.says(gardening, "never mind")

    assert "Message 2 of alice in Gardening: never mind" in alice.get("/admin/message/delete?pks=1;2").text


def changes(answer):
    """What a refused form says has changed, line by line."""
    page = Page(answer.text)
    (notice,) = [each for each in page.elements if "admin-changes" in (each.get("class") or "")]
    return [each.text.strip() for each in page.elements if each.tag == "li" and notice in each.parents]


def row_of(site, state, model, id):
    columns = select(model.__table__).where(model.id == id)
    return site.portal.call(state.database.run_read, lambda session: session.execute(columns).one())


async def renamed_group(session):
    (await session.get_one(Group, 1)).name = "Baking"
