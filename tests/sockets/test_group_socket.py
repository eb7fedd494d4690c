import json
import re
from concurrent.futures import ThreadPoolExecutor

import names
import pytest
from people import V1, HttpPerson, closed, refused
from sqlalchemy import select
from world import group_of

from discussit.assets import version
from discussit.log.checks import MAX_CONTENT
from discussit.models import User
from discussit.wire.commands import MAX_SIZE

NOWHERE = "00000000-0000-4000-8000-000000000000"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


# Access


def test_a_member_comes_in(alice, gardening):
    with alice.in_group(gardening) as socket:
        assert socket.accepted_subprotocol is None


def test_a_non_member_is_refused_with_403(bob, gardening):
    assert refused(bob, f"/groups/{gardening}/") == 403


def test_a_visitor_is_refused_with_401(site, gardening):
    assert refused(HttpPerson(site, "visitor"), f"/groups/{gardening}/") == 401


def test_an_unknown_group_is_refused_with_404(alice):
    assert refused(alice, f"/groups/{NOWHERE}/") == 404


@pytest.mark.parametrize("path", ["/groups/", "/groups/nope/", "/accounts/login/", "/nope", "/healthz"])
def test_where_no_socket_is_the_handshake_is_refused_with_404(alice, path):
    assert refused(alice, path) == 404


def test_a_member_who_left_is_refused_with_403(alice, gardening):
    alice.leaves(gardening)

    assert refused(alice, f"/groups/{gardening}/") == 403


def test_a_logged_out_user_is_refused_with_401(alice, gardening):
    alice.log_out()

    assert refused(alice, f"/groups/{gardening}/") == 401


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([V1], V1),
        (["soap", V1], V1),
        ([V1, "soap"], V1),
        (["soap"], None),
        (["discussit.v2"], None),
        (["DISCUSSIT.V1"], None),
    ],
)
def test_our_subprotocol_is_chosen_among_those_offered(alice, gardening, offered, chosen):
    with alice.browser.websocket_connect(f"/groups/{gardening}/", subprotocols=offered) as socket:
        assert socket.accepted_subprotocol == chosen


# The tutorial's protocol


def test_everyone_in_a_group_is_sent_a_message_immediately(alice, bob, gardening):
    bob.joins(gardening)

    with alice.in_group(gardening) as hers, bob.in_group(gardening) as his:
        hers.send_json({"type": "text_message", "message": "hi", "author": "alice"})

        assert hers.receive_json() == his.receive_json()


def test_a_message_has_the_tutorials_keys(alice, gardening):
    with alice.in_group(gardening) as socket:
        socket.send_json({"type": "text_message", "message": "hi", "author": "alice"})
        frame = socket.receive_json()

    timestamp = frame.pop("timestamp")
    assert TIMESTAMP.fullmatch(timestamp)
    written = f"alice:- hi @{timestamp[:10]} {timestamp[11:16]}"
    assert frame == {
        "type": "text_message", "group_uuid": gardening, "seq": 2, "author": "alice", "content": "hi",
        "message": written,
    }  # fmt: skip


@pytest.mark.parametrize(("deed", "status"), [(HttpPerson.joins, "Join"), (HttpPerson.leaves, "Left")])
def test_an_event_has_the_tutorials_keys(alice, bob, gardening, deed, status):
    with alice.in_group(gardening) as socket:
        bob.joins(gardening)
        frame = socket.receive_json()
        if status == "Left":
            bob.leaves(gardening)
            frame = socket.receive_json()

    assert TIMESTAMP.fullmatch(frame.pop("timestamp"))
    assert frame == {
        "type": "event_message", "group_uuid": gardening, "seq": 2 if status == "Join" else 3, "user": "bob",
        "status": status, "message": f"bob {status} the Gardening group",
    }  # fmt: skip


def test_the_author_may_be_left_out(alice, gardening):
    with alice.in_group(gardening) as socket:
        socket.send_json({"type": "text_message", "message": "hi"})

        assert socket.receive_json()["author"] == "alice"


