"""Messages from members of one group, each of whom waits for acknowledgements before sending more."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from servers import Program
from sockets import Socket

IN_FLIGHT = 50
LONGEST_WAIT = 10  # seconds, after which acknowledgements or entries count as lost


@dataclass(frozen=True)
class Place:
    """A group on a server, and the cookie of a member, who may open any number of sockets."""

    server: Program
    path: str
    cookie: str

    async def connect(self, count: int) -> list[Socket]:
        return [await Socket.connect(self.server.port, self.path, self.cookie) for _ in range(count)]


@dataclass(frozen=True)
class Acks:
    """What came of some seconds of load: processor times are the server's and the load's own."""

    messages: int
    seconds: float
    server_cpu: float
    own_cpu: float


async def load(place: Place, senders: int, readers: int, seconds: float) -> Acks:
    """Have some sockets keep IN_FLIGHT messages in flight, while others only read."""
    sockets = await place.connect(senders + readers)
    sending = sockets[:senders]
    server_cpu, own_cpu, began = place.server.cpu(), time.process_time(), time.perf_counter()
    for sender in sending:
        sender.is_sending = True
        sender.send(IN_FLIGHT // senders)
    await asyncio.sleep(seconds)
    acks = Acks(
        sum(sender.acked for sender in sending),
        time.perf_counter() - began,
        place.server.cpu() - server_cpu,
        time.process_time() - own_cpu,
    )
    await settle(sending, sockets)
    return acks


async def waits(place: Place, count: int) -> list[float]:
    """The seconds that each of these messages, sent one after the other, waits for its ack, while two others read."""
    sockets = await place.connect(3)
    sender = sockets[0]
    for _ in range(count):
        sender.send()
        async with asyncio.timeout(LONGEST_WAIT):
            await sender.all_acked()
    await settle([sender], sockets)
    return sender.latencies


async def settle(senders: Sequence[Socket], sockets: Sequence[Socket]) -> None:
    """Stop sending, and check that every message was acknowledged, and read by everyone."""
    for sender in senders:
        sender.is_sending = False
    async with asyncio.timeout(LONGEST_WAIT):
        for sender in senders:
            await sender.all_acked()
        total = sum(sender.sent for sender in senders)
        for socket in sockets:
            await socket.has_read(total)
    assert all(socket.read == total for socket in sockets), "a reader was sent something twice"
    for socket in sockets:
        socket.close()
