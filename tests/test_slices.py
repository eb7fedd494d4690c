import pytest

from discussit.slices import SLICE, Slice

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
    part = Slice.after(7, entries)

    assert (part.last, part.objects) == (7 + count, tuple(entries[:count]))


def test_entries_behind_a_slice_are_not_even_read():
    entries = iter([LONG, "{}", "{}"])

    Slice.after(0, entries)

    assert list(entries) == ["{}"]
