import re

import pytest
from people import HttpPerson, refused
from starlette.testclient import TestClient

from discussit.app import app

OURS = ["http://testserver", "http://testserver:80", "HTTP://TESTSERVER"]
OUR_OTHERS = ["http://localhost", "https://127.0.0.1:8443", "http://[::1]:3000"]  # ALLOWED_HOSTS, behind a proxy
FOREIGN = [
    "http://evil.example",
    "https://evil.example",
    "null",
    "",
    "http://testserver.evil.example",
    "http://eviltestserver",
    "http://testserver@evil.example",
    "http://evil.example/testserver",
    "http://evil.example#testserver",
    "http://testserver:8000",
    "http://testserver:443",
    "http://testserver:nonsense",
    "http://testserver:99999",
    "https://testserver",
    "http://",
    "http://[",
    "testserver",
    "//testserver",
    "file://",
    "chrome-extension://testserver",
    "javascript:testserver",
    "http://sub.testserver",
    "http://[::2]",
    "nonsense",
    "http://testserver http://evil.example",
]


# Where a request comes from


@pytest.mark.parametrize("origin", [None, *OURS, *OUR_OTHERS])
def test_a_form_of_this_site_is_taken(site, origin):
    assert post(site, {"origin": origin} if origin else {}) == 303


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_of_another_site_is_refused(site, origin):
    assert post(site, {"origin": origin}) == 403


@pytest.mark.parametrize("site_of_page", ["same-origin", "none"])
def test_a_form_with_fetch_metadata_of_this_site_is_taken(site, site_of_page):
    assert post(site, {"sec-fetch-site": site_of_page}) == 303


@pytest.mark.parametrize("site_of_page", ["cross-site", "same-site", "", "nonsense", "Same-Origin"])
def test_a_form_with_fetch_metadata_of_another_site_is_refused(site, site_of_page):
    assert post(site, {"sec-fetch-site": site_of_page}) == 403


def test_fetch_metadata_outweighs_the_origin(site):
    assert post(site, {"sec-fetch-site": "cross-site", "origin": "http://testserver"}) == 403
    assert post(site, {"sec-fetch-site": "same-origin", "origin": "http://evil.example"}) == 303


def test_a_refused_form_changes_nothing(alice):
    response = alice.browser.post("/groups/", data={"name": "Evil"}, headers={"origin": "http://evil.example"})

    assert response.status_code == 403
    assert "Evil" not in alice.get("/").text


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/logout/", "/groups/", "/admin/user/create", "/nope"])
def test_every_address_is_guarded(site, path):
    assert site.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "NONSENSE"])
def test_every_method_that_may_change_something_is_guarded(site, method):
    assert site.request(method, "/", headers={"origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}])
def test_a_link_from_another_site_is_followed(alice, headers):
    assert alice.get("/", headers=headers).status_code == 200


# Where a socket comes from


@pytest.mark.parametrize("origin", [None, *OURS, *OUR_OTHERS])
def test_a_socket_of_this_site_is_accepted(alice, gardening, origin):
    headers = {"origin": origin} if origin else {}

    with alice.browser.websocket_connect("/", headers=headers) as home:
        assert home.accepted_subprotocol is None
    with alice.browser.websocket_connect(f"/groups/{gardening}/", headers=headers) as group:
        assert group.accepted_subprotocol is None


def test_a_socket_of_another_site_is_refused_with_403(alice, gardening):
    for origin in FOREIGN:
        assert refused(alice, "/", origin=origin) == 403, origin
        assert refused(alice, f"/groups/{gardening}/", origin=origin) == 403, origin


def test_the_origin_of_a_socket_outweighs_fetch_metadata(alice):
    with alice.browser.websocket_connect("/", headers={"origin": OURS[0], "sec-fetch-site": "cross-site"}) as home:
        assert home.accepted_subprotocol is None

    assert refused(alice, "/", **{"origin": "http://evil.example", "sec-fetch-site": "same-origin"}) == 403
    assert refused(alice, "/", **{"sec-fetch-site": "cross-site"}) == 403


def test_the_origin_is_checked_before_the_session(site):
    assert refused(HttpPerson(site, "visitor"), "/", origin="http://evil.example") == 403


def test_over_https_the_origin_is_an_https_one(alice):
    alice.browser.base_url = "https://testserver"
    alice.browser.cookies.clear()

    assert post(alice.browser, {"origin": "https://testserver"}) == 303
    assert post(alice.browser, {"origin": "http://testserver"}) == 403


def test_a_proxy_that_hides_https_is_logged_with_a_remedy(alice, caplog):
    assert refused(alice, "/", origin="https://testserver") == 403

    (said,) = (record.getMessage() for record in caplog.records if record.name == "discussit.middleware.origin")
    assert "'https://testserver' to 'ws://testserver'" in said
    assert {"Host", "X-Forwarded-Proto", "FORWARDED_ALLOW_IPS"} <= set(re.findall(r"[\w-]+", said))


def test_other_sites_are_logged_as_refused_without_anything_they_send(alice, caplog):
    assert refused(alice, "/", origin="https://evil.example") == 403

    assert caplog.messages == ["origin refused account=- by=- address=-"]


def test_the_same_host_and_port_is_the_same_site(site):
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:8000"}) == 303
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:9000"}) == 403


@pytest.mark.parametrize(
    ("allowed", "origin", "status"),
    [
        ("testserver,*.example.org", "https://chat.example.org", 303),
        ("testserver,*.example.org", "https://evilexample.org", 403),
        ("testserver,chat.example.org", "https://chat.example.org", 303),
        ("testserver,chat.example.org", "https://example.org", 403),
        ("*", "https://evil.example", 403),
        ("*", "http://testserver", 303),
    ],
)
def test_the_environment_says_which_origins_are_ours(environment, allowed, origin, status):
    environment.setenv("ALLOWED_HOSTS", allowed)

    with TestClient(app) as site:
        assert post(site, {"origin": origin}) == status


def post(site, headers):
    """The status of a harmless form: whoever is let through is sent to the login page."""
    return site.post("/accounts/logout/", headers=headers, follow_redirects=False).status_code
