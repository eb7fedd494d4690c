from urllib.parse import quote

import pytest
from names import JOINED
from people import HttpPerson, Page
from world import add_members

NOWHERE = "00000000-0000-4000-8000-000000000000"
CROWD = [f"member{number:03}" for number in range(250)]


@pytest.fixture
def address(alice, gardening):
    """The page of Gardening's members, of whom alice is one."""
    return f"/groups/{gardening}/members/"


@pytest.fixture
def join(site, state, gardening):
    """`join("ann", "ben")`: new users of these names join Gardening."""
    return lambda *names: site.portal.call(add_members, state.database, gardening, names)


def names(page):
    return [each["data-name"] for each in page.elements if each.get("data-name")]


# Access


def test_a_member_sees_the_members(alice, address):
    assert names(alice.page(address)) == ["alice"]


def test_a_visitor_is_sent_to_log_in_and_back(site, address):
    response = HttpPerson(site, "visitor").get(f"{address}?q=a&page=2")

    assert response.status_code == 303
    assert response.headers["location"] == f"/accounts/login/?next={address}%3Fq%3Da%26page%3D2"


def test_a_non_member_sees_no_member_but_the_way_in(bob, address):
    response = bob.get(address)

    assert response.status_code == 403
    assert "Kindly use the join button" in response.text
    assert "alice" not in response.text


def test_a_member_who_left_sees_no_member(alice, gardening, address):
    alice.leaves(gardening)

    assert alice.get(address).status_code == 403


def test_an_unknown_group_is_not_found(alice):
    assert alice.get(f"/groups/{NOWHERE}/members/").status_code == 404


# All


def test_all_members_are_on_pages_of_a_hundred_in_the_order_of_their_names(alice, join, address):
    join(*reversed(CROWD))

    pages = [alice.page(address)]
    while following := pages[-1].link("Next"):
        pages.append(alice.page(following))

    assert [names(page) for page in pages] == [["alice", *CROWD[:99]], CROWD[99:199], CROWD[199:]]
    assert {"Page 1 of 3", "251 members"} <= {each.text for each in pages[0].elements}


def test_the_earlier_pages_are_a_link_away_until_the_first(alice, join, address):
    join(*CROWD)

    pages = [alice.page(f"{address}?page=3")]
    while previous := pages[-1].link("Previous"):
        pages.append(alice.page(previous))

    assert [names(page)[0] for page in pages] == [CROWD[199], CROWD[99], "alice"]


@pytest.mark.parametrize(
    ("page", "first"),
    [
        *((page, "alice") for page in ("", "0", "-1", "x", "1.5", "٣", "%00", "9" * 30)),
        *((page, CROWD[199]) for page in ("4", "999999999", "9" * 18)),
    ],
)
def test_a_page_that_there_is_not_shows_the_first_or_the_last(alice, join, address, faultless, page, first):
    join(*CROWD)

    assert names(alice.page(f"{address}?page={page}"))[0] == first


def test_the_page_leads_back_to_the_group(alice, gardening, address):
    assert alice.page(address).link("Back to Gardening") == f"/groups/{gardening}/"


def test_members_of_other_groups_are_not_among_them(alice, bob, address):
    bob.joins(alice.creates("Cooking"))

    assert names(alice.page(address)) == ["alice"]


# Search


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("ann", ["Ann_a", "Joanna"]),
        ("ANN", ["Ann_a", "Joanna"]),
        (" ann ", ["Ann_a", "Joanna"]),
        ("n_", ["Ann_a"]),
        ("strasse", ["Straße"]),
        ("É", ["Émile"]),
        ("e\u0301", ["Émile"]),
        ("@", ["me@home"]),
        ("", ["alice", "Ann_a", "Joanna", "me@home", "Straße", "Émile"]),
    ],
)
def test_a_part_of_the_name_is_enough_whatever_its_case(alice, join, address, term, found):
    join("Émile", "Straße", "me@home", "Joanna", "Ann_a")

    page = Page(alice.get(address, params={"q": term}).text)

    assert sorted(names(page)) == sorted(found)


@pytest.mark.parametrize("term", ["\u0647\u200c\u0646", "\u0647\u0646", "\u200d"])
def test_joiners_in_names_and_terms_are_ignored(alice, join, address, term):
    join(JOINED)

    assert JOINED in names(alice.page(f"{address}?q={quote(term)}"))


def test_members_are_sorted_as_if_without_joiners(alice, join, address):
    in_order = ["\u0915\u094d\u200d\u0937\u0915", "\u0915\u094d\u0937\u092e"]
    join(*reversed(in_order))

    assert names(alice.page(address)) == ["alice", *in_order]


@pytest.mark.parametrize("term", ["%", "_", "/", "\\", "*", "a%e", "al ice", "\0", "x" * 400, "x" * 60_000, "\ud800"])
def test_what_is_in_no_name_finds_nobody(alice, address, faultless, term):
    response = alice.get(f"{address}?q={quote(term.encode('utf-8', 'surrogatepass'))}")

    assert (response.status_code, names(Page(response.text))) == (200, [])
    assert "No results for" in response.text


def test_a_search_says_how_many_it_found_and_leads_to_all(alice, join, address):
    join(*CROWD)

    page = Page(alice.get(address, params={"q": "member"}).text)

    assert "250 of 251 members match “member”." in page.one("content").text
    assert page.link("Show all members") == address


def test_the_pages_of_a_search_keep_its_term(alice, join, address):
    join(*(f"member+{number}" for number in range(150)))

    first = Page(alice.get(address, params={"q": "+"}).text)
    second = alice.page(first.link("Next"))

    assert (len(names(first)), len(names(second))) == (100, 50)
    assert second.one("search")["value"] == "+"


@pytest.mark.parametrize("term", ["<script>alert(1)</script>", '"><b onclick=x>', "{{ 7*7 }}", "`${1}`"])
def test_a_search_term_is_text_and_nothing_more(alice, address, term):
    page = Page(alice.get(address, params={"q": term}).text)

    assert page.one("search")["value"] == term
    assert term in page.one("content").text
    assert not [each for each in page.within("content") if each.tag in ("script", "b")]


def test_a_page_of_many_members_costs_no_more_queries(alice, join, address, queries):
    alice.get(address)  # notes once in a while that the session is used

    queries.clear()
    alice.page(address)
    few = len(queries)
    join(*CROWD)

    queries.clear()
    alice.page(f"{address}?page=2")

    assert len(queries) == few
