"""Every route there is: who gets in, and that another site's page never does.

The routes are the application's own, so a new one has no line in these tables yet and fails.
"""

import re

import pytest
from people import HttpPerson, missing
from starlette.routing import Mount
from starlette.testclient import WebSocketDenialResponse

from discussit.app import SOCKETS

NAMES = ("visitor", "cleo", "bob", "alice")  # logged out; in no group; in Gardening; a superuser, and in no group
SECTIONS = ("change", "group-change", "event", "message", "membership", "group", "user")

# What each of them is answered. "login": led there to log in. 101: the socket opens.
PAGES = {
    "GET /": ("login", 200, 200, 200),
    "GET /healthz": (200, 200, 200, 200),
    "GET /readyz": (200, 200, 200, 200),
    "GET /favicon.ico": (200, 200, 200, 200),
    "GET /static/{path}": (404, 404, 404, 404),
    "GET /accounts/signup/": (200, 200, 200, 200),
    "POST /accounts/signup/": (400, 400, 400, 400),
    "GET /accounts/login/": (200, "home", "home", "home"),
    "POST /accounts/login/": (400, 400, 400, 400),
    "GET /accounts/password/": ("login", 200, 200, 200),
    "POST /accounts/password/": ("login", 400, 400, 400),
    "GET /accounts/reset/{path}/": (404, 404, 404, 404),
    "POST /accounts/reset/{path}/": (404, 404, 404, 404),
    "GET /accounts/sessions/": ("login", 200, 200, 200),
    "POST /accounts/sessions/": ("login", 303, 303, 303),
    "GET /accounts/settings/": ("login", 200, 200, 200),
    "POST /accounts/settings/": ("login", 400, 400, 400),
    "GET /messages/new/": ("login", 200, 200, 200),
    "POST /messages/new/": ("login", 303, 303, 303),  # notes to self
    "GET /groups/{uuid}/": ("login", 403, 200, 403),
    "GET /groups/": ("login", 200, 200, 200),
    "GET /groups/mine/": (401, 200, 200, 200),
    "GET /groups/parts/": (200, 200, 200, 200),
    "GET /groups/{uuid}/preview/": ("login", 200, 303, 200),
    "GET /groups/{uuid}/members/": ("login", 403, 200, 403),
    "POST /groups/{uuid}/members/": ("login", 403, 400, 400),
    # Nobody owns Gardening, so a superuser may act there.
    "POST /groups/{uuid}/members/role/": ("login", 403, 400, 400),
    "POST /groups/{uuid}/members/remove/": ("login", 403, 403, 403),
    "GET /groups/{uuid}/settings/": ("login", 403, 403, 200),
    "POST /groups/{uuid}/settings/": ("login", 403, 403, 303),
    "GET /groups/{uuid}/leave/": ("login", 403, 200, 403),
    "GET /groups/{uuid}/entries/": (401, 403, 200, 403),
    "POST /groups/": ("login", 400, 400, 400),
    "POST /groups/{uuid}/messages/": ("login", 403, 400, 403),
    "GET /groups/{uuid}/messages/{seq}/": ("login", 403, 303, 403),
    "GET /groups/{uuid}/messages/{seq}/actions/": ("login", 403, 200, 403),
    "GET /groups/{uuid}/messages/{seq}/edit/": ("login", 403, 403, 403),
    "POST /groups/{uuid}/messages/{seq}/edit/": ("login", 403, 403, 403),
    "GET /groups/{uuid}/messages/{seq}/history/": ("login", 403, 200, 403),
    "GET /groups/{uuid}/messages/{seq}/history/forget/": ("login", 403, 403, 403),
    "POST /groups/{uuid}/messages/{seq}/history/forget/": ("login", 403, 403, 403),
    "GET /groups/{uuid}/messages/{seq}/reactions/": ("login", 403, 200, 403),
    "POST /groups/{uuid}/messages/{seq}/reactions/": ("login", 403, 400, 403),
    "POST /groups/{uuid}/messages/{seq}/unread/": ("login", 403, 303, 403),
    # Its author may delete it, in the group or not.
    "GET /groups/{uuid}/messages/{seq}/delete/": ("login", 403, 403, 200),
    "POST /groups/{uuid}/messages/{seq}/delete/": ("login", 403, 403, "home"),
    "POST /groups/{uuid}/read/": ("login", 403, 400, 403),
    "GET /groups/{uuid}/preferences/": ("login", 403, 200, 403),
    "POST /groups/{uuid}/preferences/": ("login", 403, 303, 403),
    "GET /groups/{uuid}/invitations/": ("login", 403, 403, 403),
    "POST /groups/{uuid}/invitations/": ("login", 403, 403, 403),
    "GET /groups/{uuid}/invitations/{id}/": ("login", 403, 403, 403),
    "POST /groups/{uuid}/invitations/{id}/revoke/": ("login", 403, 403, 403),
    "GET /invitations/": ("login", 403, 403, 200),
    "GET /invitations/{id}/uses/": ("login", 403, 403, 404),
    "POST /invitations/{id}/revoke/": ("login", 403, 403, 404),
    "POST /invitations/": ("login", 403, 403, 200),
    "GET /invitations/{path}/": (410, 410, 410, 410),
    "POST /invitations/{path}/": ("login", 410, 410, 410),
    "SOCKET /": (401, 101, 101, 101),
    "SOCKET /groups/{uuid}/": (401, 403, 101, 403),
    "SOCKET /{path}": (404, 404, 404, 404),
    "POST /groups/{uuid}/join/": ("login", "home", "home", "home"),
    "POST /groups/{uuid}/leave/": ("login", "home", "home", "home"),
    "POST /accounts/logout/": ("login", "login", "login", "login"),
}
# What the superuser is answered in each section; nobody else gets in.
ADMINISTRATION = {
    "GET /admin/": (200, 200, 200, 200, 200, 200, 200),
    "GET /admin/{identity}/list": (200, 200, 200, 200, 200, 200, 200),
    "GET /admin/{identity}/details/{pk}": (200, 200, 200, 200, 200, 200, 200),
    "GET /admin/{identity}/ajax/lookup": (404, 404, 404, 404, 404, 200, 200),
    "GET /admin/{identity}/create": (404, 404, 404, 404, 200, 200, 200),
    "POST /admin/{identity}/create": (404, 404, 404, 404, 400, 400, 400),
    "GET /admin/{identity}/edit/{pk}": (404, 404, 404, 404, 404, 200, 200),
    "POST /admin/{identity}/edit/{pk}": (404, 404, 404, 404, 404, 400, 400),
    "POST /admin/{identity}/reset/{pk}": (404, 404, 404, 404, 404, 404, 200),
    "POST /admin/{identity}/join/{pk}": (404, 404, 404, 404, 404, 404, 404),  # none of these groups is closed
    "GET /admin/{identity}/delete": (404, 404, 404, 200, 200, 200, 200),
    "DELETE /admin/{identity}/delete": (404, 404, 404, 200, 200, 200, 400),
    "POST /admin/{identity}/delete": (404, 404, 404, 404, 404, 404, 400),  # the line before has deleted the group
}
# Bob's reaction, the group's new name, the Join of alice, what she said, her membership, her group, herself: the only
# superuser, who stays.
KEYS = {
    "change": "1;4", "group-change": "1;5", "event": "1;1", "message": "1;3", "membership": "1;1",
    "group": "1", "user": "1",
}  # fmt: skip

FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "https://testserver"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://eviltestserver"},
    {"origin": "http://testserver:8000"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.fixture
def everyone(site, alice, bob, gardening):
    """The people of the tables. In Gardening are bob and, until the first table is walked, alice."""
    visitor, cleo = HttpPerson(site, "visitor"), HttpPerson(site, "cleo")
    cleo.sign_up()
    bob.joins(gardening)
    alice.says(gardening, "hello")
    bob.reacts(gardening, 3, "👍")
    alice.post("/admin/group/edit/1", name="Gardening 2")
    alice.get("/admin/")  # its routes are there from the first visit on
    return dict(zip(NAMES, (visitor, cleo, bob, alice), strict=True))


def test_every_route_has_its_line(site, everyone):
    assert sorted(routes_of(site)) == sorted([*PAGES, *ADMINISTRATION])


def test_everyone_gets_as_far_as_the_table_says(everyone, gardening):
    everyone["alice"].leaves(gardening)

    answers = {
        line: tuple(answer(everyone[name], line, uuid=gardening, seq=3, path="nowhere") for name in NAMES)
        for line in PAGES
    }

    assert answers == PAGES


def test_only_a_superuser_administrates(everyone):
    answers = {
        line: tuple(answer(everyone["alice"], line, identity=section, pk=KEYS[section]) for section in SECTIONS)
        for line in ADMINISTRATION
    }

    assert answers == ADMINISTRATION


@pytest.mark.parametrize(("name", "expected"), [("visitor", "login"), ("cleo", 403), ("bob", 403)])
def test_nobody_else_administrates(everyone, name, expected):
    answers = {
        answer(everyone[name], line, identity=section, pk=KEYS[section])
        for line in ADMINISTRATION
        for section in SECTIONS
    }

    assert answers == {expected}


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: " ".join(*headers.items()))
def test_nothing_can_be_done_from_another_sites_page(everyone, gardening, headers):
    methods = ("POST", "PUT", "PATCH", "DELETE", "SOCKET")
    paths = {line.split(" ")[1] for line in [*PAGES, *ADMINISTRATION]}
    lines = [f"{method} {path}" for path in sorted(paths) for method in methods]

    values = {"uuid": gardening, "seq": 3, "path": "nowhere", "identity": "user", "pk": "1"}
    answers = {answer(everyone["alice"], line, headers, **values) for line in lines}

    assert answers == {403}


