"""Returning with a place in the log: its seq, the log's epoch and the entry's timestamp."""

import pytest
from people import V1, closed
from sqlalchemy import select

from discussit.cli import main
from discussit.delivery import polling
from discussit.models import Message

ELSEWHERE = "0123456789abcdef"
ANOTHER_TIME = "2001-01-01T00:00:00.000000Z"


@pytest.fixture
def log(alice, gardening):
    """Three entries of the log, as a client has them."""
    for text in ("one", "two"):
        alice.says(gardening, text)
    with alice.reading(gardening, since=0) as reader:
        return [reader.next() for _ in range(3)]


@pytest.fixture
def epoch(alice, gardening):
    return alice.page(f"/groups/{gardening}/").one("chat-log")["data-epoch"]


def test_a_client_that_names_the_logs_epoch_and_the_entrys_timestamp_gets_what_it_missed(alice, gardening, log, epoch):
    assert first(alice, gardening, since=2, epoch=epoch, at=log[1]["timestamp"]) == log[2]


def test_a_client_that_names_neither_is_trusted(alice, gardening, log):
    assert first(alice, gardening, since=2) == log[2]


@pytest.mark.parametrize("place", [{"epoch": ELSEWHERE}, {"at": ANOTHER_TIME}, {"epoch": ""}, {"at": ""}], ids=str)
def test_a_client_that_was_in_another_log_has_to_load_this_one(alice, gardening, log, place):
    assert first(alice, gardening, since=2, **place) == {"type": "reset", "seq": 3}


def test_a_client_that_has_seen_nothing_yet_names_no_entrys_timestamp(alice, gardening, log, epoch):
    assert first(alice, gardening, since=0, epoch=epoch, at=ANOTHER_TIME) == log[0]


def test_a_client_that_was_away_while_a_text_was_withdrawn_has_to_load_the_log(
    site, state, alice, gardening, log, epoch
):
    site.portal.call(withdraw, state.database)

    assert first(alice, gardening, since=3, epoch=epoch) == {"type": "reset", "seq": 3}


def test_after_a_restore_clients_that_are_away_have_to_load_the_log(alice, gardening, log, epoch):
    assert main(["restored"]) == 0

    assert first(alice, gardening, since=3, epoch=epoch) == {"type": "reset", "seq": 3}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(polling, "POLL", 0.1)


def test_after_a_restore_clients_that_are_connected_are_sent_back(impatient, alice, gardening):
    with alice.reading(gardening) as reader:
        assert main(["restored"]) == 0

        assert closed(reader.socket) == 1012


def first(person, group, **query):
    """The first object after `ready`."""
    given = "&".join(f"{name}={value}" for name, value in query.items())
    with person.browser.websocket_connect(f"/groups/{group}/?{given}", subprotocols=[V1]) as socket:
        objects = socket.receive_json()
        while len(objects) < 2:
            objects += socket.receive_json()
    return objects[1]


async def withdraw(database):
    async with database.transaction() as session:
        (await session.scalar(select(Message).order_by(Message.seq))).withdraw()
