from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from discussit.models import Entry, Event, Message

MOMENT = datetime(2026, 11, 22, 7, 5, 9, 120, UTC)


def test_a_message_is_called_as_the_tutorial_does_with_two_digits_for_the_hour(world):
    message = Message(author=world.alice, content="hi", timestamp=MOMENT, group=world.group)

    assert str(message) == "alice:- hi @2026-11-22 07:05"


async def test_events_are_called_by_their_descriptions(world):
    await world.joined(world.bob)
    await world.left(world.bob)

    events = await world.database.run_read(lambda session: session.scalars(select(Event).order_by(Event.seq)).all())
    assert [str(event) for event in events] == ["bob Join the Gardening group", "bob Left the Gardening group"]
    assert [event.description for event in events] == [str(event) for event in events]


async def test_the_database_itself_guards_the_order(world):
    await world.wrote("hi")

    with pytest.raises(IntegrityError):
        async with world.database.transaction() as session:
            await session.execute(
                Entry.__table__.insert().values(
                    group_id=world.group.id, seq=1, kind="Message", user_id=1, timestamp=MOMENT, state="live", nth=1
                )
            )


async def test_a_moment_comes_back_in_utc_with_its_microseconds(world):
    async with world.database.transaction() as session:
        session.add(Message(group_id=world.group.id, author_id=world.bob.id, content="hi", timestamp=MOMENT))

    assert await world.database.run_read(lambda session: session.scalar(select(Entry.timestamp))) == MOMENT
