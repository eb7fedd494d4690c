import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from people import PASSWORD, HttpPerson, closed, refused
from sqlalchemy import func, select, update
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from discussit.accounts import login, sessions
from discussit.accounts.cookies import cookies_of
from discussit.accounts.current_user import COOKIE, SEEN_EVERY, NotLoggedIn
from discussit.app import app
from discussit.database import nothing
from discussit.delivery import people
from discussit.models import Session, User
from discussit.models.accounts import AGE_LIMIT, IDLE_LIMIT
from discussit.models.base import now

MINUTE = timedelta(minutes=1)
OVER_HTTPS = f"__Host-{COOKIE}"
WITHIN = {"seen at all": {"last_seen_at": IDLE_LIMIT - MINUTE}, "young": {"created_at": AGE_LIMIT - MINUTE}}
OVER = {"not seen for long": {"last_seen_at": IDLE_LIMIT + MINUTE}, "old": {"created_at": AGE_LIMIT + MINUTE}}


# How long a session lives


def test_a_session_ends_two_weeks_after_the_last_request_and_after_three_months_anyway():
    assert (IDLE_LIMIT.days, AGE_LIMIT.days) == (14, 90)


@pytest.mark.parametrize("ago", WITHIN.values(), ids=WITHIN)
def test_a_session_within_its_limits_is_let_in_and_keeps_its_sockets(site, state, alice, gardening, ago):
    with alice.in_group(gardening) as socket:
        site.portal.call(age_sessions, state.database, ago)
        site.portal.call(state.hub.people.check_sessions, list(state.hub.people.connections))
        alice.says(gardening, "still here")

        assert socket.receive_json()["content"] == "still here"
    assert alice.get("/").status_code == 200


@pytest.mark.parametrize("ago", OVER.values(), ids=OVER)
def test_a_session_past_a_limit_is_refused(site, state, alice, gardening, ago):
    site.portal.call(age_sessions, state.database, ago)

    assert alice.get("/").status_code == 303
    assert refused(alice, "/") == refused(alice, f"/groups/{gardening}/") == 401


@pytest.mark.parametrize("ago", OVER.values(), ids=OVER)
def test_a_session_that_passes_a_limit_loses_its_sockets(environment, impatient, site, state, alice, gardening, ago):
    environment.setattr(people, "OVERDUE", 0.1)
    with alice.at_home() as home, alice.in_group(gardening) as group:
        site.portal.call(age_sessions, state.database, ago)

        assert (closed(home), closed(group)) == (4401, 4401)


def test_a_request_is_recorded_if_the_last_was_a_while_ago(site, state, alice, queries):
    site.portal.call(age_sessions, state.database, {"last_seen_at": SEEN_EVERY + MINUTE})
    queries.clear()

    alice.get("/")
    first = [each for each in queries if each.startswith("UPDATE")]
    alice.get("/")

    assert len(first) == 1
    assert [each for each in queries if each.startswith("UPDATE")] == first


