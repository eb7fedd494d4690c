"""A reader who leaves, is removed or logs out is sent nothing more: live, behind, or just connecting."""

import asyncio
import json
import queue
import threading
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress

import anyio
import pytest
from clients import LIMIT, RemotePerson, Talker, narrow_socket, running
from people import V1
from websockets.exceptions import ConnectionClosed, InvalidStatus

ENDINGS = pytest.mark.parametrize(
    ("ending", "code", "status"),
    [
        pytest.param(lambda person, group: person.leaves(group), 4403, 403, id="leave"),
        pytest.param(lambda person, _group: person.log_out(), 4401, 401, id="logout"),
    ],
)


@ENDINGS
async def test_nothing_is_sent_after_an_ending_in_mid_stream(ending, code, status, garden):
    bob, second_tab = garden.bob.follows(garden.group, 0), garden.bob.follows(garden.group, 0)
    async with bob, second_tab, Talker(garden.alice, garden.group, 0) as alice:
        async with running(alice.talks()):
            await bob.reaches(20)
            await asyncio.to_thread(ending, garden.bob, garden.group)
            last = len(garden.log())
            await alice.has_acks(len(alice.acks) + 50)

        for tab in (bob, second_tab):
            assert await tab.closed() == code
            await has_a_part_of(garden, tab, last)
            await is_kept_out(tab, status)


@ENDINGS
async def test_nothing_is_sent_after_an_ending_to_a_reader_that_is_behind(ending, code, status, garden):
    await garden.fill(600, "x" * 4_000)
    async with aclosing(garden.bob.follows(garden.group, 0)) as bob:
        await bob.connect(sock=narrow_socket(garden.bob), max_queue=1)
        await bob.receive()

        ending(garden.bob, garden.group)
        last = len(garden.log())
        garden.alice.says(garden.group, "between us")

        # Without a close frame where the ending itself did not fit any more.
        assert await bob.closed() in (code, 1006)
        assert len(bob.entries) < 600
        await has_a_part_of(garden, bob, last)
        await is_kept_out(bob, status)


@ENDINGS
@pytest.mark.parametrize("point", ["hold_admission", "hold_pages"])
async def test_nothing_is_sent_after_an_ending_to_a_reader_that_connects(point, ending, code, status, faulty):
    garden = faulty(point)
    async with aclosing(garden.bob.follows(garden.group, 0)) as bob:
        async with at_the_door(garden, bob):
            await asyncio.to_thread(ending, garden.bob, garden.group)

        assert await bob.closed() == code
        assert bob.entries == []


async def test_a_leave_in_another_process_reaches_a_socket_that_opens_a_room(faulty, start):
    garden = faulty()
    async with aclosing(garden.bob.at(start("hold_admission")).follows(garden.group, 0)) as bob:
        async with at_the_door(garden, bob):
            await asyncio.to_thread(garden.bob.leaves, garden.group)
            await asyncio.to_thread(garden.alice.says, garden.group, "between us")

        assert await bob.closed() == 4403
        assert bob.entries == []


async def test_a_leave_in_another_process_reaches_a_socket_that_enters_a_room(faulty, start):
    garden, elsewhere = faulty(), start("hold_admission")
    garden.go()
    async with (
        garden.alice.at(elsewhere).follows(garden.group, 0) as alice,
        aclosing(garden.bob.at(elsewhere).follows(garden.group, 0)) as bob,
    ):
        async with at_the_door(garden, bob):
            await asyncio.to_thread(garden.bob.leaves, garden.group)
            await alice.reaches(3)

        assert await bob.closed() == 4403
        assert bob.entries == []


@pytest.mark.parametrize("protocols", [[V1], []], ids=["v1", "tutorial"])
@pytest.mark.parametrize("point", ["hold_limits", "hold_listening"])
async def test_a_home_page_whose_handshake_waited_is_sent_nothing_after_a_logout(point, protocols, faulty, start):
    garden, elsewhere = faulty(), start(point, "never_look")
    garden.hold()
    received = asyncio.create_task(received_at_home(garden.bob.at(elsewhere), protocols))
    await garden.held()
    await asyncio.to_thread(garden.bob.log_out)
    garden.go()

    assert await received == ([], 4401)


async def received_at_home(person, protocols):
    """What a home page's socket is sent, and the code with which it is closed."""
    received = []
    async with person.socket("/", protocols) as socket, asyncio.timeout(LIMIT):
        with suppress(ConnectionClosed):
            while True:
                received += json.loads(await socket.recv())
    return received, socket.close_code


