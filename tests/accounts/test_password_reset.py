import pytest
from people import PASSWORD, HttpPerson, Page, closed
from sqlalchemy import select

from discussit.accounts.password_reset import ResetLinks
from discussit.models import User

CHANGE, LOGIN = "/accounts/password/", "/accounts/login/"
NEW = "another horse entirely"
HOUR = 3600


def changes(person, old=PASSWORD, new=NEW, again=None):
    return person.post(CHANGE, password=old, password1=new, password2=new if again is None else again)


def sets(person, link, new=NEW, again=None):
    return person.post(link, password1=new, password2=new if again is None else again)


def logs_in(person, password):
    return person.post(LOGIN, username=person.name, password=password).status_code == 303


@pytest.fixture
def link_for(site, state):
    """A link with which somebody can set a new password: `link_for("bob")`."""
    return lambda name: site.portal.call(ResetLinks(state.database).path_for, name)


@pytest.fixture
def elsewhere(site, bob):
    """Bob, in another browser."""
    elsewhere = HttpPerson(site, "bob")
    elsewhere.log_in()
    return elsewhere


# With the old one


def test_a_new_password_counts_from_now_on_and_the_old_one_does_not(bob):
    response = changes(bob)

    assert (response.status_code, "Your password is changed" in response.text) == (200, True)
    assert not logs_in(bob, PASSWORD)
    assert logs_in(bob, NEW)


def test_a_new_password_ends_all_other_sessions_immediately(site, alice, bob, elsewhere, gardening):
    bob.joins(gardening)
    with elsewhere.in_group(gardening) as there, bob.in_group(gardening) as here:
        changes(bob)

        assert closed(there) == 4401
        bob.says(gardening, "still here")
        assert here.receive_json()["content"] == "still here"
    assert [each.get("/").status_code for each in (bob, elsewhere, alice)] == [200, 303, 200]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("password", {"old": "wrong password"}),
        ("password", {"old": ""}),
        ("password1", {"new": "1234567"}),
        ("password1", {"new": "x" * 257}),
        ("password1", {"new": "password1"}),
        ("password2", {"again": "something else"}),
    ],
)
def test_an_invalid_change_is_reported_beside_its_field_and_changes_nothing(bob, elsewhere, field, fields):
    response = changes(bob, **fields)

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == [field]
    assert elsewhere.get("/").status_code == 200
    assert logs_in(bob, PASSWORD)


def test_the_new_password_can_not_be_ones_name(site):
    caroline = HttpPerson(site, "caroline")
    caroline.sign_up()

    assert Page(changes(caroline, new="Caroline").text).errors() == {"password1": "The password can't be the name."}


def test_a_refused_change_shows_no_password_again(bob):
    response = changes(bob, old="secret-old", new="secret-new")

    assert "secret" not in response.text


def test_a_visitor_changes_nothing(site, bob):
    visitor = HttpPerson(site, "visitor")

    assert visitor.get(CHANGE).headers["location"] == f"{LOGIN}?next={CHANGE}"
    assert changes(visitor).headers["location"].startswith(LOGIN)
    assert logs_in(bob, PASSWORD)


def test_every_page_leads_there(bob):
    assert bob.page("/").link("Change password") == CHANGE


# With a link


def test_a_link_says_whose_password_it_sets_and_does_nothing_by_being_opened(site, bob, link_for):
    page = HttpPerson(site, "visitor").page(link_for("bob"))

    assert "For the account bob." in page.one("content").text
    assert bob.get("/").status_code == 200


def test_a_link_sets_a_password_and_logs_in_here_and_out_elsewhere(site, bob, gardening, link_for):
    visitor = HttpPerson(site, "bob")
    with bob.at_home() as socket:
        response = sets(visitor, link_for("bob"))

        assert closed(socket) == 4401
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert (visitor.get("/").status_code, bob.get("/").status_code) == (200, 303)
    assert [logs_in(HttpPerson(site, "bob"), password) for password in (PASSWORD, NEW)] == [False, True]


def test_a_link_works_once(site, bob, link_for):
    link = link_for("bob")
    sets(bob, link)

    assert is_spent(HttpPerson(site, "visitor"), link)
    assert logs_in(bob, NEW)


def test_a_link_ends_with_the_password_that_it_was_to_replace(site, bob, link_for):
    link = link_for("bob")
    changes(bob)

    assert is_spent(HttpPerson(site, "visitor"), link)


def test_a_link_ends_with_its_account(site, state, bob, link_for):
    link = link_for("bob")
    site.portal.call(close_account, state.database, "bob")

    assert is_spent(HttpPerson(site, "visitor"), link)


@pytest.mark.parametrize(("age", "works"), [(HOUR - 60, True), (HOUR + 60, False)])
@pytest.mark.parametrize("direction", [1, -1], ids=["since its creation", "before it, where the clock was set back"])
def test_a_link_lives_for_an_hour(clock, site, bob, link_for, age, works, direction):
    visitor, link = HttpPerson(site, "visitor"), link_for("bob")

    clock.is_set(seconds=age * direction)

    assert (visitor.get(link).status_code == 200) is works
    assert (sets(visitor, link).status_code == 303) is works


CHANGED = {
    "cut": lambda link: link[:-5] + "/",
    "of another": lambda link: link.replace(link.split("/")[3].split(".")[0], "WzEsIiJd"),
    "unsigned": lambda link: link.rsplit(".", 1)[0] + "/",
    "made up": lambda link: "/accounts/reset/x/",
    "not ASCII": lambda link: "/accounts/reset/%C3%A9%00/",
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_an_invented_link_is_answered_like_a_used_one(site, bob, faultless, link_for, change):
    assert is_spent(HttpPerson(site, "visitor"), change(link_for("bob")))


def test_a_cookie_is_no_link(site, bob):
    assert is_spent(HttpPerson(site, "visitor"), f"/accounts/reset/{dict(bob.browser.cookies)['discussit_session']}/")


@pytest.mark.parametrize(("field", "fields"), [("password1", {"new": "password1"}), ("password2", {"again": "x"})])
def test_a_refused_password_does_not_use_the_link_up(site, bob, link_for, field, fields):
    link = link_for("bob")

    response = sets(bob, link, **fields)

    assert (response.status_code, list(Page(response.text).errors())) == (400, [field])
    assert sets(bob, link).status_code == 303


def test_another_site_can_not_use_a_link(site, bob, link_for):
    response = bob.browser.post(link_for("bob"), data={"password1": NEW}, headers={"Sec-Fetch-Site": "cross-site"})

    assert response.status_code == 403


@pytest.mark.parametrize("age", [0, HOUR + 60])
def test_the_address_of_a_link_is_sent_to_nobody(clock, site, bob, link_for, age):
    link = link_for("bob")
    clock.is_set(seconds=age)

    headers = HttpPerson(site, "visitor").get(link).headers

    assert (headers["referrer-policy"], headers["cache-control"]) == ("strict-origin", "no-store")


def test_a_link_holds_nothing_of_the_password(site, state, bob, link_for):
    assert stored(site, state, "bob").rsplit("$", 1)[1] not in link_for("bob")


def is_spent(person, link):
    """Neither opening nor using it does more than say so."""
    answers = person.get(link), sets(person, link, new="yet another horse")
    return all(each.status_code == 404 and "does not work any more" in each.text for each in answers)


def stored(site, state, name):
    password = select(User.password).where(User.username == name)
    return site.portal.call(state.database.run_read, lambda session: session.scalar(password))


async def close_account(database, name):
    async with database.transaction() as session:
        await (await session.scalar(select(User).where(User.username == name))).close()
