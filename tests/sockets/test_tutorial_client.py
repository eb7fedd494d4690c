"""A client as the tutorial's page has it, beside people who use everything that came later."""

import json
import re
from itertools import count

import pytest

numbers = count()
MINUTE = re.compile(r" @\d{4}-\d\d-\d\d \d\d:\d\d$")


class TutorialClient:
    """The script of the tutorial's page: it knows two types of objects, and shows the `message` of both as a line."""

    def __init__(self, socket, author):
        self.socket, self.author, self.lines, self.members = socket, author, [], set()

    def submits(self, message):
        self.socket.send_text(json.dumps({"type": "text_message", "message": message, "author": self.author}))

    def on_message(self):
        received = json.loads(self.socket.receive_text())
        match received["type"]:
            case "text_message":
                assert isinstance(received["author"], str)
            case "event_message" if received["status"] == "Join":
                self.members.add(received["user"])
            case "event_message" if received["status"] == "Left":
                self.members.discard(received["user"])
            case other:
                raise AssertionError(f"the tutorial knows no {other}")
        self.lines.append(MINUTE.sub("", received["message"]))

    def reaches(self, line):
        while line not in self.lines:
            self.on_message()


@pytest.fixture
def client(alice, gardening):
    with alice.in_group(gardening) as socket:
        yield TutorialClient(socket, "alice")


def does(reader, command, **fields):
    """Somebody's command, over a socket of today; the seq of its entry."""
    client_id = f"c{next(numbers)}"
    reader.socket.send_json({"type": command, "client_id": client_id, **fields})
    return reader.until(client_id=client_id)["seq"]


def does_everything(person, group):
    person.joins(group)
    with person.reading(group) as reader:
        seq = does(reader, "text_message", message="Tomatoes?")
        does(reader, "react", target=seq, emoji="👍", on=True)
        does(reader, "edit_message", target=seq, rev=0, message="*Beans*, @alice?")
        does(reader, "text_message", message="Or @everyone: `peas`", reply_to=seq)
        does(reader, "delete_message", target=seq)
    person.leaves(group)


def test_a_log_of_all_kinds_is_lines_to_the_tutorials_client(client, bob, gardening):
    does_everything(bob, gardening)
    client.submits("It is quiet here")
    client.reaches("alice:- It is quiet here")

    assert client.lines[:-1] == [
        "bob Join the Gardening group",
        "bob:- Tomatoes?",
        "bob edited:- *Beans*, @alice?",
        "bob:- Or @everyone: `peas`",
        "bob Left the Gardening group",
    ]
    assert client.members == set()


def test_the_tutorials_client_is_told_of_a_member_who_stays(client, bob, gardening):
    bob.joins(gardening)

    client.on_message()

    assert client.members == {"bob"}


def test_what_the_tutorials_client_submits_can_be_edited_and_deleted_elsewhere(client, alice, gardening):
    client.submits("Tomatos?")
    client.reaches("alice:- Tomatos?")

    with alice.reading(gardening) as hers:
        does(hers, "edit_message", target=2, rev=0, message="Tomatoes?")
        does(hers, "delete_message", target=2)
        client.submits("Never mind")
    client.reaches("alice:- Never mind")

    assert client.lines == ["alice:- Tomatos?", "alice edited:- Tomatoes?", "alice:- Never mind"]
