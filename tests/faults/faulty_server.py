"""Serves DiscussIt with faults in it: faulty_server.py WAY PORT [FAULT ...] [OPTION ...], each fault the name of a
function below, the options those of `discussit serve`.

The product has no fault points of its own: everything that goes wrong is put around it here.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from datetime import timedelta
from functools import partial, wraps
from itertools import count, takewhile
from pathlib import Path
from uuid import UUID

import msgspec
import uvicorn
from anyio import create_task_group
from clocks import jumping
from sqlalchemy.orm import Session as OrmSession

from discussit import cli, main_tasks
from discussit.app import app
from discussit.bus import backends, bus, signing
from discussit.delivery import hub, people, polling, rooms, sending
from discussit.limits import throttles, volume
from discussit.log import batch_writer, decide, held, kinds, marks, write
from discussit.models import Group, User, base
from discussit.schema import SchemaError
from discussit.server import http
from discussit.server import websocket as server_websocket
from discussit.sockets import group as group_route

FATAL = "the last straw"  # the message at which the process dies, or its publishing hangs


def main(way, port, *words):
    faults = install(words)
    if way == "discussit":
        sys.exit(cli.main(["serve", "--port", port, *words[len(faults) :]]))
    config = uvicorn.Config(app, port=int(port), access_log=False)
    uvicorn.Server(config).run(sockets=[config.bind_socket()])


def install(words):
    """Put in the faults that these words begin with."""
    faults = list(takewhile(lambda word: not word.startswith("--"), words))
    for fault in faults:
        globals()[fault]()
    return faults


def short_buffers():
    """The system takes a little of what a client has not read yet, not megabytes of it."""
    bind = uvicorn.Config.bind_socket

    def bind_short(config):
        listener = bind(config)
        # What it accepts inherits this.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)
        return listener

    uvicorn.Config.bind_socket = bind_short


def impatient():
    """A client that reads nothing of an answer is disconnected soon."""
    http.USER_TIMEOUT = 1


def no_credit():
    """A client that reads too little of an answer is disconnected soon."""
    volume.READ_CREDIT = 1


def tireless():
    """Frames that end no message are taken as quickly as any."""
    server_websocket.IDLE_FRAME_DELAY = 0


# Death at one point of a message's way


def die_before_commit():
    write_batch = decide.Batch.write

    def write_and_die(self, changes):
        write_batch(self, changes)
        _die_if_fatal(changes)

    decide.Batch.write = write_and_die


def die_after_commit():
    """Before it answers the sender or publishes anything."""
    answer_all = batch_writer._answer_all

    def die_or_answer(answers):
        _die_if_fatal(answers)
        answer_all(answers)

    batch_writer._answer_all = die_or_answer


def _die_if_fatal(written):
    if FATAL in str(written):
        os.kill(os.getpid(), signal.SIGKILL)


# A bus that fails


def publish_through(fault):
    """Have `fault(publish, channel, message)` do what the engine's `publish` is asked to."""
    new_backend = bus.new_backend

    def faulty_backend(settings):
        backend = new_backend(settings)
        backend.publish = partial(fault, backend.publish)
        return backend

    bus.new_backend = faulty_backend


def hang_in_publish():
    async def hang(publish, channel, message):
        if FATAL in message:
            await asyncio.Event().wait()
        await publish(channel, message)

    publish_through(hang)


def publish_late():
    """What is published waits for a file `go`."""

    async def wait(publish, channel, message):
        await made("go")
        await publish(channel, message)

    publish_through(wait)


def raise_in_publish():
    async def fail(publish, channel, message):
        raise ConnectionError("the engine is gone")

    publish_through(fail)


def drop_half():
    async def drop(publish, channel, message):
        if chance.random() < 0.5:
            await publish(channel, message)

    publish_through(drop)


def double_half():
    async def double(publish, channel, message):
        await publish(channel, message)
        if chance.random() < 0.5:
            await publish(channel, message)

    publish_through(double)


