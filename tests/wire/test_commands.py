from uuid import UUID

import pytest

from discussit.errors import Refused
from discussit.wire import commands, objects

GROUP = UUID("00000000-0000-4000-8000-000000000000")


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
def test_an_invalid_frame_is_refused(decode, text, code):
    with pytest.raises(Refused) as refused:
        decode(text)

    assert refused.value.code == code
    assert str(refused.value).endswith(".")
