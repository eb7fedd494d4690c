"""Rich texts and mentions, as sockets send and receive them."""

import pytest
from changes import edited, sent, told
from sqlalchemy import select
from world import add_members

from discussit.models import User


@pytest.fixture
def talk(alice, bob, gardening):
    """Alice, a superuser, and bob follow the group of which both are members."""
    bob.joins(gardening)
    with alice.reading(gardening) as of_alice, bob.reading(gardening) as of_bob:
        yield of_alice, of_bob


def said(reader, text):
    """Writes a message; the object that its author receives."""
    seq = sent(reader, "text_message", message=text)
    return reader.until(type="text_message", seq=seq)


def test_a_rich_text_has_a_body_beside_its_content(talk):
    _, of_bob = talk

    message = said(of_bob, "**yes**")

    assert told(message, "content", "body") == ("**yes**", {"v": 1, "t": [["p", ["b", "yes"]]]})
    assert message["message"].startswith("bob:- **yes** @")


@pytest.mark.parametrize("text", ["yes", "a_b", "  two  spaces", "a\n\nb", "¯\\_(ツ)_/¯", "@nobody", "5 * 3 * 2"])
def test_a_plain_text_has_none(talk, text):
    _, of_bob = talk

    assert told(said(of_bob, text), "content", "body", "mentions") == (text, None, None)


def test_a_mention_names_the_member_whatever_its_case(talk):
    _, of_bob = talk

    message = said(of_bob, "@ALICE, @bob: look")

    assert message["mentions"] == ["alice", "bob"]
    assert message["body"]["t"] == [["p", ["@", 0], ", ", ["@", 1], ": look"]]


def test_who_is_no_member_is_not_mentioned(talk, alice, bob, gardening):
    of_alice, _ = talk
    assert said(of_alice, "@bob")["mentions"] == ["bob"]

    bob.leaves(gardening)

    assert said(of_alice, "@bob").get("mentions") is None


def test_everyone_is_mentioned_as_one(talk):
    _, of_bob = talk

    assert said(of_bob, "@everyone and @alice")["mentions"] == ["everyone", "alice"]


def test_in_a_large_group_only_administrators_mention_everyone(talk, site, state, gardening):
    of_alice, of_bob = talk
    site.portal.call(add_members, state.database, gardening, [f"m{number}" for number in range(19)])

    assert sent(of_bob, "text_message", message="@everyone") == "not_allowed"
    assert edited(of_bob, "@everyone", target=sent(of_bob, "text_message", message="hi")) == "not_allowed"
    assert said(of_alice, "@everyone")["mentions"] == ["everyone"]


def test_a_group_of_twenty_is_not_large(talk, site, state, gardening):
    _, of_bob = talk
    site.portal.call(add_members, state.database, gardening, [f"m{number}" for number in range(18)])

    assert said(of_bob, "@everyone")["mentions"] == ["everyone"]


def test_an_edit_has_the_body_and_the_mentions_of_its_text(talk):
    of_alice, of_bob = talk
    seq = sent(of_bob, "text_message", message="@alice")

    edited(of_bob, "*@bob*", target=seq)

    edit = of_alice.until(type="message_edited")
    assert told(edit, "content", "mentions") == ("*@bob*", ["bob"])
    assert edit["body"]["t"] == [["p", ["i", ["@", 0]]]]


def test_a_renamed_member_is_still_the_one_who_was_mentioned(talk, alice, site, state, gardening):
    of_alice, _ = talk
    seq = said(of_alice, "@bob")["seq"]

    site.portal.call(rename, state.database)

    with alice.reading(gardening, since=seq - 1) as reader:
        assert reader.next()["mentions"] == ["robert"]


async def rename(database):
    async with database.transaction() as session:
        (await session.scalar(select(User).where(User.username == "bob"))).username = "robert"


def test_the_51st_name_stays_text(talk, site, state, gardening):
    of_alice, _ = talk
    names = [f"m{number}" for number in range(51)]
    site.portal.call(add_members, state.database, gardening, names)

    message = said(of_alice, " ".join(f"@{name}" for name in names))

    assert message["mentions"] == names[:50]
