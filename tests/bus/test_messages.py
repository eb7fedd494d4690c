import json
from uuid import UUID

import pytest

from discussit.bus import messages
from discussit.bus.messages import (
    Appended,
    EndedSessions,
    MembershipChange,
    MembershipChanges,
    Resync,
    Revised,
    person_channel,
)
from discussit.log.compose import EncodedEntry
from discussit.log.kinds import Effect

GROUP = UUID("00000000-0000-4000-8000-000000000000")
LEFT = EncodedEntry(7, "Left", 2, "2026-11-22T22:31:05.123456Z", None, '{"type":"event_message"}', Effect.LEFT)
MESSAGES = [
    Appended([LEFT], 3),
    Revised(3, "0123456789abcdef"),
    MembershipChanges([MembershipChange(GROUP, 7, 2, Effect.LEFT)]),
    EndedSessions(["a", "b"]),
    Resync(),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was_sent(message):
    assert messages.decode(messages.encode(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_fields_of_a_later_version_are_ignored(message):
    later = json.loads(messages.encode(message)) | {"priority": 7}

    assert messages.decode(json.dumps(later)) == message


def test_fields_that_a_later_version_adds_to_an_entry_are_ignored():
    later = json.loads(messages.encode(MESSAGES[0]))
    later["entries"][0].append({"votes": 3})

    assert messages.decode(json.dumps(later)) == MESSAGES[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "\udcff",
        "[" * 100_000,
        "{}",
        '{"type":"poll_closed"}',
        '{"type":"appended"}',
        '{"type":"appended","entries":[[7,"Left",2,"",null,"{}","promoted"]],"revisions":3}',
        '{"type":"revised","revisions":"three","epoch":""}',
    ],
)
def test_a_message_that_this_version_cannot_read_means_resync(text):
    assert messages.decode(text) == Resync()


def test_thousands_of_people_share_a_bounded_number_of_channels():
    assert len({person_channel(user_id) for user_id in range(10_000)}) == messages.PERSON_CHANNELS
