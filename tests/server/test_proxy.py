"""What `discussit serve` believes of what a proxy says, and of what somebody says who is none."""

import sqlite3
from contextlib import closing

import httpx
import pytest
from people import PASSWORD
from servers import ServeCommand

SAID = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


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
