"""What a page reads beside its rows, and what it reads at all."""

import re

import pytest
from sqlalchemy import Engine, event, insert, text

from discussit.log.around import MAX_CONVERSATION, conversation, read_around, read_around_each
from discussit.log.read import shown_after, shown_before
from discussit.models.base import now
from discussit.models.entries import ENTRIES, REACTIONS, TEXTS

CHANGES = 3_000  # enough that a database would rather read all rows of a few hundred than find these


@pytest.fixture
async def busy(world):
    """A group with two messages, then a run of reactions to the second, then a message."""
    await world.joined(world.bob)
    await world.wrote("a", "b")
    last = 3 + CHANGES
    entry = {"group_id": world.group.id, "user_id": world.bob.id, "timestamp": now(), "state": "live", "nth": 2}
    changes = [
        entry | {"seq": seq, "kind": "Reaction", "target": 3, "emoji": "👍", "reply_to": None}
        for seq in range(4, last + 1)
    ]
    message = {"seq": last + 1, "kind": "Message", "nth": 3, "target": None, "emoji": None, "reply_to": 2}
    reaction = {"group_id": world.group.id, "seq": 3, "emoji": "👍", "user_id": world.bob.id}
    async with world.database.transaction() as session:
        await session.execute(insert(ENTRIES), [*changes, entry | message])
        await session.execute(insert(TEXTS), {"group_id": world.group.id, "seq": last + 1, "content": "c"})
        await session.execute(insert(REACTIONS), reaction | {"first_seq": 4, "at_seq": last, "is_on": True})
        await session.execute(text("ANALYZE"))
    return world


READS = {
    "before": lambda session, group: shown_before(session, group, 5 + CHANGES, 50),
    "after": lambda session, group: shown_after(session, group, 0, 50),
}


@pytest.mark.parametrize("read", READS)
async def test_a_page_has_its_rows_however_many_changes_are_between_them(busy, read):
    rows = await busy.database.run_read(lambda session: READS[read](session, busy.readable))

    assert [row.content for row in rows if row.kind == "Message"] == ["a", "b", "c"]


@pytest.mark.parametrize("read", READS)
async def test_a_page_reads_the_entries_that_it_shows_and_no_others(busy, read):
    plans = await plans_of(busy, lambda session: READS[read](session, busy.readable))

    assert "texts" in plans
    assert not re.search("scan (on )?entries", plans.lower())


async def test_a_page_finds_reactions_and_replies_by_their_keys(busy):
    rows = await busy.database.run_read(lambda session: READS["before"](session, busy.readable))
    for around in (read_around, read_around_each):
        plans = await plans_of(busy, lambda session, read=around: read(session, busy.readable, busy.bob.id, rows))

        assert "ix_entries_reply_to" in plans


async def test_what_is_beside_the_rows_is_read_in_their_snapshot(busy):
    def read(session):
        rows = READS["before"](session, busy.readable)
        return read_around(session, busy.readable, busy.bob.id, rows)

    around = await busy.database.run_read(read)

    assert around.reactions == {3: (("👍", 1, True),)}
    assert around.replies == {2: 1}
    assert {seq: excerpt.text for seq, excerpt in around.excerpts.items()} == {2: "a"}


async def test_a_page_without_messages_asks_for_nothing_beside_them(world, queries):
    await world.joined(world.alice, world.bob)
    rows = await world.database.run_read(lambda session: shown_after(session, world.readable, 0, 50))

    queries.clear()
    await world.database.run_read(lambda session: read_around(session, world.readable, 1, rows))

    assert queries == []


@pytest.mark.parametrize(
    ("content", "excerpt"),
    [
        ("a\n\n\tb", "a b"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "…"),
        (" " * 500 + "long", "long"),
        ("> a **b** `*c*`\n- [d](https://example.com/d) :tada:\n- @bob", "a b *c* d 🎉 @bob"),
        ("🍅" * 90, "🍅" * 80 + "…"),
    ],
)
async def test_an_excerpt_is_one_short_line(world, content, excerpt):
    await world.wrote(content)
    rows = await world.database.run_read(lambda session: shown_after(session, world.readable, 0, 1))
    replies = [rows[0]._replace(seq=2, reply_to=1, reply_rev=0)]

    around = await world.database.run_read(lambda session: read_around(session, world.readable, 1, replies))

    assert around.excerpts[1].text == excerpt


@pytest.mark.parametrize("is_chain", [True, False])
async def test_of_a_very_long_conversation_only_so_many_messages_are_read(world, is_chain):
    entry = {"group_id": world.group.id, "user_id": world.bob.id, "timestamp": now(), "state": "live", "nth": 0}
    messages = [
        entry | {"seq": seq, "kind": "Message", "reply_to": seq - 1 if is_chain else 1}
        for seq in range(1, MAX_CONVERSATION + 500)
    ]
    async with world.database.transaction() as session:
        await session.execute(insert(ENTRIES), messages)

    found = await world.database.run_read(lambda session: conversation(session, world.readable, 1))

    assert (len(found), found[0]) == (MAX_CONVERSATION, 1)


async def plans_of(world, read):
    """How the database carries out the statements of `read`."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_more):
        if statement.startswith(("SELECT", "WITH")):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    await world.database.run_read(read)
    event.remove(Engine, "before_cursor_execute", note)
    return await world.database.run_read(lambda session: "\n".join(plan(session, *each) for each in statements))


def plan(session, statement, parameters):
    connection = session.connection()
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
