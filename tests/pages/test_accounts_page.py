import re
from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize
from urllib.parse import urlencode

import hostile
import names
import pytest
from people import PASSWORD, HttpPerson, Page, closed
from sqlalchemy import select

from discussit.accounts.password_reset import ResetLinks
from discussit.models import User
from discussit.models.accounts import FormerName

LOGIN, SIGNUP, LOGOUT = "/accounts/login/", "/accounts/signup/", "/accounts/logout/"


# Signing up


def test_a_sign_up_logs_in_and_leads_home(site):
    cleo = HttpPerson(site, "cleo")

    response = cleo.sign_up()

    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert "cleo" in cleo.page("/").one("menu").text


def test_the_first_account_of_a_server_is_its_superuser_and_the_page_says_so(site):
    cleo = HttpPerson(site, "cleo")

    before = cleo.get(SIGNUP).text
    cleo.sign_up()

    assert "so you'll be the administrator" in before
    assert cleo.creates("Gardening")


def test_the_second_account_is_no_superuser_and_the_page_promises_nothing(site, alice):
    bob = HttpPerson(site, "bob")

    before = bob.get(SIGNUP).text
    bob.sign_up()

    assert "administrator" not in before
    assert bob.get("/admin/").status_code == 403


def test_simultaneous_first_accounts_make_one_superuser(site, state):
    people = [HttpPerson(site, name) for name in ("alice", "bob", "cleo", "dan")]

    with ThreadPoolExecutor() as at_once:
        statuses = [response.status_code for response in at_once.map(HttpPerson.sign_up, people)]

    assert statuses == [303] * 4
    assert sorted(user.is_superuser for user in all_users(site, state)) == [False, False, False, True]


def test_simultaneous_sign_ups_with_one_name_make_one_account(site, state):
    with ThreadPoolExecutor() as at_once:
        responses = list(at_once.map(HttpPerson.sign_up, [HttpPerson(site, "alice"), HttpPerson(site, "Alice")]))

    assert sorted(response.status_code for response in responses) == [303, 400]
    assert len(all_users(site, state)) == 1


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("username", {"username": ""}),
        ("username", {"username": "a b"}),
        ("username", {"username": "<b>"}),
        ("username", {"username": "x" * 151}),
        ("username", {"username": hostile.GROWING}),
        ("username", {"username": "a\0b"}),
        ("username", {"username": "ALICE"}),
        ("username", {"username": "\uff41lice"}),
        ("password1", {"password1": "1234567", "password2": "1234567"}),
        ("password1", {"password1": "x" * 257, "password2": "x" * 257}),
        ("password1", {"username": "cleopatra", "password1": "Cleopatra", "password2": "Cleopatra"}),
        ("password2", {"password2": "another one"}),
        ("password2", {"password2": ""}),
    ],
)
def test_an_invalid_sign_up_is_reported_beside_its_field(site, alice, faultless, field, fields):
    visitor = HttpPerson(site, "cleo")

    response = visitor.post(SIGNUP, **{"username": "cleo", "password1": PASSWORD, "password2": PASSWORD} | fields)

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == [field]
    assert visitor.get("/").status_code == 303


@pytest.mark.parametrize("name", ["Maria Schmidt", " Maria  de la Cruz "])
def test_a_name_with_spaces_is_refused_for_them(site, name):
    response = HttpPerson(site, name).sign_up()

    refusal = "Names can't contain spaces. Use a dot, a hyphen or an underscore instead."
    assert Page(response.text).errors() == {"username": refusal}


@pytest.mark.parametrize("name", ["Maria <Schmidt>", "<b>", "a\u00b4b", "x " * 151])
def test_a_name_with_other_signs_is_refused_with_what_it_may_have(site, name):
    response = HttpPerson(site, name).sign_up()

    refusal = "A name has 1 to 150 letters, digits and the characters @ . + - _"
    assert Page(response.text).errors() == {"username": refusal}


@pytest.mark.parametrize("fields", [{"password1": "password1", "password2": "password1"}, {"password2": "x"}])
def test_a_taken_name_is_reported_only_if_all_else_is_right(site, alice, fields):
    response = HttpPerson(site, "alice").post(
        SIGNUP, **{"username": "alice", "password1": PASSWORD, "password2": PASSWORD} | fields
    )

    assert "username" not in Page(response.text).errors()


def test_a_refused_sign_up_keeps_the_name_and_no_password(site):
    response = HttpPerson(site, "cleo").post(SIGNUP, username="cleo", password1="secret-one", password2="secret-two")

    assert Page(response.text).one("field-username")["value"] == "cleo"
    assert "secret" not in response.text


def test_names_with_markup_signs_are_shown_as_text(site):
    response = HttpPerson(site, "cleo").post(SIGNUP, username='"><script>x', password1=PASSWORD, password2=PASSWORD)

    assert "<script>x" not in response.text
    assert Page(response.text).one("field-username")["value"] == '"><script>x'


@pytest.fixture
def closed_to_newcomers(environment):
    """Named before people, since a site reads it when it starts."""
    environment.setenv("SIGNUP", "closed")