def test_a_database_that_takes_no_write_does_not_keep_people_out(impatient_site, faultless):
    alice = HttpPerson(impatient_site, "alice")
    alice.sign_up()
    state = impatient_site.app._app.state.site
    impatient_site.portal.call(age_sessions, state.database, {"last_seen_at": SEEN_EVERY + MINUTE})

    with closing(sqlite3.connect("discussit.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert alice.get("/").status_code == 200


@pytest.fixture
def impatient_site(environment):
    """It waits for a lock no longer than anybody notices."""
    environment.setattr("discussit.engines.PRAGMAS", ("busy_timeout=20", "journal_mode=WAL", "synchronous=FULL"))
    with TestClient(app) as site:
        yield site


def test_a_session_that_is_deleted_in_the_database_closes_its_sockets(site, state, alice, gardening):
    with alice.at_home() as home, alice.in_group(gardening) as group:
        site.portal.call(end_all_sessions, state.database)

        assert (closed(home), closed(group)) == (4401, 4401)


# While the clock is wrong


def test_a_clock_that_is_ahead_refuses_requests_for_that_moment_only(clock, alice, gardening):
    clock.is_set(days=15)
    answer = alice.get(f"/groups/{gardening}/")

    clock.is_set()

    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert alice.get(f"/groups/{gardening}/").status_code == 200


def test_a_clock_that_is_ahead_for_a_moment_closes_no_socket(clock, site, state, alice, gardening):
    with alice.in_group(gardening) as socket:
        for ahead in (100, 0, 100, 100, 0):
            clock.is_set(days=ahead)
            site.portal.call(state.hub.people.check_sessions, list(state.hub.people.connections))
        alice.says(gardening, "still here")

        assert socket.receive_json()["content"] == "still here"


def test_a_login_while_the_clock_is_ahead_ends_no_other_session(clock, site, alice, bob):
    elsewhere = HttpPerson(site, "alice")
    clock.is_set(days=100)
    elsewhere.log_in()

    clock.is_set()

    assert [each.get("/").status_code for each in (alice, elsewhere, bob)] == [200, 200, 200]


def test_a_request_while_the_clock_is_behind_does_not_make_a_session_look_unused(clock, alice):
    clock.is_set(days=-20)
    behind = alice.get("/")

    clock.is_set()

    assert (behind.status_code, alice.get("/").status_code) == (200, 200)


# How many there are


@pytest.mark.parametrize("ago", OVER.values(), ids=OVER)
def test_a_login_in_the_same_browser_replaces_a_session_that_is_over(site, state, alice, ago):
    site.portal.call(age_sessions, state.database, ago)

    alice.log_in()

    assert site.portal.call(count_sessions, state.database) == 1


def test_sessions_that_are_over_count_and_are_the_first_to_go(environment, site, state, alice):
    environment.setattr(sessions, "MAX_SESSIONS", 2)
    site.portal.call(age_sessions, state.database, OVER["not seen for long"])
    second, third = HttpPerson(site, "alice"), HttpPerson(site, "alice")

    second.log_in()
    third.log_in()

    assert site.portal.call(count_sessions, state.database) == 2
    assert [each.get("/").status_code for each in (second, third)] == [200, 200]


def test_a_login_too_many_ends_the_session_seen_longest_ago(environment, site, state, alice, bob):
    environment.setattr(sessions, "MAX_SESSIONS", 2)
    second, third = HttpPerson(site, "alice"), HttpPerson(site, "alice")
    site.portal.call(age_sessions, state.database, {"last_seen_at": MINUTE})

    second.log_in()
    third.log_in()

    assert [each.get("/").status_code for each in (alice, second, third, bob)] == [303, 200, 200, 200]


def test_a_password_changed_meanwhile_logs_nobody_in(site, state, alice):
    async def log_in_slowly():
        user = await login.check_login(state.database, "alice", PASSWORD)
        async with state.database.transaction() as session:
            await (await session.get_one(User, user.id)).set_password("another")
        await sessions.start(state.database, user, nothing)

    with pytest.raises(NotLoggedIn):
        site.portal.call(log_in_slowly)


# Its cookie


def test_the_session_cookie_is_hidden_from_scripts_and_other_sites(site):
    cookie = session_cookie(HttpPerson(site, "cleo").sign_up())

    assert cookie.startswith(f"{COOKIE}=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={90 * 24 * 3600}"}


def test_over_https_it_travels_over_https_only_and_to_this_host_only(site):
    cookie = session_cookie(over_https(HttpPerson(site, "cleo")).sign_up())

    assert cookie.startswith(f"{OVER_HTTPS}=")
    assert {"Secure", "Path=/", "HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_over_https_one_can_do_everything_that_one_can_over_http(site, gardening):
    cleo = over_https(HttpPerson(site, "cleo"))
    cleo.sign_up()
    cleo.joins(gardening)

    with cleo.browser.websocket_connect(f"wss://testserver/groups/{gardening}/") as socket:
        cleo.says(gardening, "hello")
        assert socket.receive_json()["content"] == "hello"
        cleo.log_out()
        assert closed(socket) == 4401
    assert OVER_HTTPS not in cleo.browser.cookies


@pytest.mark.parametrize(("name", "status"), [(COOKIE, 303), (OVER_HTTPS, 200)])
def test_over_https_a_cookie_of_the_plain_name_does_not_count(site, alice, name, status):
    response = carrying(over_https(HttpPerson(site, "visitor")), name, alice)

    assert response.status_code == status


# Chromium takes such names from anybody, and sends them as they are. To Python these characters are spaces.
@pytest.mark.parametrize("before", [b"\xa0", b"\x85", b"\x1f"])
def test_a_lookalike_of_its_name_over_https_is_another_name(before):
    name = OVER_HTTPS.encode()
    cookies = b"other=1; " + name + b"=own; " + before + name + b"=planted"
    conn = HTTPConnection({"type": "http", "scheme": "https", "headers": [(b"cookie", cookies)]})

    assert cookies_of(conn, COOKIE) == [(OVER_HTTPS, "own")]


@pytest.mark.parametrize(("name", "status"), [(COOKIE, 200), (OVER_HTTPS, 303)])
def test_over_http_a_cookie_of_the_plain_name_counts(site, alice, name, status):
    assert carrying(HttpPerson(site, "visitor"), name, alice).status_code == status


MADE_UP = {
    "in capitals": str.upper,
    "cut": lambda cookie: cookie[1:],
    "unsigned": lambda cookie: cookie.split(".")[0],
    "not ASCII": lambda _: "\xe9",
}


@pytest.mark.parametrize("change", MADE_UP.values(), ids=MADE_UP)
def test_an_invented_cookie_logs_nobody_in(site, alice, faultless, change):
    value = change(alice.browser.cookies[COOKIE])
    visitor = HttpPerson(site, "visitor")

    response = visitor.get("/", headers={"cookie": f"{COOKIE}={value}".encode()})

    assert response.status_code == 303


def test_a_session_outlives_a_restart(environment):
    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()

    with TestClient(app) as site:
        visitor = HttpPerson(site, "alice")
        visitor.browser.cookies.update(alice.browser.cookies)
        assert visitor.get("/").status_code == 200


def test_another_secret_key_ends_every_session(environment):
    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()

    environment.setenv("SECRET_KEY", "another")
    with TestClient(app) as site:
        visitor = HttpPerson(site, "alice")
        visitor.browser.cookies.update(alice.browser.cookies)
        assert visitor.get("/").status_code == 303


def test_the_database_holds_neither_passwords_nor_tokens(site, state, alice):
    token = alice.browser.cookies[COOKIE].split(".")[0]

    stored = select(Session.id, User.password).join(User)
    session_id, password = site.portal.call(state.database.run_read, lambda session: session.execute(stored).one())
    assert token not in session_id
    assert password.startswith("$argon2id$")
    assert PASSWORD not in password


def session_cookie(response):
    (cookie,) = [each for each in response.headers.get_list("set-cookie") if COOKIE in each]
    return cookie


def over_https(person):
    person.browser.base_url = "https://testserver"
    return person


def carrying(visitor, name, person):
    """The home page, for a visitor with this person's cookie under this name."""
    return visitor.get("/", headers={"cookie": f"{name}={person.browser.cookies[COOKIE]}"})


async def age_sessions(database, ago):
    """Set these moments of every session to so long ago."""
    async with database.transaction() as session:
        await session.execute(update(Session).values({name: now() - age for name, age in ago.items()}))


async def count_sessions(database):
    return await database.run_read(lambda session: session.scalar(select(func.count()).select_from(Session)))


async def end_all_sessions(database):
    async with database.transaction() as session:
        for row in await session.scalars(select(Session)):
            await session.delete(row)
