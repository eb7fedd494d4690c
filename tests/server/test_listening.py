"""Where `discussit serve` listens, what it says if it can't, and which address it names for browsers."""

# ruff: noqa: S104

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from urllib.request import ProxyHandler, build_opener

import pytest
from servers import free_port

from discussit.server import listening

SERVE = [sys.executable, "-m", "discussit", "serve"]
DIRECT = build_opener(ProxyHandler({}))  # whatever proxy this machine uses


def serve(*options, before=(), **settings):
    """`discussit serve` that refuses to start: its exit status, and what it says."""
    command = [*before, *SERVE, *map(str, options)]
    ended = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@contextmanager
def another_program(host="127.0.0.1", port=0):
    """Listens at a port, which it yields."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port or free_port()), family=family) as listener:
        yield listener.getsockname()[1]


@contextmanager
def started(*options, **settings):
    """What a server says of where it runs. It is stopped at the end."""
    command = [*SERVE, "--port", "0", *options]
    with subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield next((found[1] for line in server.stderr if (found := re.search(r"running on (.*) \(", line))), None)
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()


# What it says if it can't listen


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "0.0.0.0"),
        ("0.0.0.0", "127.0.0.1"),
        ("::1", "::1"),
        ("::1", "::"),
    ],
)
def test_a_port_in_use_ends_with_1_and_one_line_and_changes_nothing(environment, tmp_path, theirs, ours):
    with another_program(theirs) as port:
        code, said = serve("--host", ours, "--port", port)

    assert (code, said.count("\n")) == (1, 1)
    assert f"port {port} of {ours} is in use" in said
    assert "--port" in said
    assert not list(tmp_path.iterdir())


def test_a_port_in_use_is_named_before_workers_start(environment, tmp_path):
    with another_program() as port:
        code, said = serve("--port", port, "--workers", "2", BROADCAST_URL="redis://127.0.0.1:1")

    assert (code, said.count("\n")) == (1, 1)
    assert "--port" in said
    assert not list(tmp_path.iterdir())


def test_of_two_servers_that_start_at_the_same_time_one_is_told_of_the_other():
    with listening.bound("127.0.0.1", 0) as first:
        port = listening.port_of(first)
        with listening.bound("127.0.0.1", port) as second:
            listening.listen(first, "127.0.0.1")

            with pytest.raises(listening.CantListen, match=f"port {port} of 127.0.0.1 is in use.*--port"):
                listening.listen(second, "127.0.0.1")


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8::9", "nobody.invalid", "a..b", "127.0.0.1:80", "x" * 64])
def test_a_host_that_is_not_here_ends_with_1_and_one_line(environment, tmp_path, host):
    code, said = serve("--host", host)

    assert (code, said.count("\n")) == (1, 1)
    assert "--host" in said
    assert not list(tmp_path.iterdir())


def test_a_privileged_port_ends_with_1_and_one_line(environment):
    # Not even root may use it without this capability.
    before = [] if os.geteuid() else ["setpriv", "--bounding-set=-net_bind_service"]
    probe = [sys.executable, "-c", "import socket; socket.socket().bind(('127.0.0.1', 999))"]
    if subprocess.run([*before, *probe], capture_output=True, check=False).returncode == 0:
        pytest.skip("here everybody may use any port")

    code, said = serve("--port", "999", before=before)

    assert (code, said.count("\n")) == (1, 1)
    assert "port 999 of 127.0.0.1 is not permitted" in said
    assert "--port" in said


def test_a_port_is_free_again_while_the_system_keeps_its_closed_connections():
    with listening.bound("127.0.0.1", 0) as sockets:
        listening.listen(sockets, "127.0.0.1")
        port = listening.port_of(sockets)
        with closing(socket.create_connection(("127.0.0.1", port))):
            sockets[0].accept()[0].close()

    with listening.bound("127.0.0.1", port) as again:
        assert listening.port_of(again) == port


def test_it_refuses_connections_until_it_listens():
    with listening.bound("127.0.0.1", 0) as sockets, socket.socket() as visitor:
        assert visitor.connect_ex(("127.0.0.1", listening.port_of(sockets))) == errno.ECONNREFUSED


# The address that it names


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", "localhost,127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("localhost", "localhost"),
        ("0.0.0.0", "localhost,127.0.0.1"),
        ("0.0.0.0", "*"),
        ("::1", "localhost,[::1]"),
        ("::", "[::1]"),
        ("::", "127.0.0.1"),
        ("127.0.0.3", "127.0.0.3,chat.example.org"),
    ],
)
def test_the_address_it_names_opens_the_first_page(environment, host, hosts):
    with (
        started("--host", host, ALLOWED_HOSTS=hosts) as place,
        DIRECT.open(place.partition(",")[0], timeout=10) as page,
    ):
        assert page.status == 200
        assert page.url.endswith("/accounts/signup/")


@pytest.mark.parametrize(
    ("options", "hosts", "place"),
    [
        ([], "chat.example.org", r"127\.0\.0\.1 port \d+ for chat\.example\.org"),
        (["--host", "0.0.0.0"], "*.example.org", r"0\.0\.0\.0 port \d+ for \*\.example\.org"),
        (["--host", "127.0.0.3"], "localhost", r"127\.0\.0\.3 port \d+ for localhost, until ALLOWED_HOSTS names .*"),
        (["--host", "0.0.0.0"], "localhost", r"http://localhost:\d+, until ALLOWED_HOSTS names other hosts"),
        (["--root-path", "/reset/"], "chat.example.org", r"127\.0\.0\.1 port \d+ for chat\.example\.org/reset"),
    ],
)
def test_where_browsers_come_another_way_it_names_the_hosts(environment, options, hosts, place):
    with started(*options, ALLOWED_HOSTS=hosts) as said:
        assert re.fullmatch(place, said)


def test_with_workers_the_address_is_one_that_is_allowed(environment, redis):
    settings = {"ALLOWED_HOSTS": "localhost", "BROADCAST_URL": redis.bus_url}
    with (
        started("--workers", "2", "--host", "0.0.0.0", **settings) as place,
        DIRECT.open(place.partition(",")[0], timeout=30) as page,
    ):
        assert page.status == 200
