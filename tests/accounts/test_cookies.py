"""Servers on several ports of a host, in the same browser: it sends them all the same cookies."""

import re

import httpx
import pytest
from people import PASSWORD, HttpPerson
from servers import Server
from starlette.requests import HTTPConnection

from discussit.accounts.cookies import MAX_COOKIES, cookie_name, cookies_of

SESSION, DEVICE = "discussit_session", "discussit_device"
HOME, LOGIN, LOGOUT = "/", "/accounts/login/", "/accounts/logout/"
KEY = "rosemary" * 8


@pytest.fixture(params=["one key", "a key for each"])
def two(request, tmp_path, environment):
    """The addresses of two servers, each with its own database."""
    keys = [KEY, KEY if request.param == "one key" else KEY[::-1]]
    servers = []
    for name, key in zip("ab", keys, strict=True):
        (tmp_path / name).mkdir()
        servers.append(Server(tmp_path / name, SECRET_KEY=key).start())
    yield [server.url for server in servers]
    for server in servers:
        server.stop()


@pytest.fixture
def one():
    """A browser."""
    with httpx.Client() as client:
        yield client


def sign_up(browser, url, name="alice"):
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    return browser.post(f"{url}/accounts/signup/", data=form)


def is_logged_in(browser, url):
    return browser.get(url + HOME).status_code == 200


def test_nobody_is_logged_out_by_a_server_on_another_port(two, one):
    for url in two:
        sign_up(one, url)
    assert [is_logged_in(one, url) for url in two] == [True, True]

    one.post(two[0] + LOGOUT)

    assert [is_logged_in(one, url) for url in two] == [False, True]
    one.post(two[0] + LOGIN, data={"username": "alice", "password": PASSWORD})
    assert [is_logged_in(one, url) for url in two] == [True, True]


def test_a_visitor_of_one_server_who_logs_out_there_stays_logged_in_at_the_other(two, one):
    sign_up(one, two[0])
    assert [is_logged_in(one, url) for url in two] == [True, False]

    one.post(two[1] + LOGOUT)

    assert is_logged_in(one, two[0])


# One server, which its proxy does not always tell the same port


@pytest.fixture
def cleo(site):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()
    return cleo


def at(person, host, path=HOME, method="GET", **fields):
    return person.browser.request(method, path, headers={"host": host}, data=fields or None)


def names(person):
    return sorted(name for name in person.browser.cookies if name.startswith(SESSION))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("root", ["", "/chat"])
@pytest.mark.parametrize(("port", "suffix"), [("", ""), (":8000", "-8000"), (":80", "-80"), (":443", "-443")])
def test_the_name_has_the_port_of_the_address_bar(scheme, root, port, suffix):
    headers = [(b"host", f"chat.example.org{port}".encode())]
    conn = HTTPConnection({"type": "http", "scheme": scheme, "root_path": root, "headers": headers})
    prefix = {"http": "", "https": "__Secure-" if root else "__Host-"}[scheme]
    is_default = port == {"http": ":80", "https": ":443"}[scheme]

    assert cookie_name(conn, SESSION) == prefix + SESSION + ("" if is_default else suffix)


@pytest.mark.parametrize("host", ["testserver", "testserver:80", "testserver:8000", "testserver:9000"])
def test_nobody_is_logged_out_by_an_update_or_a_proxy_that_changes_the_port(cleo, host):
    assert at(cleo, host).status_code == 200
    with cleo.browser.websocket_connect("/", headers={"host": host}):
        pass


def test_logging_out_deletes_the_cookie_that_was_used(cleo):
    at(cleo, "testserver:8000", LOGOUT, "POST")

    assert names(cleo) == []
    assert cleo.get(HOME).status_code == 303


def test_logging_in_replaces_the_cookie_that_was_used_and_its_session(cleo):
    kept = dict(cleo.browser.cookies)
    at(cleo, "testserver:8000", LOGIN, "POST", username="cleo", password=PASSWORD)

    assert names(cleo) == [f"{SESSION}-8000"]
    assert at(cleo, "testserver:9000").status_code == 200
    cleo.browser.cookies = kept
    assert cleo.get(HOME).status_code == 303


def test_the_cookie_of_the_own_port_counts_first(site, cleo):
    dan = HttpPerson(site, "dan")
    dan.sign_up()
    cookies = f"{SESSION}={cleo.browser.cookies[SESSION]}; {SESSION}-8000={dan.browser.cookies[SESSION]}"

    shown = [
        site.get(HOME, headers={"host": host, "cookie": cookies}).text for host in ("testserver", "testserver:8000")
    ]

    assert [re.findall(r"\b(cleo|dan)\b", text)[0] for text in shown] == ["cleo", "dan"]


def test_an_ended_session_of_the_own_port_hides_no_other(cleo):
    cleo.browser.cookies.set(f"{SESSION}-8000", cleo.browser.cookies[SESSION].swapcase())

    assert at(cleo, "testserver:8000").status_code == 200


@pytest.mark.parametrize(
    "name", [f"{SESSION}-8000", f"__Secure-{SESSION}", f"__host-{SESSION}-8000", f"__Host-{SESSION}-x"]
)
def test_over_https_a_cookie_that_anybody_may_set_counts_for_no_port(site, cleo, name):
    cookies = f"{name}={cleo.browser.cookies[SESSION]}"

    assert site.get("https://testserver:8000/", headers={"cookie": cookies}, follow_redirects=False).status_code == 303
    assert (
        site.get(
            "https://testserver:8000/", headers={"cookie": f"__Host-{SESSION}={cleo.browser.cookies[SESSION]}"}
        ).status_code
        == 200
    )


def test_of_many_cookies_few_are_read_and_the_own_first():
    cookies = [f"{SESSION}-{port}=other" for port in range(9_000) if port != 8_000] + [f"{SESSION}-8000=own"]
    headers = [(b"host", b"localhost:8000"), (b"cookie", "; ".join(cookies).encode())]
    read = cookies_of(HTTPConnection({"type": "http", "scheme": "http", "headers": headers}), SESSION)

    assert (len(read), read[0]) == (MAX_COOKIES, (f"{SESSION}-8000", "own"))


def test_below_a_path_another_servers_cookie_of_the_whole_host_hides_no_own_one(cleo):
    # Browsers send both, that of the longer path first.
    sent = f"{SESSION}={cleo.browser.cookies[SESSION]}; {SESSION}=of-another-server.at-the-top"

    assert cleo.browser.get(HOME, headers={"cookie": sent}).status_code == 200


def test_a_device_is_known_on_all_ports_by_the_same_id(site, cleo):
    at(cleo, "testserver:8000", LOGOUT, "POST")
    at(cleo, "testserver:8000", LOGIN, "POST", username="cleo", password=PASSWORD)

    ids = {value.split(".")[0] for name, value in cleo.browser.cookies.items() if name.startswith(DEVICE)}
    assert (len(ids), f"{DEVICE}-8000" in cleo.browser.cookies) == (1, True)
