import asyncio

import pytest

from discussit.errors import ErrorCode, Refused
from discussit.log import marks
from discussit.log.marks import Marks, ReadMark, UnreadMark
from discussit.log.unread import Numbers


@pytest.fixture
async def marking(world):
    """alice and bob are members, and bob has written three messages: entries 3, 4 and 5."""
    await world.joined(world.alice, world.bob)
    await world.wrote("one", "two", "three")
    waiting = Marks(world.database)
    task = asyncio.create_task(waiting.run())
    yield Marking(world, waiting)
    task.cancel()


class Marking:
    def __init__(self, world, waiting):
        self.waiting, self.member = waiting, (world.group.id, world.alice.id)

    async def reads(self, *mark):
        return await self.waiting.commit(ReadMark(*self.member, *mark))

    async def unreads(self, seq):
        return await self.waiting.commit(UnreadMark(*self.member, seq))


async def test_a_mark_is_answered_with_what_is_unread_after_it(marking):
    assert await marking.reads(4) == Numbers(unread=1, mentions=0, read=4, read_rev=0, at=5)


async def test_a_mark_never_goes_back(marking):
    await marking.reads(4)

    assert (await marking.reads(3)).read == 4


async def test_a_mark_beyond_the_log_means_its_end(marking):
    assert (await marking.reads(99)).read == 5


async def test_a_mark_from_before_something_was_unread_again_changes_nothing(marking):
    await marking.reads(5)
    await marking.unreads(4)

    late, new = await marking.reads(5, 0), await marking.reads(4, 1)

    assert (late.read, late.read_rev) == (3, 1)
    assert (new.read, new.read_rev) == (4, 1)


async def test_what_was_not_read_cannot_be_marked_as_unread(marking):
    await marking.reads(3)

    assert await marking.unreads(4) == Numbers(unread=2, mentions=0, read=3, read_rev=0, at=5)


async def test_waiting_marks_take_effect_in_the_order_in_which_they_came(marking):
    outcomes = await asyncio.gather(marking.reads(5), marking.unreads(4), marking.reads(5, 0))

    assert outcomes == [Numbers(unread=2, mentions=0, read=3, read_rev=1, at=5)] * 3


async def test_waiting_marks_of_many_members_are_one_transaction(marking, world):
    bob = ReadMark(world.group.id, world.bob.id, 5)
    world.listen()

    await asyncio.gather(marking.reads(5), marking.waiting.commit(bob))

    (transaction,) = world.published
    assert {count.user_id for count in transaction.marks} == {world.alice.id, world.bob.id}


async def test_a_mark_of_somebody_who_left_meanwhile_is_refused(marking, world):
    await world.left(world.alice)

    with pytest.raises(Refused) as refused:
        await marking.reads(4)

    assert refused.value.code == ErrorCode.NOT_MEMBER


async def test_what_is_read_is_forgotten_with_the_membership(marking, world):
    await marking.reads(5)
    await marking.unreads(3)
    await world.left(world.alice)
    await world.joined(world.alice)

    assert await marking.reads(1) == Numbers(unread=0, mentions=0, read=7, read_rev=0, at=7)


async def test_more_marks_than_may_wait_are_refused(marking, monkeypatch):
    monkeypatch.setattr(marks, "MAX_MARKS", 1)

    first, second = await asyncio.gather(marking.reads(4), marking.reads(5), return_exceptions=True)

    assert (first.read, second.code) == (4, ErrorCode.RATE_LIMITED)


async def test_marks_are_refused_when_nobody_commits_them_any_more(marking):
    marking.waiting.end()

    with pytest.raises(Refused):
        await marking.reads(4)
