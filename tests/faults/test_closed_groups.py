"""To everyone outside, a closed group is no group: they are answered as for one that does not exist, in every way."""

import re
import sys
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from people import V1, HttpPerson
from starlette.testclient import WebSocketDenialResponse
from test_every_route import PAGES

import discussit
from discussit.delivery import counting, polling

PACKAGE = str(Path(discussit.__file__).parent)
# Where somebody may be told apart. All else also runs beside requests, and at other times.
DECIDING = ("accounts/", "groups/", "pages/", "sockets/")
FORM_ID = re.compile(r"\b[0-9a-f]{32}\b")
LINES = [line for line in PAGES if "{uuid}" in line and not line.startswith("SOCKET")]
# A form whose fields are all good, for whichever route it is posted to.
FILLED = {
    "message": "hello",
    "rev": "0",
    "emoji": "👍",
    "on": "1",
    "seq": "1",
    "name": "Stolen",
    "description": "Mine",
    "access": "open",
    "username": "cleo",
    "role": "owner",
    "expires": "7d",
}
QUERIED = ("GET /groups/{uuid}/", "GET /groups/{uuid}/entries/", "GET /groups/{uuid}/members/")
QUERIES = ["", "?at=1", "?before=2", "?after=1", "?replies=2", "?reply=2", "?since=0", "?q=a&page=2"]


class Calls:
    """The functions of DiscussIt that are called while a request is answered, in any thread."""

    def __init__(self):
        self.seen = []

    def __call__(self, frame, event, _argument):
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(PACKAGE):
            place = path.removeprefix(PACKAGE).lstrip("/")
            if place.startswith(DECIDING):
                self.seen.append(f"{place}:{frame.f_code.co_name}")


@pytest.fixture
def calls(monkeypatch):
    """Before the site, whose threads it follows. Nothing is compared with the database meanwhile."""
    monkeypatch.setattr(polling, "POLL", 3600)
    monkeypatch.setattr(counting, "CHECK", 3600)
    calls = Calls()
    threading.setprofile(calls)
    yield calls
    threading.setprofile(None)


@pytest.fixture
def outsiders(calls, site, alice, bob):
    """Alice, a superuser, and cleo are not in bob's closed group."""
    site.portal.call(sys.setprofile, calls)
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()
    return {"alice": alice, "cleo": cleo, "visitor": HttpPerson(site, "visitor")}


@pytest.fixture
def closed(outsiders, bob):
    group = bob.founds("Secrets", "closed")
    bob.says(group, "The tulips are mine")
    return group


@pytest.mark.parametrize("name", ["alice", "cleo", "visitor"])
def test_a_closed_group_is_answered_as_one_that_does_not_exist(outsiders, closed, calls, queries, name):
    person, differing = outsiders[name], []
    for line in LINES:  # what is cached once is cached
        walk(person, requests(line)[0], str(uuid4()), calls, queries)

    for request in [each for line in LINES for each in requests(line)]:
        found, missing = (walk(person, request, group, calls, queries) for group in (closed, str(uuid4())))
        if found != missing:
            differing.append((request, found, missing))

    assert differing == []


@pytest.mark.parametrize("protocols", [[], [V1]], ids=["tutorial", "v1"])
@pytest.mark.parametrize("query", ["", "?since=0"])
@pytest.mark.parametrize("name", ["alice", "cleo", "visitor"])
def test_a_closed_groups_socket_is_refused_as_one_that_does_not_exist(
    outsiders, closed, calls, queries, name, query, protocols
):
    answers = []
    for group in (str(uuid4()), closed, str(uuid4())):
        calls.seen.clear(), queries.clear()
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            outsiders[name].browser.websocket_connect(f"/groups/{group}/{query}", subprotocols=protocols or None),
        ):
            pass
        answer = denial.value
        own = [each for each in queries if "FROM groups" in each]
        answers.append([answer.status_code, dict(answer.headers), answer.content, *calls.seen, *own])

    assert answers[1] == answers[2]


@pytest.mark.parametrize("verb", ["join_group", "leave_group"])
@pytest.mark.parametrize("name", ["alice", "cleo"])
def test_a_closed_group_is_refused_at_home_as_one_that_does_not_exist(outsiders, closed, calls, queries, name, verb):
    with outsiders[name].at_home() as socket:
        answers = []
        for group in (str(uuid4()), closed, str(uuid4())):
            calls.seen.clear(), queries.clear()
            socket.send_json({"type": verb, "data": group})
            answer = socket.receive_text().replace(group, "UUID")
            answers.append([answer, *calls.seen, *queries])

    assert answers[1] == answers[2]
    assert "no_such_group" in answers[1][0]


def test_the_closed_group_is_there_for_its_members(closed, bob):
    assert [bob.get(f"/groups/{closed}/{page}").status_code for page in ("", "members/", "entries/")] == [200] * 3


def requests(line):
    """The ways in which a route is asked: method, address, options."""
    method, path = line.split(" ")
    if method == "GET":
        return [
            (method, path + query, {"headers": {"accept": accept}})
            for query in (QUERIES if line in QUERIED else QUERIES[:1])
            for accept in ("text/html", "application/json")
        ]
    return [
        (method, path, {"data": fields, "headers": {"accept": accept}})
        for fields in ({}, FILLED)
        for accept in ("text/html", "application/json")
    ]


def walk(person, request, group, calls, queries):
    """Everything that can be noticed about the answer, and about how it came to be."""
    method, path, options = request
    path = path.replace("{uuid}", group).replace("{seq}", "2").replace("{path}", "nowhere").replace("{id}", "1")
    calls.seen.clear(), queries.clear()
    answer = person.browser.request(method, path, **options)
    text = FORM_ID.sub("FORM", answer.text.replace(group, "UUID"))
    headers = {name: value.replace(group, "UUID") for name, value in answer.headers.items()}
    return [answer.status_code, headers, text, *calls.seen, *queries]
