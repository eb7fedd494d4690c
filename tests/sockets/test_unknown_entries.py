"""What clients are sent of entries whose kind this version does not know: rows of a later one, during an update."""

import pytest
from sqlalchemy import update

from discussit.models import Entry


@pytest.fixture
def polled(site, state, alice, gardening):
    """A log in which the second entry is of a kind to come: a Join, a poll, a message."""
    alice.says(gardening, "What next?")
    alice.says(gardening, "Tomatoes.")
    site.portal.call(turn_into_poll, state.database)
    return gardening


def test_a_client_that_knows_todays_two_types_follows_a_log_with_others(alice, polled):
    with alice.reading(polled, since=0) as reader:
        client = Client(reader)
        client.follows_to(3)
        alice.says(polled, "Beans.")
        client.follows_to(4)

    assert client.shown == ["alice Join the Gardening group", "Tomatoes.", "Beans."]


def test_an_unknown_entry_says_where_it_is_and_of_what_kind(alice, polled):
    with alice.reading(polled, since=1) as reader:
        entry = reader.next()

    assert entry == {
        "type": "unknown",
        "kind": "Poll",
        "group_uuid": polled,
        "seq": 2,
        "timestamp": entry["timestamp"],
    }


def test_a_page_shows_what_it_knows_and_continues_after_all_of_it(alice, polled):
    page = alice.page(f"/groups/{polled}/")

    assert page.log() == [(1, "alice joined"), (3, "alice Tomatoes.")]
    assert page.one("group")["data-last"] == "3"


def test_a_page_whose_log_ends_with_an_unknown_entry_continues_after_it(site, state, alice, polled):
    site.portal.call(turn_into_poll, state.database, 3)

    page = alice.page(f"/groups/{polled}/")

    group = page.one("group")
    assert (len(page.log()), group["data-last"], "data-live" in group.attributes) == (1, "3", True)


def test_a_page_before_which_there_are_only_unknown_entries_is_the_newest(site, state, alice, polled):
    site.portal.call(turn_into_poll, state.database, 1)

    assert alice.page(f"/groups/{polled}/?before=3").log() == [(3, "alice Tomatoes.")]


class Client:
    """Follows docs/protocol.md: an object with seq and timestamp is an entry, counted whatever its type."""

    def __init__(self, reader):
        self.reader, self.last, self.shown = reader, 0, []

    def follows_to(self, seq):
        while self.last < seq:
            self.takes(self.reader.next())

    def takes(self, thing):
        if "seq" in thing and "timestamp" in thing:
            assert thing["seq"] == self.last + 1
            self.last = thing["seq"]
        if thing["type"] == "text_message":
            self.shown.append(thing["content"])
        elif thing["type"] == "event_message":
            self.shown.append(thing["message"])


async def turn_into_poll(database, seq=2):
    async with database.transaction() as session:
        await session.execute(update(Entry.__table__).where(Entry.seq == seq).values(kind="Poll"))
