import asyncio
import re
from pathlib import Path

import pytest
from starlette.websockets import WebSocket

import discussit
from discussit.delivery.connections import Connection
from discussit.delivery.protocols import V1
from discussit.delivery.sending import SocketSender, SuspendedSend
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode

SENDS = re.compile(r"""send_(text|json|bytes)\(|["']websocket\.send["']""")


@pytest.fixture
def done():
    return []


@pytest.fixture
async def opened():
    return asyncio.Event()


async def test_a_send_that_need_not_wait_is_done_immediately(done):
    async def work():
        await asyncio.Event.wait(is_set())
        done.append("work")

    assert SuspendedSend.start(work()) is None
    assert done == ["work"]


async def test_a_suspended_send_is_finished_where_it_is_awaited(opened, done):
    begun = SuspendedSend.start(pass_through(opened, done))
    opened.set()
    await asyncio.sleep(0)
    assert done == ["before"]

    await begun

    assert done == ["before", "behind"]


async def test_its_errors_are_raised_where_it_is_awaited(opened):
    async def fail():
        await opened.wait()
        raise ConnectionError

    begun = SuspendedSend.start(fail())
    opened.set()

    with pytest.raises(ConnectionError):
        await begun


async def test_a_cancellation_reaches_it(opened, done):
    begun = SuspendedSend.start(pass_through(opened, done))
    waiting = asyncio.ensure_future(begun)
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == ["before", "cancelled"]


async def pass_through(opened, done):
    done.append("before")
    try:
        await opened.wait()
    except asyncio.CancelledError:
        done.append("cancelled")
        raise
    done.append("behind")


def is_set():
    event = asyncio.Event()
    event.set()
    return event


def test_nothing_else_sends_on_a_socket():
    senders = {path for path in Path(discussit.__file__).parent.rglob("*.py") if SENDS.search(path.read_text())}

    assert [path.name for path in senders] == ["sending.py"]


async def test_an_ended_connection_is_not_even_sent_what_its_task_holds_already():
    sent = []

    async def send(message):
        sent.append(message)

    connection = Connection("session", 1, V1)
    sender = SocketSender(WebSocket({"type": "websocket", "discussit.send": send}, None, None), connection)
    connection.end(CloseCode.SESSION_ENDED)

    await sender.send(Slice(0, ()))

    assert sent == []


async def test_a_room_does_not_start_the_send_of_a_server_that_may_set_its_task_a_time_limit():
    sent = []

    async def send_within_a_second(message):
        async with asyncio.timeout(1):
            await asyncio.sleep(0)
        sent.append(message)

    scope = {"type": "websocket", "discussit.send": send_within_a_second}
    sender = SocketSender(WebSocket(scope, None, None), Connection("session", 1, V1))

    assert not sender.try_send(Slice(0, ()))
    assert sent == []
