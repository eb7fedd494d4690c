from asyncio import Queue

import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint
from sqlalchemy import text

from discussit.database import Database
from discussit.errors import Refused
from discussit.log import batch_writer
from discussit.log.batch_writer import MAX_BATCH
from discussit.log.draft import MessageDraft
from discussit.models import Group, Membership, User


@pytest.fixture
def commits(monkeypatch):
    """What each transaction committed."""
    seen, published = [], Database._published

    def see(database, changes):
        seen.append(changes)
        published(database, changes)

    monkeypatch.setattr(Database, "_published", see)
    return seen


# Appending


async def test_a_message_that_is_appended_is_committed(world):
    await world.joined(world.bob)

    async with world.served() as served:
        seq = await served.writer.append(draft(world, "hi"))

    assert (seq, "hi") in await world.log()


async def test_all_that_waits_shares_one_transaction(world, commits):
    await world.joined(world.bob)
    commits.clear()

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, str(number))) for number in range(MAX_BATCH)]
        await served.writer.drained()

    assert [each.answered for each in drafts] == list(range(2, MAX_BATCH + 2))
    assert len(commits) == 1


async def test_a_held_message_that_is_being_written_at_the_end_gets_its_seq(world, monkeypatch):
    await world.joined(world.bob)
    answers = Queue()
    run_batch = world.database.run_batch

    async def run_batch_and_end(*work):
        served.writer.end()
        return await run_batch(*work)

    async with world.served() as served:
        monkeypatch.setattr(world.database, "run_batch", run_batch_and_end)
        served.writer._held.add(
            MessageDraft(world.group.id, world.bob.id, content="written", on_answer=answers.put_nowait)
        )

        assert await answers.get() == 2


async def test_a_batch_too_large_for_one_transaction_continues_in_the_next(world, commits):
    await world.joined(world.bob)
    commits.clear()

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, str(number))) for number in range(MAX_BATCH + 1)]
        await served.writer.drained()

    assert [each.answered for each in drafts] == list(range(2, MAX_BATCH + 3))
    assert len(commits) == 2


async def test_a_message_does_not_wait_for_a_batch_to_fill(world):
    await world.joined(world.bob)

    async with world.served() as served:
        seqs = [await served.writer.append(draft(world, "hi")) for _ in range(3)]

    assert seqs == [2, 3, 4]


async def test_one_batch_serves_several_groups_and_people(world):
    await world.joined(world.alice, world.bob)

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, "hi", author)) for author in (world.alice, world.bob) * 2]
        await served.writer.drained()

    assert [each.answered for each in drafts] == [3, 4, 5, 6]


async def test_a_batch_takes_as_many_statements_for_many_groups_as_for_one(world, queries):
    groups = [Group(name=f"Group {number}") for number in range(5)]
    async with world.database.transaction() as session:
        session.add_all([*groups, *(Membership(group=group, user=world.bob) for group in groups)])
    taken = []

    async with world.served() as served:
        for some in (groups[:1], groups):
            queries.clear()
            drafts = [served.writer.submit(MessageDraft(group.id, world.bob.id, content="hi")) for group in some * 3]
            await served.writer.drained()
            taken.append(len([each for each in queries if "entries" in each or "VALUES" in each]))

    assert [each.answered for each in drafts] == [5] + [2] * 4 + [6] + [3] * 4 + [7] + [4] * 4
    assert taken[0] == taken[1]


async def test_a_sender_who_cannot_be_answered_costs_nobody_else_their_answer(world, caplog):
    await world.joined(world.bob)

    def fail(_answer):
        raise ZeroDivisionError

    async with world.served() as served:
        served.writer.submit(MessageDraft(world.group.id, world.bob.id, content="a", on_answer=fail))
        other = served.writer.submit(draft(world, "b"))
        await served.writer.drained()

    assert other.answered == 3
    assert "could not answer the sender" in caplog.text


@pytest.mark.parametrize("content", ["\"quoted\" \\ '?' :name", "\u2028 \x01 \U0001f469", "x" * 10_000])
async def test_a_full_batch_of_any_text_is_stored_as_it_is(world, content):
    await world.joined(world.bob)

    async with world.served() as served:
        for _ in range(MAX_BATCH):
            served.writer.submit(draft(world, content))
        await served.writer.drained()

    assert await world.log() == [(1, "bob Join the Gardening group"), *((n, content) for n in range(2, MAX_BATCH + 2))]


