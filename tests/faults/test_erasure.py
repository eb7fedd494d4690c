"""Deleted texts leave every file of the data folder and every process's answers, while people go on talking.

200 groups have 20,000 messages of 20 and of 10,000 characters, of which 2,000 are deleted, a third after an edit. One
of 50 is long; with ERASURE_LONG=2 every other, which takes minutes.
"""

import asyncio
import os
import random
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass

from clients import RemotePerson, Talker, running
from sqlalchemy import select

from discussit.checkpoints import PATIENCE
from discussit.database import Database
from discussit.models import Group, Membership, Message, User
from discussit.settings import Settings

GROUPS, OF_GROUP, DELETED_OF_GROUP, EDITED_OF_GROUP = 200, 100, 10, 3
LONG = int(os.environ.get("ERASURE_LONG", "50"))  # each so many messages, one has 10,000 characters
AT_ONCE = 8  # groups in which somebody writes at the same time
TOKEN = re.compile(rb"key(\d{6})is(\d{4})")
FACTOR = 7919


async def test_deleted_texts_leave_all_files_and_answers_once_nobody_reads_from_before(start, environment):
    servers = [start(), start()]
    places = await fill(servers)
    talker = Talker(places[1].author, places[1].group)
    async with running(talker.talks()):
        with snapshot():
            deleted = await delete_some(places)
            assert found_in_files() & deleted
        await left_files(deleted)
        await talker.has_acks(len(talker.acks) + 10)
    async with talker:
        await talker.settles()
    kept = await asyncio.to_thread(answered, servers, places[::10])

    assert not kept & deleted
    assert len(kept) == GROUPS / 10 * (OF_GROUP - DELETED_OF_GROUP)


@dataclass
class Place:
    """A group, a member at one of the servers, and the seqs of the messages, by the numbers in their texts."""

    group: str
    author: RemotePerson
    seqs: dict[int, int]

    async def delete_some(self):
        """Delete some messages, after an edit of some of these; return the numbers of all their texts."""
        chosen = sorted(self.seqs)[:: OF_GROUP // DELETED_OF_GROUP]
        random.shuffle(chosen)
        edits = {number: 500_000 + number for number in chosen[:EDITED_OF_GROUP]}
        async with self.author.follows(self.group) as author:
            for number, new in edits.items():
                await self._sends(author, "edit_message", number, rev=0, message=text(new))
            for number in chosen:
                await self._sends(author, "delete_message", number)
            await author.until(lambda: len(author.acks) == len(edits) + len(chosen))
        return {*chosen, *edits.values()}

    async def _sends(self, author, command, number, **fields):
        start = {"type": command, "target": self.seqs[number], "client_id": f"{command} {number}"}
        await author.sends(start | fields)


async def fill(servers):
    """Groups of alice and bob, which another process has filled."""
    alice, bob = (RemotePerson(server, name) for server, name in zip(servers, ("alice", "bob"), strict=True))
    for person in (alice, bob):
        person.sign_up()
    database = Database(Settings.from_environment())
    places = [await new_place(database, (alice, bob)[each % 2], each) for each in range(GROUPS)]
    await database.close()
    return places


async def new_place(database, author, number):
    async with database.transaction() as session:
        group, users = Group(name=f"Group {number}"), (await session.scalars(select(User))).all()
        session.add_all(Membership(group=group, user=user) for user in users)
        (user,) = (user for user in users if user.username == author.name)
        numbers = range(number * OF_GROUP, (number + 1) * OF_GROUP)
        messages = {each: Message(group=group, author=user, content=text(each)) for each in numbers}
        session.add_all(messages.values())
    return Place(str(group.uuid), author, {each: message.seq for each, message in messages.items()})


async def delete_some(places):
    return set().union(*await all_of(place.delete_some() for place in places))


async def all_of(coroutines):
    limit = asyncio.Semaphore(AT_ONCE)

    async def limited(coroutine):
        async with limit:
            return await coroutine

    return await asyncio.gather(*map(limited, coroutines))


def text(number):
    token = f"key{number:06}is{number * FACTOR % 10_000:04}"
    return " ".join([token] * 625) if number % LONG == 0 else f"{token:20}."[:20].replace(" ", "-")


def numbers_in(content):
    return {int(number) for number, check in TOKEN.findall(content) if int(number) * FACTOR % 10_000 == int(check)}


def found_in_files():
    """The numbers of the texts that any file in the folder contains."""
    files = [file for file in Settings.from_environment().sqlite_file.parent.iterdir() if file.is_file()]
    return set().union(*(numbers_in(file.read_bytes()) for file in files))


@contextmanager
def snapshot():
    """Another program, such as a backup, reads the database as it is now."""
    with closing(sqlite3.connect("discussit.db", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM texts").fetchone()
        yield


async def left_files(deleted):
    """Wait for as long as the servers do before they complain: others keep on reading and writing."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(found_in_files) & deleted:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def answered(servers, places):
    """The numbers of the texts that are in the logs of these groups, as each server sends them."""
    readers = [places[0].author.at(server) for server in servers]
    return numbers_in(b"".join(page for reader in readers for place in places for page in pages(reader, place.group)))


def pages(person, group):
    since = 0
    while True:
        answer = person.get(f"/groups/{group}/entries/", params={"since": since})
        entries = [each for each in answer.json() if "timestamp" in each]
        if not entries:
            return
        yield answer.content
        since = entries[-1]["seq"]
