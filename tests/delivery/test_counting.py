"""Who is counted when something happens, and what is sent to whom."""

from contextlib import asynccontextmanager

import pytest
from anyio import fail_after
from followers import Numbers, at_home, connected, counted, two_served

from discussit.delivery import counting
from discussit.delivery.connections import Follower
from discussit.delivery.protocols import V1
from discussit.models.entries import EVERYONE


@pytest.fixture
def unhurried(monkeypatch):
    """What was missed is not looked for."""
    monkeypatch.setattr(counting, "CHECK", 3600)


@asynccontextmanager
async def in_group(served, world, user):
    """The unread numbers that a group page of this user's is sent."""
    page = connected(Follower(f"session of {user.username}", user.id, V1, world.group.uuid))
    unread = served.hub.unread
    with served.hub.people.connected(page), unread.connecting(page):
        unread.greeted(page, await counted(world, user))
        yield Numbers(page)


async def test_a_message_is_counted_in_both_of_two_processes(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with (
        two_served(world) as (one, other),
        at_home(one, world) as here,
        at_home(other, world) as there,
    ):
        await world.wrote("hi")

        assert await here.next() == await there.next()


async def test_a_mark_is_noticed_in_both_of_two_processes(world, unhurried):
    await world.joined(world.alice, world.bob)
    await world.wrote("hi")
    async with (
        two_served(world) as (one, other),
        at_home(one, world) as here,
        in_group(one, world, world.alice) as also_here,
        in_group(other, world, world.alice) as there,
    ):
        await world.marked(world.alice, 3)

        answers = [await each.next() for each in (here, also_here, there)]
        assert answers == [{"unread": 0, "mentions": 0, "read": 3, "read_rev": 0, "at": 3}] * 3


async def test_a_follower_is_sent_numbers_when_it_is_mentioned_and_not_before(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with two_served(world) as (_, other), in_group(other, world, world.alice) as page:
        await world.wrote("one", "two")
        await world.mentioned((world.alice.id, "alice"))

        assert await page.next() == {"unread": 3, "mentions": 1, "read": 1, "read_rev": 0, "at": 5}


async def test_everyone_who_is_mentioned_is_counted(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with two_served(world) as (one, _), in_group(one, world, world.alice) as page:
        await world.mentioned((EVERYONE, "everyone"))

        assert (await page.next())["mentions"] == 1


async def test_a_deletion_takes_its_mentions_away(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with two_served(world) as (one, _), in_group(one, world, world.alice) as page:
        await world.mentioned((world.alice.id, "alice"))
        assert (await page.next())["mentions"] == 1

        await world.deleted(3)
        assert await page.next() == {"unread": 1, "mentions": 0, "read": 1, "read_rev": 0, "at": 4}


async def test_messages_that_come_together_are_counted_together(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with world.served() as served, at_home(served, world) as page:
        await world.wrote("one")
        assert (await page.next())["unread"] == 1

        for text in ("two", "three", "four"):
            await world.wrote(text)
        assert (await page.next())["unread"] == 4


async def test_a_message_while_a_page_connects_is_not_missed(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        before = await counted(world, world.alice)
        page = connected(Follower("session of alice", world.alice.id, V1, None))
        with served.hub.people.connected(page), served.hub.unread.connecting(page):
            await world.wrote("hi")
            served.hub.unread.greeted(page, before)

            assert (await Numbers(page).next())["unread"] == 1


async def test_nobody_is_counted_where_all_follow_the_group(world, unhurried, queries):
    await world.joined(world.alice, world.bob)
    async with world.served() as served, in_group(served, world, world.alice) as page:
        queries.clear()
        await world.wrote("one", "two")
        await world.mentioned((world.alice.id, "alice"))

        assert (await page.next())["mentions"] == 1
        assert len([each for each in queries if "mentioning" in each]) == 1


async def test_numbers_of_a_log_that_has_lost_entries_are_sent_as_well(world, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    await world.joined(world.alice, world.bob)
    await world.wrote("one", "two")
    async with world.served() as served, at_home(served, world) as page:
        await world.lost_last_message()

        with fail_after(10):
            assert await page.next() == {"unread": 1, "mentions": 0, "read": 1, "read_rev": 0, "at": 3}


async def test_nothing_is_kept_of_those_who_have_gone(world):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        async with at_home(served, world), in_group(served, world, world.alice):
            assert (len(served.hub.unread.people), len(served.hub.unread.groups)) == (1, 1)

        assert (served.hub.unread.people, served.hub.unread.groups) == ({}, {})
