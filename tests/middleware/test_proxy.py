"""Headers of trusted proxies, which count, and those of anybody else, which don't."""

import re
import sqlite3
from contextlib import closing

import httpx
import pytest
from people import PASSWORD, refused, stranger
from servers import ServeCommand
from starlette.testclient import TestClient

from discussit.app import app

SAID = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture
def site(scene, environment):
    environment.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1,10.0.0.0/8,::ffff:192.0.2.0/120,2001:db8:1::/48")
    with TestClient(app) as client:
        yield client


# The client's scheme. Only answers over https have this header.


def is_secure(site, peer="127.0.0.1", *headers):
    answer = stranger(site, peer).get("/healthz", headers=headers)
    assert answer.status_code == 200
    return "strict-transport-security" in answer.headers


@pytest.mark.parametrize(
    "scheme", ["https", "HTTPS", "Https", "wss", "WSS", " https ", "https,", ",https", "https, http"]
)
def test_a_page_came_over_https_if_its_proxy_says_so(site, scheme):
    assert is_secure(site, "127.0.0.1", ("x-forwarded-proto", scheme))
    assert not is_secure(site, "203.0.113.9", ("x-forwarded-proto", scheme))


@pytest.mark.parametrize("scheme", ["http", "HTTP", "ws", "http, https", "", ",", "nonsense", "https http", "https;"])
def test_a_page_did_not_come_over_https_if_its_proxy_does_not_say_so(site, scheme):
    assert not is_secure(site, "127.0.0.1", ("x-forwarded-proto", scheme))


@pytest.mark.parametrize(
    ("clients", "schemes", "expected"),
    [
        (["203.0.113.7"], ["https", "http"], True),
        (["203.0.113.7", "10.0.0.2"], ["https", "http"], True),
        (["203.0.113.7, 10.0.0.2"], ["https"], True),
        (["203.0.113.7"], ["http", "https"], False),
        # The client has invented the first of each.
        (["198.51.100.1", "203.0.113.7"], ["https", "http"], False),
        (["198.51.100.1", "203.0.113.7"], ["http", "https"], True),
        (["198.51.100.1", "203.0.113.7", "10.0.0.2"], ["http", "https", "http"], True),
        (["unknown", "unknown"], ["http", "https"], True),
    ],
)
def test_the_scheme_stands_where_the_clients_address_does(site, clients, schemes, expected):
    lines = [*(("x-forwarded-for", each) for each in clients), *(("x-forwarded-proto", each) for each in schemes)]

    assert is_secure(site, "127.0.0.1", *lines) is expected


@pytest.mark.parametrize("scheme", ["https", "wss", "HTTPS, http"])
def test_a_sockets_scheme_is_compared_as_its_pages(site, alice, scheme):
    proxied = stranger(site, "127.0.0.1")
    headers = {"x-forwarded-proto": scheme}

    # Without a session: who gets this far comes from the right page.
    assert refused(proxied, "/", origin="https://testserver", **headers) == 401
    assert refused(proxied, "/", origin="http://testserver", **headers) == 403


# The client's address


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1", "2001:db8:1::9"]
)
def test_a_proxy_is_trusted_however_its_address_is_written(site, caplog, peer):
    assert address(site, caplog, peer, "203.0.113.7") == "203.0.113.7"
    assert is_secure(site, peer, ("x-forwarded-proto", "https"))


