"""Alice, following a group without a socket."""

import json
from contextlib import asynccontextmanager

from discussit.delivery.connections import Follower
from discussit.delivery.protocols import V1
from discussit.log.read import LogState


@asynccontextmanager
async def following(served, world, cursor=None):
    """The entries that alice is given, as seq and text, from her admission on or after a cursor."""
    group = await world.read_group()
    alice = Follower("session of alice", world.alice.id, V1, group.uuid)
    alice.admitted = group.last_seq
    alice.cursor = group.last_seq if cursor is None else cursor
    state = LogState(group.last_seq, group.revisions, group.epoch)
    with served.hub.people.connected(alice):
        async with served.hub.rooms.entered(alice, group.id, state) as room:
            await room.ready()
            yield given(served.hub.rooms.follow(room, alice))


async def given(slices):
    async for part in slices:
        for encoded in part.entries if part else ():
            entry = json.loads(encoded.text)
            yield entry["seq"], entry.get("content", entry["message"])


def entered(served):
    return [each for each in served.hub.people.connections if isinstance(each, Follower)]
