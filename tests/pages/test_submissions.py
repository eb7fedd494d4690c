"""Forms act for the account whose page they were on."""

import re

import pytest
from people import PASSWORD, HttpPerson, Page
from sqlalchemy import select
from starlette.routing import Mount

from discussit.accounts.password_reset import ResetLinks
from discussit.models import Base
from discussit.settings import TEMPLATES

LOGIN, SIGNUP, LOGOUT = "/accounts/login/", "/accounts/signup/", "/accounts/logout/"
SESSIONS, CHANGE = "/accounts/sessions/", "/accounts/password/"
NEW = "another horse entirely"
NEW_PASSWORD = {"password1": NEW, "password2": NEW}
TYPED_PASSWORD = {"password1": PASSWORD, "password2": PASSWORD}


# Every form


def test_every_form_says_its_id_and_whose_page_it_is_on(alice, bob, gardening):
    alice.says(gardening, "tomatoes")
    pages = {page.format(uuid=gardening) for who, page, _ in FORMS.values() if who == "alice" and "{token}" not in page}

    for page in [alice.page(path) for path in sorted(pages)]:
        (form_id,) = {page.fields(form)["form_id"] for form in page.forms()}
        assert re.fullmatch("[0-9a-f]{32}", form_id)
        assert {page.fields(form)["account"] for form in page.forms()} == {alice.account}


def test_a_page_of_nobody_has_forms_of_nobody(site, alice, link_for):
    visitor = HttpPerson(site, "visitor")

    for path in (LOGIN, SIGNUP, link_for("alice")):
        page = visitor.page(path)
        (form,) = page.forms()
        assert {"form_id", "account"} & page.fields(form).keys() == {"form_id"}


def test_no_template_has_a_form_without_these_fields():
    texts = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}
    forms = [(name, form) for name, text in texts.items() for form in re.findall(r"<form.*?</form>", text, re.S)]
    posted = [(name, form) for name, form in forms if 'method="post"' in form or 'method="{{' in form]

    assert len(posted) > 10
    # There, `fields` writes them.
    assert {name for name, form in posted if "{{ hidden" not in form} == {"sqladmin/create.html", "sqladmin/edit.html"}


def test_forms_that_scripts_copy_have_them_too(bob, gardening):
    (template,) = re.findall('<template id="member-actions">.*?</template>', bob.get("/").text, re.S)

    assert f'name="account" value="{bob.account}"' in template
    assert template.count('name="form_id"') == 1  # not in the form that opens the group, whose fields are its address


# Whose page it is on


@pytest.fixture
def stale(alice, bob, gardening):
    """Alice's pages, in a browser in which bob is logged in by now: `stale(path, action, …)` is a filled-in form."""
    alice.get("/admin/")  # its routes are there from the first visit on

    def stale(path, action, **typed):
        form = alice.fills(path, action, **typed)
        alice.browser.cookies = bob.browser.cookies
        return form

    return stale


def test_no_form_of_another_accounts_page_does_anything(site, state, alice, bob, gardening):
    alice.get("/admin/")
    before = everything(site, state)

    for path in posted(site, uuid=gardening, token="x", identity="user", pk="2"):
        response = alice.post(path, account=bob.account, message="hi", name="Cooking", session="others")
        assert (path, response.status_code) == (path, 409)

    assert everything(site, state) == before


def test_a_message_from_another_accounts_page_is_shown_to_be_copied(alice, bob, gardening, stale):
    bob.joins(gardening)
    form = stale(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message="</textarea> tomatoes\r\nbeans")

    response = alice.post(f"/groups/{gardening}/messages/", **form)

    assert response.status_code == 409
    assert "You are now logged in as bob" in response.text
    assert Page(response.text).one("typed-message").text == "\n</textarea> tomatoes\r\nbeans"
    assert "tomatoes" not in bob.get(f"/groups/{gardening}/").text


def test_a_group_of_another_accounts_page_is_not_created(alice, bob, stale):
    response = alice.post("/groups/", **stale("/", "/groups/", name="Cooking"))

    assert (response.status_code, Page(response.text).one("typed-name").text) == (409, "\nCooking")
    assert "Cooking" not in bob.get("/").text


def test_a_refusal_shows_no_password(alice, stale):
    response = alice.post(CHANGE, **stale(CHANGE, CHANGE, password="secret-old", password1="secret-new"))

    assert (response.status_code, "secret" in response.text) == (409, False)


def test_another_accounts_page_does_not_log_out(alice, bob, stale):
    assert alice.post(LOGOUT, **stale("/", LOGOUT)).status_code == 409
    assert bob.get("/").status_code == 200


