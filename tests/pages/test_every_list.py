"""Every list in every state: empty, with 10,000 rows, beyond its end, filtered to nothing, and during a failure."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from masses import add_masses
from people import HttpPerson, Page
from scenes import CAST
from starlette.testclient import TestClient
from world import archive

from discussit.app import create_app

MAX_BYTES = 160_000  # of a page, before it is compressed


class List(NamedTuple):
    """A list: who reads it, where, what its rows are (tag, and class or attribute), and how many of them a page has."""

    reader: str
    path: str
    row: str
    rows: int
    says: str  # of how much there is, beside the first 10,000
    search: str = ""  # the parameter, where names can be searched
    is_paged: bool = False


def section(name, total, search="search"):
    return List("alice", f"/admin/{name}/list", "td admin-ways", 50, f"1 to 50 of {total}", search, is_paged=True)


def links(path):
    return List("alice", path, "li invitation", 50, "Page 1 of 200", is_paged=True)


LISTS = {
    "one's groups": List("alice", "/", "div data-access", 100, "100 of your 10,001 groups are shown."),
    "one's conversations": List("bob", "/", "div data-access", 120, "100 of your 10,001 groups are shown."),
    "groups beside a log": List("alice", "/groups/{group}/", "li data-group", 100, "100 of 10,001 are shown."),
    "members beside a log": List("bob", "/groups/{group}/", "li member", 100, "Members 10,002"),
    "a preview": List("cleo", "/groups/{group}/preview/", "article data-seq", 50, "preview of the last 50 messages"),
    "the directory": List("alice", "/groups/", "div data-access", 50, "Page 1", "q", is_paged=True),
    "the members": List("bob", "/groups/{group}/members/", "li member", 100, "10,002 members", "q", is_paged=True),
    "a group's links": links("/groups/{group}/invitations/"),
    "who used one": links("/groups/{group}/invitations/10000/"),
    "the server's links": links("/invitations/"),
    "who signed up": links("/invitations/20000/uses/"),
    "all users": section("user", "10,003"),
    "all groups": section("group", "10,001"),
    "all members": section("membership", "20,002"),
    "all messages": section("message", "10,000"),
    "all events": section("event", "10,001"),
}
PAGED = [name for name, each in LISTS.items() if each.is_paged]
SEARCHED = [name for name, each in LISTS.items() if each.search]

NO_PAGES = ("0", "-1", "x", "1_0", "\0", "٢", "9" * 5_000)
BEYOND = ("402", "10001", "9" * 18)
IN_NO_NAME = ("%", "_", "zzz\0", "<b>", "\ud800", "😀" * 2_000, "%" * 10_000)


class Crowd(NamedTuple):
    """The server with 10,000 of everything, and who reads its lists."""

    site: TestClient
    scene: object

    def reads(self, name, **query):
        each = LISTS[name]
        person = self.scene.person(self.site, each.reader)
        values = "&".join(f"{key}={quote(value.encode('utf-8', 'surrogatepass'))}" for key, value in query.items())
        response = person.get(f"{each.path.format(group=self.scene.gardening)}?{values}")
        assert response.status_code == 200, (name, query, response.status_code)
        return response


@pytest.fixture(scope="module")
def crowd(scenes):
    """For all tests of this file, which only read."""
    scene, settings = scenes.copied(CAST)
    with TestClient(create_app(settings)) as site:
        cleo = HttpPerson(site, "cleo")
        cleo.sign_up()
        scene.cookies["cleo"] = cleo.browser.cookies
        site.portal.call(add_masses, site.app.state.site.database, scene.gardening)
        yield Crowd(site, scene)


def rows(page, name):
    """What identifies each of the list's rows on the page."""
    tag, mark = LISTS[name].row.split()
    found = [each for each in page.elements if each.tag == tag and mark in {*each.attributes, *classes(each)}]
    return [" ".join(each.text.split()) for each in found]


def classes(element):
    return (element.get("class") or "").split()


# Empty


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/", "There are no groups yet"),
        ("/groups/", "There are no groups yet"),
        ("/groups/?archived=1", "No archived groups"),
        ("/invitations/", "No links yet."),
        ("/admin/group/list", "No groups yet."),
        ("/admin/membership/list", "No members yet."),
        ("/admin/message/list", "No messages yet."),
        ("/admin/event/list", "No events yet."),
        ("/admin/change/list", "No changes yet."),
        ("/admin/group-change/list", "No group changes yet."),
    ],
)
def test_an_empty_list_says_so(alice, path, says):
    assert says in alice.page(path).one("content").text


def test_the_lists_of_a_new_group_say_so(alice, bob, gardening):
    alice.post(f"/groups/{gardening}/invitations/")
    silent = alice.creates("Silent")
    alice.joins(silent)

    assert "No messages yet." in bob.page(f"/groups/{alice.creates('Empty')}/preview/").one("content").text
    assert "No links yet." in alice.page(f"/groups/{silent}/invitations/").one("content").text
    assert "Nobody has used it yet." in alice.page(f"/groups/{gardening}/invitations/1/").one("content").text
    assert "1 member" in alice.page(f"/groups/{silent}/members/").one("content").text


