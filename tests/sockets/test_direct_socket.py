"""Direct conversations, live: they appear with their first message, and again after they were hidden."""

import pytest
from people import V1, Reader


@pytest.fixture
def together(bob, gardening):
    """Alice and bob share a group, so that they can message each other."""
    bob.joins(gardening)


def test_the_others_are_sent_a_conversation_with_its_first_message(alice, bob, together):
    group = bob.converses("alice")

    with alice.at_home(V1) as socket:
        home = at_home(socket)
        assert group not in home.groups
        bob.says(group, "hi")

        assert sent_of(home, group) == (described(group, "bob"), 1)


def test_its_creators_other_pages_are_sent_it_immediately(bob, together):
    with bob.at_home(V1) as socket:
        home = at_home(socket)
        group = bob.converses("alice")

        assert home.until(type="group", group_uuid=group) == described(group, "alice")


def test_a_page_of_another_group_is_sent_it_as_well(alice, bob, gardening, together):
    group = bob.converses("alice")

    with alice.reading(gardening) as page:
        bob.says(group, "hi")

        assert sent_of(page, group) == (described(group, "bob"), 1)


def test_a_conversation_that_is_hidden_is_gone_until_its_next_message(alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    with bob.at_home(V1) as socket:
        home = at_home(socket)
        bob.leaves(group)
        assert home.until(type="group_gone") == {"type": "group_gone", "group_uuid": group}

        alice.says(group, "hello")
        assert sent_of(home, group) == (described(group, "alice"), 1)


def test_a_hidden_conversation_that_is_continued_appears_again(alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")
    bob.leaves(group)

    with bob.at_home(V1) as socket:
        home = at_home(socket)
        bob.converses("alice")

        assert home.until(type="group") == described(group, "alice")


def test_that_an_account_was_closed_is_sent_to_the_others_in_its_conversations(alice, bob, gardening, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    with alice.at_home(V1) as socket, alice.reading(group) as page, alice.reading(gardening) as elsewhere:
        home = at_home(socket)
        alice.post("/admin/user/delete?pks=2")

        for reader in (home, page, elsewhere):
            assert reader.until(type="group", group_uuid=group) == described(group, "bob") | {"ended": True}


def test_that_an_account_was_closed_unnoticed_is_sent_at_the_next_look(impatient, state, alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")

    with alice.reading(group) as page:
        state.database.publish_to(lambda _changes: None)
        alice.post("/admin/user/delete?pks=2")

        assert page.until(type="group", group_uuid=group)["ended"]


def test_people_outside_are_sent_nothing(site, alice, bob, gardening, together):
    group = bob.converses("bob")

    with alice.reading(gardening) as page:
        bob.says(group, "mine")
        bob.says(gardening, "ours")

        assert page.until(type="text_message")["content"] == "ours"


def sent_of(page, group):
    """What a page is sent of a group that appears: the group, and how much of it is unread."""
    sent = [page.until(group_uuid=group) for _ in range(2)]
    found = {each["type"]: each for each in sent}
    return found["group"], found["unread"]["unread"]


def described(group, name):
    return {
        "type": "group", "group_uuid": group, "name": name, "access": "direct", "archived": False, "members": 2,
        "role": "member",
        "level": "all",
    }  # fmt: skip


def at_home(socket):
    """The objects of a home page's socket after its `ready`, whose groups it knows."""
    reader = Reader(socket)
    reader.groups = reader.next()["groups"]
    return reader
