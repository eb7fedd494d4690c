"""Whatever people do, in whatever order: each reader has the log, and the log is a plain list of what they did."""

import json
import re
from contextlib import ExitStack
from itertools import count

import pytest
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from intents import NAMES, examples, intents
from naive_log import NaiveLog, Screen, rows_on
from people import HttpPerson
from shared_memory import SharedMemory
from starlette.testclient import TestClient

from discussit.app import create_app
from discussit.bus import bus
from discussit.delivery import polling
from discussit.settings import Settings

PROCESSES = (0, 1)
WORDS = {"Join": "joined", "Left": "left"}
MARKUP = re.compile(r"[*`]")
numbers = count(1)


class Reading:
    """A person's place in the log, at one process: their screen, and the socket that it follows, if it is open."""

    def __init__(self, person):
        self.person, self.screen, self.answers = person, Screen(), {}
        self.socket, self._open = None, ExitStack()

    def connect(self, group):
        self.socket = self._open.enter_context(self.person.reading(group, since=len(self.screen.rows)))

    def drop(self):
        self.socket = None
        self._open.close()

    def receive(self, thing):
        if thing["type"] == "ack":
            self.answers[thing["client_id"]] = thing["seq"]
        elif thing["type"] == "error":
            self.answers[thing["client_id"]] = thing["code"]
        else:
            self.screen.show(thing)

    def receive_to(self, last):
        while len(self.screen.rows) < last:
            self.receive(self.socket.next())

    def send(self, command):
        self.socket.socket.send_json(command)

    def receive_answer(self, command):
        while command["client_id"] not in self.answers:
            self.receive(self.socket.next())
        return self.answers.pop(command["client_id"])

    def receive_end(self):
        while (message := self.socket.socket.receive())["type"] != "websocket.close":
            for thing in json.loads(message["text"]):
                self.receive(thing)
        return message["code"]


class People(RuleBasedStateMachine):
    """Three people at two processes, one group, and `log`: what everybody must see."""

    def __init__(self, people):
        super().__init__()
        self.people = people  # by name and process
        self.readings = {key: Reading(person) for key, person in people.items()}
        self.group = people["alice", 0].creates(f"Garden {next(numbers)}")
        self.log = NaiveLog()
        for name in NAMES:
            self.joins(name, 0)

    @rule(name=some.sampled_from(NAMES), process=some.sampled_from(PROCESSES))
    def joins(self, name, process):
        self.people[name, process].joins(self.group)
        self.log.joins(name)

    @precondition(lambda self: self.log.members)
    @rule(choose=some.data(), process=some.sampled_from(PROCESSES))
    def leaves(self, choose, process):
        name = choose.draw(some.sampled_from(sorted(self.log.members)))
        self.people[name, process].leaves(self.group)
        for reading in self.connected(name):
            assert reading.receive_end() == 4403
            reading.drop()
            assert len(reading.screen.rows) <= len(self.log.rows)
        self.log.leaves(name)

    @rule(name=some.sampled_from(NAMES), process=some.sampled_from(PROCESSES))
    def connects_or_drops(self, name, process):
        reading = self.readings[name, process]
        if reading.socket is not None:
            reading.drop()
        elif name in self.log.members:
            reading.connect(self.group)

    @rule(some_intents=some.lists(intents, min_size=1, max_size=4), process=some.sampled_from(PROCESSES))
    def commands(self, some_intents, process):
        """Somebody sends these without waiting for answers."""
        messages, name, sent = self.log.messages(), None, []
        for intent in some_intents:
            author, command = intent.command(self.log, messages)
            name = name or author
            if name in self.log.members and command["client_id"] not in {each["client_id"] for each, _ in sent}:
                self.connected_to(name, process).send(command)
                sent.append((command, self.log.does(name, command)))
        for command, expected in sent:
            assert self.readings[name, process].receive_answer(command) == expected

    @precondition(lambda self: self.log.members)
    @rule(choose=some.data(), intent=intents, process=some.sampled_from(PROCESSES))
    def says_by_a_form(self, choose, intent, process):
        name = choose.draw(some.sampled_from(sorted(self.log.members)))
        fields = {"message": intent.text, "client_id": intent.client_id}
        assert self.people[name, process].says(self.group, intent.text, client_id=intent.client_id).status_code == 303
        self.log.does(name, {"type": "text_message", **fields})

    @rule()
    def everybody_catches_up(self):
        for reading in self.connected():
            reading.receive_to(len(self.log.rows))
            assert reading.screen.rows == self.log.rows

    @precondition(lambda self: self.log.members)
    @rule(choose=some.data(), process=some.sampled_from(PROCESSES))
    def looks_at_the_page(self, choose, process):
        person = self.people[choose.draw(some.sampled_from(sorted(self.log.members))), process]
        shown = [row for row in enumerate(self.log.rows, 1) if row[1].kind in ("Message", *WORDS)]
        found = [without_markup(*row) for row in rows_on(person.page(f"/groups/{self.group}/"))]
        assert found == [on_page(*row) for row in shown][-50:]

    def teardown(self):
        for name in NAMES:
            self.joins(name, 0)
        for key, reading in self.readings.items():
            for returning in (reading, Reading(self.people[key])):
                returning.drop()
                returning.connect(self.group)
                returning.receive_to(len(self.log.rows))
                returning.drop()
                assert returning.screen.rows == self.log.rows

    def connected(self, *names):
        found = [(name, reading) for (name, _), reading in self.readings.items() if reading.socket is not None]
        return [reading for name, reading in found if name in (names or NAMES)]

    def connected_to(self, name, process):
        reading = self.readings[name, process]
        if reading.socket is None:
            reading.connect(self.group)
        return reading


def on_page(seq, row):
    if row.is_deleted:
        return seq, row.name, None
    return without_markup(seq, row.name, WORDS.get(row.kind, row.text))


def without_markup(seq, name, text):
    return seq, name, text and MARKUP.sub("", text)


# In processes that are simulated


@pytest.fixture
def sites(site, monkeypatch):
    """The site, and another process on the same database and bus."""
    elsewhere = create_app(Settings.from_environment())
    with site.portal.wrap_async_context_manager(elsewhere.router.lifespan_context(elsewhere)):
        other = TestClient(elsewhere)
        other.portal = site.portal
        yield site, other


@pytest.fixture(autouse=True)
def _shared_bus(monkeypatch):
    engine = SharedMemory()
    monkeypatch.setattr(bus, "new_backend", lambda _settings: SharedMemory(engine))
    monkeypatch.setattr(polling, "POLL", 0.1)


@pytest.fixture
def people(environment, site, sites, alice, bob):
    found = {("alice", 0): alice, ("bob", 0): bob, ("carol", 0): HttpPerson(site, "carol")}
    found["carol", 0].sign_up()
    for name in NAMES:
        found[name, 1] = HttpPerson(sites[1], name)
        found[name, 1].browser.cookies = found[name, 0].browser.cookies
    return found


@pytest.fixture
def unlimited(environment):
    environment.setenv("MESSAGE_RATE", "0")


def test_every_reader_has_the_log_whatever_people_did(unlimited, people):
    run_state_machine_as_test(lambda: People(people), settings=examples(10, stateful_step_count=30))
