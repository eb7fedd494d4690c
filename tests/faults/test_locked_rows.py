"""Rows that another program has locked: whoever needs them waits, and nobody else."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from holder import Holder

from discussit.database import CONNECTIONS

GARDENING, COOKING = 1, 2  # the groups' ids
SOON = 5.0  # seconds, in which none of the limits of ten seconds is reached


@pytest.fixture
def cooking(shared):
    """Another group, in which both are as well."""
    cooking = shared.alice.creates("Cooking")
    shared.alice.joins(cooking)
    shared.bob.joins(cooking)
    return cooking


@pytest.fixture
def holder(shared, postgres):
    with Holder(postgres, shared.database) as holder:
        yield holder


# Messages


async def test_a_locked_group_holds_up_no_other(shared, cooking, holder):
    async with shared.alice.follows(shared.group, 0) as here, shared.alice.follows(cooking, 0) as there:
        holder.locks("groups", GARDENING)
        await here.says("waits", "a")
        async with asyncio.timeout(SOON):
            for number in range(5):
                await there.has_said(f"number {number}", f"{number}")

        holder.executes("ROLLBACK")
        assert await here.acked("a") == 3


async def test_messages_to_a_locked_group_keep_their_order(shared, cooking, holder):
    async with shared.alice.follows(shared.group, 0) as alice, shared.alice.follows(cooking, 0) as there:
        holder.locks("groups", GARDENING)
        for number in range(9):
            await alice.says(f"number {number}", f"{number}")
            await there.has_said("meanwhile", f"{number}")
        holder.executes("ROLLBACK")
        for number in range(9, 20):
            await alice.says(f"number {number}", f"{number}")
        await alice.reaches(22)

        assert [entry.what for entry in alice.entries[2:]] == [f"number {number}" for number in range(20)]


async def test_a_group_that_stays_locked_answers_busy_and_stores_a_message_once(share, redis, postgres):
    garden = share(redis.bus_url, "short_hold")
    async with garden.alice.follows(garden.group, 0) as alice:
        with Holder(postgres, garden.database) as holder:
            holder.locks("groups", GARDENING)
            await alice.says("once", "a")
            assert await alice.refused("a") == "busy"

        assert await alice.has_said("once", "a") == 3
    assert len(garden.log()) == 3


async def test_a_locked_author_holds_up_nobody_else(shared, holder):
    bob_at_hers = shared.bob.at(shared.servers[0])
    async with shared.alice.follows(shared.group, 0) as alice, bob_at_hers.follows(shared.group, 0) as bob:
        holder.executes("SELECT FROM users WHERE username = 'alice' FOR UPDATE")
        await alice.says("waits", "a")
        async with asyncio.timeout(SOON):
            assert await bob.has_said("does not", "b") == 3

        holder.executes("ROLLBACK")
        assert await alice.acked("a") == 4


async def test_messages_wait_for_a_table_that_is_being_migrated(shared, holder):
    async with shared.alice.follows(shared.group, 0) as alice:
        holder.executes("LOCK TABLE texts IN ACCESS EXCLUSIVE MODE")
        await alice.says("waits", "a")
        holder.executes("SELECT pg_sleep(2)")
        holder.executes("ROLLBACK")

        assert await alice.acked("a") == 3
        assert alice.refusals == {}


async def test_a_deadlock_with_another_program_costs_no_message(shared, cooking, holder):
    async with shared.alice.follows(shared.group, 0) as here, shared.alice.follows(cooking, 0) as there:
        holder.locks("groups", COOKING)
        await asyncio.gather(here.says("first", "a"), there.says("second", "b"))
        holder.locks("groups", GARDENING)
        holder.executes("ROLLBACK")

        assert [await here.acked("a"), await there.acked("b")] == [3, 3]


# Pages


def test_people_who_wait_for_a_locked_group_leave_room_for_others(shared, cooking, holder):
    alice, bob = shared.alice, shared.bob.at(shared.servers[0])
    holder.locks("groups", GARDENING)
    with ThreadPoolExecutor(2 * CONNECTIONS) as threads:
        leaves = [threads.submit(bob.at(shared.servers[0]).leaves, shared.group) for _ in range(2 * CONNECTIONS)]
        holder.waits_until_it_waits()
        started = time.monotonic()
        statuses = [
            alice.get(f"/groups/{cooking}/").status_code,
            alice.leaves(cooking).status_code,
            alice.log_in().status_code,
            alice.says(cooking, "hi").status_code,
        ]

        assert statuses == [200, 303, 303, 403]
        assert time.monotonic() - started < SOON
        assert {(leave.result().status_code, leave.result().headers["Retry-After"]) for leave in leaves} == {(503, "5")}


def test_an_act_that_waits_for_one_group_does_not_hold_others_for_long(shared, cooking, holder):
    """Bob's account is in both groups."""
    holder.locks("groups", COOKING)

    started = time.monotonic()
    answer = shared.alice.post("/admin/user/delete?pks=2")

    assert answer.status_code == 503
    assert time.monotonic() - started < 5


def test_a_deadlock_with_another_program_is_an_answer_to_try_again(shared, holder):
    holder.locks("groups", GARDENING)
    with ThreadPoolExecutor(1) as thread:
        leaves = thread.submit(shared.bob.leaves, shared.group)
        holder.waits_until_it_waits()
        holder.executes("SET LOCAL deadlock_timeout = '1min'")
        holder.begins_to_execute("SELECT FROM users WHERE username = 'bob' FOR UPDATE")

        assert (leaves.result().status_code, leaves.result().headers["Retry-After"]) == (503, "5")
        assert "Somebody else is changing the same thing" in leaves.result().text