@pytest.mark.parametrize("account", [{}, {"account": ""}])
def test_a_client_need_not_say_whose_page_it_was(bob, gardening, account):
    bob.post(f"/groups/{gardening}/join/", **account)

    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_a_text_that_comes_after_the_session_has_ended_is_shown_to_be_copied(alice, gardening):
    form = alice.fills(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message="tomatoes")
    alice.log_out()

    response = alice.post(f"/groups/{gardening}/messages/", **form)

    page = Page(response.text)
    assert (response.status_code, page.one("typed-message").text) == (401, "\ntomatoes")
    assert page.link("Log in") == f"{LOGIN}?next=/groups/{gardening}/"


def test_a_text_that_comes_after_the_membership_has_ended_is_shown_to_be_copied(bob, gardening):
    response = bob.says(gardening, "tomatoes")

    assert (response.status_code, Page(response.text).one("typed-message").text) == (403, "\ntomatoes")


# What is sent to each address: who does it, on which page the form is, and what is typed.
FORMS = {
    "/groups/": ("alice", "/", {"name": "Cooking"}),
    "/groups/{uuid}/messages/": ("alice", "/groups/{uuid}/", {"message": "hi"}),
    "/groups/{uuid}/join/": ("bob", "/", {}),
    "/groups/{uuid}/leave/": ("alice", "/groups/{uuid}/", {}),
    SIGNUP: ("visitor", SIGNUP, {"username": "cleo"} | TYPED_PASSWORD),
    LOGIN: ("visitor", LOGIN, {"username": "alice", "password": PASSWORD}),
    LOGOUT: ("alice", "/", {}),
    SESSIONS: ("alice", SESSIONS, {"session": "others"}),
    CHANGE: ("alice", CHANGE, {"password": PASSWORD} | NEW_PASSWORD),
    "/accounts/reset/{token}/": ("visitor", "/accounts/reset/{token}/", NEW_PASSWORD),
    "/admin/user/create": ("alice", "/admin/user/create", {"username": "cleo", "password": PASSWORD}),
    "/admin/user/edit/2": ("alice", "/admin/user/edit/2", {"username": "robert"}),
    "/admin/user/reset/2": ("alice", "/admin/user/details/2", {}),
    "/admin/user/delete?pks=2": ("alice", "/admin/user/delete?pks=2", {}),
    "/admin/group/create": ("alice", "/admin/group/create", {"name": "Cooking"}),
    "/admin/group/edit/1": ("alice", "/admin/group/edit/1", {"name": "Cooking"}),
    "/admin/group/delete?pks=1": ("alice", "/admin/group/delete?pks=1", {}),
    "/admin/membership/create": ("alice", "/admin/membership/create", {"group": "Gardening", "user": "bob"}),
    "/admin/membership/delete?pks=1%3B1": ("alice", "/admin/membership/delete?pks=1;1", {}),
    "/admin/message/create": ("alice", "/admin/message/create", {"group": "Gardening", "content": "hi"}),
    "/admin/message/edit/1;2": ("alice", "/admin/message/edit/1;2", {"content": "beans"}),
    "/admin/message/delete?pks=1%3B2": ("alice", "/admin/message/delete?pks=1;2", {}),
    "/admin/event/create": ("alice", "/admin/event/create", {"group": "Gardening", "user": "bob", "type": "Join"}),
    "/admin/event/edit/1;1": ("alice", "/admin/event/edit/1;1", {"description": "came"}),
    "/admin/event/delete?pks=1%3B1": ("alice", "/admin/event/delete?pks=1;1", {}),
}


@pytest.fixture
def link_for(site, state):
    """A link with which somebody can set a new password: `link_for("bob")`."""
    return lambda name: site.portal.call(ResetLinks(state.database).path_for, name)


def everything(site, state):
    """All rows, but of sessions, which a repeat replaces, only as many as there are."""
    tables = {name: table for name, table in Base.metadata.tables.items() if name != "submissions"}

    def read(session):
        return {name: sorted(map(repr, session.execute(select(table)))) for name, table in tables.items()}

    found = site.portal.call(state.database.run_read, read)
    return found | {"sessions": [""] * len(found["sessions"])}


def posted(site, **values):
    """The paths to which something is posted."""
    for route in site.app._app.routes:
        inner = route.routes if isinstance(route, Mount) and route.routes else [route]
        before = route.path if inner != [route] else ""
        for each in inner:
            if "POST" in (getattr(each, "methods", None) or ()):
                yield (before + each.path).replace(":uuid", "").format(**values)
