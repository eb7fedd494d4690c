"""Messages are found and deleted, live; nobody's words are changed."""

import pytest
from administrators import create, delete, edit, listed, question

ENTRIES = {"message": "1;3", "event": "1;2", "change": "1;4"}


@pytest.mark.parametrize(("section", "key"), ENTRIES.items())
def test_nobody_edits_an_entry_or_writes_one_as_somebody_else(alice, bob, together, section, key):
    bob.says(together, "mine")
    bob.reacts(together, 3, "🍅")
    before = alice.page(f"/admin/{section}/details/{key}").one("content").text

    answers = [
        create(alice, section, group="1", author="bob", user="bob", type="Left", content="not mine"),
        edit(alice, section, key, content="not mine", description="not mine", author="alice", seq=9),
        alice.get(f"/admin/{section}/create"),
        alice.get(f"/admin/{section}/edit/{key}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert alice.page(f"/admin/{section}/details/{key}").one("content").text == before
    assert (listed(alice, "message"), listed(alice, "event")) == (["1;3"], ["1;2", "1;1"])


@pytest.mark.parametrize(("section", "key"), ENTRIES.items())
def test_no_page_offers_to_edit_or_to_write_an_entry(alice, bob, together, section, key):
    bob.says(together, "mine")
    bob.reacts(together, 3, "🍅")

    for path in ("list", f"details/{key}"):
        page = alice.page(f"/admin/{section}/{path}")
        assert (page.link("New"), page.link("Edit")) == (None, None)


def test_changes_are_listed_with_what_they_changed_and_never_deleted(alice, bob, together):
    bob.says(together, "mine")
    bob.reacts(together, 3, "🍅")
    bob.edits(together, 3, "ours")
    bob.deletes(together, 3)

    assert listed(alice, "change", group=1) == ["1;6", "1;5", "1;4"]
    assert listed(alice, "change", search="alice") == []
    shown = " ".join(alice.page("/admin/change/details/1;4").one("content").text.split())
    assert "WhatReaction Of message3 Emoji🍅" in shown
    assert (alice.get("/admin/change/delete?pks=1;4").status_code, delete(alice, "change", "1;4").status_code) == (
        404,
        404,
    )


def test_a_message_is_shown_with_its_earlier_texts_until_it_is_deleted(alice, bob, together):
    bob.says(together, "tomatoes")
    bob.edits(together, 3, "beans")
    bob.edits(together, 3, "peas", rev=1)
    before = alice.page("/admin/message/details/1;3").one("content").text
    delete(alice, "message", "1;3")

    after = alice.page("/admin/message/details/1;3").one("content").text
    assert before.index("peas") < before.index("Earlier versions") < before.index("beans") < before.index("tomatoes")
    assert [word for word in ("peas", "beans", "tomatoes", "Earlier versions") if word in after] == []


def test_several_messages_are_deleted_at_once_and_none_twice(alice, bob, together, logged):
    for text in ("tomatoes", "beans", "peas"):
        bob.says(together, text)
    bob.deletes(together, 4)
    asked = question(alice, "message", "1;3,1;4,1;5")
    logged()

    answer = delete(alice, "message", "1;3", "1;4", "1;5", data=asked)

    assert answer.status_code == 303
    assert [line.split(" account")[0] for _, line in logged()] == [
        f"message-delete done group=1 seq={seq}" for seq in (3, 5)
    ]
    assert [text.split(" ", 1)[1] for _, text in alice.page(f"/groups/{together}/").log()[2:]] == [
        "Deleted by a moderator",
        "Message deleted",
        "Deleted by a moderator",
    ]
    assert len(listed(alice, "change")) == 3


def test_a_message_that_was_edited_since_is_not_deleted_unseen(alice, bob, together):
    bob.says(together, "tomatoes")
    asked = question(alice, "message", "1;3")
    bob.edits(together, 3, "beans")

    assert delete(alice, "message", "1;3", data=asked).status_code == 409
    assert delete(alice, "message", "1;3", data=question(alice, "message", "1;3")).status_code == 303


def test_events_are_not_deleted(alice, bob, together):
    assert alice.get("/admin/event/delete?pks=1;2").status_code == 404
    assert delete(alice, "event", "1;2").status_code == 404

    assert alice.page("/admin/event/list").link("Delete") is None
    assert "bob Join the Gardening group" in alice.get("/admin/event/details/1;2").text


def test_a_message_is_deleted_by_an_entry_that_its_readers_receive(alice, bob, together):
    bob.says(together, "never mind")

    with bob.reading(together) as his:
        delete(alice, "message", "1;3")
        deletion = his.next()

    assert (deletion["type"], deletion["seq"], deletion["target"], deletion["user"]) == (
        "message_deleted",
        4,
        3,
        "alice",
    )


def test_a_deleted_message_keeps_its_place(alice, bob, together):
    bob.says(together, "never mind")
    delete(alice, "message", "1;3")

    with bob.reading(together, since=2) as his:
        said = his.next()

    assert (said["seq"], said["content"], said["deleted"], said["withdrawn"]) == (3, "", True, True)


def test_a_deleted_message_is_not_offered_to_be_deleted_again(alice, bob, together):
    bob.says(together, "never mind")
    delete(alice, "message", "1;3")

    assert alice.page("/admin/message/details/1;3").link("Delete") is None
    assert alice.get("/admin/message/delete?pks=1;3").status_code == 404
