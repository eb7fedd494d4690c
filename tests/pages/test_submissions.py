"""Forms act for the account whose page they were on, and once, however often they are sent."""

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from people import PASSWORD, HttpPerson, Page
from sqlalchemy import select, update
from starlette.routing import Mount
from starlette.testclient import TestClient

from discussit.accounts.password_reset import ResetLinks
from discussit.app import create_app
from discussit.models import Base, Session, Submission
from discussit.models.accounts import IDLE_LIMIT
from discussit.models.base import now
from discussit.pages import submissions
from discussit.settings import TEMPLATES, Settings

LOGIN, SIGNUP, LOGOUT = "/accounts/login/", "/accounts/signup/", "/accounts/logout/"
SESSIONS, CHANGE, SETTINGS = "/accounts/sessions/", "/accounts/password/", "/accounts/settings/"
NEW = "another horse entirely"
NEW_PASSWORD = {"password1": NEW, "password2": NEW}
TYPED_PASSWORD = {"password1": PASSWORD, "password2": PASSWORD}


# Every form


def test_every_form_says_its_id_and_whose_page_it_is_on(alice, bob, gardening):
    says_and_edits(alice, gardening)
    bob.post("/groups/", name="Roses", access="closed")
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

    for path in posted(site, uuid=gardening, seq=2, id=1, token="x", identity="user", pk="2"):
        response = alice.post(path, account=bob.account, message="hi", name="Cooking", session="others")
        assert (path, response.status_code) == (path, 409)

    assert everything(site, state) == before


def test_a_message_from_another_accounts_page_is_shown_to_be_copied(alice, bob, gardening, stale):
    bob.joins(gardening)
    form = stale(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message="</textarea> tomatoes\r\nbeans")

    response = alice.post(f"/groups/{gardening}/messages/", **form)

    assert response.status_code == 409
    assert "now logged in as bob" in response.text
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


# Repeats

# What is sent to each address: who does it, on which page the form is, and what is typed.
FORMS = {
    "/groups/": ("alice", "/", {"name": "Cooking"}),
    "/groups/{uuid}/messages/": ("alice", "/groups/{uuid}/", {"message": "hi"}),
    "/groups/{uuid}/messages/2/edit/": ("alice", "/groups/{uuid}/messages/2/edit/", {"message": "beans"}),
    "/groups/{uuid}/messages/2/reactions/": ("alice", "/groups/{uuid}/messages/2/actions/", {"emoji": "🍅"}),
    "/groups/{uuid}/messages/3/history/forget/": ("alice", "/groups/{uuid}/messages/3/history/forget/", {}),
    "/groups/{uuid}/messages/2/delete/": ("alice", "/groups/{uuid}/messages/2/delete/", {}),
    "/groups/{uuid}/messages/2/unread/": ("carol", "/groups/{uuid}/messages/2/actions/", {}),
    "/groups/{uuid}/read/": ("carol", "/groups/{uuid}/", {}),
    "/groups/{uuid}/preferences/": ("carol", "/groups/{uuid}/preferences/", {"mute": "1h"}),
    "/groups/{uuid}/join/": ("bob", "/", {}),
    "/groups/{uuid}/leave/": ("alice", "/groups/{uuid}/", {}),
    "/groups/{uuid}/invitations/": ("alice", "/groups/{uuid}/invitations/", {}),
    "/groups/{uuid}/invitations/1/revoke/": ("alice", "/groups/{uuid}/invitations/", {}),
    "/invitations/": ("alice", "/invitations/", {}),
    "/invitations/2/revoke/": ("alice", "/invitations/", {}),
    "/invitations/{invitation}/": ("bob", "/invitations/{invitation}/", {}),
    "/groups/{uuid}/members/": ("alice", "/groups/{uuid}/members/", {"username": "bob"}),
    "/groups/{uuid}/members/role/": ("alice", "/groups/{uuid}/members/", {"username": "carol", "role": "owner"}),
    "/groups/{uuid}/members/remove/": ("alice", "/groups/{uuid}/members/", {"username": "carol"}),
    "/groups/{uuid}/settings/": ("alice", "/groups/{uuid}/settings/", {"name": "Cooking"}),
    "/messages/new/": ("alice", "/messages/new/", {"username": ""}),
    SIGNUP: ("visitor", SIGNUP, {"username": "cleo"} | TYPED_PASSWORD),
    LOGIN: ("visitor", LOGIN, {"username": "alice", "password": PASSWORD}),
    LOGOUT: ("alice", "/", {}),
    SETTINGS: ("alice", SETTINGS, {"direct": "nobody"}),
    SESSIONS: ("alice", SESSIONS, {"session": "others"}),
    CHANGE: ("alice", CHANGE, {"password": PASSWORD} | NEW_PASSWORD),
    "/accounts/reset/{token}/": ("visitor", "/accounts/reset/{token}/", NEW_PASSWORD),
    "/admin/user/create": ("alice", "/admin/user/create", {"username": "cleo", "password": PASSWORD}),
    "/admin/user/edit/2": ("alice", "/admin/user/edit/2", {"username": "robert"}),
    "/admin/user/reset/2": ("alice", "/admin/user/details/2", {}),
    "/admin/user/delete?pks=2": ("alice", "/admin/user/delete?pks=2", {}),
    "/admin/group/create": ("alice", "/admin/group/create", {"name": "Cooking"}),
    "/admin/group/edit/1": ("alice", "/admin/group/edit/1", {"name": "Cooking"}),
    "/admin/group/join/2": ("alice", "/admin/group/details/2", {}),
    "/admin/group/delete?pks=1": ("alice", "/admin/group/delete?pks=1", {}),
    "/admin/membership/create": ("alice", "/admin/membership/create", {"group": "Gardening", "user": "bob"}),
    "/admin/membership/delete?pks=1%3B1": ("alice", "/admin/membership/delete?pks=1;1", {}),
    "/admin/message/delete?pks=1%3B2": ("alice", "/admin/message/delete?pks=1;2", {}),
}
HAVE_NO_EFFECT = {"/admin/user/reset/2"}  # each answer has a link; they work once, all together


