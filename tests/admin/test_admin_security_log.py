"""What the security log says of superusers: every act of theirs has a line, and each line an act."""

import pytest
from administrators import NEW_PASSWORD, SECTIONS, create, delete, edit, opened
from people import PASSWORD, HttpPerson
from sqlalchemy import select

from discussit.admin.site import MAX_PKS, VIEWS
from discussit.middleware.origin import SAFE_METHODS
from discussit.models import Base

# What forms are filled with, and what each edited field becomes.
CREATED = {
    "user": {"username": "dan", "password": PASSWORD, "is_superuser": "on"},
    "group": {"name": "Baking"},
    "membership": {"group": "1", "user": "carol"},
}
EDITED = {
    "user": {"username": "robert", "password": NEW_PASSWORD, "is_superuser": "on"},
    "group": {"name": "Weeding"},
}
# What POST and DELETE act on: bob in Gardening, which is the first group, carol in Cooking, which is the second.
KEYS = {
    "POST": {
        "message": "1;3",
        "event": "1;2",
        "change": "1;4",
        "group-change": "1;5",
        "membership": "1;2",
        "group": "1",
        "user": "2",
    },
    "DELETE": {
        "message": "2;2",
        "event": "2;1",
        "change": "1;4",
        "group-change": "1;5",
        "membership": "2;3",
        "group": "2",
        "user": "3",
    },
}
# The lines of an act and its repeat: one of each, except that a second reset link is a second act.
LINES = {
    "POST /admin/group/create": ["group-create done group=3 account=- by=1"],
    "POST /admin/membership/create": ["member-add done group=1 account=3 by=1"],
    "POST /admin/user/create": ["account-create done account=4 by=1", "account-promote done account=4 by=1"],
    "POST /admin/group/edit": ["group-rename done group=1 account=- by=1"],
    "POST /admin/user/edit": [f"account-{act} done account=2 by=1" for act in ("rename", "promote", "password")],
    "POST /admin/user/reset": ["reset-link done account=2 by=1"] * 2,
    "POST /admin/message/delete": ["message-delete done group=1 seq=3 account=2 by=1"],
    "POST /admin/membership/delete": ["member-remove done group=1 account=2 by=1"],
    "POST /admin/group/delete": ["group-delete done group=1 account=- by=1"],
    "POST /admin/user/delete": ["account-close done account=2 by=1"],
    "DELETE /admin/message/delete": ["message-delete done group=2 seq=2 account=3 by=1"],
    "DELETE /admin/membership/delete": ["member-remove done group=2 account=3 by=1"],
    "DELETE /admin/group/delete": ["group-delete done group=2 account=- by=1"],
    "DELETE /admin/user/delete": ["account-close done account=3 by=1"],
}


@pytest.fixture
def gardens(alice, bob, together):
    bob.says(together, "tomatoes")
    bob.reacts(together, 3, "🍅")
    create(alice, "user", username="carol", password=PASSWORD)
    create(alice, "group", name="Cooking")
    create(alice, "membership", group="2", user="carol")


@pytest.fixture
def carol_says(site, gardens, alice):
    """A message of carol's in Cooking."""
    carol = HttpPerson(site, "carol")
    carol.log_in()
    names = [each for each in alice.page("/").elements if (each.get("id") or "").startswith("name-")]
    cooking = next(each["id"].removeprefix("name-") for each in names if each.text == "Cooking")
    carol.says(cooking, "beans")


@pytest.fixture
def lines(logged):
    """The lines since it was last asked, without the address that none of these clients has."""
    return lambda: [line.removesuffix(" address=-") for _, line in logged()]


def test_whatever_changes_something_leaves_a_line_once(site, state, alice, gardens, carol_says, lines):
    written = {}

    for method, path in acts_of(site, alice):
        for section in reversed(SECTIONS):
            before, _ = contents(site, state), lines()
            for _ in range(2):
                act(alice, method, path, section)
            if found := [line for line in lines() if not line.startswith("message-read")]:
                written[f"{method} {path.format(identity=section, pk='').rstrip('/')}"] = found
            assert found or contents(site, state) == before

    assert written == LINES