def reorder_half():
    """Half of all messages wait until a later one has overtaken them."""
    held = []

    async def reorder(publish, channel, message):
        if chance.random() < 0.5:
            held.append((channel, message))
            return
        await publish(channel, message)
        chance.shuffle(held)
        while held:
            await publish(*held.pop())

    publish_through(reorder)


def forge_half():
    """Half of all messages are replaced by what somebody with access to the engine made of them."""

    async def forge(publish, channel, message):
        if chance.random() < 0.5:
            signature, words = message[: signing.SIGNATURE], message[signing.SIGNATURE :]
            await publish(channel, signature + words.replace("alice", "mallory").replace("seq", "sec"))
            # What was signed for one channel, on another.
            await publish("people.2", message)
        else:
            await publish(channel, message)

    publish_through(forge)


chance = random.Random(3)  # noqa: S311 - the same faults in each run


def hasty_marks():
    """What was read is stored at once."""
    marks.PAUSE = 0


def hasty():
    """An engine that was lost is joined again without much of a pause."""
    backends.PAUSES = (0.01, 0.1)


def lose_deletions():
    """What others are told of a deletion is lost, as where its PUBLISH times out."""
    _lose("message_deleted")


def lose_revisions():
    """The same of texts that changed in place."""
    _lose('"type":"revised"')


def _lose(words):
    publish = bus.Bus._publish

    async def publish_others(self, channel, message):
        return words not in message and await publish(self, channel, message)

    bus.Bus._publish = publish_others


def raise_after_commit():
    """The hub itself fails to take what was committed."""
    publish = hub.Hub.publish

    def confused(self, written):
        if FATAL in str(written):
            raise RuntimeError("the hub is confused")
        publish(self, written)

    hub.Hub.publish = confused


# The version before, and one to come


def speak_as_before():
    """On the bus, as the version did whose messages had no counters, and whose signature was about all that follows."""
    signing.Sender.signed = lambda self, channel, message: self._signatures.signed(channel, message)
    signing.Receiver.message = lambda self, channel, received: self._signatures.text(channel, received)


class Poll(msgspec.Struct, tag_field="type", tag="poll"):
    """The object of a kind of entry that today's version does not know."""

    group_uuid: UUID
    seq: int
    timestamp: str
    question: str


def come_from_the_future():
    """After each batch of messages a poll is written, and the bus carries what only a later version knows."""
    kinds.KINDS["Poll"] = kinds.Kind("Poll", lambda uuid, row, timestamp: Poll(uuid, row.seq, timestamp, row.content))
    carry_out = batch_writer._carry_out

    def carry_out_and_poll(connection, changes, drafts, *arguments):
        answers = carry_out(connection, changes, drafts, *arguments)
        with OrmSession(connection) as session:
            group, user = session.get_one(Group, drafts[0].group_id), session.get_one(User, drafts[0].user_id)
            poll = write.NewEntry(group.id, group.uuid, "Poll", user.id, user.username, "What next?")
            write.write_entries(connection, changes, [poll])
        return answers

    batch_writer._carry_out, bus.Bus.post = carry_out_and_poll, _posting_more(bus.Bus.post)


def _posting_more(post):
    def post_more(self, channel, message):
        post(self, channel, json.dumps({"type": "poll_closed", "seq": 1}))
        sent = json.loads(message) | {"priority": "high"}
        for entry in sent.get("entries", []):
            entry.append({"votes": 3})
            if entry[1] == "Poll" and chance.random() < 0.5:
                entry[6] = "promoted"
        post(self, channel, json.dumps(sent))

    return post_more


# A main task that ends


def end_bus():
    bus.Bus.run = _ending(bus.Bus.run)


def end_hub():
    hub.Hub.run = _ending(hub.Hub.run)


def end_writer():
    batch_writer.Writer.run = _ending(batch_writer.Writer.run)


def little_time():
    main_tasks.END_LIMIT = 1


def fail_to_start():
    """A worker does, of which the process that starts it knows nothing."""

    async def fail(_settings):
        raise SchemaError("the last straw")

    sys.modules["discussit.app"].prepare_once = fail


