from sqlalchemy import select

from discussit.log.read import entries_since
from discussit.log.write import NewEntry, write_entries
from discussit.models import Group, Membership


async def test_written_messages_become_what_added_ones_do(world):
    world.listen()

    await world.wrote("hi")
    await write(world, [new_message(world.group, world.bob, "hi")])

    added, written = await world.rows()
    assert added | {"seq": 2, "nth": 2, "timestamp": written["timestamp"]} == written
    assert world.published_entries() == await sent(world)


async def test_written_messages_continue_the_log_of_each_group(world):
    other = Group(name="Cooking")
    async with world.database.transaction() as session:
        session.add_all([world.message("a"), other])
    new = [
        new_message(world.group, world.bob, "b"),
        new_message(other, world.bob, "b", "id"),
        new_message(world.group, world.bob, "c", "id"),
    ]

    seqs = await write(world, new)

    assert seqs == [2, 1, 3]
    assert await world.log() == [(1, "a"), (2, "b"), (3, "c")]


async def test_nothing_is_written_where_there_is_nothing_to_write(world):
    assert await write(world, []) == []
    assert await world.log() == []


# What a group counts


async def test_a_group_counts_its_messages_and_members(world):
    await world.joined(world.alice, world.bob)
    await world.wrote("a", "b")
    await world.left(world.alice)

    group = await world.read_group()
    assert (group.last_seq, group.messages, group.member_count) == (5, 2, 1)


async def test_each_entry_knows_how_many_messages_there_are_up_to_it(world):
    await world.joined(world.alice)
    await world.wrote("a")
    await world.joined(world.bob)
    await world.wrote("b", "c")

    assert [row["nth"] for row in await world.rows()] == [0, 1, 1, 2, 3]


async def test_a_group_knows_when_its_last_message_was_written_and_not_when_someone_came(world):
    await world.joined(world.alice)
    before = (await world.read_group()).last_message_at
    await world.wrote("a")
    written = (await world.rows())[-1]["timestamp"]
    await world.joined(world.bob)

    assert (before, (await world.read_group()).last_message_at) == (None, written)


async def test_a_new_member_has_read_everything_up_to_their_join(world):
    await world.joined(world.alice)
    await world.wrote("a")
    await world.joined(world.bob)

    read = select(Membership.read_seq).order_by(Membership.user_id)
    assert await world.database.run_read(lambda session: session.scalars(read).all()) == [1, 3]


async def write(world, new):
    return await world.database.run_batch(
        lambda connection, changes: write_entries(connection, changes, new), lambda _seqs: None
    )


async def sent(world):
    return await world.database.run_read(
        lambda session: list(entries_since(session, world.group.id, world.group.uuid, 0, 100))
    )


def new_message(group, author, content, client_id=None):
    return NewEntry(group.id, group.uuid, "Message", author.id, author.username, content, client_id)
