"""WebSockets on their way to their routes, how many a session and an address may have open, and what they keep."""

import gc
import re
from collections import Counter
from contextlib import ExitStack, suppress
from types import CoroutineType

import httpx2
import pytest
from people import PASSWORD, refused
from servers import Server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from discussit.accounts.current_user import SessionBackend
from discussit.limits.throttles import Throttles
from discussit.middleware.sockets import SocketLimit, WebSockets
from discussit.settings import Settings


@pytest.fixture
def two_a_session(environment):
    environment.setenv("SOCKETS_PER_SESSION", "2")


def test_a_session_has_a_limited_number_of_sockets(two_a_session, alice, bob, gardening):
    with alice.at_home(), alice.in_group(gardening):
        assert refused(alice, "/") == 429
        with bob.at_home():
            pass

    with alice.at_home():
        pass


def test_a_refused_handshake_takes_no_place(two_a_session, alice, bob, gardening):
    statuses = [refused(bob, f"/groups/{gardening}/") for _ in range(5)]

    assert statuses == [403] * 5
    with bob.at_home(), bob.at_home():
        pass


def test_an_invented_address_gets_no_more_sockets(tmp_path, environment):
    server = Server(tmp_path, SOCKETS_PER_ADDRESS="3", FORWARDED_ALLOW_IPS="192.0.2.1")

    assert opened(server, 5) == 3


def test_addresses_named_by_a_proxy_are_counted_apart(tmp_path, environment):
    server = Server(tmp_path, SOCKETS_PER_ADDRESS="3", FORWARDED_ALLOW_IPS="127.0.0.2")

    assert opened(server, 5) == 5


def test_a_proxy_on_this_machine_that_tells_no_address_makes_nobody_wait_for_others(tmp_path, environment):
    server = Server(tmp_path, SOCKETS_PER_ADDRESS="3", FORWARDED_ALLOW_IPS="192.0.2.1")

    assert opened(server, 5, source="127.0.0.1") == 5


def test_by_default_two_hundred_sockets_are_open_from_one_address():
    assert (Settings.sockets_per_session, Settings.sockets_per_address) == (20, 200)


# Errors


class Late(Exception):
    """The garden is closed."""


async def late(_conn, _error):
    return Response(status_code=418)


@pytest.fixture
def client(settings, database):
    """Of WebSockets whose routes fail."""

    async def before(_websocket):
        raise Late

    async def after(websocket):
        await websocket.accept()
        raise Late

    async def otherwise(_websocket):
        raise KeyError

    routes = [WebSocketRoute(f"/{route.__name__}/", route) for route in (before, after, otherwise)]
    backend, limit = SessionBackend(settings, database), SocketLimit(settings, Throttles(settings))
    sockets = Middleware(WebSockets, routes=routes, refusals={Late: late}, backend=backend, limit=limit)
    return TestClient(Starlette(middleware=[sockets]))


def test_an_error_before_the_handshake_is_accepted_is_its_answer(client):
    with pytest.raises(WebSocketDenialResponse) as denial, client.websocket_connect("/before/"):
        pass

    assert denial.value.status_code == 418


def test_an_error_of_an_open_socket_is_left_to_the_server(client):
    with pytest.raises(Late), client.websocket_connect("/after/") as socket:
        socket.receive()


def test_an_error_without_an_answer_is_left_to_the_server(client):
    with pytest.raises(KeyError), client.websocket_connect("/otherwise/"):
        pass


# Memory

LAYERS = re.compile("discussit/middleware/|/starlette/(?!testclient)")


def test_an_open_socket_keeps_few_coroutines_of_the_layers_that_it_passed(alice, gardening):
    before = layers()

    with alice.in_group(gardening):
        kept = layers() - before

    assert kept.total() <= 4, kept


def layers():
    """The middleware's coroutines, Starlette's among them."""
    coroutines = [each for each in gc.get_objects() if type(each) is CoroutineType]
    return Counter(each.__qualname__ for each in coroutines if LAYERS.search(each.cr_code.co_filename))


def opened(server, count, source="127.0.0.2"):
    """How many sockets of one session a server opens for somebody who names another address for each."""
    server.start()
    form = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
    cookies = httpx2.post(f"{server.url}/accounts/signup/", data=form).cookies
    opened = 0
    with ExitStack() as sockets:
        sockets.callback(server.stop)
        for number in range(count):
            headers = {
                "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
                "X-Forwarded-For": f"198.51.100.{number}",
            }
            with suppress(InvalidStatus):
                url = server.url.replace("http", "ws")
                sockets.enter_context(connect(url, additional_headers=headers, source_address=(source, 0)))
                opened += 1
    return opened