@pytest.fixture
def filled(site, alice, bob, gardening, link_for):
    """`filled(address)`: one of FORMS; who sends it, where, and what."""
    HttpPerson(site, "alice").log_in()  # in another browser
    says_and_edits(alice, gardening)
    carol = HttpPerson(site, "carol")  # has something to read
    carol.sign_up()
    carol.joins(gardening)
    alice.says(gardening, "beans")
    carol.post("/groups/", name="Roses", access="closed")
    bob.joins(alice.founds("Kitchen"))  # so that he may be added to Gardening by name
    links = [alice.post(f"{place}invitations/").text for place in (f"/groups/{gardening}/", "/")]
    invitation = re.search(r"/invitations/([\w-]{22})/", links[0])[1]
    values = {"uuid": gardening, "token": link_for("alice").split("/")[-2], "invitation": invitation}
    people = {"alice": alice, "bob": bob, "carol": carol, "visitor": HttpPerson(site, "visitor")}

    def filled(address):
        name, path, typed = FORMS[address]
        action = address.format(**values)
        page = people[name].page(path.format(**values))
        return people[name], action, page.form(None if "token" in address else action) | typed

    return filled


def test_every_route_is_repeated(site, alice):
    alice.get("/admin/")
    values = {name: f"{{{name}}}" for name in ("uuid", "seq", "id", "token", "identity", "pk")}

    assert {as_route(address) for address in FORMS} == set(posted(site, **values))


@pytest.mark.parametrize("address", FORMS)
def test_a_repeated_form_has_the_effect_and_the_answer_of_the_first(site, state, filled, address):
    person, action, form = filled(address)
    before = everything(site, state)

    first = person.post(action, **form)
    done = everything(site, state)
    second = person.post(action, **form)

    assert first.status_code in (200, 303)
    assert answer(second) == answer(first)
    assert (done == before) == (address in HAVE_NO_EFFECT)
    assert everything(site, state) == done


@pytest.fixture
def other_site(scene, site):
    """The application once more on the same database, as in another process."""
    with TestClient(create_app(Settings.from_environment())) as other_site:
        yield other_site


@pytest.mark.parametrize("address", FORMS)
def test_simultaneous_repeats_have_one_effect_and_one_answer(site, other_site, state, filled, address):
    person, action, form = filled(address)
    before = everything(site, state)

    answers = clicks(person, (site, other_site), action, form)
    done = everything(site, state)

    assert len({answer(each) for each in answers}) == 1, answers
    assert answers[0].status_code in (200, 303)
    assert [table for table in done if len(done[table]) > len(before[table]) + 1] == []
    assert answer(person.post(action, **form)) == answer(answers[0])
    assert everything(site, state) == done


