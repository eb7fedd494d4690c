from uuid import UUID

import pytest

from discussit.errors import ErrorCode
from discussit.wire import objects

GROUP = UUID("00000000-0000-4000-8000-000000000000")


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (objects.Ack("a", 9), '{"type":"ack","client_id":"a","seq":9}'),
        (objects.Ack(None, 9), '{"type":"ack","client_id":null,"seq":9}'),
        (objects.Reset(9), '{"type":"reset","seq":9}'),
        (objects.Error(ErrorCode.EMPTY, "why"), '{"type":"error","code":"empty","message":"why"}'),
        (objects.Error(ErrorCode.EMPTY, "why", "a"), '{"type":"error","code":"empty","message":"why","client_id":"a"}'),
        (objects.Ready("bob", "2-2026", groups=[]), '{"type":"ready","user":"bob","account":"2-2026","groups":[]}'),
        (
            objects.Ready("bob", "2-2026", GROUP, 0, "e"),
            f'{{"type":"ready","user":"bob","account":"2-2026","group_uuid":"{GROUP}","seq":0,"epoch":"e"}}',
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
