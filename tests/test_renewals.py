import pytest
from people import PASSWORD, Page, Person, closed

CHANGE, LOGIN = "/accounts/password/", "/accounts/login/"
NEW = "another horse entirely"


def changes(person, old=PASSWORD, new=NEW, again=None):
    return person.post(CHANGE, password=old, password1=new, password2=new if again is None else again)


def logs_in(person, password):
    return person.post(LOGIN, username=person.name, password=password).status_code == 303


@pytest.fixture
def elsewhere(site, bob):
    """Bob, in another browser."""
    elsewhere = Person(site, "bob")
    elsewhere.log_in()
    return elsewhere


# With the old one


def test_a_new_password_counts_from_now_on_and_the_old_one_does_not(bob):
    response = changes(bob)

    assert (response.status_code, "Your password is changed" in response.text) == (200, True)
    assert not logs_in(bob, PASSWORD)
    assert logs_in(bob, NEW)


def test_a_new_password_ends_all_other_sessions_at_once(site, alice, bob, elsewhere, gardening):
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
def test_what_is_wrong_with_a_change_stands_beside_its_field_and_changes_nothing(bob, elsewhere, field, fields):
    response = changes(bob, **fields)

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == [field]
    assert elsewhere.get("/").status_code == 200
    assert logs_in(bob, PASSWORD)


def test_the_new_password_can_not_be_ones_name(site):
    caroline = Person(site, "caroline")
    caroline.sign_up()

    assert Page(changes(caroline, new="Caroline").text).errors() == {"password1": "The password can't be the name."}


def test_a_refused_change_shows_no_password_again(bob):
    response = changes(bob, old="secret-old", new="secret-new")

    assert "secret" not in response.text


def test_whoever_is_not_signed_in_changes_nothing(site, bob):
    visitor = Person(site, "visitor")

    assert visitor.get(CHANGE).headers["location"] == f"{LOGIN}?next={CHANGE}"
    assert changes(visitor).headers["location"].startswith(LOGIN)
    assert logs_in(bob, PASSWORD)


def test_every_page_leads_there(bob):
    assert bob.page("/").link("Change password") == CHANGE
