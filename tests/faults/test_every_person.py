"""Every route of a group, by everyone who may ask for it, in every kind of group: how far they get.

The routes are the application's own, so a new one has no line in the table yet and fails. Forms are filled in so that
they change nothing that others depend on: whoever may submit one is answered 400, 404 or 409.
"""

import re

import pytest
from people import HttpPerson
from test_every_route import handshake, routes_of

KINDS = ("open", "closed", "archived", "direct")
# Logged out; an account that was closed; in no group; holding an invitation; left; was removed; a superuser.
OUTSIDE = ("visitor", "gone", "cleo", "ivo", "lena", "rudi", "alice")
INSIDE = ("carl", "mona", "bob")  # a member, a moderator and the owner; in the direct group are carl and bob
FORMS = {
    "messages/": {"message": "hello"},
    "edit/": {"message": "other", "rev": "99"},
    "reactions/": {"emoji": "nothing", "on": "1"},
    "members/": {"username": "nobody"},
    "role/": {"username": "nobody", "role": "member"},
    "remove/": {"username": "nobody"},
    "settings/": {"name": ""},
    "invitations/": {"expires": "never ever"},
    "read/": {"seq": "0"},
    "preferences/": {"level": "loud"},
}

READERS = (200, 200, 200), (200, 200, 200), (200, 200)
AUTHORS = (403, 403, 200), (403, 403, 200), (403, 200)
# What people in the group are answered: in open and closed ones; in an archived one; in a direct one.
MEMBERS = {
    "GET /groups/{uuid}/": READERS,
    "GET /groups/{uuid}/entries/": READERS,
    "GET /groups/{uuid}/members/": READERS,
    "GET /groups/{uuid}/leave/": READERS,
    "GET /groups/{uuid}/preview/": ((303, 303, 303), (303, 303, 303), (303, 303)),
    "GET /groups/{uuid}/settings/": ((403, 200, 200), (403, 200, 200), (403, 403)),
    "POST /groups/{uuid}/settings/": ((403, 403, 400), (403, 403, 400), (403, 403)),
    "GET /groups/{uuid}/invitations/": ((403, 200, 200), (403, 200, 200), (403, 403)),
    "GET /groups/{uuid}/invitations/{id}/": ((403, 404, 404), (403, 404, 404), (403, 403)),
    "POST /groups/{uuid}/invitations/": ((403, 400, 400), (403, 400, 400), (403, 403)),
    "POST /groups/{uuid}/invitations/{id}/revoke/": ((403, 404, 404), (403, 404, 404), (403, 403)),
    "POST /groups/{uuid}/members/": ((403, 400, 400), (403, 403, 403), (403, 403)),
    "POST /groups/{uuid}/members/remove/": ((403, 400, 400), (403, 400, 400), (403, 403)),
    "POST /groups/{uuid}/members/role/": ((403, 403, 400), (403, 403, 400), (403, 403)),
    "POST /groups/{uuid}/messages/": ((303, 303, 303), (403, 403, 403), (303, 303)),
    "POST /groups/{uuid}/read/": ((400, 400, 400), (400, 400, 400), (400, 400)),
    "GET /groups/{uuid}/preferences/": READERS,
    "POST /groups/{uuid}/preferences/": ((400, 400, 400), (400, 400, 400), (400, 400)),
    "GET /groups/{uuid}/messages/{seq}/": ((303, 303, 303), (303, 303, 303), (303, 303)),
    "GET /groups/{uuid}/messages/{seq}/actions/": READERS,
    "GET /groups/{uuid}/messages/{seq}/history/": READERS,
    "GET /groups/{uuid}/messages/{seq}/reactions/": READERS,
    "GET /groups/{uuid}/messages/{seq}/delete/": AUTHORS,
    "GET /groups/{uuid}/messages/{seq}/edit/": ((403, 403, 200), (403, 403, 403), (403, 200)),
    "GET /groups/{uuid}/messages/{seq}/history/forget/": AUTHORS,
    "POST /groups/{uuid}/messages/{seq}/edit/": ((403, 403, 409), (403, 403, 403), (403, 409)),
    "POST /groups/{uuid}/messages/{seq}/unread/": ((303, 303, 303), (303, 303, 303), (303, 303)),
    "POST /groups/{uuid}/messages/{seq}/reactions/": ((400, 400, 400), (400, 400, 400), (400, 400)),
    "SOCKET /groups/{uuid}/": ((101, 101, 101), (101, 101, 101), (101, 101)),
}
UNTABLED = {
    # They change who is in the group: test_every_route.py, tests/groups/.
    "POST /groups/{uuid}/join/",
    "POST /groups/{uuid}/leave/",
    "POST /groups/{uuid}/messages/{seq}/delete/",
    "POST /groups/{uuid}/messages/{seq}/history/forget/",
}


