"""The database refuses writes: senders are answered with an error, and nothing is stored halfway."""

import resource


async def test_a_database_that_another_process_locks_refuses_messages_until_it_is_free_again(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        with garden.locked():
            await alice.says("too early", "early")
            assert await alice.refused("early") == "busy"
            assert garden.bob.get(f"/groups/{garden.group}/").status_code == 200

        await bob.has_said("meanwhile", "other")
        await alice.has_said("too early", "early")

        await garden.agrees(alice, bob)


async def test_messages_that_wait_for_a_short_lock_are_written_when_it_ends(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        with garden.locked():
            for number in range(20):
                await alice.says("patience", f"{number}")
            await alice.has_been_read()

        await alice.until(lambda: len(alice.acks) == 20)
        await garden.agrees(alice, bob)


def fill_disk(garden):
    """For the server: its files may not grow any more than this."""
    largest = max(file.stat().st_size for file in garden.server.folder.iterdir())
    limit_files(garden, largest + 30_000)


def clear_disk(garden):
    limit_files(garden, resource.RLIM_INFINITY)


def limit_files(garden, size):
    resource.prlimit(garden.server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def test_a_full_disk_refuses_messages_until_there_is_room_again(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        fill_disk(garden)
        for number in range(30):
            await alice.says("x" * 10_000, f"{number}")
        await alice.until(lambda: len(alice.acks) + len(alice.refusals) == 30)
        assert set(alice.refusals.values()) == {"busy"}
        await garden.agrees(alice, bob)

        clear_disk(garden)
        await alice.returns()

        await alice.until(lambda: len(alice.acks) == 30)
        await garden.agrees(alice, bob)


async def test_a_restart_after_a_full_disk_finds_everything_that_was_acknowledged(faulty):
    garden = faulty()
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        fill_disk(garden)
        for number in range(30):
            await alice.says("x" * 10_000, f"{number}")
        await alice.until(lambda: len(alice.acks) + len(alice.refusals) == 30)
        garden.server.kill()
        garden.server.start()

        await alice.returns()
        await bob.returns()

        await alice.until(lambda: len(alice.acks) == 30)
        await garden.agrees(alice, bob)
