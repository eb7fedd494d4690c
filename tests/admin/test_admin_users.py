"""Accounts are made, changed and closed."""

import hostile
import pytest
from administrators import NEW_PASSWORD, create, delete, edit, errors, key_of, listed, notice
from people import PASSWORD, HttpPerson, Page, closed
from sqlalchemy import update
from starlette.testclient import TestClient

from discussit.app import app
from discussit.models import User


def test_a_new_user_can_log_in(site, alice):
    response = create(alice, "user", username="carol", password=PASSWORD)

    assert response.headers["location"] == f"/admin/user/details/{key_of(alice, 'user', 'carol')}"
    assert HttpPerson(site, "carol").log_in().status_code == 303


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"username": "BOB"}, "username", "This name is taken."),
        ({"username": "c/d"}, "username", "A name has 1 to 150 letters"),
        ({"username": "c d"}, "username", "Names can&#39;t contain spaces."),
        ({"username": ""}, "username", "A name has 1 to 150 letters"),
        ({"username": hostile.GROWING}, "username", "This name is too long"),
        ({"username": "EveryOne"}, "username", "This name is reserved."),
        ({"password": "short"}, "password", "A password has 8 to 256 characters."),
        ({"username": "caroline", "password": "Caroline"}, "password", "The password can&#39;t be the name."),
    ],
)
def test_an_invalid_user_is_refused_beside_the_field(alice, bob, fields, field, text):
    response = create(alice, "user", **{"username": "carol", "password": PASSWORD} | fields)

    assert errors(response)[field].startswith(text)
    assert listed(alice, "user") == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ALICE", "This name is taken."),
        ("Everyone", "This name is reserved. Choose another."),
        (hostile.GROWING, "This name is too long, since some of its letters count as two or three. Shorten it."),
    ],
)
def test_a_rename_to_a_name_that_can_not_be_is_refused_beside_the_field(alice, bob, name, text):
    response = edit(alice, "user", key_of(alice, "user", "bob"), username=name)

    assert errors(response) == {"username": text}
    assert listed(alice, "user", search="bob") == ["2"]


@pytest.mark.parametrize("name", ["..", "a b", "al\u200bice"])
def test_an_account_whose_name_is_older_than_the_rules_is_used_and_renamed(site, state, alice, bob, name):
    site.portal.call(rename, state.database, name)

    assert HttpPerson(site, name).log_in().status_code == 303
    assert edit(alice, "user", "2", username=name, password=NEW_PASSWORD).status_code == 303
    dots = "A name can&#39;t be only dots. Add a letter or a digit."
    assert errors(edit(alice, "user", "2", username=".")) == {"username": dots}
    assert edit(alice, "user", "2", username="bob").status_code == 303
    assert bob.post("/accounts/login/", username="bob", password=NEW_PASSWORD).status_code == 303


async def rename(database, name):
    """Give bob a name that could be chosen once."""
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == 2).values(username=name, username_key=name))


def test_a_new_password_counts_and_logs_out(alice, bob, together):
    with bob.in_group(together) as his:
        edit(alice, "user", key_of(alice, "user", "bob"), username="bob", password=NEW_PASSWORD)
        assert closed(his) == 4401

    assert bob.log_in().status_code == 400
    assert bob.post("/accounts/login/", username="bob", password=NEW_PASSWORD).status_code == 303


def test_an_empty_password_leaves_it_as_it_is(alice, bob):
    edit(alice, "user", key_of(alice, "user", "bob"), username="bob", password="")

    assert bob.get("/").status_code == 200
    assert bob.log_in().status_code == 303


def test_ones_own_new_password_keeps_one_logged_in(alice):
    edit(alice, "user", "1", username="alice", password=NEW_PASSWORD, is_superuser="on")

    assert alice.get("/admin/").status_code == 200


def test_the_last_superuser_can_not_be_demoted(alice, bob):
    response = edit(alice, "user", "1", username="alice")

    assert errors(response)["is_superuser"] == "alice is the only superuser. Make somebody else one first."
    assert alice.get("/admin/").status_code == 200