@pytest.mark.parametrize("peer", ["127.0.0.2", "::ffff:127.0.0.2", "::1", "192.0.3.1", "2001:db8:2::9", "nonsense"])
def test_nobody_else_is_trusted(site, caplog, peer):
    assert address(site, caplog, peer, "203.0.113.7") != "203.0.113.7"
    assert not is_secure(site, peer, ("x-forwarded-proto", "https"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["203.0.113.7:50000"], "203.0.113.7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:50000"], "2001:db8::7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7, ::ffff:10.0.0.2", "[2001:db8:1::3]:80"], "203.0.113.7"),
        ([", 203.0.113.7, ,"], "203.0.113.7"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # Whoever is unknown may have sent all that stands before.
        (["203.0.113.7, unknown"], "127.0.0.1"),
        (["203.0.113.7, _hidden, 10.0.0.2"], "10.0.0.2"),
        (["unknown"], "127.0.0.1"),
        (["203.0.113.7:http"], "127.0.0.1"),
        (["[2001:db8::7"], "127.0.0.1"),
        ([""], "127.0.0.1"),
        ([" , "], "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_that_is_no_trusted_proxy(site, caplog, lines, expected):
    assert address(site, caplog, "127.0.0.1", *lines) == expected


def address(site, caplog, peer, *lines):
    """That of a client of this peer in the security log; the peer sends these X-Forwarded-For."""
    caplog.clear()
    headers = [("x-forwarded-for", line) for line in lines]
    stranger(site, peer).browser.post("/accounts/login/", headers=headers)
    (line,) = [each.getMessage() for each in caplog.records if each.name == "discussit.security"]
    return line.partition("address=")[2]


# Real servers


def test_a_chain_of_schemes_is_read_by_any_server(server):
    answer = sign_up(server, "127.0.0.1", **SAID | {"X-Forwarded-Proto": "https, http"})

    assert "Secure" in answer.headers["set-cookie"]
    assert stored_address(server) == "203.0.113.7"


def test_the_access_log_names_the_client(serve):
    server = serve()

    sign_up(server, "127.0.0.1", **SAID)
    server.stop()

    assert re.search(r'203\.0\.113\.7:0 - "POST /accounts/signup/', server.log.read_text())


@pytest.fixture
def serve(tmp_path, environment):
    """Starts `discussit serve` with these options and settings."""
    servers = []

    def serve(*options, **settings):
        servers.append(ServeCommand(tmp_path, *options, **settings).start())
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


def sign_up(server, sender, **headers):
    """By somebody at this address of this machine: the answer."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=sender)) as client:
        form = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
        return client.post(f"{server.url}/accounts/signup/", data=form, headers=headers)


def stored_address(server):
    with closing(sqlite3.connect(server.folder / "discussit.db")) as database:
        return database.execute("SELECT ip FROM sessions").fetchone()[0]


@pytest.mark.parametrize("proxy", ["127.0.0.1", "127.0.0.3"])
def test_a_proxy_that_is_named_is_believed(serve, proxy):
    server = serve(FORWARDED_ALLOW_IPS="127.0.0.1, 127.0.0.3")

    answer = sign_up(server, proxy, **SAID)

    assert "Secure" in answer.headers["set-cookie"]
    assert stored_address(server) == "203.0.113.7"


def test_headers_from_anybody_else_have_no_effect(serve):
    server = serve(FORWARDED_ALLOW_IPS="127.0.0.1")

    answer = sign_up(server, "127.0.0.2", **SAID)

    assert "Secure" not in answer.headers["set-cookie"]
    assert stored_address(server) == "127.0.0.2"


def test_a_clients_own_header_through_a_proxy_has_no_effect(serve):
    server = serve()

    sign_up(server, "127.0.0.1", **{"X-Forwarded-For": "203.0.113.7, 198.51.100.1"})

    assert stored_address(server) == "198.51.100.1"


def test_the_proxy_may_be_named_in_the_file(serve, tmp_path):
    (tmp_path / ".env").write_text("FORWARDED_ALLOW_IPS=127.0.0.2\n")
    server = serve()

    sign_up(server, "127.0.0.2", **SAID)

    assert stored_address(server) == "203.0.113.7"


@pytest.mark.parametrize("root", ["/chat", "/chat/"])
def test_a_root_path_is_where_the_proxy_serves_it(serve, root):
    server = serve("--root-path", root)

    # The proxy strips the path.
    answer = sign_up(server, "127.0.0.1")

    assert answer.headers["location"] == "/chat/"
    assert "Path=/chat/;" in answer.headers["set-cookie"]
    assert httpx.get(f"{server.url}/", follow_redirects=False).headers["location"] == (
        "/chat/accounts/login/?next=/chat/"
    )
