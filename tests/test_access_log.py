"""The secrets of addresses, which no server writes into its log."""

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import WAYS, ServeCommand, Server

from discussit.access_log import MAX_LENGTH, masked

SECRET = "rosemary"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
LOGIN = "/accounts/login/?next="

HIDDEN = {
    # Reset links and invitations, also mistyped
    "/accounts/reset/rosemary/": "/accounts/reset/***/",
    "/chat/accounts/reset/rosemary/?page=2": "/chat/accounts/reset/***/?page=2",
    "/accounts/reset/thyme%2Frosemary.x": "/accounts/reset/***/***",
    "/accounts//reset//rosemary": "/accounts//reset//***",
    "/x/../accounts/./reset/./rosemary": "/x/../accounts/./reset/***/***",
    "/Accounts/RESET/rosemary/": "/Accounts/RESET/***/",
    "/accounts/resetrosemary": "/accounts/reset***",
    "/accounts%2Freset%2frosemary": "/accounts/reset/***",
    "/accounts/%2572eset/rosemary": "/accounts/reset/***",
    "/invitations/rosemary/": "/invitations/***/",
    "/accounts/signup/?invitation=rosemary": "/accounts/signup/?invitation=***",
    # Searches, and whatever else a query has
    "/?q=rosemary": "/?q=***",
    "/groups/?q=rosemary": "/groups/?q=***",
    "/groups/?q=thyme&page=2&q=rosemary&Q=rosemary": "/groups/?q=***&page=2&q=***&Q=***",
    "/groups/?page=2;q=rosemary": "/groups/?page=***",
    "/groups/?%71=rosemary&rosemary": "/groups/?%71=***&***",
    "/admin/message/list?search=rosemary&sortBy=id&sort=desc": "/admin/message/list?search=***&sortBy=id&sort=desc",
    "/admin/user/ajax/lookup?term=rosemary": "/admin/user/ajax/lookup?term=***",
    "/admin/user/create?username=x&password=rosemary": "/admin/user/create?username=***&password=***",
    "/groups/%3Fq=rosemary": "/groups/%3F***",
    "/groups/;q=rosemary": "/groups/%3B***",
    # Where the login leads
    f"{LOGIN}/groups/%3Fpage%3D2%26q%3Drosemary": f"{LOGIN}/groups/%3Fpage%3D2%26q%3D***",
    f"{LOGIN}/groups/?q=rosemary&page=2": f"{LOGIN}/groups/%3Fq%3D***&page=2",
    f"{LOGIN}%252Finvitations%252Frosemary%252F": f"{LOGIN}/invitations/***/",
    f"{LOGIN}{LOGIN}/%253Fq%253Drosemary": f"{LOGIN}/accounts/login/%3Fnext%3D***",
    f"{LOGIN}%25252525252Fx%25252525253Fq%25252525253Drosemary": f"{LOGIN}***",  # encoded six times
}
SHOWN = [
    "/",
    "/groups/3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b/?since=5&epoch=0123456789abcdef&at=2026-11-22T22%3A31%3A05.123456Z",
    "/groups/3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b/?replies=42&before=60",
    "/groups/3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b/?from=2026-11-22T00:00:00%2B01:00",
    "/groups/3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b/?reply=42",
    "/?left=3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b",
    "/groups/3f2b8a1e-6f5e-4d2c-9b1a-0c9d8e7f6a5b/invitations/12/revoke/",
    "/admin/message/details/1%3B3",
    "/admin/message/delete?pks=1%3B3&pks=2;4",
    "/admin/user/reset/2",
    "/static/0123456789abcdef/css/reset.css",
    f"{LOGIN}/groups/%3Fpage%3D2&account=1-20261122223105123456",
]


@pytest.mark.parametrize(("address", "logged"), HIDDEN.items())
def test_a_secret_is_hidden_and_nothing_else(address, logged):
    assert masked(address) == logged


@pytest.mark.parametrize("address", SHOWN)
def test_an_address_without_a_secret_is_logged_as_it_is(address):
    assert masked(address) == address


def test_the_end_of_a_very_long_address_is_hidden():
    assert masked(f"/{'x' * MAX_LENGTH}/?q=rosemary") == f"/{'x' * (MAX_LENGTH - 1)}***"


@given(before=st.text(), after=st.text())
def test_whatever_is_around_it_a_search_is_hidden(before, after):
    for address in (f"/{before}&q={SECRET}&{after}", f"{LOGIN}{before}%26q%3D{SECRET}&{after}"):
        assert SECRET not in masked(f"/?{address}")


# Servers


@pytest.fixture(params=WAYS)
def logging_server(request, tmp_path, environment):
    """A server of either way that logs requests."""

    class LoggingServer(Server):
        way = request.param

        def program(self):
            return [option for option in super().program() if option != "--no-access-log"]

    server = LoggingServer(tmp_path).start()
    yield server
    server.stop()


def test_no_request_has_its_secret_logged(logging_server):
    targets = [*HIDDEN, f"{logging_server.url}/groups/?q={SECRET}", f"{logging_server.url}/accounts/reset/{SECRET}/"]
    for target in targets:
        for method in ("GET", "HEAD", "POST"):
            ask(logging_server, method, target)

    written = log_of(logging_server)
    assert written.count(' HTTP/1.1" ') >= 3 * len(targets)
    assert SECRET not in written


def test_no_handshake_has_its_secret_logged(logging_server):
    targets = [*HIDDEN, f"{logging_server.url}/groups/?q={SECRET}"]
    for target in targets:
        ask(logging_server, "GET", target, **HANDSHAKE)

    written = log_of(logging_server)
    assert written.count('"WebSocket ') == len(targets)
    assert SECRET not in written


def test_no_worker_logs_a_secret(tmp_path, environment, redis):
    server = ServeCommand(tmp_path, "--workers", "2", BROADCAST_URL=redis.bus_url, SECRET_KEY="thyme" * 8).start()
    for _ in range(20):
        ask(server, "GET", f"/groups/?q={SECRET}")

    written = log_of(server)
    assert written.count("GET /groups/?q=*** HTTP/1.1") == 20
    assert SECRET not in written


def ask(server, method, target, **headers):
    """Request the target as it is, on a connection of its own."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.putrequest(method, target)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.getresponse().read()


def log_of(server):
    """What it has written, without escapes."""
    server.stop()
    written = server.log.read_text()
    for _ in range(12):
        written = unquote(written)
    return written
