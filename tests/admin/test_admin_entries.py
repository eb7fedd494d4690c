"""Messages and events are made, corrected and withdrawn, live."""

import pytest
from administrators import create, delete, edit, errors, listed


def test_an_event_makes_the_membership_agree_and_is_live(alice, bob, gardening):
    with alice.reading(gardening) as hers:
        create(alice, "event", group="Gardening", user="bob", type="Join")
        assert hers.next()["message"] == "bob Join the Gardening group"
        assert bob.get(f"/groups/{gardening}/").status_code == 200

        create(alice, "event", group="Gardening", user="bob", type="Left")
        assert hers.next()["message"] == "bob Left the Gardening group"
        assert bob.get(f"/groups/{gardening}/").status_code == 403


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"user": "alice", "type": "Join"}, "user", "alice is a member of Gardening already."),
        ({"user": "bob", "type": "Left"}, "user", "bob is not a member of Gardening."),
        ({"user": "bob", "type": "Message"}, "type", "An event is a Join or a Left."),
        ({"user": "bob"}, "type", "An event is a Join or a Left."),
    ],
)
def test_an_event_that_changes_nothing_is_refused_and_logged_nowhere(alice, bob, gardening, fields, field, text):
    response = create(alice, "event", group=gardening, **fields)

    assert errors(response) == {field: text}
    assert listed(alice, "event") == listed(alice, "membership") == ["1;1"]


def test_a_withdrawn_event_keeps_its_place_and_its_effect(alice, bob, together):
    with alice.reading(together) as hers:
        delete(alice, "event", "1;2")
        assert hers.next() == {"type": "reset", "seq": 2}

    assert listed(alice, "event") == ["1;2", "1;1"]
    assert bob.get(f"/groups/{together}/").status_code == 200


# Messages


def test_a_message_written_here_is_live(alice, bob, together):
    with bob.reading(together) as his:
        create(alice, "message", group="Gardening", author="alice", content="hello\r\nbob")

        said = his.next()
    assert (said["seq"], said["author"], said["content"]) == (3, "alice", "hello\nbob")


def test_a_corrected_message_has_readers_load_again(alice, bob, together):
    bob.says(together, "typo")

    with bob.reading(together) as his:
        edit(alice, "message", "1;3", content="corrected")
        assert his.next() == {"type": "reset", "seq": 3}

    assert bob.page(f"/groups/{together}/").log()[-1][0] == 3
    assert "corrected" in bob.get(f"/groups/{together}/").text
    assert "typo" not in bob.get(f"/groups/{together}/").text


def test_a_withdrawn_message_keeps_its_place(alice, bob, together):
    bob.says(together, "never mind")

    with bob.reading(together) as his:
        delete(alice, "message", "1;3")
        assert his.next() == {"type": "reset", "seq": 3}

    with bob.reading(together, since=2) as his:
        said = his.next()
    assert (said["seq"], said["content"], said["withdrawn"]) == (3, "", True)


def test_a_withdrawn_message_takes_no_other_text(alice, bob, together):
    bob.says(together, "never mind")
    delete(alice, "message", "1;3")

    assert edit(alice, "message", "1;3", content="this instead").status_code == 404
    assert alice.get("/admin/message/edit/1;3").status_code == 404


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("  ", "A message needs some text."),
        ("x" * 10_001, "A message has at most 10,000 characters; this has 10,001."),
        ("a\0b", "A message can&#39;t contain NUL characters."),
    ],
)
def test_a_message_that_can_not_be_is_refused_beside_the_field(alice, bob, together, content, text):
    bob.says(together, "as it was")

    assert errors(create(alice, "message", group="1", author="bob", content=content)) == {"content": text}
    assert errors(edit(alice, "message", "1;3", content=content)) == {"content": text}
    assert "as it was" in alice.get("/admin/message/list").text
    assert listed(alice, "message") == ["1;3"]


def test_place_time_and_author_of_an_entry_are_not_edited(alice, bob, together):
    bob.says(together, "mine")
    before = alice.get("/admin/message/details/1;3").text

    edit(alice, "message", "1;3", content="mine", seq=9, author="alice", timestamp="2020-01-01", client_id="x")

    assert alice.get("/admin/message/details/1;3").text == before
