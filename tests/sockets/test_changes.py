"""Edits, deletions, reactions and replies, as sockets send and receive them."""

from contextlib import ExitStack

import pytest
from changes import deleted, edited, reacted, sent, told


@pytest.fixture
def talk(alice, bob, gardening):
    """Bob has written "Tomatoes?", entry 3; alice and bob follow the group."""
    bob.joins(gardening)
    bob.says(gardening, "Tomatoes?")
    with alice.reading(gardening) as of_alice, bob.reading(gardening) as of_bob:
        yield of_alice, of_bob


# What everyone receives


def test_an_edit_reaches_everyone_with_the_new_text(talk):
    of_alice, of_bob = talk

    assert edited(of_bob, "Beans?") == 4

    edit = of_alice.next()
    assert told(edit, "type", "seq", "target", "rev") == ("message_edited", 4, 3, 1)
    assert told(edit, "author", "user", "content") == ("bob", "bob", "Beans?")
    assert edit["message"].startswith("bob edited:- Beans? @")


def test_a_deletion_reaches_everyone_without_the_text(talk):
    of_alice, of_bob = talk

    assert deleted(of_bob) == 4

    deletion = of_alice.next()
    assert told(deletion, "type", "seq", "target", "user") == ("message_deleted", 4, 3, "bob")
    assert "Tomatoes" not in deletion["message"]


def test_a_reaction_reaches_everyone_with_the_number_of_users(talk):
    of_alice, of_bob = talk

    reacted(of_bob, "👍")
    reacted(of_alice, "👍")

    reaction = of_bob.until(seq=5)
    assert told(reaction, "type", "target", "user", "emoji", "on", "count") == ("reaction", 3, "alice", "👍", True, 2)


def test_a_reaction_that_is_taken_back_is_no_longer_counted(talk):
    of_alice, of_bob = talk
    reacted(of_bob, "👍")

    reacted(of_bob, "👍", on=False)

    assert told(of_alice.until(seq=5), "on", "count") == (False, 0)


@pytest.mark.parametrize(
    ("sent_emoji", "shown"), [("❤", "❤️"), ("❤️", "❤️"), ("👋🏽", "👋🏽"), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"), ("🇯🇵", "🇯🇵")]
)
def test_a_reactions_emoji_is_fully_qualified(talk, sent_emoji, shown):
    of_alice, of_bob = talk

    reacted(of_bob, sent_emoji)

    assert of_alice.until(seq=4)["emoji"] == shown


def test_a_reply_names_the_message_and_its_revision_then(talk):
    of_alice, of_bob = talk
    edited(of_bob, "Beans?")

    seq = sent(of_alice, "text_message", message="Yes", reply_to=3)

    assert told(of_bob.until(seq=seq), "content", "reply_to", "reply_rev") == ("Yes", 3, 1)


def test_a_plain_message_has_none_of_the_new_keys(talk):
    of_alice, of_bob = talk

    of_bob.says("Hello")

    new = {"rev", "body", "mentions", "reply_to", "reply_rev", "deleted", "withdrawn"}
    assert new.isdisjoint(of_alice.until(type="text_message"))


def test_a_client_of_the_tutorial_receives_an_edit_as_a_line_and_no_other_change(talk, alice, gardening):
    _, of_bob = talk
    with alice.in_group(gardening) as tutorial:
        reacted(of_bob, "👍")
        edited(of_bob, "Beans?")
        deleted(of_bob)
        of_bob.says("Bye")

        edit, message = tutorial.receive_json(), tutorial.receive_json()

    assert told(edit, "type", "seq", "edits", "author", "content") == ("text_message", 5, 3, "bob", "Beans?")
    assert edit["message"].startswith("bob edited:- Beans? @")
    assert told(message, "seq", "content") == (7, "Bye")


# Returning


def test_a_returning_reader_receives_what_the_message_is_by_now(talk, alice, gardening):
    _, of_bob = talk
    edited(of_bob, "Beans?")
    reacted(of_bob, "👍")
    edited(of_bob, "Peas?", rev=1)

    with alice.reading(gardening, since=2) as returning:
        message, first, reaction, second = (returning.next() for _ in range(4))

    assert told(message, "seq", "content", "rev") == (3, "Peas?", 2)
    assert told(first, "seq", "content", "rev") == (4, "Peas?", 2)
    assert told(reaction, "seq", "on", "count") == (5, True, 1)
    assert told(second, "seq", "content", "rev") == (6, "Peas?", 2)


def test_a_returning_reader_receives_nothing_of_a_deleted_text(talk, alice, gardening):
    _, of_bob = talk
    edited(of_bob, "Beans?")
    reacted(of_bob, "👍")
    deleted(of_bob)

    with alice.reading(gardening, since=2) as returning:
        message, edit, reaction, deletion = (returning.next() for _ in range(4))

    assert told(message, "content", "deleted", "withdrawn") == ("", True, True)
    assert told(edit, "content", "deleted") == ("", True)
    assert told(reaction, "on", "count", "deleted") == (False, 0, True)
    assert deletion["type"] == "message_deleted"
    assert "eans" not in f"{message}{edit}{reaction}{deletion}"


def test_the_tail_and_the_database_say_the_same(talk, alice, gardening, state):
    """The first of two who return reads the database, the second what the room kept while it changed."""
    of_alice, of_bob = talk
    sent(of_alice, "text_message", message="Yes", reply_to=3)
    edited(of_bob, "Beans?")
    reacted(of_bob, "👍")
    reacted(of_alice, "🎉", target=4)
    deleted(of_bob)
    edited(of_alice, "No", target=4)

    kept = received(alice, gardening, 6)
    (room,) = state.hub.rooms
    room._forget()

    assert kept == received(alice, gardening, 6)


def received(person, group, entries):
    with person.reading(group, since=3) as reader:
        return [reader.next() for _ in range(entries)]


# Commands that are repeated, or change nothing


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("edit_message", {"rev": 0, "message": "Beans?"}),
        ("delete_message", {}),
        ("react", {"emoji": "👍", "on": True}),
    ],
)
def test_a_repeated_command_is_acknowledged_with_its_first_place(talk, command, fields):
    _, of_bob = talk

    assert sent(of_bob, command, "again", target=3, **fields) == 4
    assert sent(of_bob, command, "again", target=3, **fields) == 4

    of_bob.says("Next")
    assert of_bob.until(type="text_message")["seq"] == 5


