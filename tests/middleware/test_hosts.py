"""Which hosts are served."""

import socket
from functools import partial

import pytest
from people import refused
from servers import Server
from starlette.testclient import TestClient

from discussit.app import app


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "localhost:8000", "127.0.0.1", "[::1]", "[::1]:8000", "testserver"),
        *("localhost.", "localhost.:8000", "TestServer.:80", "localhost:", "[0:0::1]"),
    ],
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
    "localhost..",
    ".",
    "localhost:99999",
    "localhost:http",
    "localhost:8000:8000",
    "localhost/",
    "http://localhost",
    "localhost, localhost",
    "local host",
    "[localhost]",
    "[::1",
    "*",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_host_is_served(site, host):
    assert site.get("/healthz", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_host_gets_a_socket(alice, host):
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
        ("*", "any thing", 400),
        ("*", "", 400),
        ("chat.example.org", "chat.example.org.", 200),
        ("chat.example.org", "chat.example.org.:8000", 200),
        ("chat.example.org.", "chat.example.org", 200),
        ("*.example.org", "chat.example.org.", 200),
        ("*.example.org", "example.org", 400),
    ],
)
def test_the_environment_says_which_hosts_are_served(environment, allowed, host, status):
    environment.setenv("ALLOWED_HOSTS", allowed)

    with TestClient(app) as site:
        assert site.get("/healthz", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "hosts", ["", "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n", "Host: evil.example\r\nhost: 127.0.0.1\r\n"]
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_request_names_its_host_exactly_once(server, hosts, version):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"GET /healthz HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(partial(client.recv, 4_096), b""))

    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.endswith(b"a request has exactly one, with a host name and perhaps a port.")


def test_where_all_hosts_are_served_an_old_client_names_none(environment, tmp_path):
    server = Server(tmp_path, ALLOWED_HOSTS="*").start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = client.recv(4_096)
    server.stop()

    assert answer.startswith(b"HTTP/1.1 200")


def test_a_refused_host_is_logged_with_its_name_and_the_setting_to_change(site, caplog):
    site.get("/healthz", headers={"host": "Chat.Example.org.:8000"})

    (hint,) = logged(caplog)
    assert "'chat.example.org'" in hint
    assert "ALLOWED_HOSTS" in hint


@pytest.mark.parametrize("host", [b"x" * 9_000, b"evil\x85\x1b[31m", b"e\xe2\x80\xa8vil", b"a\tb"])
def test_a_logged_host_is_one_short_line(site, caplog, host):
    assert site.get("/healthz", headers={"host": host}).status_code == 400

    (hint,) = logged(caplog)
    assert hint.isprintable()
    assert len(hint) < 500


def logged(caplog):
    return [each.getMessage() for each in caplog.records if each.name == "discussit.middleware.hosts"]
