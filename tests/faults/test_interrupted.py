"""What is cut short: a handler in its commit, a loop that stands still, a clock that runs back."""

import asyncio
import json

from anyio import CancelScope
from clients import running
from faulty_server import FATAL

from discussit.accounts.current_user import CurrentUser, SessionCredential
from discussit.groups import admission
from discussit.log.batch_writer import Writer
from discussit.log.draft import MessageDraft


async def test_a_loop_that_stood_still_for_five_seconds_goes_on_where_it_was(faulty):
    garden = faulty("stand_still")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.says(FATAL, "still")
        await bob.says("before or after", "other")

        assert await alice.acked("still")
        assert await bob.acked("other")
        await garden.agrees(alice, bob)


async def test_order_is_kept_by_seq_when_the_clock_is_set_back(faulty):
    garden = faulty("clock_runs_back")
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(10):
            await alice.has_said(f"{number}", f"{number}")
        await bob.returns()

        await garden.agrees(alice, bob)
        assert [entry.what for entry in bob.entries[2:]] == [f"{number}" for number in range(10)]
        assert timestamps(garden) == sorted(timestamps(garden), reverse=True)


def timestamps(garden):
    with garden.database() as connection:
        return [row[0] for row in connection.execute("SELECT timestamp FROM entries ORDER BY seq")]


async def test_a_message_whose_socket_closes_while_it_is_committed_is_stored_once(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        with garden.locked():
            await alice.says("on its way", "cut")
            await alice.has_been_read()
            alice.socket.transport.abort()
            await alice.closed()

        await alice.returns()
        await alice.acked("cut")
        await garden.agrees(alice, bob)


async def test_a_leave_whose_socket_closes_before_its_commit_happens_all_the_same(faulty):
    garden = faulty("hold_leaves")
    home = await garden.bob.socket("/")
    await home.send(json.dumps({"type": "leave_group", "data": garden.group}))
    await garden.held()
    home.transport.abort()
    await home.wait_closed()
    garden.go()

    await has_left(garden)


async def test_a_leave_whose_request_is_given_up_before_its_commit_happens_all_the_same(faulty):
    garden = faulty("hold_leaves")
    _, browser = await asyncio.open_connection("127.0.0.1", garden.server.port)
    browser.write(request(garden.bob, f"/groups/{garden.group}/leave/"))
    await garden.held()
    browser.close()
    await browser.wait_closed()
    garden.go()

    await has_left(garden)


def request(person, path):
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {person.cookie_header}\r\n\r\n".encode()


async def has_left(garden):
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.reaches(3)
        await garden.agrees(alice)
        assert alice.entries[2] == (3, "bob", "Left")


async def test_a_join_or_leave_cancelled_anywhere_happens_all_the_same(world):
    hers = SessionCredential("session of alice")
    alice = CurrentUser(world.alice.id, "alice", is_superuser=False, credential=hers, account_id="")
    for steps in range(100):
        with CancelScope() as scope:
            cancelling = asyncio.create_task(cancel_after(scope, steps))
            await admission.join_or_leave(world.database, alice, world.group.uuid, joins=steps % 2 == 0)
        await cancelling

    log = await world.log()
    assert [seq for seq, _ in log] == list(range(1, 101))
    assert [text.split()[1] for _, text in log] == [("Join", "Left")[seq % 2] for seq in range(len(log))]


async def cancel_after(scope, steps):
    for _ in range(steps):
        await asyncio.sleep(0)
    scope.cancel()


async def test_a_sender_that_is_cancelled_while_it_waits_does_not_take_its_message_back(world):
    await world.joined(world.alice)
    writer = Writer(world.database)
    async with running(writer.run()):
        for steps in range(1, 30):
            sending = asyncio.create_task(
                writer.append(MessageDraft(world.group.id, world.alice.id, content=f"{steps}"))
            )
            for _ in range(steps):
                await asyncio.sleep(0)
            sending.cancel()
        await writer.drained()

    assert await world.log() == [(1, "alice Join the Gardening group"), *((n + 1, f"{n}") for n in range(1, 30))]