def test_a_client_id_stands_for_one_command_whatever_comes_with_it(talk):
    _, of_bob = talk
    sent(of_bob, "react", "one", target=3, emoji="👍", on=True)

    assert sent(of_bob, "delete_message", "one", target=3) == 4
    assert sent(of_bob, "text_message", "one", message="Hi") == 4
    assert sent(of_bob, "edit_message", "one", target=99, rev=7, message="Hi") == 4


def test_a_repeated_reply_to_a_message_that_was_deleted_since_is_acknowledged_with_its_first_place(talk):
    of_alice, of_bob = talk
    reply = {"message": "Yes", "reply_to": 3}
    seq = sent(of_alice, "text_message", "reply", **reply)
    deleted(of_bob)

    assert sent(of_alice, "text_message", "reply", **reply) == seq


def test_what_changes_nothing_is_acknowledged_with_what_set_the_present_state(talk):
    _, of_bob = talk

    assert edited(of_bob, "Tomatoes?") == 3
    assert edited(of_bob, "Tomatoes?", rev=9) == 3
    assert reacted(of_bob, "👍", on=False) == 3
    assert edited(of_bob, "Beans?") == 4
    assert edited(of_bob, "Beans?") == 4
    assert reacted(of_bob, "👍") == 5
    assert reacted(of_bob, "👍") == 5
    assert reacted(of_bob, "👍", on=False) == 6
    assert reacted(of_bob, "👍", on=False) == 6
    assert deleted(of_bob) == 7
    assert deleted(of_bob) == 7


def test_what_changes_nothing_stores_no_client_id(talk):
    _, of_bob = talk
    sent(of_bob, "react", "kept", target=3, emoji="👍", on=False)

    assert sent(of_bob, "react", "kept", target=3, emoji="👍", on=True) == 4


# Refusals, in the order in which they are checked


@pytest.mark.parametrize("target", [1, 4, 99])
def test_an_event_a_change_and_the_future_are_no_messages(talk, target):
    _, of_bob = talk
    reacted(of_bob, "👍")  # entry 4

    assert deleted(of_bob, target) == "no_such_message"
    assert edited(of_bob, "x", target=target) == "no_such_message"
    assert reacted(of_bob, "👍", target=target) == "no_such_message"
    assert sent(of_bob, "text_message", message="x", reply_to=target) == "no_such_message"


def test_a_message_of_another_group_is_none_of_this_one(talk, alice, gardening):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)
    alice.says(cooking, "Soup?")
    alice.says(cooking, "Salad?")

    with alice.reading(cooking) as of_alice:
        assert deleted(of_alice, 3) == 4
    assert talk[1].socket is not None
    with alice.reading(gardening, since=2) as reader:
        assert reader.until(type="text_message")["content"] == "Tomatoes?"


def test_only_its_author_edits_a_message(talk):
    of_alice, of_bob = talk

    assert edited(of_alice, "Mine") == "not_yours"
    assert edited(of_bob, "Beans?") == 4


