from pathlib import Path

import pytest
from people import V1, HttpPerson, closed, refused
from rights import settle
from world import break_database

from discussit.assets import version
from discussit.bus.messages import person_channel
from discussit.wire.commands import MAX_SIZE

NOWHERE = "00000000-0000-4000-8000-000000000000"


def join(group):
    return {"type": "join_group", "data": group}


def leave(group):
    return {"type": "leave_group", "data": group}


def test_a_visitor_is_refused_with_401(site):
    assert refused(HttpPerson(site, "visitor"), "/") == 401


def test_a_logged_out_user_is_refused_with_401(alice):
    alice.log_out()

    assert refused(alice, "/") == 401


def test_a_logged_in_user_is_let_in(alice):
    with alice.at_home() as socket:
        assert socket.accepted_subprotocol is None


# Joining and leaving


def test_a_join_is_answered_with_itself_once_it_is_committed(bob, gardening):
    with bob.at_home() as socket:
        socket.send_json(join(gardening))

        assert socket.receive_json() == join(gardening)
    assert bob.get(f"/groups/{gardening}/").status_code == 200


def test_a_leave_is_answered_with_itself_once_it_is_committed(alice, gardening):
    with alice.at_home() as socket:
        socket.send_json(leave(gardening))

        assert socket.receive_json() == leave(gardening)
    assert alice.get(f"/groups/{gardening}/").status_code == 403


@pytest.mark.parametrize("protocols", [[], [V1]], ids=["tutorial", "v1"])
@pytest.mark.parametrize("frame", [join, leave])
def test_a_repeated_join_or_leave_changes_nothing_and_is_answered_all_the_same(alice, bob, gardening, frame, protocols):
    bob.joins(gardening)

    with bob.at_home(*protocols) as socket:
        answers = Answers(socket)
        for _ in range(3):
            socket.send_json(frame(gardening))
        assert [answers.next() for _ in range(3)] == [frame(gardening)] * 3

    assert len(alice.page(f"/groups/{gardening}/").log()) == (2 if frame is join else 3)


@pytest.mark.parametrize("frame", [join, leave])
def test_an_unknown_group_is_answered_with_an_error(alice, frame):
    with alice.at_home() as socket:
        socket.send_json(frame(NOWHERE))
        error = socket.receive_json()

    assert isinstance(error.pop("message"), str)
    assert error == {"type": "error", "code": "no_such_group", "data": NOWHERE}


@pytest.mark.parametrize("frame", [join, leave])
def test_so_is_a_closed_group_that_a_superuser_is_not_in(alice, gardening, frame):
    settle(alice, gardening, access="closed")
    alice.leaves(gardening)

    with alice.at_home() as socket:
        socket.send_json(frame(gardening))
        assert socket.receive_json()["code"] == "no_such_group"


def test_everyone_in_the_group_is_sent_joins_and_leaves(alice, bob, gardening):
    with alice.in_group(gardening) as hers, bob.at_home() as his:
        his.send_json(join(gardening))
        his.send_json(leave(gardening))

        assert [hers.receive_json()["message"] for _ in range(2)] == [
            "bob Join the Gardening group",
            "bob Left the Gardening group",
        ]


def test_a_leave_at_home_closes_the_groups_socket_with_4403(alice, gardening):
    with alice.in_group(gardening) as group, alice.at_home() as home:
        home.send_json(leave(gardening))

        assert closed(group) == 4403
        assert home.receive_json() == leave(gardening)


def test_many_joins_and_leaves_are_carried_out_in_their_order(alice, bob, gardening):
    with bob.at_home() as socket:
        for _ in range(5):
            socket.send_json(join(gardening))
            socket.send_json(leave(gardening))
        answers = [socket.receive_json() for _ in range(10)]

    assert answers == [join(gardening), leave(gardening)] * 5
    assert len(alice.page(f"/groups/{gardening}/").log()) == 11


def test_a_dashless_uuid_means_the_same_group(bob, gardening):
    with bob.at_home() as socket:
        socket.send_json(join(gardening.replace("-", "").upper()))

        assert socket.receive_json() == join(gardening)


# discussit.v1


def ready(person, *groups):
    return {
        "type": "ready",
        "user": person.name,
        "account": person.account,
        "groups": list(groups),
        "version": version(),
        "unread": {},
        "mentions": {},
        "alerts": {},
    }


def test_a_page_is_first_sent_its_user_and_their_groups(alice, bob, gardening):
    with alice.at_home(V1) as hers, bob.at_home(V1) as his:
        assert hers.receive_json() == [ready(alice, gardening)]
        assert his.receive_json() == [ready(bob)]