async def test_a_refused_message_fails_alone(world):
    await world.joined(world.bob)

    async with world.served() as served:
        first, refused, last = (
            served.writer.submit(draft(world, text, author))
            for text, author in (("a", world.bob), ("b", world.alice), ("c", world.bob))
        )
        await served.writer.drained()

    assert (first.answered, code(refused), last.answered) == (2, "not_member", 3)
    assert [content for _, content in await world.log()][1:] == ["a", "c"]


async def test_a_message_that_no_database_takes_fails_alone(world):
    await world.joined(world.bob)

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, content)) for content in ("a", "\ud800", "c")]
        await served.writer.drained()

    assert [drafts[0].answered, code(drafts[1]), drafts[2].answered] == [2, "busy", 3]
    assert [content for _, content in await world.log()][1:] == ["a", "c"]


async def test_a_group_that_is_gone_takes_no_message(world):
    async with world.served() as served:
        with pytest.raises(Refused) as refused:
            await served.writer.append(MessageDraft(99, world.bob.id, content="hi"))

    assert refused.value.code == "no_such_group"


async def test_a_closed_account_writes_no_message(world):
    await world.joined(world.bob)
    async with world.database.transaction() as session:
        (await session.get_one(User, world.bob.id)).is_active = False

    async with world.served() as served:
        with pytest.raises(Refused) as refused:
            await served.writer.append(draft(world, "hi"))

    assert refused.value.code == "not_member"


@pytest.mark.parametrize("times", [2, 6])
async def test_the_same_client_id_in_one_batch_gives_one_entry(world, times):
    await world.joined(world.bob)

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, "hi", client_id="a")) for _ in range(times)]
        await served.writer.drained()

    assert {each.answered for each in drafts} == {2}
    assert len(await world.log()) == 2


async def test_the_same_client_id_later_gives_the_same_place_and_keeps_the_first_text(world):
    await world.joined(world.bob)

    async with world.served() as served:
        seqs = [await served.writer.append(draft(world, text, client_id="a")) for text in ("first", "second")]

    assert seqs == [2, 2]
    assert (await world.log())[-1] == (2, "first")


async def test_a_repeated_message_is_published_once(world):
    await world.joined(world.bob)

    async with world.served() as served:
        world.listen()
        for _ in range(2):
            await served.writer.append(draft(world, "hi", client_id="a"))

    assert [len(frames) for written in world.published for frames in written.entries.values()] == [1]


async def test_a_queue_that_is_full_answers_busy(world, monkeypatch):
    monkeypatch.setattr(batch_writer, "MAX_QUEUED", 2)
    await world.joined(world.bob)

    async with world.served() as served:
        drafts = [served.writer.submit(draft(world, "hi")) for _ in range(3)]
        await served.writer.drained()

        assert [drafts[0].answered, drafts[1].answered, code(drafts[2])] == [2, 3, "busy"]
        assert await served.writer.append(draft(world, "again")) == 4


async def test_a_failed_commit_is_reported_to_each_sender_and_the_next_succeeds(world):
    await world.joined(world.bob)

    async with world.served() as served:
        await execute(world, "ALTER TABLE entries RENAME TO elsewhere")
        drafts = [served.writer.submit(draft(world, "hi", client_id=str(number))) for number in range(3)]
        await served.writer.drained()
        await execute(world, "ALTER TABLE elsewhere RENAME TO entries")

        assert [code(each) for each in drafts] == ["busy"] * 3
        assert await served.writer.append(draft(world, "hi", client_id="0")) == 2


async def test_a_sender_that_goes_away_does_not_take_its_message_back(world):
    await world.joined(world.bob)

    async with world.served() as served:
        async with create_task_group() as tasks:
            tasks.start_soon(served.writer.append, draft(world, "hi"))
            await checkpoint()
            tasks.cancel_scope.cancel()
        await served.writer.drained()

    assert (await world.log())[-1] == (2, "hi")


async def test_a_writer_with_nothing_to_do_is_drained(world):
    async with world.served() as served:
        with fail_after(10):
            await served.writer.drained()


async def test_a_membership_that_ended_takes_no_message_any_more(world):
    await world.joined(world.bob)

    async with world.served() as served:
        sent = served.writer.submit(draft(world, "before"))
        await served.writer.drained()
        await world.left(world.bob)
        late = served.writer.submit(draft(world, "after"))
        await served.writer.drained()

    assert (sent.answered, code(late)) == (2, "not_member")


def draft(world, content, author=None, client_id=None):
    return MessageDraft(world.group.id, (author or world.bob).id, client_id, content=content)


def code(draft):
    return draft.answered.code


async def execute(world, statement):
    async with world.database.transaction() as session:
        await session.execute(text(statement))