def test_nobody_can_send_as_somebody_else(alice, bob, gardening):
    bob.joins(gardening)

    with alice.in_group(gardening) as hers, bob.in_group(gardening) as his:
        his.send_json({"type": "text_message", "message": "I am alice", "author": "alice"})
        hers.send_json({"type": "text_message", "message": "I am"})

        assert his.receive_json()["code"] == "author_mismatch"
        assert hers.receive_json()["content"] == "I am"


@pytest.mark.parametrize("author", [names.JOINED, names.UNJOINED])
def test_an_author_is_the_same_with_and_without_joiners(site, alice, gardening, author):
    person = HttpPerson(site, names.JOINED)
    person.sign_up()
    person.joins(gardening)

    with person.in_group(gardening) as socket:
        socket.send_json({"type": "text_message", "message": "hi", "author": author})

        assert socket.receive_json()["author"] == names.JOINED


def test_the_tutorials_client_is_sent_entries_from_when_it_connected(alice, gardening):
    alice.says(gardening, "before")

    with alice.in_group(gardening) as socket:
        alice.says(gardening, "after")

        assert socket.receive_json()["content"] == "after"


def test_the_tutorials_client_is_sent_no_acknowledgement(alice, gardening):
    with alice.in_group(gardening) as socket:
        for text in ("one", "two"):
            socket.send_json({"type": "text_message", "message": text, "client_id": text})

        assert [socket.receive_json()["content"] for _ in range(2)] == ["one", "two"]


def test_a_message_by_form_reaches_the_sockets(alice, gardening):
    with alice.in_group(gardening) as socket:
        alice.says(gardening, "by form")

        assert socket.receive_json()["content"] == "by form"


@pytest.mark.parametrize(
    "text", ["<script>", "`${1}`", "a\u2028b", "\U0001f600", '"\\', "x\n\ty", "\x01", "\u202e", "[]"]
)
def test_a_messages_text_arrives_as_it_was_sent(alice, gardening, text):
    with alice.in_group(gardening) as socket, alice.reading(gardening) as reader:
        socket.send_json({"type": "text_message", "message": text})

        assert socket.receive_json()["content"] == reader.next()["content"] == text


def test_one_clients_messages_are_stored_in_their_order(alice, gardening):
    with alice.in_group(gardening) as socket:
        for number in range(30):
            socket.send_json({"type": "text_message", "message": str(number)})

        frames = [socket.receive_json() for _ in range(30)]
    assert [(frame["seq"], frame["content"]) for frame in frames] == [(n + 2, str(n)) for n in range(30)]


# discussit.v1


def test_a_reader_is_first_sent_the_place_of_the_log(alice, gardening):
    with alice.browser.websocket_connect(f"/groups/{gardening}/", subprotocols=[V1]) as socket:
        (ready,) = socket.receive_json()

        assert ready == {
            "type": "ready",
            "group_uuid": gardening,
            "user": "alice",
            "account": alice.account,
            "seq": 1,
            "epoch": alice.page(f"/groups/{gardening}/").one("chat-log")["data-epoch"],
            "version": version(),
            "unread": {},
            "mentions": {},
            "alerts": {},
            "read": 1,
            "read_rev": 0,
        }


def test_every_frame_of_a_reader_is_an_array(alice, bob, gardening):
    with alice.browser.websocket_connect(f"/groups/{gardening}/?since=0", subprotocols=[V1]) as socket:
        socket.send_json({"type": "text_message", "message": "hi", "client_id": "a"})
        socket.send_text("nonsense")
        bob.joins(gardening)
        frames = [socket.receive_json()]
        while {"event_message", "ack", "error"} - {each["type"] for frame in frames for each in frame}:
            frames.append(socket.receive_json())

    assert all(isinstance(frame, list) and frame for frame in frames)


