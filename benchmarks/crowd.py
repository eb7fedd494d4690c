"""A database full of people who are signed in and are members, made without asking a server."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from itsdangerous import Signer
from servers import SETTINGS

from discussit.auth import COOKIE
from discussit.database import Database, prepare_once
from discussit.models import Group, Membership, Session, User
from discussit.models.accounts import CLOSED_PASSWORD, session_id
from discussit.settings import Settings

AT_ONCE = 100  # memberships that are made in one transaction
Place = tuple[int, int]  # a room, and a person who is in it
signer = Signer(SETTINGS["SECRET_KEY"], salt="discussit.session")


def group_uuid(room: int) -> UUID:
    return UUID(int=room + 1)


def name(person: int) -> str:
    return f"person{person}"


def cookie(person: int) -> str:
    return f"{COOKIE}={signer.sign(token(person)).decode()}"


def token(person: int) -> str:
    return f"{person:064x}"


def settle(database_url: str, places: Iterable[Place]) -> None:
    """Fill a new database with a group for each room and a session for each person that is named."""
    asyncio.run(_settle(Settings(database_url, secret_key=SETTINGS["SECRET_KEY"]), set(places)))


async def _settle(settings: Settings, places: set[Place]) -> None:
    await prepare_once(settings, migrate=True)
    rooms, persons = map(set, zip(*places, strict=True))
    database = Database(settings)
    try:
        async with database.transaction() as session:
            users = {person: User(username=name(person), password=CLOSED_PASSWORD) for person in persons}
            groups = {room: Group(name=f"Room {room}", uuid=group_uuid(room)) for room in rooms}
            session.add_all([*users.values(), *groups.values()])
            session.add_all(Session(id=session_id(token(person)), user=user) for person, user in users.items())
        await _join(database, [Membership(group_id=groups[r].id, user_id=users[p].id) for r, p in sorted(places)])
    finally:
        await database.close()


async def _join(database: Database, memberships: Sequence[Membership]) -> None:
    # Each looks through all that is new in its transaction.
    for start in range(0, len(memberships), AT_ONCE):
        async with database.transaction() as session:
            session.add_all(memberships[start : start + AT_ONCE])
