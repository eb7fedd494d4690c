"""Who is counted when something happens, and what is sent to whom."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from anyio import fail_after
from followers import Numbers, at_home, connected, counted, two_served
from sqlalchemy import update

from discussit.bus.messages import MembershipChange
from discussit.delivery import counting
from discussit.delivery.connections import Follower, HomeConnection
from discussit.delivery.protocols import V1
from discussit.log.committed import CommittedChanges
from discussit.log.kinds import Effect
from discussit.models import Membership
from discussit.models.base import now
from discussit.models.entries import EVERYONE
from discussit.wire import objects


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


@asynccontextmanager
async def connecting(served, user, counts):
    """The unread numbers that a home page is sent whose `ready` had these."""
    page = connected(HomeConnection(f"session of {user.username}", user.id, V1))
    with served.hub.people.connected(page), served.hub.unread.connecting(page):
        served.hub.unread.greeted(page, counts)
        yield Numbers(page)


async def compared(served, world):
    """The process has made its first comparison with the database."""
    async with at_home(served, world) as page:
        await world.wrote("so far")
        await page.until(unread=1)


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

        assert await page.next() == {"unread": 3, "mentions": 1, "read": 1, "read_rev": 0, "at": 5, "alerts": 1}


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


async def test_messages_that_come_together_are_counted_together(world, unhurried, monkeypatch):
    monkeypatch.setattr(counting, "PAUSE", 3600)
    await world.joined(world.alice, world.bob)
    async with world.served() as served, at_home(served, world) as page:
        await world.wrote("one")
        assert (await page.next())["unread"] == 1

        for text in ("two", "three", "four"):
            await world.wrote(text)
        served.hub.unread.groups[world.group.uuid].due = 0
        served.hub.unread.look.set()
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


@pytest.mark.usefixtures("unhurried")
async def test_a_page_that_connects_with_older_numbers_than_another_is_sent_the_newer_ones(world):
    await world.joined(world.alice, world.bob)
    async with world.served() as served, at_home(served, world) as first:
        before = await counted(world, world.alice)
        await world.wrote("hi")
        await first.until(unread=1)

        async with connecting(served, world.alice, before) as second:
            assert (await second.next())["unread"] == 1


@pytest.mark.usefixtures("unhurried")
async def test_a_group_of_which_only_a_later_page_knows_is_counted_for_the_earlier_one(world):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        await compared(served, world)
        # Before a Join of which this process was not told.
        async with connecting(served, world.alice, []) as first, at_home(served, world):
            assert (await first.next())["unread"] == 1


@pytest.mark.usefixtures("unhurried")
async def test_a_message_that_comes_while_the_groups_of_a_page_are_read_is_counted(world):
    await world.joined(world.alice, world.bob)
    async with (
        world.served() as served,
        in_group(served, world, world.bob),
        connecting(served, world.alice, []) as page,
    ):
        before = await counted(world, world.alice)
        await world.wrote("hi")

        served.hub.unread.read_again(served.hub.unread.people[world.alice.id], before, {})

        assert (await page.next())["unread"] == 1


@pytest.mark.usefixtures("unhurried")
async def test_what_was_counted_before_a_leave_is_not_sent_after_it(world):
    await world.joined(world.alice, world.bob)
    await world.wrote("hi")
    async with world.served() as served:
        page = connected(HomeConnection("session of alice", world.alice.id, V1))
        with served.hub.people.connected(page), served.hub.unread.connecting(page):
            counts = await counted(world, world.alice)
            served.hub.unread.greeted(page, [counts[0]._replace(numbers=counts[0].numbers._replace(unread=0, at=2))])
            left = MembershipChange(world.group.uuid, 4, world.alice.id, Effect.LEFT)

            served.hub.unread.memberships_changed([left])
            served.hub.unread.counted(counts, {})

            assert list(page.take_replies()) == [objects.encode(objects.GroupGone(world.group.uuid))]


@pytest.mark.usefixtures("unhurried")
async def test_a_mention_between_two_messages_of_another_process_is_counted(world):
    await world.joined(world.alice, world.bob)
    async with two_served(world) as (one, other), in_group(other, world, world.alice) as page:
        await compared(other, world)
        world.listen()
        await world.wrote("one")
        await world.mentioned((world.alice.id, "alice"))
        await world.wrote("two")

        first, _of_another_process, last = world.published
        for changes in (first, last):
            one.hub.publish(CommittedChanges(unread=changes.unread))

        assert (await page.next())["mentions"] == 1


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


async def test_numbers_after_marks_were_lost_are_sent_as_well(world, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    await world.joined(world.alice, world.bob)
    await world.wrote("hi")
    async with world.served() as served, at_home(served, world) as page:
        await world.marked(world.alice, 3)
        await page.until(unread=0)
        async with world.database.transaction() as session:
            await session.execute(update(Membership).values(read_seq=2))

        with fail_after(10):
            assert await page.next() == {"unread": 1, "mentions": 0, "read": 2, "read_rev": 0, "at": 3}


@pytest.mark.usefixtures("unhurried")
async def test_a_bus_that_stays_down_has_everything_compared_only_now_and_then(world, queries, monkeypatch):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        await compared(served, world)
        monkeypatch.setattr(counting, "PAUSE", 3600)
        async with at_home(served, world) as page:
            queries.clear()
            served.hub.unread.check_soon()
            await world.wrote("hi")
            await page.until(unread=2)

        assert not [each for each in queries if "sum(memberships.read_seq)" in each]


async def test_nothing_is_kept_of_those_who_have_gone(world):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        async with at_home(served, world), in_group(served, world, world.alice):
            assert (len(served.hub.unread.people), len(served.hub.unread.groups)) == (1, 1)

        assert (served.hub.unread.people, served.hub.unread.groups) == ({}, {})


async def prefers(world, **preferences):
    """Alice sets these, as a server does of which this one is not told."""
    async with world.database.transaction() as session:
        values = {"preferences_rev": Membership.preferences_rev + 1} | preferences
        await session.execute(update(Membership).where(Membership.user_id == world.alice.id).values(values))


async def test_preferences_of_which_nobody_was_told_are_noticed(world, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    await world.joined(world.alice, world.bob)
    await world.wrote("hi")
    async with world.served() as served, at_home(served, world) as page:
        await prefers(world, level="all")

        assert (await page.until(alerts=1))["unread"] == 1


async def test_a_group_is_counted_again_when_it_is_not_muted_any_more(world, monkeypatch):
    monkeypatch.setattr(counting, "CHECK", 0.1)
    await world.joined(world.alice, world.bob)
    await world.mentioned((world.alice.id, "alice"))
    await prefers(world, muted_until=now() + timedelta(seconds=2))
    async with world.served() as served, at_home(served, world) as page:
        assert not (await counted(world, world.alice))[0].numbers.alerts

        with fail_after(10):
            assert await page.until(alerts=1)
        assert served.hub.unread.people[world.alice.id].muted == {}


async def test_the_last_message_is_read_once_for_all_who_are_sent_it(world, unhurried, queries):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        await compared(served, world)
        async with at_home(served, world) as page, at_home(served, world) as tab:
            queries.clear()
            await world.wrote("hi")

            for each in (page, tab):
                await each.next()
                assert each.lasts[0]["text"] == "hi"
            assert len([each for each in queries if "last_text" in each]) == 1


async def test_a_text_that_was_sent_as_the_last_message_is_not_kept(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with world.served() as served, at_home(served, world) as page:
        await world.wrote("a word that is nowhere else")
        await page.next()

        unread = served.hub.unread
        assert "nowhere else" not in repr([vars(group) for group in unread.groups.values()])


async def test_a_last_message_that_was_sent_is_not_sent_again(world, unhurried):
    await world.joined(world.alice, world.bob)
    async with world.served() as served:
        await compared(served, world)
        async with at_home(served, world) as page:
            await world.wrote("one")
            await page.next()
            served.hub.unread.groups[world.group.uuid].show_last()
            await world.marked(world.alice, 2)
            await world.wrote("two")

            await page.until(unread=3)
            assert [last["text"] for last in page.lasts] == ["one", "two"]
