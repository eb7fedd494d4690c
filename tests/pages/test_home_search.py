"""The home page's search: among the user's groups, direct ones by the others' names, and groups to join."""

import pytest
from people import HttpPerson, Page
from world import add_conversations, add_direct, add_groups, add_members, archive

from discussit.groups.lists import MAX_TERM


def test_a_visitor_is_sent_to_log_in_and_back_to_the_search(site, alice):
    response = HttpPerson(site, "visitor").get("/?q=ab c")

    assert response.headers["location"] == "/accounts/login/?next=/%3Fq%3Dab%2520c"


def test_the_users_groups_are_found_then_those_that_they_may_join(alice, bob, gardening):
    cooking, club = alice.founds("Cooking"), bob.founds("Cooking club", "closed")
    bob.founds("Astronomy")

    page = bob.page("/?q=cook")

    assert shown(page) == [club, cooking]
    assert "Groups with “cook” in their names." in page.one("content").text
    assert page.link("Show all") == "/"


@pytest.mark.parametrize("term", ["garden", "GARDEN", " den ", "g\u200dard", "Gardening"])
@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_name_is_found_by_what_the_directory_finds_it(alice, bob, gardening, name, term):
    person = alice if name == "alice" else bob
    alice.founds("Cooking")

    assert shown(person.page(f"/?q={term}")) == [gardening]


def test_a_direct_group_is_found_by_the_others_in_it_and_by_no_name_of_its_own(site, state, alice, bob):
    direct = site.portal.call(add_direct, state.database, "alice", "bob")
    notes = site.portal.call(add_direct, state.database, "alice")

    assert shown(alice.page("/?q=BO")) == [direct]
    assert shown(bob.page("/?q=lic")) == [direct]
    assert shown(alice.page("/?q=to self")) == [notes]
    for term in ("alice", "direct"):
        assert shown(alice.page(f"/?q={term}")) == []


def test_a_hidden_conversation_is_found_and_said_to_be_hidden(alice, bob, gardening):
    bob.joins(gardening)
    hidden = bob.converses("alice")
    bob.says(hidden, "hi")
    bob.leaves(hidden)

    page = bob.page("/?q=lic")

    assert shown(page) == [hidden]
    assert "Hidden" in page.one(hidden).text
    assert "No results" not in page.one("content").text
    assert shown(bob.page("/")) == [gardening]
    assert shown(bob.page("/?q=zzz")) == []


def test_a_conversation_that_appears_again_is_found_once(alice, bob, gardening):
    bob.joins(gardening)
    hidden = bob.converses("alice")
    bob.says(hidden, "hi")
    bob.leaves(hidden)
    alice.says(hidden, "hello")

    page = bob.page("/?q=alice")

    assert shown(page) == [hidden]
    assert "Hidden" not in page.one(hidden).text


def test_a_conversation_that_another_began_is_not_found_before_its_first_message(alice, bob, gardening):
    bob.joins(gardening)
    alice.converses("bob")

    assert shown(bob.page("/?q=alice")) == []


def test_of_hidden_conversations_the_last_used_come_first(alice, bob, cleo, gardening):
    for person in (bob, cleo):
        person.joins(gardening)
    both, one = alice.converses("bob", "cleo"), alice.converses("bob")
    for group in (one, both):
        alice.says(group, "hi")
        alice.leaves(group)

    assert shown(alice.page("/?q=bob")) == [both, one]


def test_each_of_150_direct_groups_is_found(site, state, alice):
    names = crowd(site, state, alice, 150)

    for name in (names[0], names[75], names[149]):
        page = alice.page(f"/?q={name}")
        assert [page.one(f"name-{uuid}").text for uuid in shown(page)] == [name]


def test_nobody_finds_what_is_not_theirs(site, state, alice, bob, gardening):
    alice.founds("Garden club", "closed")
    site.portal.call(add_members, state.database, gardening, ["gardener"])
    site.portal.call(add_direct, state.database, "alice", "gardener")
    site.portal.call(archive, state.database, alice.founds("Old garden"))

    assert shown(bob.page("/?q=garden")) == [gardening]