def test_a_sent_message_is_acknowledged_with_its_place(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("hi", client_id="a")

        assert reader.until(type="ack") == {"type": "ack", "client_id": "a", "seq": 2}


def test_the_acknowledgement_comes_before_the_senders_own_entry(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("hi", client_id="a")

        assert [reader.next()["type"] for _ in range(2)] == ["ack", "text_message"]


def test_an_entry_is_the_same_in_both_protocols(alice, gardening):
    with alice.in_group(gardening) as socket, alice.reading(gardening) as reader:
        alice.says(gardening, "hi")

        assert socket.receive_json() == reader.next()


def test_only_the_sender_receives_the_acknowledgement(alice, bob, gardening):
    bob.joins(gardening)

    with alice.reading(gardening) as hers, bob.reading(gardening) as his:
        hers.says("one", client_id="a")
        hers.until(type="ack")
        hers.says("two", client_id="b")

        assert [his.next()["content"], his.next()["content"]] == ["one", "two"]


def test_a_message_without_client_id_is_acknowledged_too(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("hi")

        assert reader.until(type="ack") == {"type": "ack", "client_id": None, "seq": 2}


def test_the_same_client_id_again_gives_the_same_place_and_no_second_entry(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("hi", client_id="a")
        first = reader.until(type="ack")
        reader.says("something else", client_id="a")

        assert reader.until(type="ack") == first
        reader.says("next", client_id="b")
        assert reader.until(content="next")["seq"] == first["seq"] + 1


def test_two_people_may_use_the_same_client_id(alice, bob, gardening):
    bob.joins(gardening)

    with alice.reading(gardening) as hers, bob.reading(gardening) as his:
        hers.says("hers", client_id="a")
        assert hers.until(type="ack")["seq"] == 3
        his.says("his", client_id="a")
        assert his.until(type="ack")["seq"] == 4


def test_one_client_id_serves_each_group_once(alice, gardening):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)

    with alice.reading(gardening) as here, alice.reading(cooking) as there:
        here.says("here", client_id="a")
        there.says("there", client_id="a")

        assert here.until(type="ack")["seq"] == there.until(type="ack")["seq"] == 2


def test_the_same_client_id_over_two_sockets_gives_one_entry(alice, gardening):
    with alice.reading(gardening) as one, alice.reading(gardening) as other, ThreadPoolExecutor() as at_once:
        list(at_once.map(lambda reader: reader.says("hi", client_id="a"), [one, other] * 3))
        seqs = {reader.until(type="ack")["seq"] for reader in (one, other) for _ in range(3)}
        alice.says(gardening, "next")

        assert seqs == {2}
        assert one.until(content="next")["seq"] == 3


@pytest.mark.parametrize("client_id", ["x" * 64, "ü", "a b"])
def test_a_client_id_has_up_to_64_characters(alice, gardening, client_id):
    with alice.reading(gardening) as reader:
        reader.says("hi", client_id=client_id)

        assert reader.until(type="ack")["client_id"] == client_id


# What can't be understood


NESTED = "[" * 5_000 + "]" * 5_000
BAD_JSON = [
    "", " ", "nonsense", "{", '{"type":', NESTED, "{}{}", "'a'", "\ufeff{}", '{"a":' * 5_000,
    '{"type":"text_message","message":NaN}', '{"type":"text_message","message":"\\x"}',
    '{"type":"text_message","message":"\\ud800"}', '{"type":"text_message","message":"\ud800"}',
    '{"type":"text_message","message":"\n"}',
]  # fmt: skip
BAD_FRAME = [
    "null", "1", '"hi"', "[]", "[[]]", "{}", '{"message":"hi"}', '{"type":"text_message"}',
    '{"type":"nope","message":"hi"}', '{"type":1,"message":"hi"}', '{"type":null,"message":"hi"}',
    '{"type":"text_message","message":1}', '{"type":"text_message","message":null}',
    '{"type":"text_message","message":["hi"]}',
    '{"type":"text_message","message":"hi","author":1}', '{"type":"text_message","message":"hi","client_id":1}',
    '{"type":"text_message","message":"hi","client_id":""}', '{"type":"text_message","message":"a\\u0000b"}',
    '{"type":"text_message","message":"hi","client_id":"a\\u0000"}', '{"type":"join_group","data":"x"}',
    json.dumps({"type": "text_message", "message": "hi", "client_id": "x" * 65}),
]  # fmt: skip


@pytest.mark.parametrize("frames", [BAD_JSON, BAD_FRAME], ids=["bad_json", "bad_frame"])
def test_a_frame_that_cannot_be_understood_is_refused_and_the_connection_lives_on(alice, gardening, faultless, frames):
    code = "bad_json" if frames is BAD_JSON else "bad_frame"

    with alice.in_group(gardening) as socket:
        for text in frames:
            socket.send_text(text)
            answer = socket.receive_json()
            assert (answer["type"], answer["code"], set(answer)) == ("error", code, {"type", "code", "message"}), text

        socket.send_json({"type": "text_message", "message": "still here"})
        assert socket.receive_json()["seq"] == 2


def test_a_binary_frame_is_refused_and_the_connection_lives_on(alice, gardening, faultless):
    with alice.reading(gardening) as reader:
        reader.socket.send_bytes(b'{"type": "text_message", "message": "hi"}')
        assert reader.next()["code"] == "bad_frame"

        reader.says("still here")
        assert reader.until(content="still here")["seq"] == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"message": ""}, "empty"),
        ({"message": " \n\t\u2003"}, "empty"),
        ({"message": "x" * (MAX_CONTENT + 1)}, "too_long"),
        ({"message": "hi", "author": "bob"}, "author_mismatch"),
        ({"message": "hi", "author": "Alice"}, "author_mismatch"),
        ({"message": "hi", "author": ""}, "author_mismatch"),
        ({"message": "a\0b"}, "bad_frame"),
    ],
)
def test_a_refused_message_is_answered_with_its_client_id(alice, gardening, faultless, fields, code):
    with alice.reading(gardening) as reader:
        reader.socket.send_json({"type": "text_message", "client_id": "a"} | fields)
        error = reader.next()
        reader.says("allowed")

        assert (error["type"], error["code"], error["client_id"]) == ("error", code, "a")
        assert reader.until(content="allowed")["seq"] == 2