def test_beside_the_log_of_somebodys_only_group_which_is_archived_it_says_so(site, state, alice, gardening):
    site.portal.call(archive, state.database, gardening)

    none = [each for each in alice.page(f"/groups/{gardening}/").within("my-groups") if "panel-none" in classes(each)]

    assert [(each.text, "hidden" in each.attributes) for each in none] == [("You have no groups in use.", False)]


# With 10,000 rows


@pytest.mark.parametrize("name", LISTS)
def test_a_long_list_is_cut_and_says_so(crowd, name):
    response = crowd.reads(name)
    page = Page(response.text)

    assert len(rows(page, name)) == LISTS[name].rows
    assert LISTS[name].says in " ".join(page.one("content").text.split()) or LISTS[name].says in panels(page)
    assert len(response.content) < MAX_BYTES


def panels(page):
    return " ".join(" ".join(page.one(id).text.split()) for id in ("my-groups", "people") if id in page.ids())


@pytest.mark.parametrize("name", PAGED)
def test_pages_lead_on_and_show_other_rows(crowd, name):
    first, second = (Page(crowd.reads(name, page=number).text) for number in ("1", "2"))

    assert len(rows(second, name)) == LISTS[name].rows
    assert not set(rows(first, name)) & set(rows(second, name))
    assert any("page=2" in (each.get("href") or "") for each in first.elements)
    assert any("page=1" in (each.get("href") or "") or each.get("rel") == "prev" for each in second.elements)


@pytest.mark.parametrize("name", PAGED)
def test_what_is_no_pages_number_leads_to_the_first_page(crowd, name):
    first = rows(Page(crowd.reads(name).text), name)

    shown = {number: rows(Page(crowd.reads(name, page=number).text), name) for number in NO_PAGES}

    assert shown == dict.fromkeys(NO_PAGES, first)


@pytest.mark.parametrize("name", PAGED)
def test_beyond_its_end_a_list_shows_the_last_page_or_a_way_back(crowd, name):
    for number in BEYOND:
        page = Page(crowd.reads(name, page=number).text)

        assert rows(page, name) or page.link("Back to the first page")
        assert not [each for each in page.elements if each.get("rel") == "next"]


# Filtered to nothing


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_that_finds_nothing_says_so_and_leads_back(crowd, name):
    for term in IN_NO_NAME:
        page = Page(crowd.reads(name, **{LISTS[name].search: term}).text)

        assert rows(page, name) == [], term
        assert "No results" in page.one("content").text
        assert page.link("Show all")


# Failed


@pytest.fixture
def addresses(alice, gardening):
    """Of all lists; each is read by alice."""
    paths = [each.path.format(group=gardening).replace("0000/", "/") for each in LISTS.values()]
    alice.joins(gardening)
    for place in (f"/groups/{gardening}/invitations/", "/invitations/"):
        alice.post(place)
    return sorted({path for path in paths if "preview" not in path})


@pytest.fixture
def outage(request):
    """Has the database fail, and mends it."""
    if request.config.getoption("database") == "sqlite":
        return Lost()
    return Stopped(request.getfixturevalue("postgres"))


class Lost:
    """SQLite's file is elsewhere, and a folder in its place."""

    def begins(self):
        Path("discussit.db").rename("elsewhere.db")
        Path("discussit.db").mkdir()

    def ends(self):
        Path("discussit.db").rmdir()
        Path("elsewhere.db").rename("discussit.db")


class Stopped:
    def __init__(self, postgres):
        self.begins, self.ends = postgres.kill, postgres.start


def test_while_the_database_fails_each_list_says_so_and_can_be_tried_again(alice, addresses, outage):
    outage.begins()
    failed = {address: alice.get(address) for address in addresses}
    outage.ends()

    assert {address: answer(response) for address, response in failed.items()} == dict.fromkeys(addresses, REFUSED)
    assert {alice.get(address).status_code for address in addresses} == {200}


REFUSED = (503, "5", "The database doesn't answer. No sent message is lost. Please try again in a moment.", "", "/")


def answer(response):
    """The status, when to try again, what the page says, and where its two buttons lead."""
    page = Page(response.text)
    (lead,) = [each.text for each in page.elements if "column-lead" in classes(each)]
    ways = page.link("Try again"), page.link("To your groups")
    return response.status_code, response.headers["retry-after"], lead, *ways


def test_what_failed_is_not_to_be_logged_in_for(alice, gardening, outage):
    outage.begins()
    page, sent = alice.get("/groups/"), alice.says(gardening, "What was typed")
    outage.ends()

    assert "Log in" not in page.text + sent.text
    assert "What was typed" in sent.text
    assert "Try again" not in sent.text  # a link would not send it


@pytest.mark.sqlite
def test_while_another_program_writes_all_lists_are_read(alice, addresses):
    with closing(sqlite3.connect("discussit.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")

        assert {address: alice.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_without_the_bus_all_lists_are_read(bus_of_redis, alice, addresses, redis):
    redis.kill()
    answers = {address: alice.get(address).status_code for address in addresses}
    redis.start()

    assert answers == dict.fromkeys(addresses, 200)


@pytest.fixture
def bus_of_redis(environment, redis):
    environment.setenv("BROADCAST_URL", redis.bus_url)