@pytest.mark.usefixtures("closed_to_newcomers")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_is_closed_to_newcomers_says_so(site, alice, method):
    response = site.request(method, SIGNUP, data={"username": "cleo", "password1": PASSWORD, "password2": PASSWORD})

    assert (response.status_code, "Sign-up is closed" in response.text) == (403, True)
    assert SIGNUP not in site.get(LOGIN).text


@pytest.mark.usefixtures("closed_to_newcomers")
def test_a_closed_server_without_accounts_has_its_first_one_signed_up(site):
    people = [HttpPerson(site, name) for name in ("alice", "bob", "cleo")]

    with ThreadPoolExecutor() as at_once:
        statuses = [response.status_code for response in at_once.map(HttpPerson.sign_up, people)]

    assert sorted(statuses) == [303, 403, 403]


def test_an_open_servers_login_page_leads_to_the_sign_up(site):
    assert Page(site.get(LOGIN).text).link("Sign up") == SIGNUP


# Logging in


def test_a_login_leads_home(site, alice):
    response = HttpPerson(site, "alice").log_in()

    assert (response.status_code, response.headers["location"]) == (303, "/")


@pytest.mark.parametrize("name", ["ALICE", "Alice", "\uff41lice", " alice "])
def test_a_name_logs_in_whatever_its_case_and_form(site, alice, name):
    assert HttpPerson(site, name).log_in().status_code == 303


@pytest.mark.parametrize("name", names.ACCOUNTS)
def test_a_name_in_any_script_signs_up_and_logs_in(site, name):
    person = HttpPerson(site, name)

    assert person.sign_up().status_code == 303
    assert person.log_in().status_code == 303
    assert f"Signed in as {normalize('NFKC', name)}" in person.page("/").one("menu").text


@pytest.fixture
def renamed(site, state, bob):
    """The account that was called everyone, until a migration gave it the name that bob has."""
    site.portal.call(remember_name, state.database, "everyone", bob.name)
    return HttpPerson(site, "Everyone")


async def remember_name(database, name, present):
    async with database.transaction() as session:
        user = await session.scalar(select(User).where(User.username == present))
        session.add(FormerName(key=name, user_id=user.id))


def test_whoever_was_renamed_is_told_the_new_name_and_logs_in_with_it(renamed):
    response = renamed.log_in(next="/accounts/password/")

    assert response.status_code == 400
    assert "Your account is now called bob," in Page(response.text).errors()["username"]
    sent = Page(response.text).form(LOGIN) | {"password": PASSWORD}
    assert renamed.post(LOGIN, **sent).headers["location"] == "/accounts/password/"


def test_a_reset_link_for_the_old_name_says_the_new_one(site, state, renamed):
    link = site.portal.call(ResetLinks(state.database).path_for, "everyone")

    assert "For the account bob." in renamed.page(link).one("content").text


def test_nobody_else_is_told_who_was_renamed(site, renamed):
    wrong = renamed.post(LOGIN, username="everyone", password="wrong password")
    unknown = renamed.post(LOGIN, username="someone", password="wrong password")

    form_id = re.compile('value="[0-9a-f]{32}"')
    assert wrong.status_code == unknown.status_code == 400
    assert form_id.sub("", wrong.text) == form_id.sub("", unknown.text).replace("someone", "everyone")


def test_a_right_password_with_the_old_name_is_no_wrong_guess(renamed):
    statuses = {renamed.log_in().status_code for _ in range(12)}

    assert statuses == {400}


@pytest.mark.parametrize("name", ["everyone", "Everyone", "EVERYONE", " everyone ", "\uff25veryone", "\u24d4veryone"])
def test_everyone_is_nobodys_name(site, alice, name):
    response = HttpPerson(site, name).sign_up()

    assert Page(response.text).errors() == {"username": "This name is reserved. Choose another."}


def test_a_name_that_contains_everyone_is_a_name(site):
    assert HttpPerson(site, "everyone_1").sign_up().status_code == 303


@pytest.mark.parametrize(
    ("path", "field", "length"),
    [(SIGNUP, "field-username", 150), (LOGIN, "field-username", 150), ("/", "field-name", 30)],
)
def test_no_field_cuts_off_a_name_of_letters_that_browsers_count_twice(alice, path, field, length):
    page = (HttpPerson(alice.browser, "visitor") if path != "/" else alice).page(path)

    assert int(page.one(field)["maxlength"]) >= 2 * length


