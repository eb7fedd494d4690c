"""Access to the administration, and what its pages show."""

import re
import subprocess
import sys

import hostile
import pytest
from administrators import FOREIGN, NEW_PASSWORD, SECTIONS, WITH_FORMS, create, delete, edit, key_of, listed
from markupsafe import escape
from people import refused


@pytest.mark.parametrize("path", ["/admin/", "/admin/user/list", "/admin/message/details/1;1", "/admin/nowhere"])
def test_a_visitor_is_led_to_the_login(site, path):
    response = site.get(path, follow_redirects=False)

    assert (response.status_code, response.headers["location"]) == (
        303,
        f"/accounts/login/?next={path.replace(';', '%3B')}",
    )


@pytest.mark.parametrize("path", ["/admin/", *(f"/admin/{section}/list" for section in SECTIONS)])
def test_the_superuser_gets_in_and_nobody_else(alice, bob, path):
    assert alice.get(path).status_code == 200
    assert bob.get(path).status_code == 403
    assert "Administration" not in bob.get(path).text


def test_an_ordinary_user_changes_nothing(alice, bob, together):
    responses = [create(bob, "group", name="Mine"), edit(bob, "group", "1", name="Mine"), delete(bob, "group", "1")]

    assert [response.status_code for response in responses] == [403, 403, 403]
    assert "Gardening" in alice.get("/").text
    assert "Mine" not in alice.get("/").text


def test_another_sites_page_changes_nothing(alice, bob, together):
    key = key_of(alice, "user", "bob")

    posted = alice.browser.post("/admin/group/create", data={"name": "Theirs"}, headers=FOREIGN)
    asked = delete(alice, "user", key, headers=FOREIGN)
    deleted = alice.browser.request("DELETE", f"/admin/user/delete?pks={key}", headers=FOREIGN)

    assert [posted.status_code, asked.status_code, deleted.status_code] == [403, 403, 403]
    assert listed(alice, "group", search="Theirs") == []
    assert bob.get("/").status_code == 200


def test_a_demoted_superuser_is_out_with_the_next_request(alice, bob):
    key = key_of(alice, "user", "bob")
    edit(alice, "user", key, username="bob", is_superuser="on")
    assert bob.get("/admin/").status_code == 200

    edit(alice, "user", key, username="bob")

    assert bob.get("/admin/").status_code == 403


def test_there_is_no_socket_in_the_administration(alice):
    assert refused(alice, "/admin/") == 404


# Pages


def test_the_address_without_its_slash_leads_on(alice):
    assert alice.get("/admin", follow_redirects=True).url.path == "/admin/"


@pytest.mark.parametrize(
    "path",
    [
        "user/details/77",
        "user/details/x",
        "user/details/99999999999999999999",
        "user/edit/-1",
        "message/details/1",
        "message/details/1;2;3",
        "message/edit/1;x",
        "membership/edit/1;1",
        "user/delete?pks=77",
        "user/delete?pks=1;1",
        "user/export/csv",
        "nobody/list",
        "session/list",
        "event/ajax/lookup",
        "statics/js/main.js",
        "login",
    ],
)
def test_unknown_addresses_are_answered_in_words(alice, gardening, path):
    response = alice.get(f"/admin/{path}")

    assert response.status_code == 404
    assert "There is nothing at this address." in response.text


def test_the_pages_have_the_sites_policy_and_no_inline_code(alice, together):
    pages = [*(f"{section}/list" for section in SECTIONS), *(f"{section}/create" for section in WITH_FORMS)]

    for page in pages:
        response = alice.get(f"/admin/{page}")

        policy = response.headers["content-security-policy"]
        assert policy == alice.get("/").headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", response.text)


@pytest.mark.parametrize("name", hostile.GROUPS)
def test_a_hostile_name_is_text_everywhere(alice, gardening, name):
    edit(alice, "group", "1", name=name)
    alice.says(gardening, name)
    pages = [
        "group/list",
        "group/details/1",
        "group/edit/1",
        "group/delete?pks=1",
        "membership/list",
        "event/list",
        "group-change/list",
    ]
    pages += ["message/list", f"message/list?search={name}", "message/details/1;3", "message/delete?pks=1;3"]

    for page in pages:
        text = alice.get(f"/admin/{page}").text
        assert str(escape(name)) in text
        assert not re.search("<script>|<img|<svg/", text)


def test_a_password_hash_is_on_no_page(alice, bob):
    key = key_of(alice, "user", "bob")
    pages = ["list", f"details/{key}", f"edit/{key}", "create", f"delete?pks={key}", "list?search=argon2"]

    texts = [alice.get(f"/admin/user/{page}").text for page in pages]
    texts.append(edit(alice, "user", key, username="alice", password=NEW_PASSWORD).text)

    assert not any(word in text for text in texts for word in ("$argon2", NEW_PASSWORD))


def test_sqladmin_is_not_imported_before_somebody_administrates(environment):
    program = (
        "import sys; from starlette.testclient import TestClient; from discussit.app import app\n"
        "with TestClient(app) as site: site.get('/admin/'); print('sqladmin' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"