@pytest.fixture
def everyone(site, alice, bob):
    """Everyone of the table, and bob's groups by kind. His message is entry 2, in the direct group 1."""
    people = {name: HttpPerson(site, name) for name in {*OUTSIDE, *INSIDE} - {"alice", "bob"}}
    for name in sorted(people.keys() - {"visitor"}):
        people[name].sign_up()
    people |= {"alice": alice, "bob": bob}
    groups = {kind: grouped(people, bob, kind) for kind in KINDS[:3]}
    groups["direct"] = bob.converses("carl")
    bob.says(groups["direct"], "hello")
    alice.post(f"/admin/user/delete?pks={account_number(people['gone'])}")
    return people, groups


def grouped(people, bob, kind):
    """A group of this kind with its people."""
    group = bob.founds(f"The {kind} one", "open")
    bob.says(group, "hello")
    for name in ("carl", "mona", "lena", "rudi", "gone"):
        people[name].joins(group)
    bob.post(f"/groups/{group}/members/role/", username="mona", role="moderator")
    people["lena"].leaves(group)
    bob.post(f"/groups/{group}/members/remove/", username="rudi")
    changes = {"closed": {"access": "closed"}, "archived": {"archived": "1"}}.get(kind)
    if changes:
        assert bob.post(f"/groups/{group}/settings/", **changes).status_code == 303
    link = bob.post(f"/groups/{group}/invitations/").text
    if kind != "archived":
        assert people["ivo"].get(re.search(r"/invitations/[\w-]{22}/", link)[0]).status_code == 200
    return group


def account_number(person):
    return person.account.split("-")[0]


def test_every_route_of_a_group_has_its_line(site, everyone):
    assert sorted(line for line in routes_of(site) if "{uuid}" in line and line not in UNTABLED) == sorted(MEMBERS)


@pytest.mark.parametrize("kind", KINDS)
def test_everyone_gets_as_far_as_their_place_in_the_group_lets_them(everyone, kind):
    people, groups = everyone

    answers = {
        line: {name: answer(people[name], line, kind, groups[kind]) for name in (*OUTSIDE, *INSIDE)} for line in MEMBERS
    }

    assert answers == {line: outside(line, kind) | inside(line, kind) for line in MEMBERS}


def outside(line, kind):
    """What people are answered who are not in the group."""
    found = 403 if kind in ("open", "archived") else 404
    if "/preview/" in line and found == 403:
        found = 200
    stranger = 401 if line.startswith("SOCKET") or "/entries/" in line else "login"
    return {name: stranger if name in ("visitor", "gone") else found for name in OUTSIDE}


def inside(line, kind):
    usual, archived, direct = MEMBERS[line]
    if kind == "direct":
        return {"carl": direct[0], "mona": 404, "bob": direct[1]}
    return dict(zip(INSIDE, archived if kind == "archived" else usual, strict=True))


def answer(person, line, kind, group):
    method, path = line.split(" ")
    path = path.format(uuid=group, seq=1 if kind == "direct" else 2, id=99)
    if method == "SOCKET":
        return handshake(person, path, None)
    fields = next((FORMS[end] for end in FORMS if path.endswith(f"/{end}")), {}) if method == "POST" else None
    response = person.browser.request(method, path, data=fields)
    return "login" if response.headers.get("location", "").startswith("/accounts/login/") else response.status_code
