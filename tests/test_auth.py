import sqlite3
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
from people import Person, closed, refused
from sqlalchemy import select, update
from starlette.testclient import TestClient

from discussit import auth
from discussit.app import app
from discussit.auth import SEEN_EVERY, SESSION_LIFE, Account, NoSuchGroup, NotAMember, NotSignedIn
from discussit.models import Membership, Session, User
from discussit.models.accounts import session_id
from discussit.models.base import now

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def bob(world):
    """Bob, signed in."""
    async with world.database.transaction() as session:
        session.add(Session(id=session_id("token"), user_id=world.bob.id))
    return Account(world.bob.id, "bob", is_superuser=False, session_id=session_id("token"))


# The one door to a group


async def test_a_member_is_admitted(world, bob):
    await world.joined(world.bob)

    assert (await admit(world, bob)).uuid == world.group.uuid


async def test_who_is_no_member_is_not_admitted(world, bob):
    await world.joined(world.alice)

    with pytest.raises(NotAMember) as refusal:
        await admit(world, bob)
    assert refusal.value.group.name == "Gardening"


async def test_nobody_is_admitted_where_nothing_is(world, bob):
    with pytest.raises(NoSuchGroup):
        await admit(world, bob, uuid4())


async def test_a_session_that_has_ended_meanwhile_admits_nobody(world, bob):
    await world.joined(world.bob)
    await auth.end_session(world.database, bob.session_id)

    with pytest.raises(NotSignedIn):
        await admit(world, bob)


async def test_admission_takes_one_query(world, bob, queries):
    await world.joined(world.bob)
    queries.clear()

    await admit(world, bob)

    assert len(queries) == 1


# Joining and leaving


async def test_a_move_says_whether_anything_changed(world, bob):
    asked = (True, True, False, False)

    changed = [await auth.move(world.database, bob, world.group.uuid, joins=joins) for joins in asked]

    assert changed == [True, False, True, False]


async def test_a_closed_account_joins_nothing(world, bob):
    async with world.database.transaction() as session:
        await (await session.get_one(User, bob.id)).close()

    with pytest.raises(NotSignedIn):
        await auth.move(world.database, bob, world.group.uuid, joins=True)
    async with world.database.reading() as session:
        assert (await session.scalars(select(Membership))).all() == []


# How long a session lives


@pytest.mark.parametrize(("age", "status"), [(SESSION_LIFE - MINUTE, 200), (SESSION_LIFE + MINUTE, 303)])
def test_a_session_ends_two_weeks_after_the_last_request(site, state, alice, age, status):
    site.portal.call(last_seen, state.database, age)

    assert alice.get("/").status_code == status


def test_a_session_that_is_too_old_opens_no_socket(site, state, alice, gardening):
    site.portal.call(last_seen, state.database, SESSION_LIFE + MINUTE)

    assert refused(alice, "/") == refused(alice, f"/groups/{gardening}/") == 401


def test_a_request_is_written_down_where_the_last_is_a_while_ago(site, state, alice, queries):
    site.portal.call(last_seen, state.database, SEEN_EVERY + MINUTE)
    queries.clear()

    alice.get("/")
    first = [each for each in queries if each.startswith("UPDATE")]
    alice.get("/")

    assert len(first) == 1
    assert [each for each in queries if each.startswith("UPDATE")] == first


def test_a_database_that_takes_no_write_does_not_keep_people_out(impatient_site, faultless):
    alice = Person(impatient_site, "alice")
    alice.sign_up()
    state = impatient_site.app._app.state
    impatient_site.portal.call(last_seen, state.database, SEEN_EVERY + MINUTE)

    with closing(sqlite3.connect("discussit.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert alice.get("/").status_code == 200


@pytest.fixture
def impatient_site(environment):
    """It waits for a lock no longer than anybody notices."""
    environment.setattr("discussit.database.PRAGMAS", ("busy_timeout=20", "journal_mode=WAL", "synchronous=FULL"))
    with TestClient(app) as site:
        yield site


def test_a_session_that_is_deleted_in_the_database_closes_its_sockets(site, state, alice, gardening):
    with alice.at_home() as home, alice.in_group(gardening) as group:
        site.portal.call(end_all_sessions, state.database)

        assert (closed(home), closed(group)) == (4401, 4401)


async def admit(world, account, uuid=None):
    return await world.database.read(lambda session: auth.admit(session, account, uuid or world.group.uuid))


async def last_seen(database, ago):
    async with database.transaction() as session:
        await session.execute(update(Session).values(last_seen_at=now() - ago))


async def end_all_sessions(database):
    async with database.transaction() as session:
        for signed_in in await session.scalars(select(Session)):
            await session.delete(signed_in)
