"""Rows that another program has locked: whoever needs them waits, and nobody else."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from holder import Holder

from discussit.database import CONNECTIONS

pytestmark = pytest.mark.xdist_group("engines")

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
