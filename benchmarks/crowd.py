"""Fills a database with logged-in members of groups, without a server.

compare.py has an older revision's settle() and fill() make that revision's database.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import httpx
from itsdangerous import Signer
from servers import SETTINGS, Program, Refused, Server, running

from discussit.accounts.current_user import COOKIE
from discussit.database import Database
from discussit.models import Group, Membership, Session, User
from discussit.models.accounts import CLOSED_PASSWORD, session_id
from discussit.schema import prepare_once
from discussit.settings import Settings

PORTION = 100  # memberships created in one transaction
REQUESTS = 60  # for the same page, one after the other

# Continues a group's log, whose first entries are the Joins of its members.
FILL = """
WITH RECURSIVE numbers(id, seq) AS (
    SELECT id, last_seq + 1 FROM groups WHERE name = :name
    UNION ALL SELECT id, seq + 1 FROM numbers WHERE seq < :last
)
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth)
SELECT id, seq, 'Message', 1, datetime('2026-01-01', (seq % 20000 * 200) || ' seconds') || '.000000', 'live',
    seq - (SELECT last_seq - messages FROM groups WHERE name = :name)
FROM numbers
"""
FILL_TEXTS = """
INSERT INTO texts (group_id, seq, content)
SELECT group_id, seq, 'This is message ' || seq || ' of a group in which much is said, though seldom at length.'
FROM entries JOIN groups ON groups.id = group_id WHERE name = :name AND seq > last_seq ORDER BY seq
"""
FILL_COUNTS = """
UPDATE groups SET messages = messages + :last - last_seq, last_seq = :last,
    last_message_at = (SELECT timestamp FROM entries WHERE group_id = groups.id ORDER BY seq DESC LIMIT 1)
WHERE name = :name
"""

# All have read it: to the one who wrote so much and marked nothing as read, each page would have to count it.
FILL_READ = "UPDATE memberships SET read_seq = :last WHERE group_id = (SELECT id FROM groups WHERE name = :name)"

# Members without a session, whose Joins are not in the log. Rooms share these people.
FILL_USERS = """
WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :members)
INSERT OR IGNORE INTO users (username, username_key, password, is_superuser, is_active, created_at)
SELECT 'member' || number, 'member' || number, '!', 0, 1, '2026-01-01 00:00:00.000000' FROM numbers
"""
FILL_MEMBERS = """
INSERT OR IGNORE INTO memberships (group_id, user_id, joined_at, read_seq)
SELECT groups.id, users.id, users.created_at, 0 FROM groups, users WHERE name = :name AND username LIKE 'member%'
ORDER BY users.id LIMIT :members - (SELECT member_count FROM groups WHERE name = :name)
"""
FILL_MEMBER_COUNT = """
UPDATE groups SET member_count = (SELECT count(*) FROM memberships WHERE group_id = groups.id) WHERE name = :name
"""

Seat = tuple[int, int]  # a room, and a person in it
signer = Signer(SETTINGS["SECRET_KEY"], salt="discussit.session")


def group_uuid(room: int) -> UUID:
    return UUID(int=room + 1)


def group_name(room: int) -> str:
    return f"Room {room}"


def name(person: int) -> str:
    return f"person{person}"


def cookie(person: int) -> str:
    return f"{COOKIE}={signer.sign(token(person)).decode()}"


def token(person: int) -> str:
    return f"{person:064x}"


def path(room: int) -> str:
    return f"/groups/{group_uuid(room)}/"


class Visitor(httpx.Client):
    """An HTTP client with the session of one of these people."""

    def __init__(self, server: Program, person: int) -> None:
        self._server, self.cookie = server, cookie(person)
        super().__init__(base_url=server.url, headers={"Cookie": self.cookie}, timeout=30)

    def cost(self, path: str, requests: int = REQUESTS) -> float:
        """The server's CPU seconds for one request."""
        before = self._server.cpu()
        for _ in range(requests):
            if (status := self.get(path).status_code) != 200:
                raise Refused(f"{path} was answered {status}")
        return (self._server.cpu() - before) / requests


@contextmanager
def visited(seats: Iterable[Seat], *command: str) -> Iterator[tuple[Server, Visitor]]:
    """A server with these people in these rooms, and person 0's client."""
    with running(*command) as server, Visitor(server, 0) as visitor:
        settle(f"sqlite+aiosqlite:///{server.database}", seats)
        yield server, visitor


def fill(database: Path, room: int, last: int) -> None:
    """Continue the room's log with messages, up to seq `last`."""
    _execute(database, (FILL, FILL_TEXTS, FILL_COUNTS, FILL_READ), {"name": group_name(room), "last": last})


def fill_members(database: Path, room: int, members: int) -> None:
    """Have more people join the room, until it has so many members."""
    _execute(database, (FILL_USERS, FILL_MEMBERS, FILL_MEMBER_COUNT), {"name": group_name(room), "members": members})


def _execute(database: Path, statements: Sequence[str], values: Mapping[str, object]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement, values)


def settle(database_url: str, seats: Iterable[Seat]) -> None:
    """Fill a new database with a group for each of these rooms and a session for each of these people."""
    asyncio.run(_settle(Settings(database_url, secret_key=SETTINGS["SECRET_KEY"]), set(seats)))


async def _settle(settings: Settings, seats: set[Seat]) -> None:
    await prepare_once(settings, migrate=True)
    rooms, persons = map(set, zip(*seats, strict=True))
    database = Database(settings)
    try:
        async with database.transaction() as session:
            users = {person: User(username=name(person), password=CLOSED_PASSWORD) for person in persons}
            groups = {room: Group(name=group_name(room), uuid=group_uuid(room)) for room in rooms}
            session.add_all([*users.values(), *groups.values()])
            session.add_all(Session(id=session_id(token(person)), user=user) for person, user in users.items())
        await _join(database, [Membership(group_id=groups[r].id, user_id=users[p].id) for r, p in sorted(seats)])
    finally:
        await database.close()


async def _join(database: Database, memberships: Sequence[Membership]) -> None:
    # The hook of each membership searches all new objects of its transaction.
    for start in range(0, len(memberships), PORTION):
        async with database.transaction() as session:
            session.add_all(memberships[start : start + PORTION])