def test_all_pages_of_a_person_are_sent_a_join_once(bob, gardening):
    with bob.at_home(V1) as one, bob.at_home(V1) as other:
        here, there = Answers(one), Answers(other)
        one.send_json(join(gardening))
        assert here.next() == there.next() == join(gardening)

        bob.leaves(gardening)
        assert here.next() == there.next() == leave(gardening)


def test_other_peoples_pages_are_not_sent_a_join(alice, bob, gardening):
    with alice.at_home(V1) as hers:
        answers = Answers(hers)
        bob.joins(gardening)
        alice.leaves(gardening)

        assert answers.next() == leave(gardening)


def test_a_page_of_the_tutorial_is_sent_only_its_own_answers(bob, gardening):
    with bob.at_home() as socket:
        bob.joins(gardening)
        socket.send_json(leave(gardening))

        assert socket.receive_json() == leave(gardening)


def test_a_page_that_may_have_missed_changes_is_sent_its_groups_again(site, state, bob, gardening):
    with bob.at_home(V1) as socket:
        assert socket.receive_json() == [ready(bob)]

        # As in a process that receives nothing: its bus is down, and then back.
        site.portal.call(state.database.publish_to, lambda written: None)
        bob.joins(gardening)
        site.portal.call(state.bus._backend.resync, person_channel(2))

        assert socket.receive_json() == [ready(bob, gardening)]


# What can't be understood


BAD_JSON = [
    "", "nonsense", "[" * 5_000 + "]" * 5_000,
    '{"type":"join_group","data":NaN}', '{"type":"\\ud800"}', '{"\ud800":1}',
]  # fmt: skip
BAD_FRAME = [
    "null", "[]", "{}", '{"type":"nope"}', '{"type":"text_message","message":"hi"}',
    '{"type":"join_group"}', '{"type":"join_group","data":1}', '{"type":"join_group","data":[]}',
    '{"type":"join_group","data":"x"}', '{"type":"join_group","data":"\\u0000"}', '{"type":"leave_group","data":null}',
]  # fmt: skip


@pytest.mark.parametrize("frames", [BAD_JSON, BAD_FRAME], ids=["bad_json", "bad_frame"])
def test_a_frame_that_cannot_be_understood_is_refused_and_the_connection_lives_on(alice, gardening, faultless, frames):
    code = "bad_json" if frames is BAD_JSON else "bad_frame"

    with alice.at_home() as socket:
        for text in frames:
            socket.send_text(text)
            answer = socket.receive_json()
            assert (answer["type"], answer["code"]) == ("error", code), text

        socket.send_json(leave(gardening))
        assert socket.receive_json() == leave(gardening)


def test_a_binary_frame_is_refused_and_the_connection_lives_on(alice, gardening, faultless):
    with alice.at_home() as socket:
        socket.send_bytes(b"{}")
        assert socket.receive_json()["code"] == "bad_frame"

        socket.send_json(leave(gardening))
        assert socket.receive_json() == leave(gardening)


def test_a_frame_over_64_kib_closes_with_1009(alice, faultless):
    with alice.at_home() as socket:
        socket.send_text("x" * (MAX_SIZE + 1))

        assert closed(socket) == 1009


def test_a_mistake_of_ours_closes_with_1012_and_is_logged_with_its_traceback(site, state, alice, gardening, caplog):
    with alice.at_home(V1) as socket:
        socket.receive_json()  # `ready`: it has read the database
        site.portal.call(break_database, state.database)
        socket.send_json(leave(gardening))

        assert closed(socket) == 1012
    (mistake,) = [each for each in caplog.records if "a message could not be carried out" in each.getMessage()]
    assert mistake.exc_info


@pytest.mark.sqlite
def test_a_join_is_refused_while_the_database_fails_and_accepted_afterwards(bob, gardening):
    with bob.at_home(V1) as socket:
        answers = Answers(socket)
        socket.receive_json()  # `ready`
        Path("discussit.db").rename("elsewhere.db")
        socket.send_json(join(gardening))
        refusal = answers.next()
        Path("elsewhere.db").rename("discussit.db")
        socket.send_json(join(gardening))

        assert (refusal["code"], refusal["data"]) == ("busy", gardening)
        assert answers.next() == join(gardening)


def test_a_logout_closes_with_4401_in_both_protocols(alice):
    with alice.at_home() as one, alice.at_home(V1) as other:
        alice.log_out()

        assert (closed(one), closed(other)) == (4401, 4401)


OTHERS = ("ready", "group", "group_gone", "unread")


class Answers:
    """What a home page's socket is sent of joins and leaves, and refusals: nothing else of `discussit.v1`."""

    def __init__(self, socket):
        self._socket = socket
        self._is_array = socket.accepted_subprotocol == V1
        self._objects = []

    def next(self):
        while not self._objects:
            frame = self._socket.receive_json()
            objects = frame if self._is_array else [frame]
            self._objects = [each for each in objects if each["type"] not in OTHERS]
        return self._objects.pop(0)
