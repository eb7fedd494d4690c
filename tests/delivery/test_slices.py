import json

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from discussit.delivery.slices import SLICE, Slice
from discussit.log.compose import EncodedEntry

SIXTH, LONG = "x" * (SLICE // 6), "x" * (2 * SLICE)


@pytest.mark.parametrize(
    ("entries", "count"),
    [
        ([], 0),
        (["{}"], 1),
        ([SIXTH] * 6, 6),
        ([SIXTH] * 7, 6),
        ([LONG, "{}"], 1),
        (["{}", LONG], 1),
    ],
)
def test_a_slice_is_bounded_and_never_empty_while_there_are_entries(entries, count):
    part = Slice.after(7, map(entry, entries))

    assert (part.last, [each.text for each in part.entries]) == (7 + count, entries[:count])


def test_entries_after_a_slice_are_not_even_read():
    entries = map(entry, [LONG, "{}", "{}"])

    Slice.after(0, entries)

    assert [each.text for each in entries] == ["{}"]


@pytest.mark.parametrize("size", [1, 124, 126, 30_000, 70_000])
def test_its_frames_are_those_of_rfc_6455(size):
    entries = [json.dumps("ü" * (size // 2)), "2", "3"]
    part = Slice(3, tuple(map(entry, entries)))

    assert texts(part.tutorial_frames) == entries
    assert texts(part.array_frame) == [part.array]


def test_clients_of_the_tutorials_protocol_are_not_sent_entries_of_unknown_kinds():
    part = Slice(2, (entry("1"), entry("2", kind="Poll")))

    assert (part.tutorial_texts, part.array) == (("1",), "[1,2]")


def entry(text, kind="Message"):
    return EncodedEntry(1, kind, 1, "", None, text)


def texts(frames):
    """What a client reads."""
    stream, found = StreamReader(), []
    stream.feed_data(frames)
    stream.feed_eof()
    while not finished(stream.at_eof()):
        found.append(finished(Frame.parse(stream.read_exact, mask=False, max_size=None)).data.decode())
    return found


def finished(parsing):
    """The result of a parser that has all that it needs."""
    try:
        next(parsing)
    except StopIteration as done:
        return done.value
    raise AssertionError("the parser wants more")
