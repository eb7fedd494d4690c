"""The order of somebody's groups, as tests/corpus has it; tests/js/order.test.js holds the pages to it."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from discussit.groups.lists import beside_log, own_groups
from discussit.models import Group, Membership, Message, User
from discussit.models.preferences import FOREVER

CORPUS = json.loads((Path(__file__).parents[1] / "corpus" / "group_order.json").read_text())


@pytest.fixture
async def alice(world):
    """She is in the groups of the corpus, the direct ones with those after whom they are called."""
    async with world.database.transaction() as session:
        for name, group in CORPUS["groups"].items():
            await add(session, world, name, **group)
    return world.alice


async def add(session, world, name, *, isDirect, isMuted, isUnread, at):  # noqa: N803
    moment = datetime.fromisoformat(at)
    group = Group(name=name, created_at=moment, access="direct" if isDirect else "open")
    alice, bob = [await session.get_one(User, each.id) for each in (world.alice, world.bob)]
    other = bob if name == "bob" else User(username=name, password="!") if isDirect else None
    session.add_all([group, *([Membership(group=group, user=other)] if other else [])])
    session.add(Membership(group=group, user=alice, muted_until=FOREVER if isMuted else None))
    await session.flush()
    if isUnread:
        session.add(Message(group=group, author=bob, content="hi"))
        await session.flush()
    await session.execute(update(Group).where(Group.id == group.id).values(last_message_at=moment))


@pytest.mark.parametrize(("place", "list_of"), [("home", own_groups), ("beside", lambda *of: beside_log(*of, 0))])
async def test_muted_groups_come_last_others_by_what_is_unread_and_their_activity(world, alice, place, list_of):
    own = await world.database.run_read(lambda session: list_of(session, alice.id))

    assert [each.name for each in own.groups] == CORPUS[place]


async def test_a_group_whose_mute_has_ended_is_in_its_place_again(world, alice):
    async with world.database.transaction() as session:
        await session.execute(update(Membership).values(muted_until=datetime.fromisoformat("2026-01-01T00:00:00Z")))

    own = await world.database.run_read(lambda session: own_groups(session, alice.id))

    assert [each.name for each in own.groups][:2] == ["dan", "cleo"]
    assert not any(each.is_muted for each in own.groups)