@pytest.mark.parametrize(("path", "field"), [("/?q=garden", "find"), ("/groups/", "search")])
def test_the_fields_take_as_much_as_is_searched(alice, gardening, path, field):
    assert alice.page(path).one(field)["maxlength"] == str(MAX_TERM)


@pytest.mark.parametrize("term", ["zzz", "%", "_", "\0", "gardening\0", "\\", "x" * 2_000, "<script>", '"><b>'])
def test_a_search_that_finds_nothing_says_so_and_where_to_look_on(alice, gardening, faultless, term):
    page = Page(alice.get("/", params={"q": term}).text)

    assert shown(page) == []
    assert f"No results for “{term[:MAX_TERM]}”." in page.one("content").text
    assert page.one("find")["value"] == page.one("groups")["data-term"] == term[:MAX_TERM]
    assert page.link("Show all") == "/"
    assert page.link("Directory") == "/groups/"
    assert page.link("Search archived groups").endswith("&archived=1")


@pytest.mark.parametrize("query", ["q=", "q=%20", "p=garden"])
def test_without_a_term_everything_is_shown(alice, gardening, query):
    page = alice.page(f"/?{query}")

    assert shown(page) == [gardening]
    assert "data-term" not in page.one("groups").attributes


def test_of_very_many_results_a_hundred_are_shown_and_how_many_there_are(site, state, alice):
    site.portal.call(add_groups, state.database, 130, "alice")
    site.portal.call(add_groups, state.database, 30)

    page = alice.page("/?q=group")

    assert len(shown(page)) == 120
    assert "100 of your 130 matching groups are shown." in page.one("own-groups").text
    assert page.link("Type more of the name to find the others") == "#find"
    assert page.link("See all in the directory") == "/groups/?q=group"


def test_a_search_among_very_many_groups_takes_at_most_eight_queries(site, state, alice, queries):
    crowd(site, state, alice, 20)
    site.portal.call(add_groups, state.database, 280, "alice")
    alice.get("/")  # notes once in a while that the session is used

    queries.clear()
    alice.get("/?q=friend")

    assert len(queries) <= 8


def test_the_names_of_hidden_conversations_take_one_query(site, state, alice, queries):
    crowd(site, state, alice, 20)
    queries.clear()
    alice.get("/?q=friend")
    without = len(queries)
    for group in shown(alice.page("/?q=friend"))[:10]:
        alice.says(group, "hi")
        alice.leaves(group)

    queries.clear()
    alice.get("/?q=friend")

    assert len(queries) <= without + 1  # beside the one that looks for them, that for their names


def test_the_found_are_not_compressed_since_the_page_repeats_what_was_searched(alice, gardening):
    response = alice.get("/?q=garden", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in response.headers
    assert alice.get("/?q=", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_joining_and_leaving_without_script_lead_back_to_the_search(bob, gardening):
    joins, leaves = (f"/groups/{gardening}/{verb}/" for verb in ("join", "leave"))

    for action in (joins, leaves):
        response = bob.post(action, **bob.fills("/?q=gard", action))
        assert response.headers["location"] == "/?q=gard"


def test_a_group_that_could_not_be_created_is_shown_on_the_page_of_all(alice, gardening):
    response = alice.post("/groups/?q=zzz", name="")

    assert shown(Page(response.text)) == [gardening]


def shown(page):
    """The groups on the page, in order."""
    return [id.removeprefix("name-") for id in page.ids() if id.startswith("name-") and "{" not in id]


def crowd(site, state, person, count, word="friend"):
    """New people, each of whom has a direct group with this one; their names."""
    names = [f"{word}{number:03}" for number in range(count)]
    site.portal.call(add_conversations, state.database, person.name, names)
    return names
