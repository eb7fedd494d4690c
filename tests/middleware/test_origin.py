import asyncio
import re

import pytest
from people import HttpPerson, missing, refused
from sqlalchemy import text
from starlette.testclient import TestClient, WebSocketDenialResponse

from discussit.app import app
from discussit.assets import version
from discussit.middleware import body
from discussit.middleware.body import MAX_BODIES_PER_ADDRESS, MAX_BODY, BodyLimit
from discussit.middleware.headers import CONTENT_SECURITY_POLICY, HEADERS, STRICT_TRANSPORT

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
def test_what_the_browser_says_is_of_this_site_is_taken(site, site_of_page):
    assert post(site, {"sec-fetch-site": site_of_page}) == 303


@pytest.mark.parametrize("site_of_page", ["cross-site", "same-site", "", "nonsense", "Same-Origin"])
def test_what_the_browser_says_is_of_another_site_is_refused(site, site_of_page):
    assert post(site, {"sec-fetch-site": site_of_page}) == 403


def test_what_the_browser_says_outweighs_the_origin(site):
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


def test_the_origin_of_a_socket_outweighs_what_else_the_browser_says(alice):
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


def test_a_proxy_that_hides_https_is_told_of_with_what_to_do(alice, caplog):
    assert refused(alice, "/", origin="https://testserver") == 403

    (said,) = (record.getMessage() for record in caplog.records if record.name == "discussit.middleware.origin")
    assert "'https://testserver' to 'ws://testserver'" in said
    assert {"Host", "X-Forwarded-Proto", "FORWARDED_ALLOW_IPS"} <= set(re.findall(r"[\w-]+", said))


def test_of_other_sites_is_told_that_they_were_refused_and_nothing_that_they_say(alice, caplog):
    assert refused(alice, "/", origin="https://evil.example") == 403

    assert caplog.messages == ["origin refused account=- by=- address=-"]


def test_the_same_host_and_port_is_the_same_site(site):
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:8000"}) == 303
    assert post(site, {"host": "localhost:8000", "origin": "http://localhost:9000"}) == 403


# Which hosts are served


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost:8000", "127.0.0.1", "[::1]", "[::1]:8000", "testserver"]
)
def test_by_default_this_machine_is_served(site, host):
    assert site.get("/healthz", headers={"host": host}).status_code == 200


BAD_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "localhost@evil.example",
    "",
    "[::2]",
    "127.0.0.2",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_host_is_served(site, host):
    assert site.get("/healthz", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_host_is_given_a_socket(alice, host):
    assert refused(alice, "/", host=host) == 400


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("chat.example.org", "chat.example.org", 200),
        ("Chat.Example.org", "chat.example.org", 200),
        ("chat.example.org", "localhost", 400),
        ("*.example.org", "chat.example.org", 200),
        ("*.example.org", "a.b.example.org", 200),
        ("*.example.org", "example.org.evil.example", 400),
        ("*.example.org", "evilexample.org", 400),
        ("a.example, b.example", "b.example", 200),
        ("*", "anything.example", 200),
    ],
)
def test_the_environment_says_which_hosts_are_served(environment, allowed, host, status):
    environment.setenv("ALLOWED_HOSTS", allowed)

    with TestClient(app) as site:
        assert site.get("/healthz", headers={"host": host}).status_code == status


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


# What browsers are told


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


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "null"}, {"content-length": "9999999"}])
def test_refusals_say_it_too(site, headers):
    response = site.post("/", headers=headers)

    assert response.status_code in (400, 403, 413)
    assert missing(response) == []


def test_our_own_faults_say_it_too(site, state, alice):
    site.portal.call(break_database, state.database)
    visitor = TestClient(site.app, raise_server_exceptions=False, cookies=alice.browser.cookies)
    visitor.portal = site.portal

    response = visitor.get("/")

    assert response.status_code == 500
    assert missing(response) == []
    assert "Traceback" not in response.text


def test_a_refused_handshake_says_it_too(bob, gardening):
    with pytest.raises(WebSocketDenialResponse) as denial, bob.in_group(gardening):
        pass

    assert missing(denial.value) == []


