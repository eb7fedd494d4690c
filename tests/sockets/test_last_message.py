"""The last message of a group, as pages that don't follow it are sent it."""

from contextlib import contextmanager

import pytest
from people import V1, Reader
from test_readable_log import add

from discussit.delivery import counting


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1 of the group, bob's is 2."""
    bob.joins(gardening)
    return gardening


@contextmanager
def home(person):
    """A person's home page after its `ready`."""
    with person.at_home(V1) as socket:
        reader = Reader(socket)
        reader.next()
        yield reader


def last_of(reader, group):
    """The next last message that the page is sent, without its moment."""
    while (last := reader.until(type="unread", group_uuid=group).get("last")) is None:
        pass
    assert last.pop("timestamp").endswith("Z")
    return last


def test_a_message_is_shown_on_pages_that_dont_follow_its_group(alice, bob, together):
    with home(bob) as his, home(alice) as hers:
        alice.says(together, "  *hi*\nthere ")

        assert last_of(his, together) == last_of(hers, together) == {"seq": 3, "author": "alice", "text": "hi there"}


def test_a_long_message_is_shortened(alice, bob, together):
    with home(bob) as page:
        alice.says(together, "x" * 200)

        assert last_of(page, together)["text"] == "x" * 80 + "…"


def test_a_follower_of_the_group_is_not_sent_its_last_message(alice, bob, together):
    with bob.reading(together) as page:
        alice.says(together, "@bob")

        assert "last" not in page.until(type="unread")


def test_an_edit_of_the_last_message_reaches_pages_that_dont_follow(alice, bob, together):
    alice.says(together, "one")
    with home(bob) as page, alice.reading(together) as hers:
        hers.socket.send_json({"type": "edit_message", "target": 3, "rev": 0, "message": "two"})

        assert last_of(page, together) == {"seq": 3, "author": "alice", "text": "two"}


def test_a_deletion_of_the_last_message_reaches_them_without_its_text(alice, bob, together):
    with home(bob) as page:
        alice.says(together, "secret")
        assert last_of(page, together)["text"] == "secret"

        alice.post(f"/groups/{together}/messages/3/delete/")
        assert last_of(page, together) == {"seq": 3, "author": "alice", "text": "", "deleted": True}


def test_an_edit_of_an_earlier_message_is_sent_to_nobody(alice, bob, together):
    alice.says(together, "one")
    alice.says(together, "two")
    with home(bob) as page, alice.reading(together) as hers:
        hers.socket.send_json({"type": "edit_message", "target": 3, "rev": 0, "message": "three"})
        hers.until(type="message_edited")
        alice.says(together, "four")

        assert page.until(type="unread")["last"]["text"] == "four"


@pytest.fixture
def cellar(site, state, alice, bob):
    """A closed group in which alice wrote entry 2 before bob came, who reads from his Join on."""
    group = alice.founds("Cellar", "closed")
    alice.says(group, "secret")
    site.portal.call(lambda: add(state.database, group, "bob", history="from_join"))
    return group


def test_a_late_member_is_not_sent_what_was_written_before_their_join(alice, bob, cellar):
    with home(bob) as page, alice.reading(cellar) as hers:
        hers.socket.send_json({"type": "edit_message", "target": 2, "rev": 0, "message": "another secret"})
        hers.until(type="message_edited")
        alice.says(cellar, "@bob")

        assert page.until(type="unread")["last"]["text"] == "@bob"


def test_messages_that_nobody_was_told_of_are_shown(site, state, alice, bob, together, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    with home(bob) as page:
        site.portal.call(state.database.publish_to, lambda written: None)
        alice.says(together, "one")
        assert last_of(page, together)["text"] == "one"

        alice.post(f"/groups/{together}/messages/3/delete/")
        assert last_of(page, together)["deleted"]