def clicks(person, sites, action, form):
    """What the same form is answered, sent three times to each of these sites, all at the same time."""
    browsers = [HttpPerson(site, person.name) for site in (*sites, *sites, *sites)]
    for each in browsers:
        each.browser.cookies.update(person.browser.cookies)
        each.get("/healthz")
    with ThreadPoolExecutor(len(browsers)) as at_once:
        return list(at_once.map(lambda each: each.post(action, **form), browsers))


# Signing up and logging in again


def test_a_second_click_on_sign_up_logs_in_by_the_second_answer(site, state, alice):
    cleo, lost = HttpPerson(site, "cleo"), HttpPerson(site, "cleo")
    form = cleo.fills(SIGNUP, SIGNUP, username="cleo", **TYPED_PASSWORD)

    lost.post(SIGNUP, **form)
    response = cleo.post(SIGNUP, **form)

    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert "cleo" in cleo.page("/").one("menu").text
    assert lost.get("/").status_code == 303  # nobody has that cookie
    assert len(cleo.page(SESSIONS).forms()) == 2  # of one session, and of the menu


def test_somebody_else_with_the_same_name_is_told_that_it_is_taken(site, alice):
    response = HttpPerson(site, "visitor").post(SIGNUP, username="alice", form_id="1", **TYPED_PASSWORD)

    assert Page(response.text).errors() == {"username": "This name is taken."}


def test_a_sign_up_on_somebodys_page_is_repeated_by_the_new_account(alice):
    form = alice.fills(SIGNUP, SIGNUP, username="cleo", **TYPED_PASSWORD)
    alice.post(SIGNUP, **form)

    response = alice.post(SIGNUP, **form)

    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert "cleo" in alice.page("/").one("menu").text


def test_a_repeated_login_leaves_one_session(site, alice):
    form = HttpPerson(site, "alice").fills(LOGIN, LOGIN, username="alice", password=PASSWORD)

    for _ in range(3):
        HttpPerson(site, "alice").post(LOGIN, **form)

    assert len([each for each in alice.page(SESSIONS).elements if each.get("class") == "session"]) == 2  # with hers


def test_the_same_login_form_logs_in_again_after_a_logout(site, alice):
    visitor = HttpPerson(site, "alice")
    form = visitor.fills(LOGIN, LOGIN, username="alice", password=PASSWORD)

    for _ in range(2):
        visitor.post(LOGIN, **form)
        assert visitor.get("/").status_code == 200
        visitor.log_out()


def test_the_same_login_form_logs_in_again_after_its_session_is_over(site, state, alice):
    visitor = HttpPerson(site, "alice")
    form = visitor.fills(LOGIN, LOGIN, username="alice", password=PASSWORD)
    visitor.post(LOGIN, **form)
    site.portal.call(leave_all_sessions, state.database)

    visitor.post(LOGIN, **form)

    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_form_that_began_a_session_opens_nothing_after_a_change_of_the_password(site, alice, path):
    cleo, thief = HttpPerson(site, "cleo"), HttpPerson(site, "thief")
    cleo.sign_up()
    form = thief.fills(path, path, username="cleo", password=PASSWORD, **TYPED_PASSWORD)
    HttpPerson(site, "cleo").post(path, **form)
    cleo.post(CHANGE, password=PASSWORD, **NEW_PASSWORD)

    assert thief.post(path, **form).status_code == 400
    assert thief.get("/").status_code == 303


# What is no repeat


def test_another_text_from_the_same_page_is_another_message(alice, gardening):
    form = alice.fills(f"/groups/{gardening}/", f"/groups/{gardening}/messages/")

    for text in ("tomatoes", "beans", "beans"):
        alice.post(f"/groups/{gardening}/messages/", **form | {"message": text})

    assert [text for _, text in alice.page(f"/groups/{gardening}/").log()][1:] == ["alice tomatoes", "alice beans"]


def test_the_same_text_from_another_page_is_another_message(alice, gardening):
    for _ in range(2):
        form = alice.fills(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message="yes")
        alice.post(f"/groups/{gardening}/messages/", **form)

    assert len(alice.page(f"/groups/{gardening}/").log()) == 3


