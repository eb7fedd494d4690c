from sqlalchemy import select

from discussit.log.draft import EditDraft
from discussit.log.versions import earlier_texts, forget_earlier_texts
from discussit.models import Group
from discussit.models.entries import TEXTS, VERSIONS

SECRET = "the key is under the rosemary"


async def edited(world):
    """A message that bob has edited twice."""
    await world.joined(world.bob)
    await world.wrote(SECRET)
    async with world.served() as served:
        for rev, content in enumerate((f"**{SECRET}**", "Hello")):
            await served.writer.append(EditDraft(world.group.id, world.bob.id, target=2, rev=rev, content=content))


async def forgotten(world, seq, rev):
    world.listen()
    async with world.database.transaction() as session:
        await session.run_sync(forget_earlier_texts, world.group.id, seq, rev)


async def test_earlier_texts_come_newest_first_with_the_time_of_each(world):
    await edited(world)

    texts = await world.database.run_read(lambda session: earlier_texts(session, world.group.id, 2, 2, 10))

    assert [(each.rev, each.content) for each in texts] == [(1, f"**{SECRET}**"), (0, SECRET)]
    assert texts[0].since > texts[1].since


async def test_forgotten_texts_are_in_no_row_and_the_present_one_stays(world):
    await edited(world)

    await forgotten(world, 2, 2)

    def stored(session):
        return [str(row) for table in (TEXTS, VERSIONS) for row in session.execute(select(table))]

    rows = await world.database.run_read(stored)
    assert [row for row in rows if SECRET in row] == []
    assert await world.database.run_read(lambda session: earlier_texts(session, world.group.id, 2, 2, 10)) == []
    assert await world.log() == [(1, "bob Join the Gardening group"), (2, "Hello"), (3, ""), (4, "")]


async def test_other_processes_are_told_that_texts_changed_and_readers_stay(world):
    await edited(world)
    before = await world.database.run_read(lambda session: session.get_one(Group, world.group.id))

    await forgotten(world, 2, 2)

    (written,) = world.published
    assert written.revised_groups == {world.group.uuid: (before.revisions + 1, before.epoch)}
    assert (written.erases, written.entries) == (True, {})


async def test_of_a_message_that_was_never_edited_nothing_is_forgotten(world):
    await world.joined(world.bob)
    await world.wrote("Hello")

    await forgotten(world, 2, 0)

    assert [each.revised_groups for each in world.published] in ([], [{}])
    assert (await world.log())[1] == (2, "Hello")
