"""Messages are found and deleted, live; nobody's words are changed."""

import pytest
from administrators import create, delete, edit, listed

ENTRIES = {"message": "1;3", "event": "1;2"}


@pytest.mark.parametrize(("section", "key"), ENTRIES.items())
def test_nobody_edits_an_entry_or_writes_one_as_somebody_else(alice, bob, together, section, key):
    bob.says(together, "mine")
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

    for path in ("list", f"details/{key}"):
        page = alice.page(f"/admin/{section}/{path}")
        assert (page.link("New"), page.link("Edit")) == (None, None)


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
