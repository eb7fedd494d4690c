"""The whole site below a path of its host, as `--root-path /chat` serves it behind a proxy."""

import re

import pytest
from people import HttpPerson, Page, closed, refused
from starlette.testclient import TestClient
from world import add_members

ROOT = "/chat"
TARGET = re.compile(r' (?:href|action|src|data-[a-z]+)="(/[^"]*)"')


class Guest(HttpPerson):
    """Somebody who types paths of the site; what the site says is taken as it is."""

    def __init__(self, client, name):
        super().__init__(client, name)
        self.browser = TestClient(client.app, root_path=ROOT, follow_redirects=False)
        self.browser.portal = client.portal

    def get(self, path, **options):
        return super().get(ROOT + path, **options)

    def post(self, path, **fields):
        return super().post(ROOT + path, **fields)


@pytest.fixture
def alice(site):
    alice = Guest(site, "alice")
    alice.log_in()
    return alice


@pytest.fixture
def visitor(site, alice):
    return Guest(site, "visitor")


def leads_to(response):
    assert response.status_code == 303
    return response.headers["location"]


# Where redirects lead


def test_logging_in_and_out_stays_below_the_path(alice):
    assert leads_to(alice.log_out()) == "/chat/accounts/login/"
    assert leads_to(alice.log_in()) == "/chat/"
    assert leads_to(alice.get("/accounts/login/")) == "/chat/"
    assert leads_to(Guest(alice.browser, "bob").sign_up()) == "/chat/"


def test_a_visitor_sent_to_log_in_comes_back_to_the_page(visitor, gardening):
    login = leads_to(visitor.get(f"/groups/{gardening}/?at=3"))

    assert login == f"/chat/accounts/login/?next=/chat/groups/{gardening}/%3Fat%3D3"
    page = visitor.page(login.removeprefix(ROOT))
    (field,) = [each["value"] for each in page.elements if each.get("name") == "next"]
    assert leads_to(Guest(visitor.browser, "alice").log_in(next=field)) == f"/chat/groups/{gardening}/?at=3"


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/user/list"])
def test_every_page_comes_back_from_logging_in(visitor, path):
    assert leads_to(visitor.get(path)) == f"/chat/accounts/login/?next=/chat{path}"


def test_a_visitor_who_posts_comes_back_to_the_form(visitor, gardening):
    assert leads_to(visitor.says(gardening, "hi")) == f"/chat/accounts/login/?next=/chat/groups/{gardening}/"


@pytest.mark.parametrize("address", ["/", "/groups/x/", "/chat", "/chatter/", "//chat/", "/\\chat/", ""])
def test_logging_in_leads_to_no_other_site_of_the_host(alice, address):
    assert leads_to(alice.log_in(next=address)) == "/chat/"


def test_ending_sessions_stays_below_the_path(alice):
    assert leads_to(alice.post("/accounts/sessions/", session="others")) == "/chat/accounts/sessions/"


def test_a_reset_link_lies_below_the_path_and_leads_there(alice):
    link = Page(alice.post("/admin/user/reset/1").text).one("link").text

    assert link.startswith("http://testserver/chat/accounts/reset/")
    answer = alice.browser.post(link, data={"password1": "another horse", "password2": "another horse"})
    assert leads_to(answer) == "/chat/"


def test_an_invitation_lies_below_the_path_and_leads_there(alice, visitor):
    group = leads_to(alice.post("/groups/", name="Lunch")).removeprefix(ROOT)
    link = Page(alice.post(f"{group}invitations/").text).one("link").text.removeprefix("http://testserver")

    assert link.startswith("/chat/invitations/")
    page = visitor.page(link.removeprefix(ROOT))
    assert page.link("Log in") == f"/chat/accounts/login/?next={link}"
    assert (
        visitor.page(f"/accounts/login/?next={link}").link("Sign up").startswith("/chat/accounts/signup/?invitation=")
    )
    assert leads_to(visitor.post(link.removeprefix(ROOT))) == f"/chat/accounts/login/?next={link}"
    assert leads_to(alice.get(link.removeprefix(ROOT))) == f"/chat{group}"


def test_actions_in_a_group_lead_back_to_it(alice, gardening):
    assert leads_to(alice.says(gardening, "hi")) == f"/chat/groups/{gardening}/"
    assert leads_to(alice.post(f"/groups/{gardening}/leave/")) == "/chat/"
    back = f"/chat/groups/{gardening}/"
    assert leads_to(alice.post(f"/groups/{gardening}/join/", next=back)) == back


