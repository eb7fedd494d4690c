import json
import re
from pathlib import Path

import pytest
from anyio import CancelScope, Event
from anyio.lowlevel import checkpoint
from starlette.websockets import WebSocket

import discussit
from discussit.delivery.connections import Connection
from discussit.delivery.protocols import V1
from discussit.delivery.sending import SocketSender
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode
from discussit.wire import objects

SENDS = re.compile(r"""send_(text|json|bytes)\(|["']websocket\.send["']""")


def test_nothing_else_sends_on_a_socket():
    senders = {path for path in Path(discussit.__file__).parent.rglob("*.py") if SENDS.search(path.read_text())}

    assert [path.name for path in senders] == ["sending.py"]


async def test_under_another_server_a_task_sends_what_is_queued(sent):
    connection = opened(sent.append)

    connection.reply(objects.Ack("a", 7))
    is_written = connection.sender.write()
    await connection.sender.done()

    assert (is_written, [json.loads(text) for text in sent]) == (False, [[{"type": "ack", "client_id": "a", "seq": 7}]])


async def test_what_comes_while_the_task_sends_is_sent_as_well(sent):
    def send(text):
        sent.append(text)
        if len(sent) == 1:
            connection.reply(objects.Reset(2))

    connection = opened(send)
    connection.reply(objects.Reset(1))
    await connection.sender.done()

    assert [json.loads(text)[0]["seq"] for text in sent] == [1, 2]


async def test_an_ended_connection_is_not_even_sent_what_its_task_holds_already(sent):
    connection = opened(sent.append)
    connection.end(CloseCode.SESSION_ENDED)

    await connection.sender.send(Slice(0, ()))

    assert sent == []


async def test_a_mistake_in_sending_ends_the_connection_and_is_logged(caplog):
    def send(_text):
        raise ZeroDivisionError

    connection = opened(send)
    connection.reply(objects.Reset(1))
    await connection.sender.done()

    assert (connection.ended, "ZeroDivisionError" in caplog.text) == (CloseCode.RESTART, True)


async def test_nothing_is_sent_once_it_is_cut_off_not_even_what_is_queued_later(sent):
    connection = opened(sent.append)
    connection.sender.cut_off()

    connection.reply(objects.Reset(1))
    await connection.sender.done()

    assert sent == []


async def test_what_the_database_is_asked_for_is_read_to_its_end_though_the_client_leaves(sent):
    began, found, finished = Event(), Event(), []

    async def read_and_send(_sender):
        with CancelScope(shield=True):
            began.set()
            await found.wait()
            finished.append("read")
        await checkpoint()
        finished.append("sent")

    connection = opened(sent.append, read_and_send)
    connection.sender.wake()
    await began.wait()
    connection.sender.cut_off()
    found.set()
    await connection.sender.done()

    assert finished == ["read"]


@pytest.fixture
def sent():
    return []


def opened(send, send_rest=SocketSender.send):
    """A connection whose socket is open under a server that passes each text to `send`."""

    async def send_message(message):
        await checkpoint()
        send(message["text"])

    connection = Connection("session", 1, V1)
    scope = {"type": "websocket", "discussit.send": send_message}
    connection.sender = SocketSender(WebSocket(scope, None, None), connection, send_rest)
    return connection
