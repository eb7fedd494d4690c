import pytest

from discussit.delivery.chunks import chunks


@pytest.mark.parametrize(("length", "sizes"), [(0, []), (5000, [5000]), (5001, [5000, 1]), (12000, [5000, 5000, 2000])])
def test_long_lists_are_asked_for_in_parts(length, sizes):
    assert [len(part) for part in chunks(list(range(length)))] == sizes
