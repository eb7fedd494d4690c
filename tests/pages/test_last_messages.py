"""The last message of each group, on the home page and beside the log."""

import pytest
from test_settings_page import settle
from world import add_members, mute

NEWCOMERS = [f"newcomer{number}" for number in range(60)]  # more than are looked through

# In Gardening the Joins are entries 1 and 2.


@pytest.fixture
def gardening(gardening, bob):
    bob.joins(gardening)
    return gardening


def last_at(page, group):
    """The group's line on a page, whichever it is."""
    (line,) = [each.text for each in page.elements if each.get("class") == "last" and is_of(group, each)]
    return line


def is_of(group, element):
    return any(group in (each.get("id"), each.tag == "li" and each.get("data-group")) for each in element.parents)


def last(person, group):
    """What both lists say, which is the same."""
    home, log = last_at(person.page("/"), group), last_at(person.page(f"/groups/{group}/"), group)
    assert home == log
    return home


def test_a_group_shows_who_wrote_last_and_what(alice, bob, gardening):
    assert last(alice, gardening) == "No messages yet"

    bob.says(gardening, "The tomatoes\nare ripe")

    assert last(alice, gardening) == "bob: The tomatoes are ripe"
    assert last(bob, gardening) == "You: The tomatoes are ripe"


def test_what_is_no_message_is_not_shown(alice, bob, gardening):
    bob.says(gardening, "hi")
    alice.reacts(gardening, 3, "👍")
    bob.leaves(gardening)

    assert last(alice, gardening) == "bob: hi"


def test_a_message_is_found_before_any_number_of_comings_and_goings(site, state, alice, bob, gardening):
    for text in ("one", "two"):
        bob.says(gardening, text)
    site.portal.call(add_members, state.database, gardening, NEWCOMERS)

    assert last(alice, gardening) == "bob: two"


def test_so_it_is_not_for_newcomers_who_may_not_read_it(site, state, alice, bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    settle(bob, lunch, history="from_join")
    bob.says(lunch, "A secret")
    bob.post(f"/groups/{lunch}/members/", username="alice")
    site.portal.call(add_members, state.database, lunch, NEWCOMERS)

    assert last(alice, lunch) == "No messages yet"
    assert last(cleo, lunch) == "bob: A secret"


def test_a_long_message_is_cut(alice, bob, gardening):
    bob.says(gardening, "long " * 400)

    assert last(alice, gardening) == f"bob: {('long ' * 16).strip()}…"


def test_a_rich_text_is_shown_without_its_markup(alice, bob, gardening):
    bob.says(gardening, "> *look*, @alice\n\n1. [here](https://example.org)")

    assert last(alice, gardening) == "bob: look, @alice here"


def test_mentions_are_shown_by_name(alice, bob, cleo, gardening):
    cleo.joins(gardening)
    bob.says(gardening, "@everyone: *@cleo* and @alice")

    assert last(alice, gardening) == "bob: @everyone: @cleo and @alice"


def test_an_edited_message_is_shown_as_it_is_now(alice, bob, gardening):
    bob.says(gardening, "one")
    bob.says(gardening, "two")
    bob.edits(gardening, 4, "three")
    bob.edits(gardening, 3, "zero")

    assert last(alice, gardening) == "bob: three"


def test_a_deleted_message_is_shown_without_its_text(alice, bob, gardening):
    bob.says(gardening, "one")
    bob.says(gardening, "a secret")
    bob.deletes(gardening, 4)

    assert last(alice, gardening) == "Message deleted"
    assert "a secret" not in alice.get("/").text + alice.get(f"/groups/{gardening}/").text


def test_a_conversation_shows_the_text_alone(alice, bob, cleo, gardening):
    cleo.joins(gardening)
    direct, several = bob.converses("alice"), bob.converses("alice", "cleo")
    bob.says(direct, "Psst")
    bob.says(several, "Hello both")

    assert (last(alice, direct), last(bob, direct)) == ("Psst", "You: Psst")
    assert last(alice, several) == "bob: Hello both"


def test_newcomers_see_no_message_from_before_they_came(alice, bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    settle(bob, lunch, history="from_join")
    bob.says(lunch, "A secret")
    bob.post(f"/groups/{lunch}/members/", username="alice")

    assert last(alice, lunch) == "No messages yet"
    assert last(cleo, lunch) == "bob: A secret"
    bob.says(lunch, "Soup")
    assert last(alice, lunch) == "bob: Soup"


def test_groups_that_one_is_not_in_show_no_message(alice, bob, cleo, gardening):
    bob.says(gardening, "The tomatoes are ripe")

    for path in ("/", "/groups/"):
        assert "tomatoes" not in cleo.get(path).text


@pytest.mark.parametrize("text", ["<b>bold</b>", "{{ 7 * 7 }}", "</bdi><script>"])
def test_a_message_is_text_and_nothing_more(alice, bob, gardening, text):
    bob.says(gardening, text)

    assert last(alice, gardening) == f"bob: {text}"


def test_a_muted_group_says_so(site, state, alice, bob, gardening):
    assert "Muted" not in alice.get("/").text.split("<template")[0]

    site.portal.call(mute, state.database, "alice")

    assert "Muted" in alice.page("/").one(gardening).text
    assert "Muted" in alice.page(f"/groups/{gardening}/").one("sidebar").text
    assert "Muted" not in bob.page("/").one(gardening).text