@pytest.mark.parametrize(("name", "typed"), [(names.JOINED, names.UNJOINED), (names.UNJOINED, names.JOINED)])
def test_a_name_logs_in_and_is_taken_with_and_without_joiners(site, name, typed):
    HttpPerson(site, name).sign_up()

    assert HttpPerson(site, typed).log_in().status_code == 303
    assert Page(HttpPerson(site, typed).sign_up().text).errors() == {"username": "This name is taken."}


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "alice", "password": "wrong password"},
        {"username": "alice", "password": ""},
        {"username": "nobody", "password": PASSWORD},
        {"username": "", "password": ""},
        {"username": "a\0b", "password": "\0"},
        {"username": "x" * 10_000, "password": "x" * 10_000},
        {"username": hostile.GROWING, "password": PASSWORD},
        {},
    ],
)
def test_a_wrong_login_gets_the_same_answer_whatever_is_wrong(site, alice, faultless, fields):
    visitor = HttpPerson(site, "visitor")

    response = visitor.post(LOGIN, **fields)

    assert response.status_code == 400
    assert "This name and password don't belong together." in Page(response.text).one("content").text
    assert visitor.get("/").status_code == 303


def test_a_closed_account_logs_in_no_more(site, state, alice):
    site.portal.call(close_account, state.database)

    assert HttpPerson(site, "alice").log_in().status_code == 400


def test_a_closed_accounts_sessions_have_ended(site, state, alice):
    with alice.at_home() as socket:
        site.portal.call(close_account, state.database)

        assert closed(socket) == 4401
    assert alice.get("/").status_code == 303


def test_asking_for_the_login_pages_head_logs_nobody_in(site, alice):
    assert HttpPerson(site, "visitor").browser.head(LOGIN).status_code == 200


def test_a_logged_in_user_is_led_past_the_login_page(alice):
    assert alice.get(LOGIN).headers["location"] == "/"


def test_a_logged_in_user_is_led_past_the_login_page_to_where_it_leads(alice, gardening):
    target = f"/groups/{gardening}/"

    assert alice.get(f"{LOGIN}?account={alice.account}&next={target}").headers["location"] == target


def test_the_owner_of_a_page_can_log_in_beside_another_account(alice, bob):
    page = bob.page(f"{LOGIN}?account={alice.account}")

    assert "You're logged in as bob." in page.one("content").text
    assert bob.post(LOGIN, username="alice", password=PASSWORD).status_code == 303
    assert "alice" in bob.page("/").one("menu").text


def test_logging_in_again_ends_the_session_before(alice):
    with alice.at_home() as socket:
        alice.log_in()

        assert closed(socket) == 4401
    assert alice.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/groups/x/", "/?a=b&c=d", "/accounts/login/?next=//evil.example", "/%2F/x"])
def test_a_login_leads_to_the_path_that_was_asked_for(site, alice, path):
    visitor = HttpPerson(site, "alice")

    field = [each for each in visitor.page(f"{LOGIN}?{query(path)}").elements if each.get("name") == "next"]

    assert [each["value"] for each in field] == [path]
    assert visitor.log_in(next=path).headers["location"] == path


FOREIGN = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\u200b/evil.example",
    "javascript:alert(1)",
    "//user@localhost:80/",
    "/\0",
    "",
]


@pytest.mark.parametrize("path", FOREIGN)
def test_a_login_leads_nowhere_else(site, alice, path):
    visitor = HttpPerson(site, "alice")

    field = [each for each in visitor.page(f"{LOGIN}?{query(path)}").elements if each.get("name") == "next"]

    assert [each["value"] for each in field] == ["/"]
    assert visitor.log_in(next=path).headers["location"] == "/"


def test_a_refused_login_still_knows_where_to_lead(site, alice):
    response = HttpPerson(site, "alice").post(LOGIN, username="alice", password="wrong password", next="/groups/x/")

    assert [each["value"] for each in Page(response.text).elements if each.get("name") == "next"] == ["/groups/x/"]


# Logging out


def test_a_logout_ends_the_session(alice):
    response = alice.log_out()

    assert (response.status_code, response.headers["location"]) == (303, LOGIN)
    assert alice.get("/").status_code == 303


def test_a_logged_out_cookie_is_worth_nothing(site, alice):
    kept = dict(alice.browser.cookies)
    alice.log_out()

    alice.browser.cookies.update(kept)

    assert alice.get("/").status_code == 303


def test_a_logout_closes_the_sockets_of_its_session(alice, gardening):
    with alice.at_home() as home, alice.in_group(gardening) as group:
        alice.log_out()

        assert (closed(home), closed(group)) == (4401, 4401)


def test_a_logout_leaves_the_persons_other_browser_alone(site, alice, gardening):
    elsewhere = HttpPerson(site, "alice")
    elsewhere.log_in()

    with elsewhere.in_group(gardening) as socket:
        alice.log_out()
        elsewhere.says(gardening, "still here")

        assert socket.receive_json()["content"] == "still here"


def test_a_visitor_can_log_out_all_the_same(site):
    assert HttpPerson(site, "visitor").log_out().headers["location"] == LOGIN


def test_a_link_can_log_nobody_out(alice):
    assert alice.get(LOGOUT).status_code == 405
    assert alice.get("/").status_code == 200


def all_users(site, state):
    return site.portal.call(state.database.run_read, lambda session: session.scalars(select(User)).all())


async def close_account(database):
    async with database.transaction() as session:
        await (await session.scalar(select(User).where(User.username == "alice"))).close()


def query(path):
    return urlencode({"next": path})
