"""What unread numbers cost: 500 readers of a busy room who mark what they have read, and 500 people in 50 groups.

    .venv/bin/python benchmarks/unread.py

Of each, the server's CPU time is measured with and without: marks, and home pages.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from itertools import cycle

import crowd
from frames import PING, PONG, TEXT, frame, handshake, split
from servers import SERVE, Server, machine, table

PEOPLE, GROUPS = 500, 50
RATE = 20  # messages per second
MARK_PAUSE = 3.0  # seconds between two marks of a reader, as pages make them
SPEAKER = 0


class Client(asyncio.Protocol):
    """A socket of `discussit.v1` that counts what it is sent."""

    def __init__(self) -> None:
        self.unread = self.last = 0
        self.ready = asyncio.get_running_loop().create_future()
        self._rest = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._is_open:
            _, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            self._is_open, self._rest = True, rest
        frames, self._rest = split(self._rest)
        for kind, payload in frames:
            if kind == PING:
                self._transport.write(frame(PONG, payload))
            elif kind == TEXT:
                self._take(payload)

    def _take(self, payload: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        self.unread += payload.count(b'"type":"unread"')
        place = payload.rfind(b'"seq":')
        if b'"type":"text_message"' in payload:
            self.last = int(payload[place + 6 : payload.index(b",", place)])

    def send(self, **command: object) -> None:
        self._transport.write(frame(TEXT, json.dumps(command).encode()))

    def close(self) -> None:
        self._transport.abort()


async def connected(server: Server, path: str, persons: Iterable[int]) -> list[Client]:
    clients = []
    for person in persons:
        _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", server.port)
        headers = ("Sec-WebSocket-Protocol: discussit.v1", f"Cookie: {crowd.cookie(person)}")
        client._transport.write(handshake(server.port, path, *headers))
        await client.ready
        clients.append(client)
    return clients


async def talk(speakers: Sequence[Client], seconds: float) -> None:
    """RATE messages per second, of one speaker after the other."""
    started = time.perf_counter()
    for number, speaker in enumerate(cycle(speakers)):
        due = started + number / RATE
        if due > started + seconds:
            return
        await asyncio.sleep(due - time.perf_counter())
        speaker.send(type="text_message", message="m" * 100)


async def mark(readers: Sequence[Client]) -> None:
    """Each reader marks what it has read, one after the other, every MARK_PAUSE seconds."""
    started = time.perf_counter()
    for number, reader in enumerate(cycle(readers)):
        await asyncio.sleep(started + number * MARK_PAUSE / len(readers) - time.perf_counter())
        if reader.last:
            reader.send(type="mark_read", seq=reader.last, read_rev=0)


async def cost(server: Server, speakers: Sequence[Client], seconds: float) -> float:
    """The share of a core that the server takes."""
    await talk(speakers, 2)  # until caches are filled
    before = server.cpu()
    await talk(speakers, seconds)
    return (server.cpu() - before) / seconds


async def busy_room(server: Server, seconds: float) -> tuple[str, ...]:
    readers = await connected(server, crowd.path(0), range(PEOPLE))
    without = await cost(server, readers[:1], seconds)
    marking = asyncio.create_task(mark(readers))
    with_marks = await cost(server, readers[:1], seconds)
    marking.cancel()
    objects = sum(each.unread for each in readers)
    for each in readers:
        each.close()
    return _row(f"{PEOPLE} readers of a room, who mark", without, with_marks, objects)


async def home_pages(server: Server, seconds: float) -> tuple[str, ...]:
    speakers = [(await connected(server, crowd.path(room), [SPEAKER]))[0] for room in range(GROUPS)]
    without = await cost(server, speakers, seconds)
    pages = await connected(server, "/", range(1, PEOPLE))
    with_pages = await cost(server, speakers, seconds)
    objects = sum(each.unread for each in pages)
    for each in (*speakers, *pages):
        each.close()
    return _row(f"{PEOPLE} home pages, {GROUPS} groups each", without, with_pages, objects)


def _row(name: str, without: float, with_it: float, objects: int) -> tuple[str, ...]:
    return name, f"{without:.1%}", f"{with_it:.1%}", f"{with_it / without - 1:+.0%}", str(objects)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="that each measurement takes")
    seconds = parser.parse_args().seconds
    rows = []
    with crowd.visited([(0, person) for person in range(PEOPLE)], *SERVE) as (server, _):
        rows.append(asyncio.run(busy_room(server, seconds)))
    with crowd.visited([(room, person) for room in range(GROUPS) for person in range(PEOPLE)], *SERVE) as (server, _):
        rows.append(asyncio.run(home_pages(server, seconds)))
    print(f"{RATE} messages per second; {machine()}")
    print(table(("what", "without", "with", "more", "unread objects"), rows))


if __name__ == "__main__":
    main()
