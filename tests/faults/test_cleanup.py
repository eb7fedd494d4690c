import asyncio
from contextlib import ExitStack

import pytest
from people import V1, HttpPerson, closed
from starlette.websockets import WebSocketDisconnect

AT_ONCE = 20


LASTING = set()  # the tasks of an application to which nobody has come yet


@pytest.fixture(autouse=True)
def lasting(site):
    async def tasks():
        return asyncio.all_tasks() - {asyncio.current_task()}

    LASTING.clear()
    LASTING.update(site.portal.call(tasks))


def test_a_thousand_connections_leave_nothing_behind(site, state, alice, gardening):
    cooking = alice.creates("Cooking")
    alice.joins(cooking)
    before = left(site, state)

    for _ in range(1_000 // AT_ONCE):
        with ExitStack() as sockets:
            for number in range(AT_ONCE):
                sockets.enter_context(connect(alice, [gardening, cooking], number))
            alice.says(gardening, "hi")

    assert left(site, state) == before
    assert before["rooms"] == before["connections"] == 0


def test_while_they_are_there_they_share_one_room_and_the_subscriptions_of_group_and_person(
    site, state, alice, gardening
):
    before = left(site, state)

    with ExitStack() as sockets:
        readers = [sockets.enter_context(alice.in_group(gardening)) for _ in range(20)]
        alice.says(gardening, "hi")
        texts = {reader.receive_text() for reader in readers}
        during = held(site, state)

    assert len(texts) == 1
    assert during["connections"] == 20
    assert (during["rooms"], during["subscribers"]) == (1, before["subscribers"] + 2)


@pytest.mark.parametrize("end", [HttpPerson.log_out, lambda alice: alice.leaves(alice.group)], ids=["logout", "leave"])
def test_sockets_that_the_server_closes_leave_nothing_behind(site, state, alice, gardening, end):
    alice.group = gardening
    before = left(site, state)

    with ExitStack() as sockets:
        opened = [sockets.enter_context(alice.in_group(gardening)) for _ in range(10)]
        end(alice)
        codes = {closed(socket) for socket in opened}

    assert len(codes) == 1
    assert left(site, state) == before


def test_handshakes_that_are_refused_leave_nothing_behind(site, state, bob, gardening):
    before = left(site, state)

    for _ in range(20):
        with pytest.raises(WebSocketDisconnect), bob.in_group(gardening):
            pass

    assert left(site, state) == before


def connect(person, groups, number):
    if number % 5 == 0:
        return person.at_home(*[V1] * (number % 2))
    if number % 2:
        return person.in_group(groups[number % len(groups)])
    return person.reading(groups[number % len(groups)], since=0)


def left(site, state):
    """What connections leave behind, once the tasks that are about to end have ended."""

    async def end():
        # Those that are here for good outlast any wait: the others are given time to end.
        if tasks := asyncio.all_tasks() - {asyncio.current_task()} - LASTING:
            await asyncio.wait(tasks, timeout=5)

    site.portal.call(end)
    return held(site, state)


def held(site, state):
    """What connections hold at this moment."""

    async def count():
        return {
            "tasks": len(asyncio.all_tasks()),
            "subscribers": sum(map(len, state.bus._broadcast._subscribers.values())),
            "channels": len(state.bus._backend.wanted),
            "rooms": len(state.hub.rooms),
            "connections": len(state.hub.people.connections),
        }

    return site.portal.call(count)
