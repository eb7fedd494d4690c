"""Any input is accepted or refused in the documented way, and never causes an error in the server.

By default the same examples each time, and few. For longer, and other ones:
FUZZ=5000 scripts/test tests/faults/test_fuzz.py
"""

import json
import os
from contextlib import suppress
from urllib.parse import quote, urlencode

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from people import V1

from discussit.errors import Refused
from discussit.limits import throttles
from discussit.limits.throttles import Limit
from discussit.log.checks import check_content
from discussit.wire import commands

EXAMPLES = int(os.environ.get("FUZZ", "50"))
STATUSES = {200, 303, 307, 400, 403, 404, 405, 409, 410, 413}
SECTIONS = ("user", "group", "membership", "message", "event", "change")

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="FUZZ" not in os.environ,
    # All examples are sent to one site, on purpose: what one has broken another finds.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
fuzz_more = settings(fuzz, max_examples=EXAMPLES * 8)

texts = some.one_of(
    some.text(some.characters(exclude_categories=["Cs"]), max_size=50),
    some.sampled_from(
        [*hostile.MESSAGES, *hostile.USERS, *hostile.UNSEEN, "", "1", "-1", "1;1", "9" * 30, "alice", "bob"]
    ),
)
in_addresses = texts.map(lambda text: text[:1_000])
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
# Frames that are nearly right: their keys, with anything in them.
frames = some.fixed_dictionaries(
    {"type": some.sampled_from(["text_message", "join_group", "leave_group", "ack"]) | anything},
    optional=dict.fromkeys(("message", "author", "client_id", "data", "more"), texts | anything),
)
near_frames = frames.map(json.dumps).filter(lambda line: len(line) < commands.MAX_SIZE)
lines = some.one_of(near_frames, anything.map(json.dumps), some.text(), some.sampled_from(hostile.MESSAGES))
FIELDS = (
    *("username", "password", "password1", "password2", "next", "name", "message", "client_id"),
    *("reply_to", "rev", "emoji", "on"),
    *("group", "user", "author", "content", "type", "description", "is_superuser", "version"),
)
fields = some.dictionaries(some.sampled_from(FIELDS) | texts, texts | some.just("correct horse battery"), max_size=8)
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
KINDS = (
    *(URLENCODED, f"{URLENCODED}; charset=utf-7", "application/json", ""),
    *(MULTIPART, f"{MULTIPART}; boundary=x", f"{MULTIPART}; boundary=x; charset=nonsense"),
)
# Of a form in parts, in any order.
PARTS = [
    *(b"--x", b"--x--", b"", b'Content-Disposition: form-data; name="message"'),
    b"Content-Type: text/plain; charset=utf-7",
]
bodies = some.one_of(
    some.binary(max_size=200),
    fields.map(lambda each: urlencode(each).encode()),
    some.lists(some.sampled_from(PARTS) | some.binary(max_size=40)).map(b"\r\n".join),
)


@pytest.fixture
def patient(environment):
    """Nobody has to wait: who guesses passwords by the hundred is throttled elsewhere."""
    for name in (
        "GUESSES_OF_ACCOUNT",
        "GUESSES_OF_DEVICE",
        "GUESSES_OF_ADDRESS",
        "LOGINS",
        "SIGN_UPS",
        "JOINS_AND_LEAVES",
        "CONNECTS",
    ):
        environment.setattr(throttles, name, Limit(name, 10**6, 1))
    environment.setenv("MESSAGE_RATE", "0")


@pytest.mark.parametrize("decode", [commands.decode_group_command, commands.decode_home_command])
def test_any_frame_is_understood_or_refused(decode):
    @fuzz_more
    @given(lines)
    def check(line):
        with suppress(Refused):
            decode(line)

    check()


def test_any_text_is_a_message_or_refused():
    @fuzz_more
    @given(some.text() | texts)
    def check(text):
        with suppress(Refused):
            assert check_content(text) == text

    check()


