import time
from pathlib import Path
from unittest.mock import ANY

import pytest
from people import V1, HttpPerson
from starlette.testclient import TestClient

from discussit.app import app
from discussit.delivery import polling


def test_a_running_process_answers_everyone(site):
    response = HttpPerson(site, "visitor").get("/healthz")

    assert (response.status_code, response.text) == (200, "ok")


def test_it_is_ready_when_database_and_bus_answer(site):
    response = HttpPerson(site, "visitor").get("/readyz")

    assert (response.status_code, response.json()) == (200, {"database": "ok", "bus": "ok", "lag": ANY})


@pytest.mark.sqlite
def test_it_is_not_ready_when_the_database_does_not_answer(site, state):
    lose_database(site, state)

    response = site.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"database": "down", "bus": "ok", "lag": ANY})
    assert site.get("/healthz").status_code == 200


@pytest.mark.sqlite
def test_it_is_ready_again_when_the_database_answers_again(site, state):
    lose_database(site, state)
    assert site.get("/readyz").status_code == 503

    put_it_back()

    assert site.get("/readyz").status_code == 200


@pytest.mark.sqlite
def test_it_reports_for_how_long_it_has_not_seen_the_database(site, state, alice, monkeypatch):
    monkeypatch.setattr(polling, "POLL", 0.05)
    with alice.at_home(V1) as socket:
        socket.receive_json()  # from here on it needs no database of its own
        lose_database(site, state)
        wait_until(lambda: site.get("/readyz").json()["lag"] >= 0.5)

        put_it_back()
        wait_until(lambda: site.get("/readyz").json()["lag"] < 0.5)


def wait_until(is_so, limit=20):
    deadline = time.monotonic() + limit
    while not is_so():
        assert time.monotonic() < deadline


def test_a_background_task_that_dies_takes_the_readiness_with_it(environment):
    with pytest.raises(ExceptionGroup):
        kill_the_hub_and_look()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_asking_is_all_one_can_do(site, method):
    assert site.request(method, "/healthz").status_code == 405
    assert site.request(method, "/readyz").status_code == 405


async def fail():
    raise RuntimeError("a mistake of ours")


def kill_the_hub_and_look():
    with TestClient(app) as site:
        state = site.app._app.state.site
        site.portal.call(state.hub.rooms.tasks.start_soon, fail)
        while not site.task.done():
            site.get("/healthz")
        response = site.get("/readyz")
        # The application had closed its database; that question opened it again.
        site.portal.call(state.database.close)

        assert (response.status_code, response.json()["bus"]) == (503, "down")
        assert site.get("/healthz").status_code == 200


def lose_database(site, state):
    site.portal.call(state.database.close)
    Path("discussit.db").rename("kept.db")
    Path("discussit.db").mkdir()


def put_it_back():
    Path("discussit.db").rmdir()
    Path("kept.db").rename("discussit.db")
