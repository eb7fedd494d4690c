"""People at a real server, and socket clients that remember what they saw, what they sent and what was acknowledged."""

import asyncio
import json
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from math import inf
from typing import NamedTuple
from urllib.parse import urlencode

import httpx
from people import V1, HttpPerson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

LIMIT = 30  # seconds after which what is awaited counts as lost
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # to read the system's for each client takes long
KINDS = {"message_edited": "Edit", "message_deleted": "Delete", "reaction": "Reaction"}
CUT_OFF = (OSError, ConnectionClosed, InvalidHandshake, EOFError)


class Entry(NamedTuple):
    """An entry of a log, equal for a frame and for a row of the database."""

    seq: int
    name: str
    what: str

    @classmethod
    def of(cls, frame):
        if frame["type"] == "text_message":
            return cls(frame["seq"], frame["author"], frame["content"])
        if frame["type"] == "event_message":
            return cls(frame["seq"], frame["user"], frame["status"])
        if frame["type"] in KINDS:
            return cls(frame["seq"], frame["user"], f"{KINDS[frame['type']]} {frame['target']}")
        return cls(frame["seq"], "", "")  # of a kind that only other versions know


class RemotePerson(HttpPerson):
    """A person whose requests go to a server in a process of its own."""

    def __init__(self, server, name):
        self.name = name
        self.address = f"127.0.0.1:{server.port}"
        # No idle connections: the server may be killed between two requests.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.browser = httpx.Client(base_url=server.url, limits=limits, timeout=LIMIT, verify=NO_CERTIFICATES)

    def at(self, server):
        """The same person with the same cookies at another process."""
        elsewhere = RemotePerson(server, self.name)
        elsewhere.browser.cookies = self.browser.cookies
        return elsewhere

    def follows(self, group, since=None):
        return SocketClient(self, group, since)

    def socket(self, path, subprotocols=(V1,), **options):
        return connect(
            f"ws://{self.address}{path}",
            subprotocols=subprotocols or None,
            additional_headers={"Cookie": self.cookie_header},
            compression=None,
            max_size=None,
            proxy=None,
            open_timeout=LIMIT,
            **options,
        )


class SocketClient:
    """What a browser keeps: the entries it has seen, as they are by now, and a message until it is acknowledged.

    It fails immediately at a gap or a repeat. `async with` connects it, `returns` connects it again.
    """

    def __init__(self, person, group, since=None):
        self.person, self.group, self.since = person, group, since
        self.name = person.name
        self.entries, self.outbox, self.acks, self.refusals = [], {}, {}, {}
        self.reset = self.socket = None
        self.received = ""  # all of it, as it was sent
        self._revs = {}  # of the messages it has seen; `inf` of those that were deleted

    async def __aenter__(self):
        await self.returns()
        return self

    async def __aexit__(self, *_):
        await self.aclose()

    async def aclose(self):
        """As a client that crashes."""
        if self.socket is not None:
            self.socket.transport.abort()
            await self.socket.wait_closed()

    async def connect(self, **options):
        try:
            self.socket = await self.person.socket(f"/groups/{self.group}/{self.query}", **options)
        except InvalidHandshake:
            await asyncio.sleep(0)  # in which the loop closes what was refused
            raise

    async def returns(self):
        """Come back as a browser does: with the cursor, and with whatever was not acknowledged."""
        await self.aclose()
        await self.connect()
        for client_id, message in self.outbox.items():
            await self._send(message, client_id)

    @property
    def query(self):
        return "" if self.cursor is None else f"?since={self.cursor}"

    @property
    def cursor(self):
        return self.entries[-1].seq if self.entries else self.since

    # Sending

    async def says(self, message, client_id):
        self.outbox[client_id] = message
        await self._send(message, client_id)

    async def _send(self, message, client_id):
        await self.sends({"type": "text_message", "message": message, "client_id": client_id})

    async def sends(self, frame):
        await self.socket.send(json.dumps(frame))

    async def has_said(self, message, client_id):
        """Say it and wait for its acknowledgement."""
        await self.says(message, client_id)
        return await self.acked(client_id)

    async def acked(self, client_id):
        await self.until(lambda: client_id in self.acks)
        return self.acks[client_id]

    async def refused(self, client_id):
        await self.until(lambda: client_id in self.refusals)
        return self.refusals.pop(client_id)

    async def has_been_read(self):
        """Return when the server has read all that was sent: it reads in order."""
        await self.sends("Are you there?")
        assert await self.refused(None) == "bad_frame"

    # Receiving

    async def until(self, is_so):
        async with asyncio.timeout(LIMIT):
            while not is_so():
                await self.receive()

    async def reaches(self, seq):
        await self.until(lambda: (self.cursor or 0) >= seq)

    async def closed(self):
        """Receive everything up to the end; its close code, or 1006 when it was cut off."""
        try:
            await self.until(lambda: False)
        except ConnectionClosed:
            return self.socket.close_code

    async def receive(self):
        frames = await self.socket.recv()
        self.received += frames
        for frame in json.loads(frames):
            on_frame = getattr(self, f"_on_{frame['type']}", None)
            if on_frame is not None:
                on_frame(frame)
            elif "seq" in frame and "timestamp" in frame:
                self._on_entry(frame)

    def _on_ready(self, frame):
        # Without `since` it follows from here on.
        self.since = frame["seq"] if self.since is None else self.since

    def _on_entry(self, frame):
        entry = Entry.of(frame)
        assert not isinstance(self.cursor, int) or entry.seq == self.cursor + 1, f"{entry} after {self.cursor}"
        self.entries.append(entry)
        self._show(frame)

    def _show(self, frame):
        """A message's text, or what became of it; unless more is known of it already."""
        is_deleted = frame["type"] == "message_deleted" or frame.get("deleted", False)
        seq, rev = frame.get("target", frame["seq"]), inf if is_deleted else frame.get("rev", 0)
        if frame["type"] in ("text_message", "message_edited", "message_deleted") and rev >= self._revs.get(seq, 0):
            self._revs[seq] = rev
            if seq > self.since:
                place = seq - self.since - 1
                self.entries[place] = self.entries[place]._replace(what=frame.get("content", ""))

    def _on_ack(self, frame):
        client_id, seq = frame["client_id"], frame["seq"]
        if client_id is not None:
            assert self.acks.setdefault(client_id, seq) == seq, f"{frame} after {self.acks[client_id]}"
            self.outbox.pop(client_id, None)

    def _on_error(self, frame):
        self.refusals[frame.get("client_id")] = frame["code"]

    def _on_reset(self, frame):
        self.reset = frame["seq"]


