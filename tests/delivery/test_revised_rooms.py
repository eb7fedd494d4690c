"""Rooms that are told of revisions which their database does not (yet) show here, or does not any more."""

from anyio import fail_after, move_on_after
from followers import entered, following
from shared_memory import SharedMemory
from sqlalchemy import update
from test_rooms import Lagging

from discussit.errors import CloseCode
from discussit.log.draft import DeleteDraft, EditDraft
from discussit.log.read import entries_since
from discussit.models import Group


async def test_what_another_process_deleted_leaves_the_tail_when_this_one_deletes_something_else(world, unpolled):
    await world.joined(world.alice, world.bob)
    engine = Lagging()
    async with (
        world.served(engine) as served,
        world.served(SharedMemory(engine)),  # elsewhere
        following(served, world) as entries,
    ):
        await world.wrote("secret", "oops")
        assert [await anext(entries), await anext(entries)] == [(3, "secret"), (4, "oops")]
        engine.lags = True
        await world.deleted(3)  # there: the bus is late
        world.database.publish_to(served.hub.publish)
        await world.deleted(4)  # here

        async with following(served, world, cursor=2) as returned:
            with fail_after(10):
                assert await anext(returned) == (3, "")
        await returned.aclose()


async def test_a_room_whose_database_has_lost_a_revision_that_it_was_told_of_restarts(world, unpolled):
    """A failover after the commit, before the bus brought it."""
    await world.joined(world.alice, world.bob)
    engine = Lagging()
    async with world.served(engine) as served, following(served, world) as entries:
        await world.wrote("before")
        await anext(entries)
        engine.lags = True
        await world.deleted(3)
        async with world.database.transaction() as session:
            await session.execute(update(Group).values(revisions=0))
        await world.lost_last_entry()
        world.listen()
        await world.wrote("elsewhere")
        served.hub.rooms.look_at(world.group.uuid)

        with move_on_after(5) as scope:
            assert [entry async for entry in entries] == []
        assert not scope.cancelled_caught, "it reads the database for ever"
        assert entered(served)[0].ended == CloseCode.RESTART


async def test_a_message_that_is_edited_and_deleted_in_one_batch_is_in_the_tail_as_in_the_database(world):
    await world.joined(world.alice, world.bob)
    async with world.served() as served, following(served, world) as entries:
        await world.wrote("Tomatoes?")
        await anext(entries)

        start = world.group.id, world.bob.id
        served.writer.submit(EditDraft(*start, target=3, rev=0, content="Beans?"))
        served.writer.submit(DeleteDraft(*start, target=3))
        await served.writer.drained()

        (room,), group = served.hub.rooms, world.group
        log = await world.database.run_read(lambda session: [*entries_since(session, group.id, group.uuid, 2, 10)])
        assert [entry.text for entry in room._tail] == [entry.text for entry in log]
    await entries.aclose()