def test_the_form_of_a_client_that_uses_one_id_for_all_is_each_persons_own(alice, bob, gardening):
    for person in (alice, bob):
        person.post(f"/groups/{gardening}/join/", form_id="1")

    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_a_form_that_was_refused_may_be_sent_again(alice, bob, gardening):
    form = bob.fills("/", f"/groups/{gardening}/join/") | {"message": "hi"}
    assert bob.post(f"/groups/{gardening}/messages/", **form).status_code == 403
    bob.joins(gardening)

    assert bob.post(f"/groups/{gardening}/messages/", **form).status_code == 303


def test_a_repeat_that_comes_late_does_not_undo_what_was_done_since(bob, gardening):
    form = bob.fills("/", f"/groups/{gardening}/join/")
    bob.post(f"/groups/{gardening}/join/", **form)
    bob.leaves(gardening)

    assert bob.post(f"/groups/{gardening}/join/", **form).headers["location"] == "/"

    assert bob.get(f"/groups/{gardening}/").status_code == 403


# Limits


def test_a_repeat_is_not_counted_as_another_message(one_a_second, alice, gardening):
    forms = [
        alice.fills(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message=f"message {n}") for n in range(5)
    ]

    statuses = {alice.post(f"/groups/{gardening}/messages/", **form).status_code for form in forms + forms}

    assert statuses == {303}
    assert len(alice.page(f"/groups/{gardening}/").log()) == 6


def test_simultaneous_repeats_count_as_one_message(one_a_second, site, alice, gardening):
    form = alice.fills(f"/groups/{gardening}/", f"/groups/{gardening}/messages/", message="hi")

    answers = clicks(alice, (site, site, site, site), f"/groups/{gardening}/messages/", form)

    assert {each.status_code for each in answers} == {303}
    assert len(alice.page(f"/groups/{gardening}/").log()) == 2


def test_a_form_is_known_after_hundreds_of_others(alice):
    for n in (*range(201), 0):
        alice.post("/groups/", name=f"Group {n}", form_id="1")

    names = [each.text for each in alice.page("/").elements if (each.get("id") or "").startswith("name-")]
    assert names.count("Group 0") == 1


def test_only_the_newest_submissions_are_kept(site, state, alice, monkeypatch):
    monkeypatch.setattr(submissions, "KEPT", 10)

    for n in range(15):
        alice.post("/groups/", name=f"Group {n}", form_id="1")

    kept = site.portal.call(state.database.run_read, lambda session: session.scalars(select(Submission)).all())
    assert [each.id for each in kept] == list(range(6, 16))


def test_no_password_can_be_guessed_from_what_is_kept(site, state, alice):
    alice.post(CHANGE, form_id="1", password=PASSWORD, **NEW_PASSWORD)

    (kept,) = site.portal.call(state.database.run_read, lambda session: session.scalars(select(Submission)).all())

    fields = sorted({"form_id": "1", "password": PASSWORD, **NEW_PASSWORD}.items())
    assert re.fullmatch("[0-9a-f]{64}", kept.key)
    assert kept.key != hashlib.sha256(json.dumps([CHANGE, "", fields]).encode()).hexdigest()


@pytest.fixture
def link_for(site, state):
    """A link with which somebody can set a new password: `link_for("bob")`."""
    return lambda name: site.portal.call(ResetLinks(state.database).path_for, name)


def says_and_edits(person, group):
    """Two messages, of which the second had another text before."""
    person.says(group, "tomatoes")
    person.says(group, "peas")
    person.edits(group, 3, "beans")


def answer(response):
    return response.status_code, response.headers.get("location"), "set-cookie" in response.headers


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
                yield (before + each.path).replace(":uuid", "").replace(":seq", "").format(**values)


def as_route(address):
    address = re.sub(r"/messages/\d/", "/messages/{seq}/", address.replace("{invitation}", "{token}"))
    address = re.sub(r"/invitations/\d/", "/invitations/{id}/", address)
    pattern = r"/admin/\w+/(create|edit|join|reset|delete)(/[^?]+)?"
    return re.sub(pattern, lambda found: f"/admin/{{identity}}/{found[1]}" + "/{pk}" * bool(found[2]), address).split(
        "?"
    )[0]


async def leave_all_sessions(database):
    """Have nobody seen for longer than a session lasts."""
    async with database.transaction() as session:
        await session.execute(update(Session).values(last_seen_at=now() - IDLE_LIMIT))
