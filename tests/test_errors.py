from discussit.errors import CloseCode, ErrorCode


def test_the_error_codes_are_the_contracts_and_busy():
    assert {str(code) for code in ErrorCode} == {
        "bad_json", "bad_frame", "empty", "too_long", "author_mismatch", "not_member", "no_such_group", "rate_limited",
        "busy", "no_such_message", "not_yours", "gone", "changed", "not_emoji", "too_many", "not_allowed",
        "read_only",
    }  # fmt: skip


def test_the_close_codes_are_the_contracts():
    assert {int(code) for code in CloseCode} == {1001, 1009, 1012, 1013, 4401, 4403}