def test_the_policy_allows_our_own_files_and_nothing_inline():
    policy = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))

    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")


def test_a_file_that_has_not_changed_says_it_too(site):
    etag = site.get("/static/css/base.css").headers["etag"]

    response = site.get("/static/css/base.css", headers={"if-none-match": etag})

    assert response.status_code == 304
    assert missing(response) == []


@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/nope", "/accounts/login"])
def test_over_https_browsers_are_told_to_stay_there(site, path):
    site.base_url = "https://testserver"

    assert missing(site.get(path, follow_redirects=False), HEADERS | STRICT_TRANSPORT) == []


def test_a_socket_that_is_refused_over_https_says_so_too(site):
    with pytest.raises(WebSocketDenialResponse) as denial, site.websocket_connect("wss://testserver/"):
        pass

    assert missing(denial.value, HEADERS | STRICT_TRANSPORT) == []


def test_over_http_browsers_are_not_told_to_stay_elsewhere(alice):
    assert "strict-transport-security" not in alice.get("/").headers


# How much may be sent


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/nope"])
def test_a_body_that_is_too_large_is_refused(site, path):
    assert site.post(path, content=b"x" * (MAX_BODY + 1)).status_code == 413


def test_a_body_of_the_greatest_size_is_read(site):
    assert site.post("/accounts/login/", content=b"x" * MAX_BODY).status_code == 400


async def test_a_body_that_does_not_say_its_size_is_refused_all_the_same():
    messages = [{"type": "http.request", "body": b"x" * MAX_BODY, "more_body": True}] * 2

    assert await limited(messages) == ([], 413)


async def test_a_body_in_parts_arrives_whole():
    messages = [{"type": "http.request", "body": part, "more_body": part != b"c"} for part in (b"a", b"b", b"c")]

    assert await limited(messages) == ([b"abc"], None)


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(body, "BODY_LIMIT", 0.05)

    assert await limited([{"type": "http.request", "body": b"message=hel", "more_body": True}]) == ([], 408)


async def test_an_address_has_so_many_bodies_under_way(monkeypatch):
    monkeypatch.setattr(body, "BODY_LIMIT", 0.2)
    slow = BodyLimit(None)
    statuses = await asyncio.gather(*(sent(slow, "203.0.113.9") for _ in range(MAX_BODIES_PER_ADDRESS + 1)))

    assert sorted(statuses) == [408] * MAX_BODIES_PER_ADDRESS + [429]
    assert await sent(slow, "203.0.113.9") == 408


def test_a_form_has_at_most_twenty_fields(alice, gardening, faultless):
    path = f"/groups/{gardening}/messages/"
    fields = {"message": "hi"} | {f"field{number}": "x" for number in range(19)}
    parts = {name: (None, value) for name, value in fields.items()}

    assert alice.post(path, **fields).status_code == alice.browser.post(path, files=parts).status_code == 303
    assert alice.post(path, more="x", **fields).status_code == 400
    assert alice.browser.post(path, files=parts | {"more": (None, "x")}).status_code == 400


async def test_half_a_form_is_not_acted_on():
    messages = [{"type": "http.request", "body": b"message=hel", "more_body": True}, {"type": "http.disconnect"}]

    assert await limited(messages) == ([], None)


def post(site, headers):
    """The status of a harmless form: whoever is let through is sent to the login page."""
    return site.post("/accounts/logout/", headers=headers, follow_redirects=False).status_code


async def limited(messages):
    """What the application behind the limit is given of a request, and the status that the limit answers itself."""
    given, answers = [], []

    async def behind(scope, receive, send):
        given.append((await receive())["body"])

    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        answers.append(message)

    await BodyLimit(behind)({"type": "http", "method": "POST", "headers": []}, receive, send)
    return given, answers[0]["status"] if answers else None


async def sent(limit, address):
    """The status for a body of which nothing comes."""
    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], "client": (address, 1)}
    await limit(scope, asyncio.Event().wait, send)
    return answers[0]["status"]


async def break_database(database):
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE groups RENAME TO somewhere_else"))
