"""Serves DiscussIt with faults in it: faulty_server.py WAY PORT [FAULT ...] [OPTION ...], each fault the name of a
function below, the options those of `discussit serve`.

The product has no fault points of its own: everything that goes wrong is put around it here.
"""

import asyncio
import os
import random
import signal
import socket
import sys
import time
from datetime import timedelta
from functools import wraps
from itertools import count, takewhile
from pathlib import Path

import uvicorn
from anyio import create_task_group
from sqlalchemy import event
from sqlalchemy.orm import Session

from discussit import chat, cli, heads, hub, log, main_tasks, serving, voice
from discussit.app import app
from discussit.bus import PEOPLE, MemoryBackend, backends, bus
from discussit.database import SchemaError
from discussit.models import Group, base

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
    """Who takes nothing of an answer is given up soon."""
    heads.PATIENCE = 1


def tireless():
    """Frames that end no message are taken as quickly as any."""
    serving.REST = 0


# Death at one point of a message's way


def die_before_commit():
    event.listen(Session, "before_commit", _die_if_fatal)


def die_after_commit():
    # Ahead of the hook that publishes.
    event.listen(Session, "after_commit", _die_if_fatal, insert=True)


def _die_if_fatal(session):
    if FATAL in str(session.info.get("written")):
        os.kill(os.getpid(), signal.SIGKILL)


# A bus that fails


class Hanging(MemoryBackend):
    async def publish(self, channel, message):
        if FATAL in message:
            await asyncio.Event().wait()
        await super().publish(channel, message)


class Late(MemoryBackend):
    async def publish(self, channel, message):
        if not Path("go").exists():  # noqa: ASYNC240
            await made("held")
        await super().publish(channel, message)


class Raising(MemoryBackend):
    async def publish(self, channel, message):
        raise ConnectionError("the engine is gone")


class Dropping(MemoryBackend):
    async def publish(self, channel, message):
        if chance.random() < 0.5:
            await super().publish(channel, message)


class Doubling(MemoryBackend):
    async def publish(self, channel, message):
        await super().publish(channel, message)
        if chance.random() < 0.5:
            await super().publish(channel, message)


class Reordering(MemoryBackend):
    """Half of all messages wait until a later one has overtaken them."""

    def __init__(self):
        super().__init__()
        self._held = []

    async def publish(self, channel, message):
        if chance.random() < 0.5:
            self._held.append((channel, message))
            return
        await super().publish(channel, message)
        chance.shuffle(self._held)
        while self._held:
            await super().publish(*self._held.pop())


class Forging(MemoryBackend):
    """Half of all messages are replaced by what somebody with access to the engine made of them."""

    async def publish(self, channel, message):
        if chance.random() < 0.5:
            signature, words = message[: bus.SIGNATURE], message[bus.SIGNATURE :]
            await super().publish(channel, signature + words.replace("alice", "mallory").replace("seq", "sec"))
            # What was signed for one channel, on another.
            await super().publish(PEOPLE, message)
        else:
            await super().publish(channel, message)


chance = random.Random(3)  # noqa: S311 - the same faults in each run


def hasty():
    """An engine that was lost is joined again without much of a pause."""
    backends.PAUSES = (0.01, 0.1)


def hang_in_publish():
    bus.make_backend = lambda _settings: Hanging()
    hub.POLL = 3600


def publish_late():
    """What is published arrives when a room has read the same from the database, but has not taken it yet."""
    bus.make_backend = lambda _settings: Late()
    hold_pages()


def raise_in_publish():
    bus.make_backend = lambda _settings: Raising()


def drop_half():
    bus.make_backend = lambda _settings: Dropping()


def double_half():
    bus.make_backend = lambda _settings: Doubling()


def reorder_half():
    bus.make_backend = lambda _settings: Reordering()


def forge_half():
    bus.make_backend = lambda _settings: Forging()


def raise_after_commit():
    """The hub itself fails to take what was committed."""
    publish = hub.Hub.publish

    def confused(self, written):
        if FATAL in str(written):
            raise RuntimeError("the hub is confused")
        publish(self, written)

    hub.Hub.publish = confused


# A main task that ends


def end_bus():
    bus.Bus.run = _ending(bus.Bus.run)


def end_hub():
    hub.Hub.run = _ending(hub.Hub.run)


def end_writer():
    log.Writer.run = _ending(log.Writer.run)


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
    submit = log.Writer.submit
    submitted = count()

    def submit_until_fatal(self, draft):
        Path("waiting").write_text(f"{next(submitted)}")
        if draft.content == FATAL:
            straw.set()
        return submit(self, draft)

    @wraps(run)
    async def run_until_fatal(self):
        async with create_task_group() as tasks:
            tasks.start_soon(run, self)
            await straw.wait()
            raise RuntimeError(FATAL)

    log.Writer.submit = submit_until_fatal
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


def short_patience():
    voice.SEND_LIMIT = voice.LINE_LIMIT = 2


def stand_still():
    """The loop hangs for five seconds when FATAL arrives."""
    check = chat.wire.check_content

    def check_slowly(content):
        if content == FATAL:
            time.sleep(5)
        return check(content)

    chat.wire.check_content = check_slowly


# Holding a request at one point, so that something else can happen there


def hold_admission():
    """Between the check of a socket's right to be there and its first frame."""
    chat._admitted = _held(chat._admitted)


def hold_pages():
    """Between reading what lies before a room's tail and sending it."""
    hub.Hub._earlier = _held(hub.Hub._earlier)


def hold_looks():
    """Between reading how long a log is and beginning its room there. Nothing is looked for unasked."""
    bring = hub.Hub._bring

    async def bring_held(*arguments, **options):
        await _held(asyncio.sleep)(0)
        await bring(*arguments, **options)

    hub.Hub._bring, hub.POLL = bring_held, 3600


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
