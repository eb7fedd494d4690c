"""Repeated replies."""

import pytest
from changes import deleted, sent


@pytest.fixture
def talk(alice, bob, gardening):
    bob.joins(gardening)
    bob.says(gardening, "Tomatoes?")
    with alice.reading(gardening) as of_alice, bob.reading(gardening) as of_bob:
        yield of_alice, of_bob


def test_a_repeated_reply_to_a_message_that_was_deleted_since_is_acknowledged_with_its_first_place(talk):
    of_alice, of_bob = talk
    reply = {"message": "Yes", "reply_to": 3}
    seq = sent(of_alice, "text_message", "reply", **reply)
    deleted(of_bob)

    assert sent(of_alice, "text_message", "reply", **reply) == seq