@pytest.mark.parametrize("ways", ["socket", "form"])
async def test_a_join_that_waited_is_not_carried_out_after_a_logout(ways, faulty, start):
    garden, elsewhere = faulty(), start("hold_limits")
    carol = RemotePerson(garden.server, "carol")
    carol.sign_up()
    garden.go()
    there = carol.at(elsewhere)
    async with there.socket("/") as socket:
        await socket.recv()
        garden.hold()
        joining = asyncio.create_task(joins_by(ways, there, socket, garden.group))
        await garden.held()
        await asyncio.to_thread(carol.log_out)
        garden.go()
        await joining

    assert "carol" not in [entry.name for entry in garden.log()]


async def joins_by(ways, person, socket, group):
    """Ask for it, and return when it is answered."""
    if ways == "form":
        await asyncio.to_thread(person.joins, group)
        return
    await socket.send(json.dumps({"type": "join_group", "data": group}))
    with suppress(ConnectionClosed):
        await socket.recv()


@asynccontextmanager
async def at_the_door(garden, client):
    """Its coming in, held where the server's fault holds it."""
    garden.hold()
    entering = asyncio.create_task(client.connect())
    await garden.held()
    yield
    garden.go()
    await entering


async def test_a_member_who_is_removed_by_another_process_is_sent_nothing_more(garden):
    async with garden.bob.follows(garden.group, 0) as bob:
        await bob.reaches(2)
        await asyncio.to_thread(garden.remove, "bob")
        await garden.fill(5)

        assert await bob.closed() == 4403
        assert bob.entries == garden.log()[:2]
        await is_kept_out(bob, 403)


async def test_a_member_who_joins_again_is_sent_the_entries_in_between(garden):
    async with garden.bob.follows(garden.group, 0) as bob:
        garden.bob.leaves(garden.group)
        assert await bob.closed() == 4403
        garden.alice.says(garden.group, "meanwhile")
        garden.bob.joins(garden.group)

        await bob.returns()

        await garden.agrees(bob)


async def has_a_part_of(garden, client, last):
    assert len(client.entries) <= last
    assert client.entries == garden.log()[: len(client.entries)]
    assert (client.name, "Left") not in [(entry.name, entry.what) for entry in client.entries]


async def is_kept_out(client, status):
    with pytest.raises(InvalidStatus) as refusal:
        await client.connect()
    assert refusal.value.response.status_code == status


@ENDINGS
def test_not_even_a_frame_is_sent_that_waited_for_the_network(ending, code, status, site, bob, gardening):
    bob.joins(gardening)
    with stuck_socket(site, bob, f"/groups/{gardening}/") as socket:
        assert socket.waits.wait(LIMIT)
        ending(bob, gardening)
        socket.flows(site.portal)

        assert socket.next() == {"type": "websocket.close", "code": code, "reason": ""}


@ENDINGS
def test_nor_a_frame_that_was_to_be_sent_immediately(ending, code, status, site, alice, bob, gardening):
    bob.joins(gardening)
    with stuck_socket(site, bob, f"/groups/{gardening}/", takes=2) as socket:
        assert [json.loads(socket.next()["text"])[0]["type"] for _ in range(2)] == ["ready", "event_message"]
        alice.says(gardening, "immediately")
        assert socket.waits.wait(LIMIT)
        ending(bob, gardening)
        socket.flows(site.portal)

        assert socket.next() == {"type": "websocket.close", "code": code, "reason": ""}


@contextmanager
def stuck_socket(site, person, path, takes=0):
    """An open socket that takes so many frames; the others wait."""
    socket = StuckSocket(person, path, takes)
    conversation = site.portal.start_task_soon(site.app, socket.scope, socket.receive, socket.send)
    yield socket
    conversation.result(LIMIT)


class StuckSocket:
    """What an application sees of a client that takes nothing: as in uvicorn, a send first waits, then writes."""

    def __init__(self, person, path, takes):
        self._takes = takes
        self.waits, self._flows = threading.Event(), anyio.Event()
        self._sent, self._is_connected = queue.Queue(), False
        self.scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"since=0",
            "headers": [(b"host", b"testserver"), (b"cookie", person.cookie_header.encode())],
            "subprotocols": [V1],
        }

    async def receive(self):
        if self._is_connected:
            await anyio.sleep_forever()
        self._is_connected = True
        return {"type": "websocket.connect"}

    async def send(self, message):
        if message["type"] == "websocket.accept":
            return
        self._takes -= 1
        if self._takes < 0:
            self.waits.set()
            await self._flows.wait()
        self._sent.put(message)

    def flows(self, portal):
        portal.call(self._flows.set)

    def next(self):
        return self._sent.get(timeout=LIMIT)
