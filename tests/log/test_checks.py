import pytest

from discussit.errors import Refused
from discussit.log.checks import check_content, is_seq


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
