"""Unread numbers on the sockets: what each is sent when others write, and when a user reads on."""

from contextlib import contextmanager

import pytest
from people import V1, HttpPerson, Reader

from discussit.delivery import counting


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1 of the group, bob's is 2."""
    bob.joins(gardening)
    return gardening


@contextmanager
def home(person):
    """A person's home page, and its `ready`."""
    with person.at_home(V1) as socket:
        reader = Reader(socket)
        yield reader, reader.next()


@contextmanager
def in_group(person, group):
    with person.browser.websocket_connect(f"/groups/{group}/", subprotocols=[V1]) as socket:
        reader = Reader(socket)
        yield reader, reader.next()


def unread(group, **numbers):
    return {"type": "unread", "group_uuid": group, "mentions": 0, "read_rev": 0} | numbers


def without_last(numbers):
    """The numbers without the group's last message, which comes with them."""
    assert numbers.pop("last")["seq"] == numbers["at"]
    return numbers


def mark(reader, seq, **more):
    """What a mark is answered with; other objects are passed over."""
    reader.socket.send_json({"type": "mark_read", "seq": seq, **more})
    return reader.until(type="unread")


# At the beginning


def test_a_home_page_is_first_sent_what_is_unread(alice, bob, together):
    alice.says(together, "hi")

    with home(bob) as (_, ready), home(alice) as (_, hers):
        assert (ready["unread"], ready["mentions"]) == ({together: 1}, {})
        assert hers["unread"] == {}


def test_a_group_page_is_first_sent_what_is_unread_in_all_groups(alice, bob, together):
    cooking = alice.creates("Cooking")
    bob.joins(cooking)
    alice.joins(cooking)
    alice.says(cooking, "hi")

    with in_group(bob, together) as (_, ready):
        assert ready["unread"] == {cooking: 1}
        assert (ready["read"], ready["read_rev"]) == (2, 0)


def test_a_client_of_the_tutorials_protocol_is_sent_no_numbers(alice, bob, together):
    with bob.in_group(together) as socket:
        bob.says(together, "hi")
        alice.says(together, "hello")

        assert [socket.receive_json()["type"] for _ in range(2)] == ["text_message"] * 2


# When others write


def test_a_message_of_somebody_else_is_counted_on_the_home_page(alice, bob, together):
    with home(bob) as (page, _):
        alice.says(together, "hi")

        assert without_last(page.next()) == unread(together, unread=1, read=2, at=3)


def test_a_group_page_is_sent_the_numbers_of_other_groups_alone(alice, bob, together):
    cooking = alice.creates("Cooking")
    bob.joins(cooking)

    with in_group(bob, together) as (page, _):
        alice.says(together, "one")
        alice.joins(cooking)
        alice.says(cooking, "two")

        assert [page.next()["type"] for _ in range(2)] == ["text_message", "unread"]


def test_the_authors_other_pages_are_sent_that_nothing_is_unread(alice, bob, together):
    with home(bob) as (his, _):
        bob.says(together, "mine")

        assert without_last(his.next()) == unread(together, unread=0, read=2, at=3)


def test_while_messages_come_each_object_has_more_than_the_one_before(alice, bob, together):
    with home(bob) as (page, _):
        for number in range(5):
            alice.says(together, str(number))

        numbers = [page.next()]
        while numbers[-1]["unread"] < 5:
            numbers.append(page.next())
        assert [each["at"] for each in numbers] == sorted({each["at"] for each in numbers})


def test_a_join_and_a_leave_count_as_nothing(alice, bob, site, together):
    carol = HttpPerson(site, "carol")
    carol.sign_up()

    with home(bob) as (page, _):
        carol.joins(together)
        carol.leaves(together)
        alice.says(together, "hi")

        assert without_last(page.next()) == unread(together, unread=1, read=2, at=5)


def test_a_group_that_was_joined_elsewhere_is_counted(alice, bob, gardening):
    with home(bob) as (page, _):
        bob.joins(gardening)
        alice.says(gardening, "hi")

        numbers = page.until(type="unread")
        # The Join has them counted as well, maybe after the message: then that comes with the next ones.
        numbers.pop("last", None)
        assert numbers == unread(gardening, unread=1, read=2, at=3)


def test_a_group_that_was_left_is_counted_no_more(alice, bob, together):
    with home(bob) as (page, _):
        bob.leaves(together)
        alice.says(together, "hi")
        bob.joins(together)
        alice.says(together, "hi again")

        assert page.until(type="unread")["at"] in (5, 6)  # since the second Join: not at 4, while he was away


def test_pages_of_other_groups_show_nothing_of_a_group_that_was_left(alice, bob, together):
    cooking = alice.creates("Cooking")
    bob.joins(cooking)
    with in_group(bob, cooking) as (page, _):
        alice.says(together, "hi")
        page.until(type="unread", group_uuid=together, unread=1)

        bob.leaves(together)

        assert page.until(type="unread", group_uuid=together)["unread"] == 0


