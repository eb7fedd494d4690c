from datetime import UTC, datetime

import hostile
import names
import pytest

from discussit.models import Group, Membership, Session

MOMENT = datetime(2026, 11, 22, 7, 5, 9, 120, UTC)


# What they are called


def test_a_group_is_called_by_its_name_and_uuid(world):
    assert str(world.group) == f"Group Gardening-{world.group.uuid}"


def test_a_group_knows_its_address(world):
    assert world.group.get_absolute_url() == f"/groups/{world.group.uuid}/"


async def test_memberships_and_sessions_name_their_users(world):
    membership = Membership(group=world.group, user=world.bob)
    session = Session(id="x", user=world.bob, created_at=MOMENT)

    assert (str(membership), str(session)) == ("bob in Gardening", "bob since 2026-11-22 07:05")


# Joining and leaving


async def test_a_join_is_a_membership_and_its_event(world):
    await world.joined(world.alice)

    assert await world.members() == ["alice"]
    assert await world.log() == [(1, "alice Join the Gardening group")]


async def test_joining_twice_makes_no_second_event(world):
    await world.joined(world.alice)
    await world.joined(world.alice)
    await world.joined(world.bob, world.bob)

    assert [seq for seq, _ in await world.log()] == [1, 2]


async def test_leaving_twice_makes_no_second_event(world):
    await world.joined(world.alice)

    first, second = await world.left(world.alice), await world.left(world.alice)

    assert (first, second) == (True, False)
    assert await world.log() == [(1, "alice Join the Gardening group"), (2, "alice Left the Gardening group")]
    assert await world.members() == []


async def test_someone_who_is_in_no_group_leaves_without_an_event(world):
    assert not await world.left(world.bob)
    assert await world.log() == []


async def test_a_member_who_left_can_join_again(world):
    await world.joined(world.alice)
    await world.left(world.alice)
    await world.joined(world.alice)

    assert await world.members() == ["alice"]
    assert [text.split()[1] for _, text in await world.log()] == ["Join", "Left", "Join"]


async def test_deleting_a_group_deletes_its_log(world):
    await world.joined(world.alice)
    await world.wrote("hi")

    async with world.database.transaction() as session:
        await session.delete(await session.get_one(Group, world.group.id))

    assert await world.log() == []


# Names


@pytest.mark.parametrize("name", ["Gardening", "x" * 30, "李", " spaced ", *hostile.GROUPS])
def test_a_groups_name_may_be(name):
    assert Group(name=name).name == name.strip()


@pytest.mark.parametrize("name", names.GROUPS)
def test_a_groups_name_may_be_in_any_script_and_have_emoji(name):
    assert Group(name=name).name == name


def test_a_space_of_another_width_is_a_space():
    assert Group(name="\u3000\u8aad\u66f8\u3000\u4f1a\u00a0").name == "\u8aad\u66f8 \u4f1a"


@pytest.mark.parametrize("name", names.NO_GROUPS)
def test_joiners_and_variations_stand_where_a_script_or_an_emoji_needs_them(name):
    with pytest.raises(ValueError, match="1 to 30 printable"):
        Group(name=name)


@pytest.mark.parametrize("name", ["", "  ", "x" * 31, "\ud800", *hostile.UNSEEN])
def test_a_groups_name_may_not_be(name):
    with pytest.raises(ValueError, match="1 to 30 printable"):
        Group(name=name)
