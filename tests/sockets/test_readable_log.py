"""What a member may read of a log begins with an entry: on every route, on sockets, and in what others do."""

from uuid import UUID

import pytest
from people import HttpPerson
from rights import settle
from sqlalchemy import select

from discussit.models import Group, User

SECRET = "Tulips in March"


async def add(database, group, name, **settings):
    """Add a user to a group that has these settings."""
    async with database.transaction() as session:
        row = await session.scalar(select(Group).where(Group.uuid == UUID(group)))
        for setting, value in settings.items():
            setattr(row, setting, value)
        await row.add_user(await session.scalar(select(User).where(User.username == name)))


@pytest.fixture
def late(site, state, alice, bob):
    """A closed group that bob joined after its second entry, and may read from his Join on, its third entry."""
    group = alice.founds("Kitchen", "closed")
    alice.says(group, SECRET)
    site.portal.call(lambda: add(state.database, group, "bob", history="from_join"))
    alice.says(group, "Hello bob")
    return group


PAGES = [
    "",
    "?at=2",
    "?at=1",
    "?before=3",
    "?before=4",
    "?after=1",
    "?replies=2",
    "?reply=2",
    "members/",
    "entries/?since=0",
    "entries/?since=1",
    "entries/?since=2",
]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_what_was_written_before_a_join(alice, bob, late, page):
    alice.reacts(late, 2, "👍")
    alice.says(late, "As I said", reply_to=2)

    answers = [person.get(f"/groups/{late}/{page}") for person in (alice, bob)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert SECRET not in answers[1].text


def test_an_owner_reads_what_was_written_before_others_came(alice, late):
    assert alice.page(f"/groups/{late}/").log()[1] == (2, f"alice {SECRET}")


def test_the_log_of_a_late_member_begins_with_their_join(bob, late):
    page = bob.page(f"/groups/{late}/")

    assert page.log() == [(3, "bob joined"), (4, "alice Hello bob")]
    assert page.link("Earlier") is None


@pytest.mark.parametrize("place", ["", "actions/", "history/", "edit/", "delete/", "history/forget/", "reactions/"])
def test_an_older_message_has_no_pages_for_a_late_member(alice, bob, late, place):
    path = f"/groups/{late}/messages/{{}}/{place}"

    answers = [bob.get(path.format(seq)) for seq in (2, 99)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert SECRET not in answers[0].text


ACTS = {
    "edits": lambda bob, group, seq: bob.edits(group, seq, "Mine"),
    "deletes": lambda bob, group, seq: bob.deletes(group, seq),
    "reacts": lambda bob, group, seq: bob.reacts(group, seq, "👍"),
    "replies": lambda bob, group, seq: bob.says(group, "Yes", reply_to=seq),
    "forgets": lambda bob, group, seq: bob.forgets(group, seq),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_late_member_does_nothing_to_an_older_message(bob, late, act):
    assert [ACTS[act](bob, late, seq).status_code for seq in (2, 99)] == [404, 404]


def test_a_returning_client_gets_nothing_from_before_its_join(bob, late):
    with bob.reading(late, since=0) as reader:
        assert [reader.next()["seq"] for _ in range(2)] == [3, 4]


def test_a_greeting_says_where_the_readable_log_begins(alice, bob, late):
    greetings = []
    for person in (alice, bob):
        with person.browser.websocket_connect(f"/groups/{late}/", subprotocols=["discussit.v1"]) as socket:
            greetings.append(socket.receive_json()[0])

    assert [greeting.get("from") for greeting in greetings] == [None, 3]


def test_a_change_of_an_older_message_is_counted_and_not_shown(alice, bob, late):
    with alice.reading(late) as of_alice, bob.reading(late) as of_bob:
        alice.edits(late, 2, f"{SECRET}!")
        alice.says(late, "Now you", reply_to=2)

        assert of_alice.until(seq=5)["content"] == f"{SECRET}!"
        hidden, reply = of_bob.next(), of_bob.until(seq=6)

    assert {key: value for key, value in hidden.items() if key != "timestamp"} == {
        "type": "hidden",
        "group_uuid": late,
        "seq": 5,
    }
    assert reply["content"] == "Now you"


@pytest.mark.parametrize("change", ["edit", "delete", "react"])
def test_a_missed_change_of_an_older_message_is_hidden_as_well(alice, bob, late, change):
    acts = {
        "edit": lambda: alice.edits(late, 2, f"{SECRET}!"),
        "delete": lambda: alice.deletes(late, 2),
        "react": lambda: alice.reacts(late, 2, "👍"),
    }
    acts[change]()

    with bob.reading(late, since=4) as reader:
        assert reader.next()["type"] == "hidden"
    assert bob.get(f"/groups/{late}/entries/?since=4").json()[0]["type"] == "hidden"


def test_a_change_of_a_newer_message_is_shown(alice, bob, late):
    with bob.reading(late) as reader:
        alice.edits(late, 4, "Hello, bob")

        assert reader.until(seq=5)["content"] == "Hello, bob"


def test_whoever_may_read_more_from_now_on_loads_the_log_again(alice, bob, late):
    with bob.reading(late) as reader, alice.reading(late) as of_alice:
        settle(alice, late, access="open")
        alice.deletes(late, 2)

        assert "reset" in [reader.next()["type"] for _ in range(3)]
        assert of_alice.until(seq=6)["target"] == 2
    with bob.reading(late, since=5) as reader:
        assert reader.next()["type"] == "message_deleted"


def test_a_client_of_the_tutorial_is_sent_no_edit_of_an_older_message(alice, bob, late):
    with bob.in_group(late) as socket:
        alice.edits(late, 2, f"{SECRET}!")
        alice.says(late, "Next")

        assert socket.receive_json()["content"] == "Next"


def test_a_mention_in_an_older_message_is_not_counted(alice, bob, late):
    alice.edits(late, 2, f"@bob {SECRET}")
    alice.edits(late, 4, "Hello @bob")

    with bob.browser.websocket_connect("/", subprotocols=["discussit.v1"]) as socket:
        assert socket.receive_json()[0]["mentions"] == {late: 1}


def test_nothing_before_the_join_can_be_marked_as_unread(bob, late):
    with bob.reading(late) as reader:
        reader.socket.send_json({"type": "mark_read", "seq": 4})
        assert reader.until(type="unread")["unread"] == 0

        reader.socket.send_json({"type": "mark_unread", "seq": 1})

        numbers = reader.until(type="unread", read_rev=1)
        assert (numbers["unread"], numbers["read"]) == (1, 2)


def test_a_rejoin_begins_anew(site, state, alice, bob, late):
    bob.leaves(late)
    alice.says(late, "He is gone")

    site.portal.call(lambda: add(state.database, late, "bob"))

    assert bob.page(f"/groups/{late}/").log() == [(7, "bob joined")]


def test_an_author_deletes_their_own_message_of_an_earlier_membership(site, state, bob, late):
    bob.says(late, "Oh")
    bob.leaves(late)
    site.portal.call(lambda: add(state.database, late, "bob"))

    answers = [bob.edits(late, 5, "Ah").status_code, bob.deletes(late, 5).status_code]

    assert answers == [404, 303]


def test_members_of_a_group_with_its_whole_history_read_all_of_it(site, state, alice, bob):
    group = alice.founds("Kitchen", "closed")
    alice.says(group, SECRET)

    site.portal.call(lambda: add(state.database, group, "bob"))

    assert bob.page(f"/groups/{group}/").log()[1] == (2, f"alice {SECRET}")


def test_what_a_member_may_read_is_theirs_alone(site, state, alice, bob, late):
    carol = HttpPerson(site, "carol")
    carol.sign_up()
    site.portal.call(lambda: add(state.database, late, "carol", history="all"))

    logs = [[seq for seq, _ in person.page(f"/groups/{late}/").log()] for person in (bob, carol)]

    assert logs == [[3, 4, 5], [1, 2, 3, 4, 5]]
