from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import hostile
import pytest
from sqlalchemy.exc import IntegrityError

from discussit.models import User
from discussit.models.accounts import session_id

# Names


@pytest.mark.parametrize("name", ["alice", "Alice", "ALICE", "\uff41lice", " alice "])
async def test_a_name_is_taken_whatever_its_case_and_form(world, name):
    with pytest.raises(IntegrityError):
        async with world.database.transaction() as session:
            session.add(User(username=name, password="!"))


@pytest.mark.parametrize(
    "name", ["alice2", "al.ice", "a@b.c", "a+b-c_d", "Ωmega", "李", "9", "x" * 150, *hostile.USERS]
)
def test_a_name_may_have_letters_digits_and_some_signs(name):
    assert str(User(username=name)) == name


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "\ud800", "a'b", "x" * 151, *hostile.MARKUP, *hostile.UNSEEN])
def test_a_name_may_not_be(name):
    with pytest.raises(ValueError, match="1 to 150 letters"):
        User(username=name)


@pytest.mark.parametrize(("name", "is_allowed"), [("\u0390" * 100, True), ("\u0390" * 101, False), ("ß" * 150, True)])
async def test_a_name_is_measured_without_its_case(world, name, is_allowed):
    with nullcontext() if is_allowed else pytest.raises(ValueError, match="count as two or three"):
        async with world.database.transaction() as session:
            session.add(User(username=name, password="!"))


def test_a_name_is_kept_in_nfkc():
    assert User(username="\ufb01ona").username == "fiona"


def test_an_account_id_is_given_once_even_where_a_number_is_given_again():
    at = datetime(2026, 11, 26, 12, 0, 0, 7, UTC)
    account = User(id=7, username="alice", created_at=at)
    renamed = User(id=7, username="alina", created_at=at)
    after_a_restore = User(id=7, username="alice", created_at=at + timedelta(microseconds=1))

    assert account.account_id == renamed.account_id == "7-20261126120000000007"
    assert account.account_id != after_a_restore.account_id


# Closing and changing


async def test_a_closed_account_keeps_the_log_whole(world):
    await world.joined(world.bob)
    await world.wrote("hi")

    await close(world, world.bob)

    assert await world.log() == [
        (1, "bob Join the Gardening group"),
        (2, "hi"),
        (3, "bob Left the Gardening group"),
    ]


async def test_a_closed_account_has_no_rights_memberships_or_sessions(world):
    await world.joined(world.bob)
    await world.logged_in(world.bob, "token")
    world.listen()

    closed = await close(world, world.bob)

    assert (closed.is_active, closed.is_superuser, await world.members()) == (False, False, [])
    assert [id for written in world.published for id in written.ended_sessions] == [session_id("token")]


async def test_a_renamed_account_is_logged_out(world):
    await world.logged_in(world.bob, "token")
    world.listen()

    async with world.database.transaction() as session:
        (await session.get_one(User, world.bob.id)).username = "robert"

    assert [list(written.ended_sessions) for written in world.published] == [[session_id("token")]]


async def test_a_changed_password_alone_renames_nobody(world):
    await world.logged_in(world.bob, "token")
    world.listen()

    async with world.database.transaction() as session:
        (await session.get_one(User, world.bob.id)).password = "?"

    assert not any(written.ended_sessions or written.revised_groups for written in world.published)


async def close(world, user):
    async with world.database.transaction() as session:
        closed = await session.get_one(User, user.id)
        await closed.close()
    return closed


async def test_an_account_that_is_renamed_without_its_name_being_loaded_is_logged_out(world):
    await world.logged_in(world.bob, "token")
    world.listen()

    async with world.database.transaction() as session:
        renamed = await session.get_one(User, world.bob.id)
        session.expire(renamed)
        await session.run_sync(lambda _: setattr(renamed, "username", "robert"))

    assert [list(written.ended_sessions) for written in world.published] == [[session_id("token")]]