def test_any_frame_on_a_socket_is_answered(patient, alice, gardening, faultless):
    with alice.reading(gardening) as reader:

        @fuzz
        @given(near_frames | texts)
        def check(line):
            reader.socket.send_text(line)
            while (answer := reader.next())["type"] == "text_message":
                pass
            assert answer["type"] in ("ack", "error")

        check()


def test_any_frame_at_home_is_answered(patient, alice, gardening, faultless):
    with alice.at_home() as home:

        @fuzz
        @given(near_frames | texts)
        def check(line):
            home.send_text(line)
            assert home.receive_json()["type"] in ("error", "join_group", "leave_group")

        check()


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/login/", "/groups/", "messages/", "join/"])
def test_any_form_is_taken_or_refused(patient, alice, gardening, faultless, path):
    url = path if path.startswith("/") else f"/groups/{gardening}/{path}"

    @fuzz
    @given(bodies, some.sampled_from(KINDS))
    def check(body, kind):
        answer = alice.browser.post(url, content=body, headers={"content-type": kind} if kind else {})
        assert answer.status_code in STATUSES

    check()


def test_any_field_is_taken_or_refused(patient, alice, gardening, faultless):
    alice.says(gardening, "hi")
    of_message = [f"messages/{action}" for action in ("", "2/edit/", "2/reactions/", "2/delete/", "2/history/forget/")]
    paths = ("/accounts/signup/", "/groups/", *(f"/groups/{gardening}/{path}" for path in [*of_message, "leave/"]))

    @fuzz
    @given(some.sampled_from(paths), fields)
    def check(path, values):
        assert alice.post(path, **values).status_code in STATUSES

    check()


def test_any_form_of_the_administration_is_taken_or_refused(patient, alice, bob, gardening, faultless):
    keys = some.sampled_from(["1", "2", "1;1", "1;2", "9;9"]) | in_addresses
    actions = some.tuples(some.sampled_from(SECTIONS), some.sampled_from(["create", "edit", "delete"]), keys)

    @fuzz
    @given(actions, fields)
    def check(action, values):
        section, verb, key = action
        path = f"/admin/{section}/{verb}" + (f"/{quote(key)}" if verb == "edit" else "")
        answer = alice.browser.post(path, params={"pks": key} if verb == "delete" else None, data=values)
        assert answer.status_code in STATUSES

    check()


def test_any_query_is_answered(patient, alice, gardening, faultless):
    pages = ["/", "/accounts/login/", f"/groups/{gardening}/", "/static/css/base.css", "/nope"]
    pages += [
        f"/admin/{section}/{page}" for section in SECTIONS for page in ("list", "create", "delete", "ajax/lookup")
    ]
    names = some.sampled_from(["at", "after", "before", "next", "search", "sortBy", "sort", "page", "pageSize"])
    more = some.sampled_from(["replies", "reply", "pks", "term", "group", "user", "username", "author"])

    @fuzz
    @given(some.sampled_from(pages), some.dictionaries(names | more | in_addresses, in_addresses, max_size=4))
    def check(page, query):
        assert alice.get(page, params=query).status_code in STATUSES

    check()


def test_any_address_is_answered(patient, alice, faultless):
    beginnings = ["/", "/groups/", "/admin/", "/admin/user/details/", "/static/", "/accounts/"]

    @fuzz
    @given(some.sampled_from(beginnings), in_addresses)
    def check(beginning, rest):
        assert alice.get(beginning + quote(rest)).status_code in STATUSES

    check()


def test_any_place_to_read_on_from_is_answered(patient, alice, gardening, faultless):
    @fuzz
    @given(in_addresses)
    def check(since):
        with alice.browser.websocket_connect(f"/groups/{gardening}/?{urlencode({'since': since})}", [V1]) as socket:
            assert socket.receive_json()[0]["type"] == "ready"

    check()
