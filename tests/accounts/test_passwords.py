from unicodedata import normalize

import pytest
from anyio import CapacityLimiter
from argon2 import PasswordHasher
from people import PASSWORD, HttpPerson, Page
from sqlalchemy import select
from waits import during, slow_hashing

from discussit.accounts import passwords
from discussit.accounts.password_reset import ResetLinks
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


# In Unicode's normal forms

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
UMLAUT = "Z\u00fcrcher \ufb01sch \u00bd"  # differs in all of them
LIGATURES = "\ufdfa" * 20  # of 18 characters each in NFKC: 360
UNORDERED = "\u0301\u0323" * 5_000  # would take long to normalize
LOGIN = "/accounts/login/"


def in_form(form, password=UMLAUT):
    return normalize(form, password)


def logs_in(person, password):
    return person.post(LOGIN, username=person.name, password=password).status_code == 303


@pytest.mark.parametrize("form", FORMS)
def test_a_password_is_the_same_in_every_form(site, form):
    cleo = HttpPerson(site, "cleo")

    cleo.post(SIGNUP, username="cleo", password1=in_form(form), password2=in_form(form))

    assert [logs_in(cleo, in_form(each)) for each in FORMS] == [True] * 4


def test_a_password_is_confirmed_and_changed_in_any_form(site):
    cleo = HttpPerson(site, "cleo")
    cleo.post(SIGNUP, username="cleo", password1=in_form("NFC"), password2=in_form("NFD"))
    new = [in_form(form, "gr\u00f6\u00dfer als vorher") for form in ("NFC", "NFD")]

    cleo.post("/accounts/password/", password=in_form("NFKD"), password1=new[0], password2=new[1])

    assert [logs_in(cleo, each) for each in (*new, UMLAUT)] == [True, True, False]


def test_a_reset_link_takes_a_password_in_any_form(site, state, alice):
    link = site.portal.call(ResetLinks(state.database).path_for, "alice")

    assert alice.post(link, password1=in_form("NFD"), password2=in_form("NFC")).status_code == 303

    assert [logs_in(alice, in_form(each)) for each in FORMS] == [True] * 4


@pytest.mark.parametrize("path", ["/admin/user/create", "/admin/user/edit/2"])
def test_an_administrators_password_is_the_same_in_every_form(site, alice, bob, path):
    name = "bob" if path.endswith("2") else "cleo"

    alice.post(path, username=name, password=in_form("NFD"))

    assert [logs_in(HttpPerson(site, name), in_form(each)) for each in FORMS] == [True] * 4


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("u\u0308" * 4, False),  # four characters
        ("u\u0308" * 256, True),
        ("\ufdfa" * 15, False),  # 270
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11", False),  # password1, in full width
        ("\uff43\uff4c\uff45\uff4f\uff50\uff41\uff54\uff52\uff41", False),  # the name
        ("x" * 1_025, False),
    ],
)
def test_the_rules_apply_to_the_normalized_password(site, password, is_taken):
    response = HttpPerson(site, "x").post(SIGNUP, username="cleopatra", password1=password, password2=password)

    assert response.status_code == (303 if is_taken else 400)
    assert is_taken or list(Page(response.text).errors()) == ["password1"]


@pytest.fixture
def hashed_as_typed(site, state, alice):
    """`hashed_as_typed("secret")`: alice has this password since a version that did not normalize it."""

    async def store(password):
        async with state.database.transaction() as session:
            (await session.scalar(select(User))).password = passwords.hasher.hash(password)

    return lambda password: site.portal.call(store, password)


@pytest.mark.parametrize("typed", [in_form("NFD"), LIGATURES, "u\u0308" * 600])
def test_a_password_that_was_hashed_as_typed_logs_in_and_changes_the_password(alice, hashed_as_typed, typed):
    hashed_as_typed(typed)

    changed = alice.post("/accounts/password/", password=typed, password1=PASSWORD, password2=PASSWORD)
    assert "Your password is changed" in changed.text

    hashed_as_typed(typed)
    assert [logs_in(alice, each) for each in (typed, typed, "wrong password")] == [True, True, False]


@pytest.mark.parametrize(("earlier", "now"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_password_that_was_hashed_as_typed_logs_in_from_another_keyboard(alice, hashed_as_typed, earlier, now):
    hashed_as_typed(in_form(earlier))

    assert not logs_in(alice, in_form(now, UMLAUT.lower()))
    assert logs_in(alice, in_form(now))


def test_a_login_hashes_the_password_again_in_its_normal_form(site, state, alice, hashed_as_typed):
    hashed_as_typed(in_form("NFD"))

    logs_in(alice, in_form("NFD"))

    assert passwords.hasher.verify(stored(site, state), in_form("NFKC"))
    assert [logs_in(alice, in_form(each)) for each in FORMS] == [True] * 4


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
@pytest.mark.parametrize(
    ("wrong", "hashes"),
    [("", 1), ("wrong password", 1), (in_form("NFKC"), 2), (UNORDERED, 1), (in_form("NFD"), 3), (LIGATURES, 2)],
)
def test_a_wrong_password_costs_the_same_whoever_it_is_for(site, counting, hashed_as_typed, name, wrong, hashes):
    hashed_as_typed(in_form("NFD", "another password \u00fc"))
    counting.hashed = 0

    site.post(LOGIN, data={"username": name, "password": wrong})

    assert (counting.verified, counting.hashed) == (hashes, 0)


@pytest.mark.parametrize("password", [PASSWORD, in_form("NFKC")])
def test_a_right_password_costs_one_hash(site, alice, counting, hashed_as_typed, password):
    hashed_as_typed(password)
    counting.hashed = 0

    assert logs_in(alice, password)
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


def test_a_login_that_waits_too_long_for_others_is_answered_and_not_counted(site, environment, alice, bob):
    environment.setattr(passwords, "hashing", CapacityLimiter(1))
    environment.setattr(passwords, "TURN_LIMIT", 0.01)
    with slow_hashing(environment) as halt, during(halt, HttpPerson(site, "cleo").sign_up):
        answers = [alice.log_in() for _ in range(12)]

    assert {answer.status_code for answer in answers} == {503}
    assert int(answers[0].headers["retry-after"]) > 0
    assert "Many people are logging in right now" in answers[0].text
    assert alice.log_in().status_code == 303


def test_a_password_that_waits_too_long_in_the_administration_is_answered(site, environment, alice):
    environment.setattr(passwords, "hashing", CapacityLimiter(1))
    environment.setattr(passwords, "TURN_LIMIT", 0.01)
    form = {"username": "dan", "password": PASSWORD}
    with slow_hashing(environment) as halt, during(halt, HttpPerson(site, "cleo").sign_up):
        answer = alice.post("/admin/user/create", **form)

    assert answer.status_code == 503