@pytest.mark.parametrize("field", [(view.identity, field.name) for view in VIEWS for field in view.fields_to_edit])
def test_every_field_that_can_be_edited_leaves_a_line(alice, bob, gardening, lines, field):
    section, name = field
    form = opened(alice, section, KEYS["POST"][section])
    lines()

    edit(alice, section, KEYS["POST"][section], **form)
    assert lines() == []

    edit(alice, section, KEYS["POST"][section], **form | {name: EDITED[section][name]})
    assert len(lines()) == 1


def acts_of(site, superuser):
    """Method and path of everything in the administration that may change something."""
    superuser.get("/admin/")  # its routes are there from the first visit on
    (mount,) = (route for route in site.app._app.routes if getattr(route, "name", "") == "admin")
    acts = {(method, f"/admin{route.path}") for route in mount.routes for method in route.methods - SAFE_METHODS}
    return sorted(acts, key=lambda act: (act[0] == "DELETE", "delete" in act[1], act))


def act(superuser, method, path, section):
    key, page = KEYS[method][section], path.split("/")[3]
    form = {"create": CREATED, "edit": EDITED}.get(page, {}).get(section, {}) | {"form_id": f"{page} {section}"}
    address = path.format(identity=section, pk=key)
    superuser.browser.request(method, address, params={"pks": key} if page == "delete" else None, data=form)


def contents(site, state):
    """All rows, except those of sessions and submitted forms."""
    tables = [table for name, table in Base.metadata.tables.items() if name not in ("sessions", "submissions")]
    return site.portal.call(
        state.database.run_read, lambda session: [session.execute(select(each)).all() for each in tables]
    )


# Several rows


def test_each_of_several_rows_has_its_line(alice, bob, together, lines):
    for text in ("tomatoes", "beans", "peas"):
        bob.says(together, text)
    lines()

    delete(alice, "message", "1;3", "1;5", "1;77")

    assert lines() == [f"message-delete done group=1 seq={seq} account=2 by=1" for seq in (3, 5)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_more_rows_than_a_list_shows_can_not_be_deleted_together(alice, bob, together, lines, method):
    keys = ",".join(f"1;{seq}" for seq in range(1, MAX_PKS + 2))

    answer = alice.browser.request(method, "/admin/message/delete", params={"pks": keys})

    assert (answer.status_code, lines()) == (400, [])
    assert f"delete at most {MAX_PKS} rows at a time" in answer.text


def test_what_is_refused_leaves_no_line(alice, bob, together, lines):
    form = opened(alice, "group", "1")
    edit(alice, "group", "1", name="Weeding")
    lines()

    answers = [
        edit(alice, "group", "1", **form | {"name": "Baking"}),
        create(alice, "group", name=""),
        create(alice, "membership", group="1", user="bob"),
        delete(alice, "event", "1;1"),
        delete(alice, "message", "1;77"),
    ]

    assert ([answer.status_code for answer in answers], lines()) == ([409, 400, 400, 404, 404], [])


# Reading other people's messages


@pytest.mark.parametrize(
    ("path", "groups"),
    [
        ("message/list", ["1", "2"]),
        ("message/list?group=2", ["2"]),
        ("message/list?search=tomato", ["1"]),
        ("message/list?search=weeds", ["-"]),
        ("message/list?page=9", ["1", "2"]),  # shows the last page
        ("message/details/1;3", ["1"]),
        ("message/delete?pks=1;3,2;2", ["1", "2"]),
        ("message/details/1;77", []),
        ("event/list", []),
        ("group/details/1", []),
    ],
)
def test_every_page_with_messages_leaves_a_line_for_each_group(alice, gardens, carol_says, lines, path, groups):
    lines()

    alice.get(f"/admin/{path}")

    assert lines() == [f"message-read done group={group} account=- by=1" for group in groups]


# Elsewhere


def test_a_group_created_at_home_leaves_a_line_once(alice, lines):
    for form in ({"name": ""}, {"name": "Baking", "form_id": "a"}, {"name": "Baking", "form_id": "a"}):
        alice.post("/groups/", **form)

    assert lines() == ["group-create done group=1 account=- by=1"]
