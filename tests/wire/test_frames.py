import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from websockets.frames import Frame, Opcode

from discussit.wire.frames import frame_end, plain_text, text_frame

LIMIT = 70_000
texts = some.text(some.characters(exclude_categories=["Cs"])) | some.sampled_from([125, 126, 65_535, 65_536]).map(
    "x".__mul__
)


def masked(payload, opcode=Opcode.TEXT, *, fin=True):
    """A client's frame."""
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


@given(texts)
def test_a_text_is_framed_as_the_library_does_it(text):
    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@given(texts)
def test_a_masked_text_is_read_as_it_was_written(text):
    frame = masked(text.encode())

    assert (frame_end(frame, 0, LIMIT), plain_text(frame)) == (len(frame), text)


@given(texts, some.data())
@example("x" * 126, None)
def test_a_frame_is_complete_with_its_last_byte_and_not_before(text, data):
    frame = masked(text.encode())
    size = data.draw(some.integers(0, len(frame) - 1)) if data else len(frame) - 1

    assert frame_end(frame[:size], 0, LIMIT) is None
    assert frame_end(b"before" + frame + b"after", 6, LIMIT) == 6 + len(frame)


def test_a_frame_over_the_limit_is_refused_by_its_head():
    head = masked(b"x" * (LIMIT + 1))[:14]

    with pytest.raises(ValueError, match="too long"):
        frame_end(head, 0, LIMIT)


def test_a_frame_without_a_mask_is_refused():
    with pytest.raises(ValueError, match="no mask"):
        frame_end(text_frame("hi"), 0, LIMIT)


@pytest.mark.parametrize(
    "frame",
    [
        masked(b"hi", fin=False),
        masked(b"hi", Opcode.CONT),
        masked(b"hi", Opcode.BINARY),
        masked(b"hi", Opcode.PING),
        bytes([0xC1]) + masked(b"hi")[1:],
        masked(b"\xff"),
    ],
    ids=["fragment", "its end", "binary", "ping", "compressed", "not UTF-8"],
)
def test_all_other_frames_are_no_plain_text(frame):
    assert plain_text(frame) is None
