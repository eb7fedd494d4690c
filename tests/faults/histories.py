"""Random histories: three people at two processes do whatever they can, and all who read come to the same."""

import json
import re
from contextlib import ExitStack, contextmanager
from itertools import count

from clients import LIMIT, RemotePerson
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from intents import NAMES, intents, mark_intents
from naive_log import NaiveLog, Screen, rows_on
from people import V1, Reader
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PROCESSES = (0, 1)
WORDS = {"Join": "joined", "Left": "left"}
NUMBERS = ("unread", "mentions", "alerts")
MARKUP = re.compile(r"[*`]")
numbers = count(1)


class Reading:
    """A person's place in the log, at one process: their screen, and the socket that it follows, if it is open."""

    def __init__(self, person):
        self.person, self.screen, self.answers, self.numbers = person, Screen(), {}, {}
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
        elif thing["type"] == "unread":
            self.numbers = {name: thing[name] for name in ("unread", "mentions", "read", "read_rev")}
            self.numbers["alerts"] = thing.get("alerts", 0)
        elif thing["type"] not in ("group", "group_gone"):
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

    def receive_numbers(self, expected):
        while self.numbers != expected:
            self.receive(self.socket.next())

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
    @rule(choose=some.data(), intent=mark_intents, process=some.sampled_from(PROCESSES))
    def marks(self, choose, intent, process):
        name = choose.draw(some.sampled_from(sorted(self.log.members)))
        command, reading = intent.command(self.log, name), self.connected_to(name, process)
        reading.numbers = {}
        reading.send(command)
        reading.receive_numbers(self.log.marks(name, command))

    @rule(intent=intents, process=some.sampled_from(PROCESSES))
    def commands_by_a_form(self, intent, process):
        """Whoever has left can still delete their own messages, and nothing else."""
        name, command = intent.command(self.log, self.log.messages())
        status, answer = submitted(self.people[name, process], self.group, command)
        if name in self.log.members or self.log.is_own_deletion(name, command):
            assert answer == self.log.does(name, command)
        else:
            assert status in (403, 404)

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
        assert len(found) >= min(len(shown), 50)
        assert found == [on_page(*row) for row in shown][-len(found) :]

    @precondition(lambda self: self.log.members)
    @rule(choose=some.data(), process=some.sampled_from(PROCESSES))
    def looks_at_the_numbers(self, choose, process):
        name = choose.draw(some.sampled_from(sorted(self.log.members)))
        with self.people[name, process].at_home(V1) as socket:
            (ready,) = socket.receive_json()
        expected = self.log.numbers(name)
        assert {word: ready[word].get(self.group, 0) for word in NUMBERS} == {word: expected[word] for word in NUMBERS}

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
        return seq, row.name, None, 0, {}
    return without_markup(seq, row.name, WORDS.get(row.kind, row.text), row.rev, row.reactions)


def without_markup(seq, name, text, rev, reactions):
    return seq, name, text and MARKUP.sub("", text), rev, reactions


FORMS = {
    "text_message": "messages/",
    "edit_message": "messages/{target}/edit/",
    "delete_message": "messages/{target}/delete/",
    "react": "messages/{target}/reactions/",
}


def submitted(person, group, command):
    """A command as a form sends it for a script: the answer's status, and its seq or code."""
    fields = {name: value for name, value in command.items() if name not in ("type", "target")}
    if command["type"] == "react":
        fields["on"] = str(int(command["on"]))
    path = f"/groups/{group}/{FORMS[command['type']].format(**command)}"
    response = person.browser.post(path, data=fields, headers={"Accept": "application/json"})
    (found,) = response.json() if "json" in response.headers.get("content-type", "") else ({},)
    return response.status_code, found.get("seq") or found.get("code")


class MortalPeople(People):
    """The same at servers that are killed, and start again."""

    def __init__(self, people, servers):
        self.servers = servers
        super().__init__(people)

    @rule(process=some.sampled_from(PROCESSES))
    def is_killed(self, process):
        self.servers[process].kill()
        for (_, place), reading in self.readings.items():
            if place == process:
                reading.drop()
        self.servers[process].start()

    @rule(intent=intents, process=some.sampled_from(PROCESSES))
    def is_killed_in_the_middle_of_a_command(self, intent, process):
        """Nobody knows whether it was carried out: its sender repeats it."""
        name, command = intent.command(self.log, self.log.messages())
        if name in self.log.members:
            self.connected_to(name, process).send(command)
            self.is_killed(process)
            self.connected_to(name, process).send(command)
            assert self.readings[name, process].receive_answer(command) == self.log.does(name, command)


class RemoteReader(RemotePerson):
    """A person at a server in another process, whose sockets are read as those of an HttpPerson are."""

    @contextmanager
    def reading(self, group, since):
        with self._socket(f"/groups/{group}/?since={since}") as socket:
            reader = Reader(socket)
            assert reader.next()["type"] == "ready"
            yield reader

    def at_home(self, *_subprotocols):
        return self._socket("/")

    @contextmanager
    def _socket(self, path):
        address, cookies = f"ws://{self.address}{path}", {"Cookie": self.cookie_header}
        with connect(address, subprotocols=[V1], additional_headers=cookies, open_timeout=LIMIT) as socket:
            yield SyncSocket(socket)


class SyncSocket:
    """A WebSocket with the verbs of Starlette's."""

    def __init__(self, socket):
        self._socket = socket

    def send_json(self, thing):
        self._socket.send(json.dumps(thing))

    def receive_json(self):
        return json.loads(self._socket.recv(LIMIT))

    def receive(self):
        try:
            return {"type": "websocket.send", "text": self._socket.recv(LIMIT)}
        except ConnectionClosed:
            return {"type": "websocket.close", "code": self._socket.close_code}
