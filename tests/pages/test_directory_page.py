import pytest
from people import HttpPerson, Page
from rights import settle
from world import add_direct, add_groups, archive, forget_name_keys


def test_a_visitor_is_sent_to_log_in_and_back(site, alice):
    response = HttpPerson(site, "visitor").get("/groups/?q=a")

    assert response.headers["location"] == "/accounts/login/?next=/groups/%3Fq%3Da"


def test_the_directory_has_open_groups_and_those_of_the_users_that_are_closed(site, state, alice, bob, gardening):
    club = alice.founds("Book club", access="closed")
    direct = site.portal.call(add_direct, state.database, "alice", "bob")

    assert set(listed(alice.page("/groups/"))) == {gardening, club}
    assert listed(bob.page("/groups/")) == [gardening]
    assert direct not in alice.get("/groups/").text


def test_each_group_says_what_it_is_and_what_one_can_do_there(alice, bob, gardening):
    club = bob.founds("Book club", access="closed", description="For readers")
    page = bob.page("/groups/")

    assert "Closed" in row(page, club)
    assert "Joined" in row(page, club)
    assert "For readers" in row(page, club)
    assert page.link("Preview") == f"/groups/{gardening}/preview/"
    assert {each["value"].split()[0] for each in page.elements if each.tag == "button" and each.get("value")} == {
        "join_group",
        "open_group",
    }


def test_joining_from_the_directory_leads_into_the_group(bob, gardening):
    form = bob.page("/groups/").form(f"/groups/{gardening}/join/")

    response = bob.post(f"/groups/{gardening}/join/", **form)

    assert response.headers["location"] == f"/groups/{gardening}/"
    assert bob.get(f"/groups/{gardening}/").status_code == 200


@pytest.mark.parametrize(
    ("sort", "names"), [("", "CAb"), ("active", "CAb"), ("name", "AbC"), ("members", "bCA"), ("size", "CAb")]
)
def test_groups_are_sorted_as_it_is_asked(alice, bob, sort, names):
    groups = {alice.founds(name): name for name in ("b", "C", "A")}
    b, c, a = groups
    bob.joins(b)
    alice.says(a, "hi")
    alice.says(c, "hi")

    assert [groups[uuid] for uuid in listed(alice.page(f"/groups/?sort={sort}"))] == list(names)


@pytest.mark.parametrize("term", ["garden", "GARDEN", " den ", "g\u200dard", "Gardening"])
def test_a_search_finds_names_that_contain_it(alice, gardening, term):
    alice.founds("Cooking")

    assert listed(alice.page(f"/groups/?q={term}")) == [gardening]


@pytest.mark.parametrize(
    ("name", "term"),
    [("Ökologie", "öko"), ("ΟΔΥΣΣΕΑΣ", "οδυσσεας"), ("Straße", "STRASSE"), ("\uff21\uff22", "ab"), ("Жук", "ЖУК")],
)
def test_a_search_ignores_case_and_forms_in_all_scripts(alice, gardening, name, term):
    found = alice.founds(name)

    assert listed(alice.page(f"/groups/?q={term}")) == [found]


def test_a_renamed_group_is_found_by_its_new_name(alice):
    group = alice.founds("Öl")
    settle(alice, group, name="Käse")

    assert listed(alice.page("/groups/?q=kÄ")) == [group]
    assert listed(alice.page("/groups/?q=öl")) == []


def test_names_are_sorted_in_any_case(alice):
    groups = {alice.founds(name): name for name in ("ärger", "Zug", "Äpfel", "auto")}

    assert [groups[uuid] for uuid in listed(alice.page("/groups/?sort=name"))] == ["auto", "Zug", "Äpfel", "ärger"]


def test_groups_that_servers_of_the_version_before_create_are_found(site, state, alice, gardening):
    site.portal.call(forget_name_keys, state.database)

    assert listed(alice.page("/groups/?q=GARDEN")) == [gardening]
    assert listed(alice.page("/groups/?sort=name")) == [gardening]


@pytest.mark.parametrize("term", ["zzz", "%", "_", "\0", "gardening\0", "\\", "x" * 2_000, "<script>"])
def test_a_search_that_finds_nothing_says_so_and_leads_back(alice, gardening, faultless, term):
    page = Page(alice.get("/groups/", params={"q": term}).text)

    assert listed(page) == []
    assert "No results for" in page.one("content").text
    assert page.link("Show all") == "/groups/"


def test_an_empty_directory_says_how_to_begin(alice):
    page = alice.page("/groups/")

    assert "There are no groups yet" in page.one("content").text
    assert page.link("Create the first one") == "/#new-group"


def test_of_very_many_groups_there_are_fifty_on_a_page(site, state, alice):
    site.portal.call(add_groups, state.database, 120)
    first = alice.page("/groups/?sort=name")
    second = alice.page(first.link("Next"))
    third = alice.page(second.link("Next"))

    assert [len(listed(each)) for each in (first, second, third)] == [50, 50, 20]
    assert len({*listed(first), *listed(second), *listed(third)}) == 120
    assert (first.link("Previous"), third.link("Next")) == (None, None)
    assert third.link("Previous") == "/groups/?sort=name&page=2"


def test_a_page_of_the_directory_takes_at_most_three_queries(site, state, alice, queries):
    site.portal.call(add_groups, state.database, 120)
    alice.get("/groups/")  # notes once in a while that the session is used

    queries.clear()
    alice.get("/groups/?q=group&sort=members")

    assert len(queries) <= 3


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "9" * 18, "9" * 400])
def test_a_page_that_does_not_exist_leads_back(alice, gardening, faultless, number):
    page = alice.page(f"/groups/?page={number}")

    assert listed(page) == [gardening] or page.link("Back to the first page") == "/groups/"


def test_beyond_the_end_of_what_was_found_there_is_a_way_back_to_it(site, state, alice):
    site.portal.call(add_groups, state.database, 60)

    page = alice.page("/groups/?q=group&sort=name&page=7")

    assert "No more results for “group”." in page.one("content").text
    assert page.link("Back to the first page") == "/groups/?q=group&sort=name"
    assert page.link("Previous") is None


def test_archived_groups_have_a_list_of_their_own_and_cannot_be_joined(site, state, alice, bob, gardening):
    site.portal.call(archive, state.database, gardening)

    assert listed(alice.page("/groups/")) == []
    page = bob.page("/groups/?archived=1")
    assert "Archived" in row(page, gardening)
    assert page.forms()[:-1] == []  # but the one that logs out
    assert "open_group" in alice.get("/groups/?archived=1").text


def test_without_archived_groups_their_list_says_so(alice, gardening):
    assert "No archived groups" in alice.page("/groups/?archived=1").one("content").text


def test_a_search_among_archived_groups_stays_there(site, state, alice):
    site.portal.call(add_groups, state.database, 60)
    page = alice.page("/groups/?archived=1&sort=name&q=a")

    assert page.link("Show all") == "/groups/?archived=1"
    assert page.link("Members") == "/groups/?q=a&sort=members&archived=1"
    assert page.link("Groups in use") == "/groups/?q=a&sort=name"


def listed(page):
    """The groups on the page, in order."""
    return [id.removeprefix("name-") for id in page.ids() if id.startswith("name-")]


def row(page, group):
    """What the page says of a group."""
    return next(each for each in page.one(f"name-{group}").parents[::-1] if each.get("class") == "group").text
