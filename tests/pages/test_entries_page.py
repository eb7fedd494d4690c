"""Reading a log and writing to it without a WebSocket."""

import pytest
from people import missing, stranger
from world import fill

from discussit import assets
from discussit.limits import throttles
from discussit.pages.entries import MAX_ENTRIES
from discussit.pages.page import JSON
from discussit.wire.objects import MAX_MISSED

RESET = {"type": "reset", "seq": 3}


def read(person, group, **query):
    response = person.get(f"/groups/{group}/entries/", params=query)
    assert response.status_code == 200, response.status_code
    return response.json()


def epoch_of(person, group):
    return person.page(f"/groups/{group}/").one("chat-log")["data-epoch"]


@pytest.fixture
def conversation(alice, gardening):
    alice.says(gardening, "one")
    alice.says(gardening, "two")
    return gardening


def test_the_entries_are_those_of_the_socket(alice, conversation):
    with alice.reading(conversation, since=0) as reader:
        sent = [reader.next() for _ in range(3)]

    assert read(alice, conversation, since=0, epoch=epoch_of(alice, conversation)) == sent
    assert read(alice, conversation, since=1, at=sent[0]["timestamp"]) == sent[1:]


def test_a_reader_who_missed_nothing_is_sent_nothing(alice, conversation):
    assert read(alice, conversation, since=3) == []


def test_a_reader_who_missed_nothing_is_sent_unread_numbers_if_asked_for(alice, bob, conversation):
    bob.joins(conversation)
    bob.says(conversation, "three")
    numbers = {"unread": 1, "mentions": 0, "read": 1, "read_rev": 0, "at": 5}

    assert read(alice, conversation, since=5, unread=1) == [{"type": "unread", "group_uuid": conversation, **numbers}]
    assert [each["seq"] for each in read(alice, conversation, since=4, unread=1)] == [5]


def test_without_since_no_entries_are_sent(alice, conversation):
    assert read(alice, conversation) == []


@pytest.mark.parametrize(
    "query",
    [{"since": 3, "epoch": "0123"}, {"since": 2, "at": "2001-01-01T00:00:00.000000Z"}, {"since": 4}, {"since": "x"}],
)
def test_a_place_that_is_not_in_this_log_is_reset(alice, conversation, query):
    assert read(alice, conversation, **query) == [RESET]


def test_many_missed_entries_come_two_hundred_at_a_time(site, state, alice, gardening):
    site.portal.call(fill, state.database, gardening, MAX_MISSED)

    parts = [read(alice, gardening, since=since) for since in (1, MAX_ENTRIES + 1, MAX_MISSED + 1)]

    assert [len(part) for part in parts] == [MAX_ENTRIES, MAX_ENTRIES, 0]
    assert parts[1][0]["seq"] == parts[0][-1]["seq"] + 1
    assert read(alice, gardening, since=0) == [{"type": "reset", "seq": MAX_MISSED + 1}]


def test_a_response_of_long_entries_is_bounded(alice, gardening):
    for _ in range(55):
        alice.says(gardening, "x" * 10_000)

    found = read(alice, gardening, since=0)

    assert [each["seq"] for each in found] == list(range(1, len(found) + 1))
    assert 40 < len(found) < 56


def test_entries_name_the_scripts_version_and_are_not_stored(alice, conversation):
    response = alice.get(f"/groups/{conversation}/entries/?since=3")

    assert response.headers["script-version"] == assets.version()
    assert missing(response) == []


def test_entries_are_refused_by_status(site, alice, bob, conversation):
    nowhere = "00000000-0000-4000-8000-000000000000"

    assert stranger(site).get(f"/groups/{conversation}/entries/").status_code == 401
    assert bob.get(f"/groups/{conversation}/entries/?since=0").status_code == 403
    assert alice.get(f"/groups/{nowhere}/entries/").status_code == 404


def test_a_page_of_another_account_is_sent_no_entries(alice, bob, conversation):
    own, others = (
        alice.get(f"/groups/{conversation}/entries/?since=0&account={each.account}") for each in (alice, bob)
    )

    assert own.status_code == 200
    assert others.status_code == 409
    assert '"seq"' not in others.text


def test_too_many_polls_are_refused(monkeypatch, alice, conversation):
    monkeypatch.setattr(throttles, "POLLS", throttles.Limit("requests", 2, throttles.MINUTE))

    statuses = [alice.get(f"/groups/{conversation}/entries/").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


# Writing


def posted(person, group, **fields):
    return person.browser.post(f"/groups/{group}/messages/", data=fields, headers={"Accept": JSON})


def test_a_script_is_sent_an_acknowledgement(alice, gardening):
    first, again = (posted(alice, gardening, message="hi", client_id="a") for _ in range(2))

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == [{"type": "ack", "client_id": "a", "seq": 2}]
    assert [entry["content"] for entry in read(alice, gardening, since=1)] == ["hi"]


def test_a_script_is_sent_the_reason_of_a_refusal(alice, bob, gardening):
    empty, foreign = posted(alice, gardening, message=" ", client_id="a"), posted(bob, gardening, message="hi")

    assert empty.status_code == 400
    assert empty.json() == [
        {"type": "error", "code": "empty", "message": "A message needs some text.", "client_id": "a"}
    ]
    assert foreign.status_code == 403
    assert [each["code"] for each in foreign.json()] == ["not_member"]


def test_a_script_is_told_how_long_to_wait(one_a_second, alice, gardening):
    answers = [posted(alice, gardening, message="hi") for _ in range(6)]

    assert answers[-1].status_code == 429
    (error,) = answers[-1].json()
    assert error["code"] == "rate_limited"
    assert error["retry_after"] >= 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/groups/{}/messages/"), ("GET", "/groups/{}/")])
def test_a_script_without_a_session_is_not_redirected(site, gardening, method, path):
    response = stranger(site).browser.request(method, path.format(gardening), headers={"Accept": JSON})

    assert response.status_code == 401
    assert response.headers["discussit"] == "1"
