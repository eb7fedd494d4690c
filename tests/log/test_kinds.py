import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from discussit.log.compose import encode_entry
from discussit.log.kinds import Effect, EntryRow, State, kind_of, utc_text

GROUP = UUID("00000000-0000-4000-8000-000000000000")
MOMENT = datetime(2026, 11, 22, 22, 31, 5, 123456, UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MOMENT, "2026-11-22T22:31:05.123456Z"),
        (MOMENT.replace(microsecond=0), "2026-11-22T22:31:05.000000Z"),
        (MOMENT.replace(microsecond=7), "2026-11-22T22:31:05.000007Z"),
        (MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-11-22T22:31:05.123456Z"),
        (datetime(1, 2, 3, 4, 5, 6, 0, UTC), "0001-02-03T04:05:06.000000Z"),
    ],
    ids=str,
)
def test_a_timestamp_has_six_digits_and_a_z(moment, text):
    assert utc_text(moment) == text


def test_a_message_is_encoded_with_the_contracts_keys():
    entry = encode_entry(GROUP, row("Message", content="hi"))

    assert entry.text == (
        '{"type":"text_message","group_uuid":"00000000-0000-4000-8000-000000000000","seq":7,"author":"alice",'
        '"content":"hi","timestamp":"2026-11-22T22:31:05.123456Z","message":"alice:- hi @2026-11-22 22:31"}'
    )


@pytest.mark.parametrize("kind", ["Join", "Left"])
def test_an_event_is_encoded_with_the_contracts_keys(kind):
    entry = encode_entry(GROUP, row(kind, content=f"alice {kind} the Gardening group"))

    assert entry.text == (
        '{"type":"event_message","group_uuid":"00000000-0000-4000-8000-000000000000","seq":7,"user":"alice",'
        f'"status":"{kind}","timestamp":"2026-11-22T22:31:05.123456Z","message":"alice {kind} the Gardening group"}}'
    )


@pytest.mark.parametrize("state", [State.DELETED, State.REMOVED])
def test_a_deleted_message_is_marked_and_has_no_text(state):
    entry = json.loads(encode_entry(GROUP, row("Message", content="", state=state)).text)

    assert (entry["deleted"], entry["withdrawn"], entry["content"]) == (True, True, "")


def test_a_rich_message_is_encoded_with_the_contracts_keys():
    body, names = '{"v":1,"t":[["@",0]]}', ("bob",)
    rich = row("Message", content="@bob")._replace(body=body, mentions=names, rev=2, reply_to=3, reply_rev=1)

    entry = json.loads(encode_entry(GROUP, rich).text)

    assert (entry["body"], entry["mentions"], entry["rev"]) == ({"v": 1, "t": [["@", 0]]}, ["bob"], 2)
    assert (entry["reply_to"], entry["reply_rev"]) == (3, 1)


def test_an_entry_of_an_unknown_kind_is_encoded_without_its_content():
    entry = encode_entry(GROUP, row("Poll", content="secret"))

    assert json.loads(entry.text) == {
        "type": "unknown",
        "kind": "Poll",
        "group_uuid": str(GROUP),
        "seq": 7,
        "timestamp": "2026-11-22T22:31:05.123456Z",
    }


@pytest.mark.parametrize(
    ("kind", "effect"), [("Message", None), ("Join", Effect.JOINED), ("Left", Effect.LEFT), ("Poll", Effect.UNKNOWN)]
)
def test_an_entry_has_its_effect_on_its_users_membership(kind, effect):
    assert encode_entry(GROUP, row(kind)).effect == effect


@pytest.mark.parametrize(
    ("kind", "is_unread", "is_sent"),
    [
        ("Message", True, True),
        ("Join", False, True),
        ("Left", False, True),
        ("Edit", False, True),
        ("Delete", False, False),
        ("Reaction", False, False),
        ("Poll", False, False),
    ],
)
def test_a_kind_tells_whether_it_is_unread_and_sent_to_tutorial_clients(kind, is_unread, is_sent):
    known = kind_of(kind)

    assert (known.counts_as_unread, known.tutorial_form is not None) == (is_unread, is_sent)


@pytest.mark.parametrize("content", ["line\nbreak", "\u2028", '"', "\\", "\0", "\U0001f600", "</script>"])
def test_an_encoded_entry_keeps_its_text_and_has_no_line_break(content):
    entry = encode_entry(GROUP, row("Message", content=content))

    assert "\n" not in entry.text
    assert json.loads(entry.text)["content"] == content


def row(kind, content="", state=State.LIVE):
    return EntryRow(7, kind, 1, "alice", MOMENT, state, content)
