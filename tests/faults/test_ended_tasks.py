"""Bus, hub or writer end, which they never should: the process then ends, and nobody waits for it."""

import asyncio
from functools import partial

import pytest
from clients import CUT_OFF
from faulty_server import FATAL
from garden import Garden, Workers, on_each_worker, until

IN_TIME = 5  # seconds


@pytest.mark.parametrize("task", ["bus", "hub", "writer"])
async def test_a_process_whose_main_task_ends_says_why_and_exits_with_1(task, faulty):
    garden = faulty(f"end_{task}")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.says(FATAL, "fatal")

        assert (await alice.closed(), await bob.closed()) == (1012, 1012)
        assert await asyncio.to_thread(garden.server.wait, IN_TIME) == 1
        log = garden.server.log.read_text()
        assert f"{task.capitalize()}.run ended, and so does this process: RuntimeError" in log
        assert f"RuntimeError: {FATAL}" in log


async def test_posts_that_wait_for_the_writer_are_refused_when_the_hub_ends(faulty):
    garden = faulty("end_hub")
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said("before", "before")
        with garden.locked():
            await alice.says("being written", "id")
            posts = [asyncio.create_task(asyncio.to_thread(garden.bob.says, garden.group, "wait")) for _ in range(5)]
            await until(lambda: (garden.server.folder / "waiting").read_text() == "6")
            posts.append(asyncio.create_task(asyncio.to_thread(garden.bob.says, garden.group, FATAL)))

            async with asyncio.timeout(2):
                answers = await asyncio.gather(*posts)
        assert [answer.status_code for answer in answers] == [503] * 6
        assert await asyncio.to_thread(garden.server.wait, 2 * IN_TIME) == 1


async def test_a_process_that_ended_goes_on_where_it_was_when_it_is_started_again(faulty):
    garden = faulty("end_hub")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.has_said("before", "before")
        await alice.says(FATAL, "fatal")
        assert (await alice.closed(), await bob.closed()) == (1012, 1012)
        await asyncio.to_thread(garden.server.mend)

        await alice.returns()
        await bob.returns()

        await alice.acked("fatal")
        await garden.agrees(alice, bob)


async def test_a_process_whose_server_waits_for_a_request_without_end_exits_all_the_same(faulty):
    garden = faulty("end_hub", "hold_admission", "little_time")
    opening = asyncio.create_task(garden.bob.follows(garden.group).connect())
    await garden.held()
    await asyncio.to_thread(garden.alice.says, garden.group, FATAL)

    assert await asyncio.to_thread(garden.server.wait, IN_TIME) == 1
    assert "the server did not end within 1 s" in garden.server.log.read_text()
    with pytest.raises(CUT_OFF):
        await opening


async def test_a_worker_whose_main_task_ends_is_replaced_while_the_other_runs(start, redis):
    garden = Garden.on(start("end_hub", program=partial(Workers, BROADCAST_URL=redis.bus_url)))
    before = set(garden.server.workers)
    async with on_each_worker(garden) as followers:
        ended, other = followers[0], followers[-1]
        await ended.sends({"type": "text_message", "message": FATAL})
        assert await ended.closed() == 1012
        await other.has_said("still here", "here")
        await until(lambda: len(before & set(garden.server.workers)) == 1 and len(garden.server.workers) == 2)

        await ended.returns()
        await garden.agrees(ended, other)
    assert garden.server.stop() == 0


def test_workers_that_can_not_start_end_the_command_with_1(tmp_path):
    server = Workers(tmp_path, "fail_to_start", BROADCAST_URL="redis://127.0.0.1:1/0")

    with pytest.raises(AssertionError, match="a worker could not start; its log says why"):
        server.start()

    assert server.wait(IN_TIME) == 1