def test_groups_that_were_left_and_joined_unnoticed_are_counted(site, state, alice, bob, together):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)
    with home(bob) as (page, _):
        site.portal.call(state.database.publish_to, lambda _changes: None)
        bob.leaves(together)
        bob.joins(cooking)
        alice.says(cooking, "hi")

        assert page.until(type="unread", group_uuid=cooking)["unread"] == 1


# Marks


def test_a_mark_is_answered_on_all_sockets_of_the_person(alice, bob, together):
    alice.says(together, "hi")
    with home(bob) as (page, _), in_group(bob, together) as (reading, _), in_group(bob, together) as (tab, _):
        answer = mark(reading, 3)

        assert answer == unread(together, unread=0, read=3, at=3)
        assert page.next() == tab.next() == answer


def test_other_people_are_not_sent_a_mark(alice, bob, together):
    alice.says(together, "hi")
    with home(alice) as (hers, _), in_group(bob, together) as (reading, _):
        mark(reading, 3)
        bob.says(together, "hello")

        assert hers.next()["at"] == 4


@pytest.mark.parametrize(("seq", "read"), [(1, 2), (3, 3), (99, 4)])
def test_a_mark_reads_on_as_far_as_the_log_goes_and_never_back(alice, bob, together, seq, read):
    alice.says(together, "one")
    alice.says(together, "two")

    with in_group(bob, together) as (reading, _):
        assert mark(reading, seq) == unread(together, unread=4 - read if read > 2 else 2, read=read, at=4)


def test_what_is_marked_as_unread_counts_again(alice, bob, together):
    alice.says(together, "hi")

    with in_group(bob, together) as (reading, _):
        mark(reading, 3)
        reading.socket.send_json({"type": "mark_unread", "seq": 3})
        assert reading.next() == unread(together, unread=1, read=2, read_rev=1, at=3)


def test_a_late_mark_from_a_second_tab_does_not_undo_marking_as_unread(alice, bob, together):
    alice.says(together, "hi")

    with in_group(bob, together) as (one, _), in_group(bob, together) as (other, _):
        mark(one, 3, read_rev=0)
        one.socket.send_json({"type": "mark_unread", "seq": 3})
        one.until(type="unread", read_rev=1)

        other.until(type="unread", read_rev=1)
        assert mark(other, 3, read_rev=0) == unread(together, unread=1, read=2, read_rev=1, at=3)


def test_marking_as_unread_what_was_not_read_changes_nothing(alice, bob, together):
    alice.says(together, "hi")

    with in_group(bob, together) as (reading, _):
        reading.socket.send_json({"type": "mark_unread", "seq": 3})
        assert reading.next() == unread(together, unread=1, read=2, at=3)


@pytest.mark.parametrize("kind", ["mark_read", "mark_unread"])
@pytest.mark.parametrize("seq", [0, -1, "3", None, 2**31])
def test_a_mark_of_no_place_in_a_log_is_refused(bob, together, kind, seq):
    with in_group(bob, together) as (reading, _):
        reading.socket.send_json({"type": kind, "seq": seq, "client_id": "a"})

        assert reading.next()["code"] == "bad_frame"


def test_too_many_marks_at_once_are_refused(bob, together):
    with in_group(bob, together) as (reading, _):
        for _ in range(100):
            reading.socket.send_json({"type": "mark_read", "seq": 2, "client_id": "mine"})

        refusal = reading.until(type="error")
        assert (refusal["code"], refusal["client_id"]) == ("rate_limited", "mine")


def test_a_page_that_was_read_before_its_socket_opened_has_no_numbers_too_many(alice, bob, together):
    alice.says(together, "hi")
    bob.post(f"/groups/{together}/read/", seq="3")

    with in_group(bob, together) as (reading, ready):
        assert (ready["unread"], ready["read"]) == ({}, 3)
        assert mark(reading, 2)["read"] == 3


# What was missed


def test_a_message_that_nobody_was_told_of_is_counted(site, state, alice, bob, together, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    with home(bob) as (page, _):
        site.portal.call(state.database.publish_to, lambda written: None)
        alice.says(together, "hi")

        assert without_last(page.next()) == unread(together, unread=1, read=2, at=3)


def test_a_mark_that_nobody_was_told_of_is_noticed(site, state, alice, bob, together, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    alice.says(together, "hi")
    with home(bob) as (page, _), in_group(bob, together) as (reading, _):
        site.portal.call(state.database.publish_to, lambda written: None)
        reading.socket.send_json({"type": "mark_read", "seq": 3})

        assert page.next() == reading.next() == unread(together, unread=0, read=3, at=3)
