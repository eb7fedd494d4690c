"""Finding rows, and not reading more of them than are shown."""

import pytest
from administrators import create, listed
from people import HttpPerson


@pytest.mark.parametrize(
    ("section", "search", "found"),
    [
        ("user", "OB", ["2"]),
        ("user", "_", []),
        ("group", "garden", ["1"]),
        ("group", "%", []),
        ("membership", "bob", ["1;2"]),
        ("message", "TOMATO", ["1;3"]),
        ("message", "bob", ["1;3"]),
        ("message", "\0", ["1;3"]),
        ("event", "bob Join", ["1;2"]),
        ("event", "alice", ["1;1"]),
    ],
)
def test_a_search_finds(alice, bob, together, section, search, found):
    bob.says(together, "tomatoes")

    assert listed(alice, section, search=search) == found


def test_a_group_is_found_by_its_uuid(alice, gardening):
    create(alice, "group", name="Cooking")

    assert listed(alice, "group", search=gardening) == ["1"]


def test_the_newest_entries_come_first_and_pages_lead_on(alice, gardening):
    for n in range(51):
        alice.says(gardening, f"message {n}")

    assert listed(alice, "message") == [f"1;{seq}" for seq in range(52, 2, -1)]
    assert listed(alice, "message", page=2) == ["1;2"]


@pytest.mark.parametrize(
    ("page", "shown"), [("x", 52), ("0", 52), ("-1", 52), ("9" * 5_000, 52), ("3", 2), ("9" * 18, 2)]
)
def test_where_there_is_no_such_page_the_nearest_is_shown(alice, gardening, page, shown):
    for n in range(51):
        alice.says(gardening, f"message {n}")

    assert listed(alice, "message", page=page)[0] == f"1;{shown}"


def test_what_is_searched_is_cut_after_200_characters(alice, gardening):
    alice.says(gardening, "x" * 300)

    assert listed(alice, "message", search="x" * 10_000) == ["1;2"]


def test_a_list_can_be_narrowed_to_a_group(alice, together):
    create(alice, "group", name="Cooking")
    create(alice, "membership", group="Cooking", user="bob")

    assert listed(alice, "membership", group=2) == ["2;2"]
    assert listed(alice, "event", group=2) == ["2;1"]
    assert listed(alice, "message", group="x") == []


def test_a_list_is_sorted_by_what_it_offers_and_nothing_else(alice, bob):
    assert listed(alice, "user", sortBy="username", sort="desc") == ["2", "1"]
    assert alice.get("/admin/user/list?sortBy=password").status_code == 400


def test_lists_of_names_are_sorted_whatever_their_case_and_joiners(site, alice):
    HttpPerson(site, "Bob").sign_up()
    for name in ("b", "A", "\u0915\u094d\u0937\u092e", "\u0915\u094d\u200d\u0937\u0915"):
        alice.post("/groups/", name=name)

    assert listed(alice, "user", sortBy="username", sort="asc") == ["1", "2"]
    assert listed(alice, "group", sortBy="name", sort="asc") == ["2", "1", "4", "3"]
    assert listed(alice, "group", sortBy="name", sort="desc") == ["3", "4", "1", "2"]
    directory = alice.page("/groups/?sort=name").elements
    shown = [each.text for each in directory if (each.get("id") or "").startswith("name-")]
    assert shown == ["A", "b", "\u0915\u094d\u200d\u0937\u0915", "\u0915\u094d\u0937\u092e"]


def test_a_groups_page_names_its_members(alice, together):
    page = alice.page("/admin/group/details/1")

    assert (page.link("alice"), page.link("bob")) == ("/admin/user/details/1", "/admin/user/details/2")


@pytest.mark.parametrize("path", ["membership/create", "group/edit/1", "user/edit/1", "group/details/1"])
def test_no_log_is_read_for_a_form(alice, together, queries, path):
    alice.get("/admin/")
    queries.clear()

    alice.get(f"/admin/{path}")

    assert not [query for query in queries if "entries" in query]
    assert len(queries) < 10
