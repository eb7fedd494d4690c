"""Two machines behind nginx, as docs/deploying.md sets them up: people talk, whichever they are connected to."""

import re
import signal
import time

import httpx
import pytest
from browsers import LIMIT, OUTAGE, Complaints
from nginx import Nginx
from people import PASSWORD
from playwright.sync_api import expect
from servers import ServeCommand

SOCKETS_IN_GROUPS = re.compile(r'"WebSocket \S*/groups/\S*" \[accepted\]')


class Machine(ServeCommand):
    """One of the two."""

    def __init__(self, folder, path, **urls):
        folder.mkdir()
        super().__init__(folder, "--root-path", path, SECRET_KEY="rosemary" * 8, ALLOWED_HOSTS="127.0.0.1", **urls)

    @property
    def sockets(self):
        """How many of groups it has ever accepted."""
        return len(SOCKETS_IN_GROUPS.findall(self.log.read_text()))

    @property
    def requests(self):
        return self.log.read_text().count("GET /")


class Site:
    """Both machines and nginx: where people's browsers are."""

    def __init__(self, folder, path, postgres, database, bus_url):
        urls = {"DATABASE_URL": postgres.url(database), "BROADCAST_URL": bus_url}
        self.machines = [Machine(folder / name, path, **urls).start() for name in ("one", "two")]
        self.nginx = Nginx(self.machines, path)
        self.nginx.start()
        self.url, self.accounts, self.is_running = self.nginx.url, {"alice"}, True
        self.database = lambda statement: postgres.execute(statement, database=database)
        self.sign_up("alice")

    def machine_of(self, opens, group):
        """Which of them the socket of a page is connected to that is opened now."""
        before = {machine: machine.sockets for machine in self.machines}
        opens(group)
        (machine,) = [machine for machine, count in before.items() if machine.sockets > count]
        return machine

    def uses(self, machine):
        """Return when nginx has found this machine again."""
        before, deadline = machine.requests, time.monotonic() + LIMIT / 1_000
        with self.client() as client:
            while machine.requests == before:
                assert time.monotonic() < deadline
                assert client.get(f"{self.url}/healthz").status_code == 200

    def sign_up(self, name, sender="127.0.0.1", **headers):
        """By somebody at this address: the answer."""
        form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        with self.client(local_address=sender) as client:
            return client.post(f"{self.url}/accounts/signup/", data=form, headers=headers)

    def client(self, **options):
        return httpx.Client(transport=httpx.HTTPTransport(verify=self.nginx.certificates, **options))

    def stop(self):
        self.nginx.remove()
        for machine in self.machines:
            machine.stop()


@pytest.fixture(scope="module")
def site(request, postgres, redis, migrated, tmp_path_factory):
    """At the top of its host, or where a test's parameter says."""
    if why := Nginx.missing():
        pytest.skip(why)
    folder, path = tmp_path_factory.mktemp("site"), getattr(request, "param", "")
    site = Site(folder, path, postgres, postgres.new_database(migrated), redis.bus_url)
    yield site
    site.stop()


@pytest.fixture
def browser_of(site, browser):
    """A person's browser, which takes the certificate."""
    contexts = []

    def browser_of(_name, **options):
        contexts.append(browser.new_context(base_url=f"{site.url}/", ignore_https_errors=True, **options))
        return contexts[-1]

    yield browser_of
    for context in contexts:
        context.close()


@pytest.fixture
def complaints(site):
    complaints = Complaints(*(machine.log for machine in site.machines))
    yield complaints
    assert complaints.found() == []


@pytest.fixture
def apart(site, alice, bob, gardening):
    """Alice and bob look at the same group, each connected to another machine; its uuid."""
    bob.joins(gardening)
    first = site.machine_of(alice.opens, gardening)
    # nginx prefers the other, but may just then have sent it a request for a file.
    while site.machine_of(bob.opens, gardening) is first:
        pass
    return gardening


def test_people_at_two_machines_are_sent_each_others_messages_live(alice, bob, apart):
    alice.says("hello")
    bob.sees("hello")
    bob.says("hello yourself")

    for person in (alice, bob):
        person.sees("hello", "hello yourself")
    assert alice.log() == bob.log()


def test_a_leave_on_one_machine_is_shown_on_the_other(alice, bob, apart):
    bob.find(".bar form button").click()

    expect(alice.members).to_have_text(["alice"])


def test_restarting_one_machine_after_the_other_loses_nothing(site, alice, bob, apart, complaints):
    complaints.excuse(OUTAGE)
    said = []

    def talk():
        for person in (alice, bob):
            said.append(f"message {len(said)}")
            person.says(said[-1])

    for machine in site.machines:
        machine.send(signal.SIGTERM)
        talk()
        assert machine.wait() == 0
        talk()
        machine.start()
        site.uses(machine)
        talk()

    for person in (alice, bob):
        expect(person.messages).to_have_count(len(said))
        expect(person.pill).to_have_text("Live")
    assert sorted(alice.messages.all_inner_texts()) == sorted(said)
    assert alice.log() == bob.log()


# What the machines know of people


def test_the_address_of_the_person_is_stored_whatever_they_claim(site):
    answer = site.sign_up("carol", "127.0.0.2", **{"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"})

    assert "; Secure" in answer.headers["set-cookie"]
    (row,) = site.database("SELECT ip FROM sessions JOIN users ON users.id = user_id WHERE username = 'carol'")
    assert row["ip"] == "127.0.0.2"


def test_without_https_nothing_is_served(site):
    answer = httpx.get(f"http://127.0.0.1:{site.nginx.plain_port}/accounts/login/?next=/")

    assert (answer.status_code, answer.headers["location"]) == (301, "https://127.0.0.1/accounts/login/?next=/")


# Below a path: another site, so it comes last


@pytest.mark.parametrize("site", ["/chat"], indirect=True)
def test_below_a_path_all_is_the_same(alice, bob, apart):
    alice.says("hello")
    bob.sees("hello")
    bob.posts("accounts/logout/")
    bob.find("#session-ended a").click()
    bob.find("[name=username]").fill("bob")
    bob.find("[name=password]").fill(PASSWORD)
    bob.find("[name=password]").press("Enter")

    expect(bob.pill).to_have_text("Live")
    alice.says("welcome back")
    bob.sees("hello", "welcome back")
