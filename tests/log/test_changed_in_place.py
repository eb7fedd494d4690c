from sqlalchemy import text


async def test_a_text_that_was_changed_in_place_mentions_nobody_any_more(world):
    await world.joined(world.bob, world.alice)
    await world.wrote("*hi* @alice")
    await world.revised(3, "nobody is mentioned")
    async with world.database.transaction() as s:
        assert (await s.execute(text("select count(*) from mentions where place is not null"))).scalar() == 0
