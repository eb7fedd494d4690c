"""Two transactions that change the same memberships. On SQLite one waits for the other anyway."""

from contextlib import asynccontextmanager
from functools import partial

import pytest
from anyio import create_task_group, fail_after
from sqlalchemy import text

from discussit.accounts.current_user import NotLoggedIn
from discussit.admin.memberships import MembershipView
from discussit.admin.users import UserView
from discussit.errors import FieldError
from discussit.groups.admission import NoSuchGroup, join_or_leave
from discussit.log.draft import MessageDraft
from discussit.models import Group, Membership, User

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
PAUSE = text("SELECT pg_sleep(0.01)")


@pytest.fixture
async def join_as_bob(world):
    bob = await world.current(world.bob)
    return lambda _: join_or_leave(world.database, bob, world.group.uuid, joins=True)


async def test_a_member_who_leaves_while_the_account_is_closed_leaves_once(world):
    await bob_leaves_once_beside(world, close_bob)


async def test_a_member_whom_two_administrators_remove_leaves_once(world):
    await bob_leaves_once_beside(world, remove_bob)


async def test_nobody_joins_with_an_account_that_is_being_closed(world, join_as_bob):
    await world.joined(world.alice)

    with pytest.raises(ExceptionGroup) as refused:
        async with while_it_waits(world, join_as_bob) as session:
            await (await session.get_one(User, world.bob.id)).close()

    assert refused.group_contains(NotLoggedIn)
    assert await counted(world) == ["alice"]


async def test_no_account_that_is_being_closed_is_made_a_member(world):
    add_bob = partial(add, await world.administrator(world.alice), user="bob")

    with pytest.raises(ExceptionGroup) as refused:
        async with while_it_waits(world, add_bob) as session:
            await (await session.get_one(User, world.bob.id)).close()

    assert refused.group_contains(FieldError, match="closed")
    assert await counted(world) == []


async def test_nobody_joins_a_group_that_is_being_deleted(world, join_as_bob):
    with pytest.raises(ExceptionGroup) as refused:
        async with while_it_waits(world, join_as_bob) as session:
            await session.delete(await session.get_one(Group, world.group.id))

    assert refused.group_contains(NoSuchGroup)


async def test_a_message_is_written_though_the_account_is_locked_to_be_closed(world):
    await world.joined(world.alice, world.bob)

    view, request = UserView(world.database), await world.administrator(world.alice)

    async with world.served() as served, view.editing(request, str(world.bob.id)) as (_, bob):
        served.writer.submit(MessageDraft(world.group.id, world.bob.id, content="hi"))
        if not world.database.settings.uses_sqlite:
            await served.writer.drained()
        await bob.close()

    assert await counted(world) == ["alice"]


@asynccontextmanager
async def while_it_waits(world, act):
    """A transaction that is committed when that of `act`, which begins after it, waits for it."""
    async with create_task_group() as tasks, world.database.transaction() as session:
        yield session
        await session.flush()
        tasks.start_soon(act, world)
        with fail_after(10):
            while not (world.database.settings.uses_sqlite or await session.scalar(WAITING)):
                await session.execute(PAUSE)


async def bob_leaves_once_beside(world, other):
    """While `other`, which ends the same membership, waits for him to leave."""
    await world.joined(world.alice, world.bob)

    async with while_it_waits(world, other) as session:
        group = await session.get_one(Group, world.group.id)
        await group.remove_user(await session.get_one(User, world.bob.id))

    assert [text.split()[1] for _, text in await world.log()] == ["Join", "Join", "Left"]
    assert await counted(world) == ["alice"]


async def close_bob(world):
    async with world.database.transaction() as session:
        await (await session.get_one(User, world.bob.id)).close()


async def add(request, world, **fields):
    await MembershipView(world.database).insert_model(request, {"group": "Gardening"} | fields)


async def remove_bob(world):
    request = await world.administrator(world.alice)
    async with world.database.transaction() as session:
        membership = await session.get(Membership, (world.group.id, world.bob.id))
        if membership is not None:
            await MembershipView(world.database).remove(session, request, [membership])


async def counted(world):
    """The members' names, which the group has counted rightly."""
    found = await world.members()
    assert (await world.read_group()).member_count == len(found)
    return found
