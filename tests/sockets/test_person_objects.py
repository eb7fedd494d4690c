"""`group` and `group_gone`: what a person's sockets are sent of their groups."""

from uuid import UUID

import pytest
from people import V1, Reader
from sqlalchemy import select

from discussit.accounts.current_user import CurrentUser, SessionCredential
from discussit.groups.settings import Wanted, change_settings
from discussit.models import Group, User
from discussit.settings import GroupCreation


@pytest.fixture
def kitchen(alice):
    return alice.founds("Kitchen", "closed")


@pytest.fixture
def home(bob):
    """Bob's home page, greeted."""
    with bob.at_home(V1) as socket:
        reader = Reader(socket)
        reader.until(type="ready")
        yield reader


def added(alice, state, group, name="bob"):
    """Alice adds somebody."""

    async def add():
        async with state.database.transaction() as session:
            row = await session.scalar(select(Group).where(Group.uuid == UUID(group)))
            users = [await session.scalar(select(User).where(User.username == each)) for each in (name, "alice")]
            await row.add_user(users[0], by=users[1])

    alice.browser.portal.call(add)


def changed(alice, state, group, **wanted):
    alice.browser.portal.call(change, state.database, alice.name, UUID(group), Wanted(**wanted))


async def change(database, name, uuid, wanted):
    async with database.transaction() as session:
        user = await session.scalar(select(User).where(User.username == name))
        (session_row,) = await user.awaitable_attrs.sessions
    credential = SessionCredential(session_row.id)
    current = CurrentUser(user.id, user.username, user.is_superuser, credential, user.account_id)
    await change_settings(database, current, uuid, wanted, GroupCreation.EVERYONE)


def test_a_group_is_sent_to_whom_it_is_new(alice, state, kitchen, home):
    added(alice, state, kitchen)

    group = home.until(type="group")
    assert group == {
        "type": "group",
        "group_uuid": kitchen,
        "name": "Kitchen",
        "access": "closed",
        "archived": False,
        "members": 2,
        "role": "member",
        "level": "mentions",
    }


def test_a_join_has_who_added_the_user(alice, bob, state, kitchen):
    with alice.reading(kitchen) as reader:
        added(alice, state, kitchen)

        event = reader.until(type="event_message", user="bob")
        assert (event["status"], event["by"]) == ("Join", "alice")


def test_a_rename_is_an_entry_and_reaches_all_sockets_of_members(alice, bob, state, kitchen, home):
    added(alice, state, kitchen)
    with bob.reading(kitchen) as reader:
        changed(alice, state, kitchen, name="Cellar")

        entry = reader.until(type="group_changed")
        assert (entry["seq"], entry["change"], entry["value"], entry["user"]) == (3, "renamed", "Cellar", "alice")
        assert entry["message"] == "alice renamed the group to Cellar"
        assert reader.until(type="group", name="Cellar")["group_uuid"] == kitchen
    assert home.until(type="group", name="Cellar")["role"] == "member"


def test_a_group_that_was_changed_unnoticed_is_sent_at_the_next_look(alice, bob, state, kitchen, home):
    added(alice, state, kitchen)
    home.until(type="group", name="Kitchen")
    state.database.publish_to(lambda _changes: None)

    changed(alice, state, kitchen, name="Cellar")

    assert home.until(type="group", name="Cellar")


@pytest.mark.parametrize("goes", ["leaves", "removed", "deleted"])
def test_a_group_is_gone_for_whoever_is_no_longer_in_it(alice, bob, state, kitchen, home, goes):
    added(alice, state, kitchen)
    home.until(type="group")

    if goes == "leaves":
        bob.leaves(kitchen)
    elif goes == "deleted":
        alice.post("/admin/group/delete?pks=1")
    else:
        alice.browser.portal.call(remove, state.database, kitchen)

    assert home.until(type="group_gone") == {"type": "group_gone", "group_uuid": kitchen}


async def remove(database, group):
    async with database.transaction() as session:
        row = await session.scalar(select(Group).where(Group.uuid == UUID(group)))
        await row.remove_user(await session.scalar(select(User).where(User.username == "bob")))


def test_strangers_are_sent_nothing_of_a_group(alice, state, kitchen, home):
    changed(alice, state, kitchen, name="Cellar")
    gardening = alice.founds("Gardening")
    alice.browser.portal.call(join, state.database, gardening)

    assert home.until(type="group")["name"] == "Gardening"


async def join(database, group):
    async with database.transaction() as session:
        row = await session.scalar(select(Group).where(Group.uuid == UUID(group)))
        await row.add_user(await session.scalar(select(User).where(User.username == "bob")))


def test_a_member_sees_an_archived_group_become_read_only(alice, bob, state, kitchen):
    added(alice, state, kitchen)
    with bob.reading(kitchen) as reader:
        changed(alice, state, kitchen, is_archived=True)
        assert reader.until(type="group_changed")["change"] == "archived"
        assert reader.until(type="group", archived=True)["group_uuid"] == kitchen

        reader.says("Still here?")

        assert reader.until(type="error")["code"] == "read_only"


def test_only_moderators_and_owners_write_where_that_is_so(alice, bob, state, kitchen):
    added(alice, state, kitchen)
    changed(alice, state, kitchen, posting="moderators")

    with bob.reading(kitchen) as reader:
        reader.says("Hello")
        assert reader.until(type="error")["code"] == "not_allowed"

        alice.says(kitchen, "News")
        assert reader.until(type="text_message")["content"] == "News"