def test_the_last_superuser_can_not_be_closed_and_takes_nobody_along(alice, bob):
    response = delete(alice, "user", "2", "1")

    assert notice(response) == "alice is the only superuser. Make somebody else one first."
    assert alice.get("/").status_code == bob.get("/").status_code == 200


def test_a_superuser_may_go_when_another_stays(alice, bob):
    edit(alice, "user", "2", username="bob", is_superuser="on")

    assert delete(alice, "user", "1").status_code == 303
    assert alice.get("/").status_code == 303
    assert bob.get("/admin/").status_code == 200


def test_a_closed_account_is_logged_out_and_its_messages_and_name_stay(site, alice, bob, together):
    bob.says(together, "remember me")
    with bob.in_group(together) as his, alice.reading(together) as hers:
        delete(alice, "user", key_of(alice, "user", "bob"))

        assert hers.until(type="event_message")["status"] == "Left"
        assert closed(his) in (4401, 4403)
    assert "remember me" in alice.get(f"/groups/{together}/").text
    assert bob.log_in().status_code == 400
    assert HttpPerson(site, "bob").sign_up().status_code == 400


def test_a_closed_account_can_not_be_edited_or_made_a_member(alice, bob, gardening):
    delete(alice, "user", "2")

    assert alice.get("/admin/user/edit/2").status_code == 404
    assert edit(alice, "user", "2", username="bob", password=NEW_PASSWORD).status_code == 404
    assert errors(create(alice, "membership", group="1", user="bob")) == {"user": "This account is closed."}


def test_a_superuser_creates_a_link_that_sets_a_users_password(site, alice, bob):
    assert "Make a reset link" in alice.get("/admin/user/details/2").text

    link = reset_link(alice, "2")

    assert link.startswith("http://testserver/accounts/reset/")
    assert bob.post(link, password1=NEW_PASSWORD, password2=NEW_PASSWORD).status_code == 303
    assert bob.post("/accounts/login/", username="bob", password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("origins", "beginning"),
    [
        ("https://chat.example.org", "https://chat.example.org/accounts/reset/"),
        ("https://chat.example.org,https://chat.example.com", "http://testserver/accounts/reset/"),
    ],
)
def test_a_link_has_the_trusted_origin_where_there_is_just_one(environment, scene, origins, beginning):
    environment.setenv("TRUSTED_ORIGINS", origins)
    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()

        assert reset_link(alice, "1").startswith(beginning)


def test_creating_a_link_changes_nothing_yet(alice, bob):
    reset_link(alice, "2")

    assert bob.get("/").status_code == 200
    assert bob.log_in().status_code == 303


def test_nobody_else_creates_a_link(bob):
    assert bob.post("/admin/user/reset/1").status_code == 403


@pytest.mark.parametrize("path", ["user/reset/99", "user/reset/x", "group/reset/1", "message/reset/1"])
def test_there_is_no_link_for_what_has_no_password(alice, gardening, path):
    assert alice.post(f"/admin/{path}").status_code == 404


def test_a_link_is_created_by_a_button_and_not_by_a_link(alice):
    assert alice.get("/admin/user/reset/1").status_code == 405


def test_there_is_no_link_for_a_closed_account(alice, bob):
    delete(alice, "user", "2")

    assert alice.post("/admin/user/reset/2").status_code == 404
    assert "Make a reset link" not in alice.get("/admin/user/details/2").text


def reset_link(person, key):
    response = person.post(f"/admin/user/reset/{key}")
    assert response.status_code == 200
    return Page(response.text).one("link").text


def test_a_new_name_and_a_new_password_together_count_and_log_out(site, alice, bob):
    assert edit(alice, "user", "2", username="robert", password=NEW_PASSWORD).status_code == 303

    assert bob.get("/").status_code == 303
    assert (
        HttpPerson(site, "robert").post("/accounts/login/", username="robert", password=NEW_PASSWORD).status_code == 303
    )