def test_a_message_of_the_greatest_length_is_stored(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("\U0001f600" * MAX_CONTENT)

        assert len(reader.until(type="text_message")["content"]) == MAX_CONTENT


def test_unknown_keys_are_ignored(alice, gardening):
    with alice.reading(gardening) as reader:
        reader.says("hi", seq=99, group_uuid=NOWHERE, timestamp="2000-01-01T00:00:00.000000Z", user="bob")

        entry = reader.until(type="text_message")
        assert (entry["seq"], entry["group_uuid"], entry["author"]) == (2, gardening, "alice")
        assert entry["timestamp"] > "2001"


@pytest.mark.parametrize("text", ["x" * (MAX_SIZE + 1), "ü" * (MAX_SIZE // 2 + 1), "\ud800" * (MAX_SIZE // 3 + 1)])
def test_a_frame_over_64_kib_closes_with_1009(alice, gardening, faultless, text):
    with alice.in_group(gardening) as socket:
        socket.send_text(text)

        assert closed(socket) == 1009


@pytest.mark.parametrize("text", ["x" * MAX_SIZE, "ü" * (MAX_SIZE // 2)])
def test_a_frame_of_64_kib_is_read(alice, gardening, text):
    with alice.in_group(gardening) as socket:
        socket.send_text(text)

        assert socket.receive_json()["code"] == "bad_json"


# How much one may send


def test_too_many_messages_are_refused_and_nobody_elses(one_a_second, alice, bob, gardening):
    bob.joins(gardening)

    with alice.reading(gardening) as hers, bob.reading(gardening) as his:
        for number in range(6):
            hers.says("hi", client_id=str(number))
        refusal = hers.until(type="error")
        his.says("hi")

        assert (refusal["code"], refusal["client_id"]) == ("rate_limited", "5")
        assert his.until(type="ack")


def test_the_rate_counts_all_sockets_of_a_person_together(one_a_second, alice, gardening):
    with alice.reading(gardening) as one, alice.reading(gardening) as other:
        for _ in range(5):
            one.says("hi")
            one.until(type="ack")
        other.says("hi")

        assert other.until(type="error")["code"] == "rate_limited"


def test_by_default_a_burst_of_a_hundred_messages_is_let_through(alice, gardening):
    with alice.reading(gardening) as reader:
        for number in range(101):
            reader.says("hi", client_id=str(number))

        assert reader.until(type="error")["client_id"] == "100"


@pytest.fixture
def no_rate(environment):
    environment.setenv("MESSAGE_RATE", "0")


def test_without_a_rate_nothing_is_refused(no_rate, alice, gardening):
    with alice.reading(gardening) as reader:
        for number in range(150):
            reader.says("hi", client_id=str(number))
        assert reader.until(type="ack", client_id="149")


# The end of a membership and of a session


def test_a_leave_closes_the_members_sockets_with_4403_and_nobody_elses(alice, bob, gardening):
    bob.joins(gardening)

    with alice.in_group(gardening) as hers, bob.in_group(gardening) as his, bob.reading(gardening) as read:
        bob.leaves(gardening)

        assert (closed(his), closed(read.socket)) == (4403, 4403)
        assert hers.receive_json()["status"] == "Left"


def test_a_leave_leaves_the_members_other_groups_open(alice, gardening):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)

    with alice.in_group(cooking) as socket:
        alice.leaves(gardening)
        alice.says(cooking, "still here")

        assert socket.receive_json()["content"] == "still here"


def test_a_member_who_left_is_sent_nothing_more(alice, bob, gardening):
    bob.joins(gardening)

    with bob.in_group(gardening) as his:
        bob.leaves(gardening)
        alice.says(gardening, "about bob")

        frames = []
        while (message := his.receive())["type"] == "websocket.send":
            frames.append(message["text"])
    assert not [frame for frame in frames if "about bob" in frame]


def test_a_member_who_left_and_joined_again_reads_on(alice, bob, gardening):
    bob.joins(gardening)
    bob.leaves(gardening)
    bob.joins(gardening)

    with bob.reading(gardening, since=0) as reader:
        alice.says(gardening, "welcome back")

        assert [reader.next()["seq"] for _ in range(5)] == [1, 2, 3, 4, 5]


def test_a_removal_by_somebody_else_closes_the_members_sockets_with_4403(site, state, bob, gardening):
    bob.joins(gardening)

    with bob.in_group(gardening) as socket:
        site.portal.call(remove, state.database, gardening)

        assert closed(socket) == 4403


def test_a_deleted_group_closes_its_sockets_with_4403(site, state, alice, gardening):
    with alice.in_group(gardening) as socket, alice.reading(gardening) as reader:
        site.portal.call(delete_group, state.database, gardening)

        assert (closed(socket), closed(reader.socket)) == (4403, 4403)
    assert refused(alice, f"/groups/{gardening}/") == 404


def test_a_logout_closes_with_4401_in_both_protocols(alice, gardening):
    with alice.in_group(gardening) as socket, alice.reading(gardening) as reader:
        alice.log_out()

        assert (closed(socket), closed(reader.socket)) == (4401, 4401)


def test_a_renamed_person_has_to_log_in_again(site, state, bob, gardening):
    bob.joins(gardening)

    with bob.in_group(gardening) as socket:
        site.portal.call(rename, state.database)

        assert closed(socket) == 4401


async def remove(database, uuid):
    async with database.transaction() as session:
        await (await group_of(session, uuid)).remove_user(await bob_of(session))


async def rename(database):
    async with database.transaction() as session:
        (await bob_of(session)).username = "robert"


async def delete_group(database, uuid):
    async with database.transaction() as session:
        await session.delete(await group_of(session, uuid))


async def bob_of(session):
    return await session.scalar(select(User).where(User.username == "bob"))
