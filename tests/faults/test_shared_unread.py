"""Unread numbers of a person who is connected to two processes."""

import pytest
from clients import Marker, RemotePerson


@pytest.mark.parametrize("bus", ["redis", "postgres", None])
async def test_a_mark_at_one_process_is_noticed_at_the_other_with_a_bus_and_without(share, request, bus):
    garden = share(request.getfixturevalue(bus).bus_url if bus else "memory://")
    elsewhere = RemotePerson(garden.servers[1], "alice")
    elsewhere.log_in()
    garden.bob.says(garden.group, "hi")

    async with Marker(garden.alice, garden.group) as here, Marker(elsewhere, garden.group) as there:
        await here.until(lambda: here.unread == 1)
        await there.until(lambda: there.unread == 1)
        await here.marks(99)

        await here.until(lambda: here.unread == 0)
        await there.until(lambda: (there.read, there.unread) == (here.read, 0))