class PageClient(SocketClient):
    """One that also names the log and the entry that it was at, as pages do."""

    def __init__(self, person, group, since=None):
        super().__init__(person, group, since)
        self.epoch = self.at = None

    @property
    def query(self):
        place = {"since": self.cursor, "epoch": self.epoch, "at": self.at}
        return f"?{urlencode({name: value for name, value in place.items() if value is not None})}"

    def _on_ready(self, frame):
        super()._on_ready(frame)
        self.epoch = self.epoch or frame["epoch"]

    def _on_entry(self, frame):
        super()._on_entry(frame)
        self.at = frame["timestamp"]

    async def is_reset(self):
        """Return when it has to load its page again. It comes back by itself until then."""
        async with asyncio.timeout(LIMIT):
            while self.reset is None:
                try:
                    await self.receive()
                except CUT_OFF:
                    await asyncio.sleep(0.02)
                    with suppress(*CUT_OFF):
                        await self.returns()


class Marker(SocketClient):
    """A client that knows how far its user has read."""

    read = unread = None  # unread: in this group, as the server last counted it

    def _on_ready(self, frame):
        super()._on_ready(frame)
        self.read, self.unread = frame["read"], frame["unread"].get(self.group, 0)

    def _on_unread(self, frame):
        self.read, self.unread = frame["read"], frame["unread"]

    async def marks(self, seq):
        await self.sends({"type": "mark_read", "seq": seq})


class Talker(SocketClient):
    """A client that never stops talking, and comes back by itself."""

    def __init__(self, person, group, since=None):
        super().__init__(person, group, since)
        self._received = asyncio.Event()

    async def talks(self, in_flight=8):
        while True:
            try:
                await self.returns()
                await self._talk(in_flight)
            except CUT_OFF:
                # As a browser's pause before it tries again: the server may not be up yet.
                await asyncio.sleep(0.02)

    async def _talk(self, in_flight):
        while True:
            while len(self.outbox) < in_flight:
                number = len(self.acks) + len(self.outbox)
                await self.says(f"number {number}", f"{self.name} {number}")
            await self.receive()
            self._received.set()
            await self._repeat_what_was_refused()

    async def _repeat_what_was_refused(self):
        if self.refusals:
            assert set(self.refusals.values()) == {"busy"}
            refused, self.refusals = self.refusals, {}
            await asyncio.sleep(0.02)
            for client_id in refused:
                await self._send(self.outbox[client_id], client_id)

    async def has_acks(self, count):
        """Return when so many of its messages are acknowledged, while it talks on."""
        async with asyncio.timeout(LIMIT):
            while len(self.acks) < count:
                self._received.clear()
                await self._received.wait()

    async def settles(self):
        """Come back a last time, until nothing is left in the outbox."""
        await self.returns()
        await self.until(lambda: not self.outbox)


@asynccontextmanager
async def running(*coroutines):
    """Let these run beside the block; one that fails fails the test."""
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(coroutine) for coroutine in coroutines]
        yield
        for task in started:
            task.cancel()


def narrow_socket(person):
    """A connection into which little fits beyond what its reader has read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = person.address.split(":")
    narrow.connect((host, int(port)))
    narrow.setblocking(False)
    return narrow