def test_creating_a_group_leads_there(alice):
    leads = leads_to(alice.post("/groups/", name="Cooking"))

    assert leads.startswith("/chat/groups/")
    assert alice.get(leads.removeprefix("/chat")).status_code == 200


def test_the_administration_leads_to_its_own_pages(alice):
    made = leads_to(alice.post("/admin/group/create", name="Cooking"))

    assert made == "/chat/admin/group/details/1"
    assert alice.get(made.removeprefix(ROOT)).status_code == 200
    assert leads_to(alice.post("/admin/group/delete?pks=1")) == "/chat/admin/group/list"


def test_a_missing_slash_is_mended_below_the_path(alice):
    assert alice.get("/admin").headers["location"] == "http://testserver/chat/admin/"


# What stands on pages


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/accounts/signup/",
        "/accounts/sessions/",
        "/accounts/password/",
        "/admin/",
        "/admin/group/details/1",
        "/admin/user/details/1",
        "/admin/user/create",
    ],
)
def test_every_address_on_a_page_lies_below_the_path(alice, gardening, path):
    assert_all_below(alice.get(path))


def test_every_address_on_a_groups_page_lies_below_the_path(alice, gardening):
    for number in range(60):
        alice.says(gardening, f"{number}")

    assert_all_below(alice.get(f"/groups/{gardening}/?at=30"))
    page = alice.page(f"/groups/{gardening}/")
    assert page.link("Older messages") == f"/chat/groups/{gardening}/?before=12"


def test_every_address_on_the_pages_of_members_lies_below_the_path(site, state, alice, gardening):
    site.portal.call(add_members, state.database, gardening, [f"member{number}" for number in range(250)])

    answer = alice.get(f"/groups/{gardening}/members/?q=member&page=2")

    assert_all_below(answer)
    following = f"/chat/groups/{gardening}/members/?q=member&page="
    assert [Page(answer.text).link(word) for word in ("Previous", "Next")] == [f"{following}1", f"{following}3"]


def test_a_non_member_is_shown_the_way_in(visitor, gardening):
    visitor.sign_up()

    answer = visitor.get(f"/groups/{gardening}/")

    assert answer.status_code == 403
    (form,) = [each for each in Page(answer.text).elements if (each.get("action") or "").endswith("/join/")]
    assert form["action"] == f"/chat/groups/{gardening}/join/"


def assert_all_below(response):
    addresses = TARGET.findall(response.text)
    assert addresses
    assert [address for address in addresses if not address.startswith("/chat/")] == []


def test_static_files_are_found_where_pages_name_them(visitor):
    addresses = [each for each in TARGET.findall(visitor.get("/accounts/login/").text) if "/static/" in each]

    assert addresses
    for address in addresses:
        assert visitor.browser.get(address).status_code == 200


def test_nobody_is_asked_who_they_are_for_a_static_file(alice, queries):
    address = next(each for each in TARGET.findall(alice.get("/").text) if "/static/" in each)
    queries.clear()

    alice.browser.get(address)

    assert queries == []


# The session


def test_the_cookie_is_for_this_site_of_the_host_only(alice):
    cookie = alice.log_in().headers["set-cookie"]

    assert "Path=/chat/;" in cookie
    assert alice.browser.get("http://testserver/chat/").status_code == 200
    assert "cookie" not in alice.browser.get("http://testserver/chatter/").request.headers


def test_over_https_the_cookie_has_a_name_that_browsers_take_below_a_path(alice):
    alice.browser.base_url = "https://testserver"

    cookie = alice.log_in().headers["set-cookie"]

    assert cookie.startswith("__Secure-discussit_session=")
    assert {"Path=/chat/", "Secure"} <= set(cookie.split("; "))
    assert alice.get("/").status_code == 200


def test_logging_out_takes_the_cookie_away(alice):
    assert set(alice.browser.cookies) == {"discussit_session", "discussit_device"}

    alice.log_out()

    assert set(alice.browser.cookies) == {"discussit_device"}


def test_sockets_are_where_pages_say(alice, gardening):
    home = alice.page("/").one("groups")["data-socket"]
    group = alice.page(f"/groups/{gardening}/").one("group")["data-socket"]

    with alice.browser.websocket_connect(home), alice.browser.websocket_connect(group) as socket:
        alice.says(gardening, "hi")
        assert socket.receive_json()["content"] == "hi"
        alice.log_out()
        assert closed(socket) == 4401


def test_a_socket_that_is_refused_is_refused_below_the_path_too(visitor, gardening):
    assert refused(visitor, f"/chat/groups/{gardening}/") == 401
    visitor.sign_up()
    assert refused(visitor, f"/chat/groups/{gardening}/") == 403
    assert refused(visitor, "/chat/nowhere/") == 404
