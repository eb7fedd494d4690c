import re

import pytest
from people import HttpPerson, refused
from starlette.testclient import TestClient

from discussit.app import app

OURS = ["http://testserver", "http://testserver:80", "HTTP://TESTSERVER", "http://testserver.", "http://testserver.:80"]
TRUSTED = "https://chat.example.org, http://[::1]:3000/,HTTPS://Proxy.Example:8443"
OF_TRUSTED = [
    "https://chat.example.org",
    "https://CHAT.example.org.:443",
    "http://[0::1]:3000",
    "https://proxy.example:8443",
]
FOREIGN = [
    "http://localhost",  # in ALLOWED_HOSTS, as are the next two
    "https://127.0.0.1",
    "http://[::1]",
    "ws://testserver",
    "http://testserver/",
    "http://testserver..",
    "http://user@testserver",
    "http://chat.example.org",  # of another scheme or port than a trusted one, as is the next
    "https://chat.example.org:8443",
    "http://test%73erver",
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


@pytest.fixture
def site(scene, environment):
    """With some trusted origins."""
    environment.setenv("TRUSTED_ORIGINS", TRUSTED)
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("origin", [None, *OURS, *OF_TRUSTED])
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


@pytest.mark.parametrize("site_of_page", ["cross-site", "same-site", "same-origin"])
def test_a_page_of_a_trusted_origin_may_be_of_another_site_to_its_browser(site, site_of_page):
    assert post(site, {"sec-fetch-site": site_of_page, "origin": "https://chat.example.org"}) == 303
    assert post(site, {"sec-fetch-site": site_of_page, "origin": "https://proxy.example"}) == (
        303 if site_of_page == "same-origin" else 403
    )


@pytest.mark.parametrize("name", ["origin", "sec-fetch-site"])
def test_of_two_lines_none_is_believed(site, name):
    ours = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}[name]

    assert post(site, [(name, ours), (name, "cross-site")]) == 403


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


@pytest.mark.parametrize("origin", [None, *OURS, *OF_TRUSTED])
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


REMEDIES = {"Host", "X-Forwarded-Proto", "FORWARDED_ALLOW_IPS", "TRUSTED_ORIGINS"}


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("https://testserver", {}),
        ("http://testserver:8000", {}),
        ("https://localhost", {}),
        ("https://talk.example", {"x-forwarded-host": "talk.example:443"}),
        ("https://talk.example", {"sec-fetch-site": "same-origin"}),
    ],
)
def test_a_proxy_that_hides_the_sites_address_is_logged_with_a_remedy(alice, caplog, origin, headers):
    assert refused(alice, "/", origin=origin, **headers) == 403

    (hint,) = logged(caplog)
    assert f"from a page of '{origin}': expected 'http://testserver'" in hint
    assert set(re.findall(r"[\w-]+", hint)) >= REMEDIES


def test_a_logged_origin_is_short_and_one_that_is_none_is_not_logged(environment, caplog):
    environment.setenv("ALLOWED_HOSTS", "*")
    with TestClient(app) as site:
        assert post(site, {"origin": b"https://testserver\x1b[31m\x9b"}) == 403
        assert post(site, {"host": "a" * 9_000, "origin": f"https://{'a' * 9_000}"}) == 403

    (hint,) = logged(caplog)
    assert len(hint) < 1_000


def logged(caplog):
    return [each.getMessage() for each in caplog.records if each.name == "discussit.middleware.origin"]


def test_other_sites_are_logged_as_refused_without_anything_they_send(alice, caplog):
    assert refused(alice, "/", origin="https://evil.example") == 403

    assert caplog.messages == ["origin refused account=- by=- address=-"]


def test_the_same_host_and_port_is_the_same_site(site):
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:8000"}) == 303
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:9000"}) == 403


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("testserver,*.example.org", "https://chat.example.org"),
        ("testserver,chat.example.org", "http://chat.example.org"),
        ("testserver,localhost", "http://localhost:8000"),
        ("*", "https://evil.example"),
    ],
)
def test_a_page_of_another_allowed_host_is_another_sites(environment, allowed, origin):
    environment.setenv("ALLOWED_HOSTS", allowed)

    with TestClient(app) as site:
        assert post(site, {"origin": origin}) == 403
        assert post(site, {"origin": "http://testserver"}) == 303


def post(site, headers):
    """The status of a harmless form: whoever is let through is sent to the login page."""
    return site.post("/accounts/logout/", headers=headers, follow_redirects=False).status_code
