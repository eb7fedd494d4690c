"""Coming back with a cursor: exactly what was missed, or one `reset`."""

import asyncio
import re

import pytest


@pytest.fixture(scope="module")
def long_garden(new_garden):
    """A log of more than 1,300 entries. Whenever nobody follows it, there is no room with a tail of it."""
    garden = new_garden()
    asyncio.run(garden.fill(1300))
    return garden


@pytest.mark.parametrize("missed", [0, 1, 199, 200, 201, 400, 401, 999, 1000])
async def test_a_reader_who_missed_at_most_a_thousand_is_sent_exactly_these(missed, long_garden):
    last = len(long_garden.log())
    async with long_garden.bob.follows(long_garden.group, last - missed) as bob:
        await bob.has_said("back again", f"missed {missed}")

        await long_garden.agrees(bob)
        assert len(bob.entries) == missed + 1
        assert bob.reset is None


@pytest.mark.parametrize("missed", [200, 1000])
async def test_a_reader_who_missed_entries_of_the_tail_is_sent_the_same(missed, garden):
    async with garden.alice.follows(garden.group, 0) as alice:
        for number in range(1298):
            await alice.says("something", f"{number}")
        await alice.reaches(1300)
        async with garden.bob.follows(garden.group, 1300 - missed) as bob:
            await bob.has_said("back again", f"missed {missed}")

            await garden.agrees(alice, bob)
            assert len(bob.entries) == missed + 1


@pytest.mark.parametrize("missed", [1001, 1302, -1, -5000])
async def test_a_reader_who_missed_more_or_is_ahead_of_the_log_is_reset(missed, long_garden):
    last = len(long_garden.log())
    async with long_garden.bob.follows(long_garden.group, last - missed) as bob:
        await is_reset(bob, long_garden)


@pytest.mark.parametrize("since", ["-1", "seven", "", "1e3", "7.0", "٣", "%00", "9999999999999999999"])
async def test_a_reader_who_names_no_place_in_a_log_is_reset(since, long_garden):
    async with long_garden.bob.follows(long_garden.group, since) as bob:
        await is_reset(bob, long_garden)


async def is_reset(client, garden):
    """It is sent `reset` in place of what it missed, and follows from there on."""
    await client.until(lambda: client.reset is not None)
    assert client.reset == len(garden.log())
    client.since = client.reset
    await client.has_said("from here on", f"from {client.since} on")
    await garden.agrees(client)


async def test_a_message_between_the_page_and_its_socket_is_not_missed(garden):
    page = garden.bob.get(f"/groups/{garden.group}/").text
    last = int(re.findall(r'data-seq="(\d+)"', page)[-1])
    garden.alice.says(garden.group, "in between")

    async with garden.bob.follows(garden.group, last) as bob:
        await garden.agrees(bob)
        assert [entry.what for entry in bob.entries] == ["in between"]


async def test_a_message_between_the_handshake_and_the_first_frame_is_not_missed(faulty):
    garden = faulty("hold_pages")
    async with garden.bob.follows(garden.group, 0) as bob:
        await garden.held()
        garden.alice.says(garden.group, "in between")
        garden.go()

        await garden.agrees(bob)
        assert bob.entries[-1].what == "in between"


async def test_a_message_between_the_look_at_a_log_and_the_start_of_its_room_is_not_left_to_the_poll(faulty):
    garden = faulty("hold_looks")
    async with garden.bob.follows(garden.group, 2) as bob:
        await garden.held()
        garden.alice.says(garden.group, "in between")
        await garden.goes_on()

        await garden.agrees(bob)
