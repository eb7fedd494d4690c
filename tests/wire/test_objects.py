from uuid import UUID

import pytest

from discussit.errors import CloseCode, ErrorCode, Refused
from discussit.log.checks import check_content, is_seq
from discussit.wire import commands, objects

GROUP = UUID("00000000-0000-4000-8000-000000000000")


# The contract's codes


def test_the_error_codes_are_the_contracts_and_busy():
    assert {str(code) for code in ErrorCode} == {
        "bad_json", "bad_frame", "empty", "too_long", "author_mismatch", "not_member", "no_such_group", "rate_limited",
        "busy",
    }  # fmt: skip


def test_the_close_codes_are_the_contracts():
    assert {int(code) for code in CloseCode} == {1001, 1009, 1012, 1013, 4401, 4403}


# What is sent


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (objects.Ack("a", 9), '{"type":"ack","client_id":"a","seq":9}'),
        (objects.Ack(None, 9), '{"type":"ack","client_id":null,"seq":9}'),
        (objects.Reset(9), '{"type":"reset","seq":9}'),
        (objects.Error(ErrorCode.EMPTY, "why"), '{"type":"error","code":"empty","message":"why"}'),
        (objects.Error(ErrorCode.EMPTY, "why", "a"), '{"type":"error","code":"empty","message":"why","client_id":"a"}'),
        (objects.Ready("bob", groups=[]), '{"type":"ready","user":"bob","groups":[]}'),
        (
            objects.Ready("bob", GROUP, 0, "e"),
            f'{{"type":"ready","user":"bob","group_uuid":"{GROUP}","seq":0,"epoch":"e"}}',
        ),
        (objects.JoinGroup(GROUP), f'{{"type":"join_group","data":"{GROUP}"}}'),
        (objects.LeaveGroup(GROUP), f'{{"type":"leave_group","data":"{GROUP}"}}'),
    ],
    ids=["ack", "ack of no name", "reset", "error", "named error", "ready at home", "ready", "join", "leave"],
)
def test_a_frame_is_one_line_of_json(frame, text):
    assert objects.encode(frame) == text


@pytest.mark.parametrize(("texts", "array"), [([], "[]"), (["1"], "[1]"), (["1", "2"], "[1,2]")])
def test_objects_share_one_array(texts, array):
    assert objects.array(texts) == array


# What is read


def test_a_groups_frame_is_a_message():
    frame = commands.decode_group_command('{"type":"text_message","message":"hi","client_id":"a","more":1}')

    assert (frame.message, frame.author, frame.client_id) == ("hi", None, "a")


def test_a_home_frame_joins_or_leaves():
    assert commands.decode_home_command(f'{{"type":"join_group","data":"{GROUP}"}}') == objects.JoinGroup(GROUP)
    assert commands.decode_home_command(f'{{"type":"leave_group","data":"{GROUP}"}}') == objects.LeaveGroup(GROUP)


@pytest.mark.parametrize("decode", [commands.decode_group_command, commands.decode_home_command])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"a":' * 100_000, "bad_json"),
        ("NaN", "bad_json"),
        ("\ud800", "bad_json"),
        ('"\\ud800"', "bad_json"),
        ('{"type":1,', "bad_json"),
        ("{}", "bad_frame"),
        ('{"type":"error"}', "bad_frame"),
    ],
)
def test_what_is_no_frame_is_refused(decode, text, code):
    with pytest.raises(Refused) as refused:
        decode(text)

    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("content", ["hi", " hi ", "x" * 10_000, "\U0001f600" * 10_000])
def test_a_message_that_may_be_stored_is_left_as_it_is(content):
    assert check_content(content) == content


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "empty"), (" \t\r\n\u2003\u2028", "empty"), ("x" * 10_001, "too_long"), ("a\0", "bad_frame")],
)
def test_a_message_that_may_not_be_stored_is_refused(content, code):
    with pytest.raises(Refused) as refused:
        check_content(content)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", True), ("42", True), ("9" * 18, True), ("9" * 19, False), ("", False), ("-1", False), ("1.0", False),
     ("٣", False), ("²", False), (" 1", False), ("+1", False), ("1_0", False)],
)  # fmt: skip
def test_a_place_in_a_log_is_a_plain_number(text, expected):
    assert is_seq(text) is expected