def test_only_its_author_and_superusers_delete_a_message(talk):
    of_alice, of_bob = talk
    of_alice.says("Hello")
    of_bob.until(seq=4)

    assert deleted(of_bob, 4) == "not_yours"
    assert deleted(of_alice, 3) == 5


def test_that_a_superuser_deletes_the_message_of_somebody_else_is_logged(talk, logged):
    of_alice, of_bob = talk
    of_bob.says("Beans?")
    deleted(of_bob, 4)

    for _ in range(2):
        deleted(of_alice, 3)

    assert [line for _, line in logged()] == ["message-delete done group=1 seq=3 account=2 by=1 address=-"]


def test_everybody_may_react_and_reply_to_everybody(talk):
    of_alice, _ = talk

    assert reacted(of_alice, "👍") == 4
    assert sent(of_alice, "text_message", message="Yes", reply_to=3) == 5


def test_a_deleted_message_takes_nothing_more(talk):
    of_alice, of_bob = talk
    deleted(of_bob)

    assert edited(of_bob, "Back") == "gone"
    assert reacted(of_alice, "👍") == "gone"
    assert sent(of_alice, "text_message", message="Yes", reply_to=3) == "gone"
    assert deleted(of_alice) == 4


def test_an_edit_of_another_revision_is_refused_with_the_present_text(talk):
    _, of_bob = talk
    edited(of_bob, "Beans?")

    of_bob.socket.send_json({"type": "edit_message", "target": 3, "rev": 0, "message": "Peas?", "client_id": "late"})

    assert told(of_bob.until(client_id="late"), "code", "rev", "content") == ("changed", 1, "Beans?")
    assert edited(of_bob, "Peas?", rev=1) == 5


@pytest.mark.parametrize("emoji", ["", "a", ":)", "👍👍", "👍 ", "🏽", "🇯", "1", "\u200d", "👍" * 5_000, "👩‍👍"])
def test_a_reaction_is_one_known_emoji(talk, emoji):
    _, of_bob = talk

    assert reacted(of_bob, emoji) == "not_emoji"


def test_a_message_has_at_most_20_different_emoji(talk):
    of_alice, of_bob = talk
    emoji = [chr(0x1F600 + number) for number in range(21)]
    for each in emoji[:20]:
        reacted(of_bob, each)

    assert reacted(of_alice, emoji[20]) == "too_many"
    assert reacted(of_alice, emoji[0]) == 24
    reacted(of_bob, emoji[1], on=False)
    assert reacted(of_alice, emoji[20]) == 26


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), (" \n", "empty"), ("x" * 10_001, "too_long"), ("a\0b", "bad_frame")]
)
def test_an_edits_text_is_checked_like_a_messages(talk, text, code):
    _, of_bob = talk

    assert edited(of_bob, text) == code
    assert edited(of_bob, "x" * 10_000) == 4


@pytest.mark.parametrize(
    "command",
    [
        {"type": "edit_message", "rev": 0, "message": "x"},
        {"type": "edit_message", "target": 3, "message": "x"},
        {"type": "edit_message", "target": 0, "rev": 0, "message": "x"},
        {"type": "edit_message", "target": 3, "rev": -1, "message": "x"},
        {"type": "edit_message", "target": "3", "rev": 0, "message": "x"},
        {"type": "edit_message", "target": 2**31, "rev": 0, "message": "x"},
        {"type": "delete_message"},
        {"type": "delete_message", "target": 1.5},
        {"type": "delete_message", "target": True},
        {"type": "react", "target": 3, "emoji": "👍"},
        {"type": "react", "target": 3, "emoji": "👍", "on": 1},
        {"type": "react", "target": 3, "emoji": 1, "on": True},
        {"type": "text_message", "message": "x", "reply_to": 0},
        {"type": "text_message", "message": "x", "reply_to": "3"},
        {"type": "delete_message", "target": 3, "client_id": ""},
        {"message": "x"},
    ],
    ids=str,
)
def test_a_command_that_cannot_be_understood_changes_nothing(talk, command):
    _, of_bob = talk

    of_bob.socket.send_json(command)

    assert of_bob.until(type="error")["code"] == "bad_frame"
    assert deleted(of_bob) == 4


# At the same time


def test_of_two_tabs_that_edit_the_same_text_one_is_told_of_the_other(bob, talk, gardening):
    with ExitStack() as stack:
        tabs = [stack.enter_context(bob.reading(gardening)) for _ in range(2)]
        for tab in tabs:
            tab.socket.send_json({"type": "edit_message", "target": 3, "rev": 0, "message": f"{tab}", "client_id": "c"})
            tab.socket.send_json({"type": "edit_message", "target": 3, "rev": 0, "message": f"{tab}", "client_id": "d"})

    assert talk[0].until(type="message_edited")["rev"] == 1
