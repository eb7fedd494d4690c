import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from people import HttpPerson, closed
from sqlalchemy import text
from starlette.testclient import TestClient
from world import break_database

from discussit.app import app, create_app
from discussit.main_tasks import MainTaskEnded
from discussit.schema import SchemaError, prepare_once
from discussit.settings import SettingsError

# Starting


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIGNUP", "maybe"), ("MESSAGE_RATE", "many"), ("DATABASE_URL", "mysql://bob:secret@host/name"), ("DEBUG", "x")],
)
def test_a_wrong_value_stops_the_start(environment, name, value):
    environment.setenv(name, value)

    with pytest.raises(SettingsError, match=f"{name}="), TestClient(app):
        pass


def test_a_schema_newer_than_the_program_stops_the_start(environment):
    with TestClient(app) as site:
        site.portal.call(set_revision, site.app._app.state.site.database)

    with pytest.raises(SchemaError, match="newer than this program"), TestClient(app):
        pass


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"SIGNUP": "maybe"}, "SIGNUP='maybe' can't be used: it must be one of open, invited, closed"),
        ({"DATABASE_URL": "mysql://bob:secret@host/name"}, "DATABASE_URL='mysql://bob:***@host/name' can't be used: "),
        (
            {"DATABASE_URL": "postgresql://bob@host/name"},
            "SECRET_KEY is not set: set it to a long random text",
        ),
        ({"DATABASE_URL": "sqlite:///a.txt"}, "The database can't be used: "),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)) + value[next(iter(value))][:10],
)
def test_uvicorn_stops_with_one_line_and_no_traceback(environment, environ, line):
    Path("a.txt").write_text("This is no database. " * 100)
    for name, value in environ.items():
        environment.setenv(name, value)

    ended = uvicorn()

    errors = [each for each in ended.stderr.splitlines() if not each.startswith("INFO:")]
    assert ended.returncode != 0
    assert len(errors) == 2
    assert errors[0].startswith(f"ERROR:    {line}")
    assert errors[1] == "ERROR:    Application startup failed. Exiting."


def test_an_application_that_was_not_started_says_how_to(environment):
    with pytest.raises(RuntimeError, match=r"with TestClient\(app\)"):
        TestClient(type(app)()).get("/")


def test_a_request_finds_the_database_of_the_last_start(environment):
    with TestClient(app) as site:
        HttpPerson(site, "alice").sign_up()
    with TestClient(app) as site:
        assert HttpPerson(site, "alice").log_in().status_code == 303

    environment.setenv("DATABASE_URL", "sqlite:///another.db")
    with TestClient(app) as site:
        assert HttpPerson(site, "alice").log_in().status_code == 400


def test_an_application_that_has_ended_runs_again(settings):
    asyncio.run(prepare_once(settings))
    application = create_app(settings)
    with TestClient(application) as site:
        HttpPerson(site, "alice").sign_up()

    with TestClient(application) as site:
        alice = HttpPerson(site, "alice")
        alice.log_in()
        group = alice.creates("Gardening")
        alice.joins(group)
        alice.says(group, "hi")

        assert alice.page(f"/groups/{group}/").log()[-1] == (2, "alice hi")


# Stopping


def test_messages_sent_before_the_end_are_written(environment):
    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()
        group = alice.creates("Gardening")
        alice.joins(group)
        with alice.in_group(group) as socket:
            for number in range(80):
                socket.send_json({"type": "text_message", "message": str(number)})
            # The answer to what is no frame: all before it was taken in hand, and much of that waits to be written.
            socket.send_text("Are you there?")
            while socket.receive_json().get("type") != "error":
                pass

    with TestClient(app) as site:
        visitor = HttpPerson(site, "alice")
        visitor.browser.cookies.update(alice.browser.cookies)
        assert visitor.page(f"/groups/{group}/").log()[-1] == (81, "alice 79")


def test_when_a_main_task_ends_sockets_are_closed_posts_refused_and_its_error_raised(environment):
    seen = []

    with pytest.raises(ExceptionGroup) as raised:
        end_the_bus_and_look(seen)

    assert seen == [1012, 503]
    assert raised.group_contains(MainTaskEnded, match=r"Bus\.run")


# Our own faults


@pytest.mark.parametrize(("debug", "shown"), [("false", False), ("true", True)])
def test_a_fault_is_explained_and_its_traceback_shown_only_where_asked_for(environment, debug, shown):
    environment.setenv("DEBUG", debug)

    with TestClient(app, raise_server_exceptions=False) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()
        site.cookies = alice.browser.cookies
        site.portal.call(break_database, site.app._app.state.site.database)
        response = site.get("/")

    assert (response.status_code, "Our fault" in response.text) == (500, True)
    assert ("Traceback" in response.text) == shown


def test_a_page_for_what_is_not_there_leads_on(site, alice):
    visitor = HttpPerson(site, "visitor").get("/nope")
    member = alice.get("/nope")

    assert visitor.status_code == member.status_code == 404
    assert 'href="/accounts/login/"' in visitor.text
    assert 'href="/"' in member.text


def end_the_bus_and_look(seen):
    with TestClient(app) as site:
        alice, state = HttpPerson(site, "alice"), site.app._app.state.site
        alice.sign_up()
        group = alice.creates("Gardening")
        alice.joins(group)
        with alice.in_group(group) as socket:
            site.portal.call(state.bus._broadcast._listener_task.cancel)
            seen.append(closed(socket))
        seen.append(alice.says(group, "too late").status_code)
        # The application had closed its database; that question opened it again.
        site.portal.call(state.database.close)


def uvicorn():
    command = [sys.executable, "-m", "uvicorn", "discussit.app:app", "--port", "0"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


async def set_revision(database):
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))


@pytest.mark.parametrize(("key", "is_told"), [("SECRET_KEY", True), ("x" * 31, True), ("x" * 32, False), ("", False)])
def test_a_short_secret_is_warned_of(environment, caplog, key, is_told):
    environment.setenv("SECRET_KEY", key)

    with TestClient(app):
        assert ("SECRET_KEY is shorter than 32 characters" in caplog.text) == is_told