def _ending(run):
    """`run`, until FATAL is to be written. There is a file `waiting`, which says how many messages were before it."""
    straw = asyncio.Event()
    submit = batch_writer.Writer.submit
    submitted = count()

    def submit_until_fatal(self, draft):
        Path("waiting").write_text(f"{next(submitted)}")
        if FATAL in str(draft):
            straw.set()
        return submit(self, draft)

    @wraps(run)
    async def run_until_fatal(self):
        async with create_task_group() as tasks:
            tasks.start_soon(run, self)
            await straw.wait()
            raise RuntimeError(FATAL)

    batch_writer.Writer.submit = submit_until_fatal
    return run_until_fatal


# Time


def clock_runs_back():
    """Each look at the clock finds it a minute earlier."""
    looks = iter(range(1_000_000))
    now = base.datetime.now(base.UTC)

    class Clock(base.datetime):
        @classmethod
        def now(cls, tz=None):
            return now - timedelta(minutes=next(looks))

    base.datetime = Clock


def jumping_clock():
    """The clock is as many seconds ahead as a file `clock` says, at each look at it: `FaultyServer.sets_clock`."""
    file = Path("clock").absolute()
    time.time, base.datetime = jumping(
        lambda: timedelta(seconds=float(file.read_text())) if file.exists() else timedelta()
    )


def short_send_limit():
    sending.SEND_LIMIT = sending.SMALL_SEND_LIMIT = 2


def stand_still():
    """The loop hangs for five seconds when FATAL arrives."""
    check = group_route.check_content

    def check_slowly(content):
        if content == FATAL:
            time.sleep(5)
        return check(content)

    group_route.check_content = check_slowly


def short_hold():
    """A message waits a second for a locked group."""
    held.HELD_LIMIT = 1


# Holding a request at one point, so that something else can happen there


def never_look():
    """As a process whose next look at everything is yet to come: it knows only what it is told."""
    polling.POLL = 3600


def hold_limits():
    """While Redis is slow to say whether somebody may connect, or join and leave."""
    for name in ("connect", "join_or_leave"):
        setattr(throttles.Throttles, name, _held(getattr(throttles.Throttles, name)))


def hold_listening():
    """While the bus is slow to confirm that it delivers what concerns a person."""
    people.People.listening = _held(people.People.listening)


def hold_admission():
    """Between the check of a socket's right to be there and its first frame."""
    group_route._admitted = _held(group_route._admitted)


def hold_pages():
    """Between reading what lies before a room's tail and sending it."""
    rooms.Rooms._earlier = _held(rooms.Rooms._earlier)


def hold_reads():
    """Between a room's read of entries and the use of what it read."""
    create = rooms.Rooms.__init__

    def create_held(self, database, *more):
        create(self, HeldReads(database), *more)

    rooms.Rooms.__init__ = create_held


class HeldReads:
    """A database that is slow to answer a room."""

    def __init__(self, database):
        self.run_read, self.transaction = _held(database.run_read), database.transaction


def hold_looks():
    """Between reading how long a log is and beginning its room there. Nothing is looked for unasked."""
    bring = polling.Polling._bring

    async def bring_held(*arguments, **options):
        await _held(asyncio.sleep)(0)
        await bring(*arguments, **options)

    polling.Polling._bring, polling.POLL = bring_held, 3600


def hold_leaves():
    """In a leave's transaction, just before its commit."""
    Group.remove_user = _held(Group.remove_user)


def _held(function):
    """`function`, whose result is kept back until there is a file `go`; there is a file `held` meanwhile."""

    async def held(*arguments):
        result = await function(*arguments)
        Path("held").touch()  # noqa: ASYNC240
        await made("go")
        Path("held").unlink(missing_ok=True)  # noqa: ASYNC240
        return result

    return held


async def made(name):
    while not Path(name).exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
elif __name__ == "__mp_main__":
    # A worker of `discussit serve --workers`, which has our arguments.
    install(sys.argv[3:])
