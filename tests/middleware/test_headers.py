"""What each response says a browser may do with it."""

import pytest
from people import missing
from starlette.testclient import TestClient, WebSocketDenialResponse
from world import break_database

from discussit.assets import version
from discussit.middleware.headers import CONTENT_SECURITY_POLICY, HEADERS, STRICT_TRANSPORT


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/accounts/signup/", 200),
        ("GET", "/static/css/base.css", 200),
        ("GET", "/static/nope", 404),
        ("GET", "/static", 307),
        ("POST", "/static/css/base.css", 405),
        ("GET", f"/static/{version()}/css/base.css", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/nope", 404),
        ("PUT", "/", 405),
        ("POST", "/accounts/login/", 400),
        ("POST", "/accounts/logout/", 303),
        ("GET", "/accounts/login", 307),
        ("GET", "/admin/", 200),
        ("GET", "/admin/user/create", 200),
        ("GET", "/admin/nope", 404),
    ],
)
def test_every_response_says_what_a_browser_may_do_with_it(alice, method, path, status):
    response = alice.browser.request(method, path, follow_redirects=False)

    assert response.status_code == status
    assert missing(response) == []


@pytest.mark.parametrize("path", ["/", "/nope", "/static/css/base.css", "/healthz", "/accounts/login"])
def test_every_response_says_that_it_is_this_servers(site, path):
    assert site.get(path, follow_redirects=False).headers["discussit"] == "1"


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "null"}, {"content-length": "9999999"}])
def test_refusals_have_the_headers(site, headers):
    response = site.post("/", headers=headers)

    assert response.status_code in (400, 403, 413)
    assert missing(response) == []


def test_our_own_faults_have_the_headers(site, state, alice):
    site.portal.call(break_database, state.database)
    visitor = TestClient(site.app, raise_server_exceptions=False, cookies=alice.browser.cookies)
    visitor.portal = site.portal

    response = visitor.get("/")

    assert response.status_code == 500
    assert missing(response) == []
    assert "Traceback" not in response.text


def test_a_refused_handshake_has_the_headers(bob, gardening):
    with pytest.raises(WebSocketDenialResponse) as denial, bob.in_group(gardening):
        pass

    assert missing(denial.value) == []


def test_the_policy_allows_our_own_files_and_nothing_inline():
    policy = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))

    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")


def test_an_unchanged_file_has_the_headers(site):
    etag = site.get("/static/css/base.css").headers["etag"]

    response = site.get("/static/css/base.css", headers={"if-none-match": etag})

    assert response.status_code == 304
    assert missing(response) == []


@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/nope", "/accounts/login"])
def test_over_https_browsers_are_required_to_stay_there(site, path):
    site.base_url = "https://testserver"

    assert missing(site.get(path, follow_redirects=False), HEADERS | STRICT_TRANSPORT) == []


def test_a_socket_that_is_refused_over_https_has_the_headers(site):
    with pytest.raises(WebSocketDenialResponse) as denial, site.websocket_connect("wss://testserver/"):
        pass

    assert missing(denial.value, HEADERS | STRICT_TRANSPORT) == []


def test_over_http_browsers_are_not_required_to_use_https(alice):
    assert "strict-transport-security" not in alice.get("/").headers
