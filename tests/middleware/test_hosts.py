"""Which hosts are served."""

import pytest
from people import refused
from starlette.testclient import TestClient

from discussit.app import app


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
    ],
)
def test_the_environment_says_which_hosts_are_served(environment, allowed, host, status):
    environment.setenv("ALLOWED_HOSTS", allowed)

    with TestClient(app) as site:
        assert site.get("/healthz", headers={"host": host}).status_code == status
