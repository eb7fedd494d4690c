"""What operators read in the security log: logins, refusals, and nothing that anybody typed."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from people import PASSWORD, HttpPerson, Page, refused, stranger
from servers import WAYS, Server

from discussit.limits import throttles
from discussit.limits.throttles import Limit

NEW, WRONG = "another horse entirely", "wrong horse battery"
LOGIN, CHANGE, SESSIONS = "/accounts/login/", "/accounts/password/", "/accounts/sessions/"
RUNNING = Path(__file__).parents[2] / "docs" / "running.md"


def done(*lines):
    return [("INFO", f"{line} address=-") for line in lines]


def was_refused(*lines):
    return [("WARNING", f"{line} address=-") for line in lines]


# Coming in


def test_a_login_is_logged_with_its_account_and_address(site, alice, logged):
    stranger(site).post(LOGIN, username="alice", password=PASSWORD)

    assert logged() == [("INFO", "login done account=1 by=- address=203.0.113.9")]


def test_a_wrong_password_is_logged_with_its_account(site, alice, bob, logged):
    mallory = stranger(site)

    mallory.post(LOGIN, username="BOB", password=WRONG)
    mallory.post(LOGIN, username=PASSWORD, password="")

    assert logged() == [
        ("WARNING", "login refused account=2 by=- address=203.0.113.9"),
        ("WARNING", "login refused account=- by=- address=203.0.113.9"),
    ]


def test_a_sign_up_is_logged_and_so_is_its_login(site, logged):
    HttpPerson(site, "alice").sign_up()

    assert logged() == done("sign-up done account=1 by=-", "login done account=1 by=-")


def test_a_logout_is_logged_once(bob, logged):
    bob.log_out()
    bob.log_out()

    assert logged() == done("logout done account=2 by=2")


@pytest.mark.parametrize("ended", ["others", "theirs"])
def test_ended_sessions_are_logged_once(site, bob, logged, ended):
    HttpPerson(site, "bob").log_in()
    (theirs,) = set(re.findall(r'value="(\w{64})" id="end-2"', bob.get(SESSIONS).text))
    logged()

    for _ in range(2):
        bob.post(SESSIONS, session=theirs if ended == "theirs" else ended)

    assert logged() == done("session-end done account=2 by=2")


# Passwords


def test_a_changed_password_is_logged_and_so_is_a_wrong_old_one(bob, logged):
    for old, new, again in [(PASSWORD, "short", "short"), (WRONG, NEW, NEW), (PASSWORD, NEW, NEW)]:
        bob.post(CHANGE, password=old, password1=new, password2=again)

    (refusal, success) = logged()
    assert [refusal] == was_refused("password-change refused account=2 by=2")
    assert [success] == done("password-change done account=2 by=2")


def test_a_reset_link_is_logged_when_it_is_created_used_and_used_again(site, alice, bob, logged):
    link = Page(alice.post("/admin/user/reset/2").text).one("link").text
    visitor = HttpPerson(site, "visitor")
    visitor.post(link, password1=NEW, password2=NEW)
    visitor.get(link)

    *before, spent = logged()
    assert before == done(
        "reset-link done account=2 by=1", "password-reset done account=2 by=-", "login done account=2 by=-"
    )
    assert [spent] == was_refused("password-reset refused account=- by=2")


# Administration


@pytest.mark.parametrize(
    ("fields", "acts"),
    [
        ({"username": "bob"}, []),
        ({"username": "robert"}, ["account-rename"]),
        ({"username": "bob", "password": NEW}, ["account-password"]),
        ({"username": "bob", "is_superuser": "on"}, ["account-promote"]),
        (
            {"username": "robert", "password": NEW, "is_superuser": "on"},
            ["account-rename", "account-promote", "account-password"],
        ),
        ({"username": "alice"}, []),
    ],
)
def test_a_superusers_change_of_an_account_is_logged(alice, bob, logged, fields, acts):
    alice.post("/admin/user/edit/2", **fields)

    assert logged() == done(*(f"{act} done account=2 by=1" for act in acts))


def test_a_demoted_superuser_is_logged(alice, bob, logged):
    alice.post("/admin/user/edit/2", username="bob", is_superuser="on")
    logged()

    bob.post("/admin/user/edit/1", username="alice")
    alice.post("/admin/user/edit/2", username="bob")

    (success, refusal) = logged()
    assert [success] == done("account-demote done account=1 by=2")
    assert [refusal] == was_refused("administration refused account=- by=1")


@pytest.mark.parametrize(
    ("rights", "acts"), [({}, ["account-create"]), ({"is_superuser": "on"}, ["account-create", "account-promote"])]
)
def test_an_account_created_by_a_superuser_is_logged(alice, logged, rights, acts):
    alice.post("/admin/user/create", username="carol", password="short", **rights)
    alice.post("/admin/user/create", username="carol", password=PASSWORD, **rights)

    assert logged() == done(*(f"{act} done account=2 by=1" for act in acts))


def test_a_closed_account_is_logged_and_one_that_could_not_be_closed_is_not(alice, bob, logged):
    for keys in ("1,2", "2", "2"):
        alice.post(f"/admin/user/delete?pks={keys}")

    assert logged() == done("account-close done account=2 by=1")


def test_refused_access_to_the_administration_is_logged(site, bob, logged):
    HttpPerson(site, "visitor").get("/admin/")
    bob.get("/admin/user/list")

    assert logged() == was_refused("administration refused account=- by=2")


@pytest.mark.usefixtures("administered")
def test_refused_attempts_to_enter_or_create_a_group_are_logged(bob, gardening, logged):
    bob.get(f"/groups/{gardening}/")
    bob.says(gardening, "let me in")
    refused(bob, f"/groups/{gardening}/")
    bob.post("/groups/", name="Evil")

    assert logged() == was_refused(*["group refused account=- by=2"] * 4)


# Requests that are refused as they are


def test_requests_from_another_site_or_by_another_name_are_logged(bob, logged):
    bob.browser.post("/accounts/logout/", headers={"Sec-Fetch-Site": "cross-site"})
    refused(bob, "/", origin="http://evil.example")
    bob.get("/", headers={"Host": "evil.example"})
    refused(bob, "/", host="evil.example")

    assert logged() == was_refused(
        *["origin refused account=- by=-"] * 2,
        *["host refused account=- by=-"] * 2,
    )


def test_exceeded_limits_are_logged(site, environment, alice, logged):
    environment.setattr(throttles, "GUESSES_OF_ACCOUNT", Limit("wrong passwords", 1, 60))
    mallory = stranger(site)
    for _ in range(2):
        mallory.post(LOGIN, username="alice", password=WRONG)

    assert logged() == [
        ("WARNING", "login refused account=1 by=- address=203.0.113.9"),
        ("WARNING", 'limit refused what="wrong passwords" account=- by=- address=203.0.113.9'),
    ]


def test_too_many_sockets_are_logged(environment, alice, bob, logged):
    environment.setattr(throttles, "CONNECTS", Limit("new connections", 1, 60))
    with bob.at_home():
        assert refused(bob, "/") == 429

    assert logged() == was_refused('limit refused what="new connections" account=- by=2')


# What stands in a line


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0\nlogin refused account=1 by=- address=198.51.100.1", "fe80::1"),
        ("203.0.113.9\nlogin refused account=1 by=- address=198.51.100.1", "-"),
        ("203.0.113.9\x85", "-"),
        ("", "-"),
    ],
)
def test_an_address_is_one_and_no_other_text(site, alice, logged, client, address):
    stranger(site, client).post(LOGIN, username="alice", password=PASSWORD)

    assert logged() == [("INFO", f"login done account=1 by=- address={address}")]


def test_the_documented_filter_finds_attackers_and_nobody_else(site, alice, logged):
    (pattern,) = re.findall(r"^failregex = (.+)$", RUNNING.read_text(), re.M)
    for _ in range(10):
        stranger(site, "198.51.100.1").post(LOGIN, username="alice", password=WRONG)
    stranger(site).post(LOGIN, username="alice", password=PASSWORD)  # has to wait
    alice.log_in()

    found = [re.search(pattern.replace("<HOST>", r"(?P<host>[\da-f.:]+)"), line) for _, line in logged()]

    assert [match and match["host"] for match in found] == ["198.51.100.1"] * 10 + [None] * 2


# Where it is read

REFUSED = r"login refused account=- by=- address=127\.0\.0\.1"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}"


def test_any_server_shows_all_of_it_and_when(server):
    log = log_of(server)

    assert re.search(rf"^{TIME} WARNING discussit\.security: {REFUSED}$", log, re.M)
    assert re.search(rf"^{TIME} INFO discussit\.security: sign-up done account=1 by=- address=127\.0\.0\.1$", log, re.M)


def test_a_configuration_of_the_operators_decides_what_is_shown(tmp_path, environment):
    form = {"format": "security: %(message)s"}
    handlers = {"own": {"class": "logging.StreamHandler", "formatter": "own"}}
    loggers = {name: {"handlers": ["own"], "level": "INFO"} for name in ("uvicorn", "discussit.security")}
    config = {"version": 1, "formatters": {"own": form}, "handlers": handlers, "loggers": loggers}
    (tmp_path / "log.json").write_text(json.dumps(config))

    log = log_of(ConfiguredServer(tmp_path).start())

    assert re.findall(r"^(.*)login refused", log, re.M) == ["security: "]


class ConfiguredServer(Server):
    """Plain uvicorn, with a configuration of its log."""

    def program(self):
        return [*WAYS["uvicorn"], "--port", str(self.port), "--log-config", "log.json"]


def log_of(server):
    """What a server that runs has written when somebody has signed up and somebody was refused."""
    form = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
    httpx2.post(f"{server.url}/accounts/signup/", data=form)
    httpx2.post(f"{server.url}{LOGIN}", data={"username": "mallory", "password": WRONG})
    server.stop()
    return server.log.read_text()