def test_every_answer_says_what_a_browser_may_do_with_it(everyone, gardening):
    answers = []
    values = {"uuid": gardening, "seq": 3, "path": "nowhere", "identity": "user", "pk": "1"}

    for name in NAMES:
        everyone[name].browser.event_hooks = {"response": [answers.append]}
        for line in [*PAGES, *ADMINISTRATION]:
            answer(everyone[name], line, **values)

    assert len(answers) > 80
    assert {each.headers["cache-control"] for each in answers} == {"no-store"}
    # The addresses of these links are secrets: what their pages say of referrers is stricter.
    links = re.compile("/(reset|invitations)/")
    lacking = {(name, bool(links.search(each.url.path))) for each in answers for name in missing(each)}
    assert lacking <= {("Referrer-Policy", True)}


def test_every_answer_names_its_type(everyone, gardening):
    answers = []
    everyone["alice"].browser.event_hooks = {"response": [answers.append]}

    for line in [*PAGES, *ADMINISTRATION]:
        answer(everyone["alice"], line, uuid=gardening, seq=3, path="nowhere", identity="user", pk="1")

    types = {each.headers["content-type"] for each in answers if each.headers["content-length"] != "0"}
    assert types == {"text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json", "image/svg+xml"}


def routes_of(site):
    sockets = {f"SOCKET {route.path.replace(':uuid', '')}" for route in SOCKETS}
    return sockets | {"SOCKET /{path}"} | {f"{method} {path}" for method, path in walk(site.app._app.routes)}


def walk(routes, before=""):
    for route in routes:
        path = before + re.sub(":(uuid|path|seq)", "", route.path).replace("{token}", "{path}")
        if isinstance(route, Mount):
            yield from walk(route.routes, path) if route.routes else [("GET", f"{path}/{{path}}")]
        else:
            yield from ((method, path) for method in route.methods - {"HEAD"})


def answer(person, line, headers=None, **values):
    """What the person is answered on this route: the status, or where they are led."""
    method, path = line.format(**{"id": 1} | values).split(" ")
    if method == "SOCKET":
        return handshake(person, path, headers)
    query = {"pks": values["pk"]} if path.endswith("/delete") else None
    response = person.browser.request(method, path, params=query, headers=headers)
    place = response.headers.get("location", "")
    return "login" if place.startswith("/accounts/login/") else "home" if place == "/" else response.status_code


def handshake(person, path, headers):
    try:
        with person.browser.websocket_connect(path, headers=dict(headers or {})):
            return 101
    except WebSocketDenialResponse as denial:
        return denial.status_code
