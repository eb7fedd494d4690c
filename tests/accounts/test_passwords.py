import pytest
from argon2 import PasswordHasher
from people import PASSWORD, HttpPerson, Page
from sqlalchemy import select

from discussit.accounts import passwords
from discussit.accounts.passwords import is_common
from discussit.models import User

HASHER = passwords.hasher  # as it is outside of tests
ADVISED = {"time_cost": 2, "memory_cost": 19456, "parallelism": 1}
SIGNUP = "/accounts/signup/"


# Which may be one


@pytest.mark.parametrize("password", ["password1", "PassWord1", "12345678", "fallen_angel"])
def test_a_common_password_is_refused_beside_its_field(site, password):
    cleo = HttpPerson(site, "cleo")

    response = cleo.post(SIGNUP, username="cleo", password1=password, password2=password)

    assert response.status_code == 400
    assert Page(response.text).errors()["password1"].startswith("This password is one of the most common ones.")


@pytest.mark.parametrize("password", ["password1 of cleo", "x" * 256, "🔑🔑🔑🔑🔑🔑🔑🔑", "        "])
def test_an_uncommon_password_is_taken_as_it_is(site, password):
    cleo = HttpPerson(site, "cleo")

    cleo.post(SIGNUP, username="cleo", password1=password, password2=password)
    cleo.log_out()

    assert cleo.post("/accounts/login/", username="cleo", password=password).status_code == 303


def test_the_common_ones_are_thousands_and_could_all_be_chosen_otherwise():
    comments, common = 3, passwords.COMMON.read_text().splitlines()

    assert all(line.startswith("#") for line in common[:comments])
    assert len(set(common[comments:])) == len(common) - comments > 8_000
    assert all(len(each) in passwords.LENGTH and is_common(each.upper()) for each in common[comments::100])


# How it is kept


def test_passwords_are_hashed_as_owasp_advises():
    assert not PasswordHasher(**ADVISED).check_needs_rehash(HASHER.hash(PASSWORD))


def test_an_unknown_name_costs_as_much_as_a_known_one():
    assert not HASHER.check_needs_rehash(passwords.DUMMY_HASH)


class Counting(PasswordHasher):
    """As cheap as all hashing in tests; it counts."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.hashed = self.verified = 0

    def hash(self, *arguments, **options):
        self.hashed += 1
        return super().hash(*arguments, **options)

    def verify(self, *arguments, **options):
        self.verified += 1
        return super().verify(*arguments, **options)


@pytest.fixture
def counting(environment):
    counting = Counting()
    environment.setattr(passwords, "hasher", counting)
    return counting


@pytest.mark.parametrize("name", ["alice", "bob", "nobody", "a\0b", "", "x" * 10_000])
def test_every_wrong_login_verifies_one_hash(site, alice, bob, counting, name):
    alice.post("/admin/user/delete?pks=2")

    site.post("/accounts/login/", data={"username": name, "password": "wrong password"})

    assert (counting.verified, counting.hashed) == (1, 0)


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_every_sign_up_hashes_once_whether_the_name_is_taken_or_not(site, alice, counting, name):
    HttpPerson(site, name).sign_up()

    assert (counting.verified, counting.hashed) == (0, 1)


def test_a_login_hashes_the_password_as_it_is_hashed_today(environment, site, state, alice):
    before = stored(site, state)
    environment.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))

    alice.log_in()

    assert "m=8,t=1" in before
    assert "m=16,t=2" in stored(site, state)
    assert alice.log_in().status_code == 303


def test_a_wrong_password_changes_nothing(environment, site, state, alice):
    before = stored(site, state)
    environment.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))

    alice.post("/accounts/login/", username="alice", password="wrong password")

    assert stored(site, state) == before


def stored(site, state):
    """Alice's password, as the database has it."""
    password = select(User.password).where(User.username == "alice")
    return site.portal.call(state.database.run_read, lambda session: session.scalar(password))
