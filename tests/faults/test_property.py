"""Whatever people do, in whatever order: each reader has the log, and the log is a plain list of what they did."""

import json
import os
from contextlib import ExitStack
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from people import HttpPerson

NAMES = ["alice", "bob", "carol"]
numbers = count(1)


class Reading:
    """A person's place in the log: what they have seen, and the socket they see more on, if it is open."""

    def __init__(self, person):
        self.person, self.seen, self.acks = person, [], []
        self.socket, self._open = None, ExitStack()

    def connect(self, group):
        self.socket = self._open.enter_context(self.person.reading(group, since=len(self.seen)))

    def drop(self):
        self.socket = None
        self._open.close()

    def receive(self, thing):
        if thing["type"] == "ack":
            self.acks.append((thing["client_id"], thing["seq"]))
        else:
            assert thing["seq"] == len(self.seen) + 1
            self.seen.append(as_listed(thing))

    def receive_to(self, last):
        while len(self.seen) < last:
            self.receive(self.socket.next())

    def receive_ack(self):
        while not self.acks:
            self.receive(self.socket.next())
        return self.acks.pop()

    def receive_end(self):
        while (message := self.socket.socket.receive())["type"] != "websocket.close":
            for thing in json.loads(message["text"]):
                self.receive(thing)
        return message["code"]


def as_listed(entry):
    if entry["type"] == "event_message":
        return (entry["user"], entry["status"])
    return (entry["author"], entry["content"])


class People(RuleBasedStateMachine):
    """Three people, one group, and `log`: what everybody must see."""

    def __init__(self, people):
        super().__init__()
        self.readings = {person.name: Reading(person) for person in people}
        self.group = people[0].creates(f"Garden {next(numbers)}")
        self.log, self.members, self.said = [], set(), {}

    @rule(name=some.sampled_from(NAMES))
    def joins(self, name):
        self.readings[name].person.joins(self.group)
        if name not in self.members:
            self.members.add(name)
            self.log.append((name, "Join"))

    @precondition(lambda self: self.members)
    @rule(choose=some.data())
    def leaves(self, choose):
        name = choose.draw(some.sampled_from(sorted(self.members)))
        reading = self.readings[name]
        reading.person.leaves(self.group)
        if reading.socket is not None:
            assert reading.receive_end() == 4403
            reading.drop()
        assert reading.seen == self.log[: len(reading.seen)]
        self.members.discard(name)
        self.log.append((name, "Left"))

    @precondition(lambda self: self.members)
    @rule(choose=some.data())
    def connects_or_drops(self, choose):
        reading = self.readings[choose.draw(some.sampled_from(sorted(self.members)))]
        if reading.socket is None:
            reading.connect(self.group)
        else:
            reading.drop()

    @precondition(lambda self: self.connected())
    @rule(choose=some.data(), number=some.integers(0, 9))
    def says_on_a_socket(self, choose, number):
        name = choose.draw(some.sampled_from(self.connected()))
        reading, client_id, text = self.readings[name], f"{number}", f"{name} says {len(self.log)}"
        reading.socket.says(text, client_id=client_id)

        assert reading.receive_ack() == (client_id, self.stored(name, client_id, text))

    @precondition(lambda self: self.members)
    @rule(choose=some.data(), number=some.integers(0, 9))
    def says_by_a_form(self, choose, number):
        name = choose.draw(some.sampled_from(sorted(self.members)))
        text = f"{name} writes {len(self.log)}"
        assert self.readings[name].person.says(self.group, text, client_id=f"{number}").status_code == 303
        self.stored(name, f"{number}", text)

    @precondition(lambda self: self.connected())
    @rule(choose=some.data())
    def catches_up(self, choose):
        reading = self.readings[choose.draw(some.sampled_from(self.connected()))]
        reading.receive_to(len(self.log))
        assert reading.seen == self.log

    def teardown(self):
        for name in NAMES:
            self.joins(name)
        for reading in self.readings.values():
            reading.drop()
            reading.connect(self.group)
            reading.receive_to(len(self.log))
            reading.drop()
            assert reading.seen == self.log

    def connected(self):
        return [name for name, reading in self.readings.items() if reading.socket is not None]

    def stored(self, name, client_id, text):
        """The place of this message, which is new only if its client_id is."""
        if (name, client_id) not in self.said:
            self.log.append((name, text))
            self.said[name, client_id] = len(self.log)
        return self.said[name, client_id]


@pytest.fixture
def carol(site, bob):
    carol = HttpPerson(site, "carol")
    carol.sign_up()
    return carol


def test_every_reader_has_the_log_whatever_people_did(alice, bob, carol):
    machine = settings(
        max_examples=10,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=os.environ.get("CI") == "true",
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(lambda: People([alice, bob, carol]), settings=machine)
