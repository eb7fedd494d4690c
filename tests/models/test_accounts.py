import sys
import unicodedata
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from time import process_time

import hostile
import names
import pytest
from sqlalchemy.exc import IntegrityError

from discussit.models import User
from discussit.models.accounts import check_username, session_id, username_key
from discussit.models.groups import check_name

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


@pytest.mark.parametrize("name", ["a b", "a\u00a0b", "\u7530\u4e2d\u3000\u82b1\u5b50"])
def test_a_name_that_only_its_spaces_forbid_is_refused_for_them(name):
    with pytest.raises(ValueError, match="can't contain spaces"):
        check_username(name)


@pytest.mark.parametrize("name", ["", " ", "a/b", "\ud800", "a'b", "x" * 151, *hostile.MARKUP, *hostile.UNSEEN])
def test_a_name_may_not_be(name):
    with pytest.raises(ValueError, match="1 to 150 letters"):
        User(username=name)


@pytest.mark.parametrize(("name", "is_allowed"), [("\u0390" * 100, True), ("\u0390" * 101, False), ("ß" * 150, True)])
async def test_a_name_is_measured_without_its_case(world, name, is_allowed):
    with nullcontext() if is_allowed else pytest.raises(ValueError, match="count as two or three"):
        async with world.database.transaction() as session:
            session.add(User(username=name, password="!"))


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("name", names.ACCOUNTS)
def test_a_name_may_be_in_any_script_and_any_form(name, form):
    typed = unicodedata.normalize(form, name)

    assert User(username=typed).username == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize("name", names.NO_ACCOUNTS)
def test_marks_joiners_and_punctuation_stand_where_a_script_needs_them(name):
    with pytest.raises(ValueError, match="1 to 150 letters"):
        User(username=name)


@pytest.mark.parametrize("name", [".", "..", "..." * 50, "\u2026", "\uff0e\uff0e", "\u2024"])
def test_a_name_is_not_dots_alone_which_browsers_leave_out_of_addresses(name):
    with pytest.raises(ValueError, match="only dots"):
        User(username=name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("\u0634\u0647\u200c\u0631", "\u0634\u0647\u0631"),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0dc1\u0dca\u0dbb\u0dd3"),
        ("\u0390", "\u03aa\u0301"),  # a letter and its capital, which is composed in another way
    ],
)
async def test_a_name_is_taken_whatever_its_joiners_and_marks_are_made_of(world, name, other):
    await add_user(world, name)

    with pytest.raises(IntegrityError):
        await add_user(world, other)


async def add_user(world, name):
    async with world.database.transaction() as session:
        session.add(User(username=name, password="!"))


def test_the_key_of_a_name_without_marks_and_joiners_is_that_of_earlier_versions():
    letters = [unicodedata.normalize("NFKC", character) for character in map(chr, range(sys.maxunicode + 1))]

    changed = [each for each in letters if each.isalnum() and username_key(each) != each.casefold()]

    assert changed == []


@pytest.mark.parametrize("name", ["\u0323\u0301" * 500_000, "\u0915\u094d\u200d" * 300_000, "\u0647\u200c" * 500])
def test_a_long_name_of_marks_and_joiners_is_refused_quickly(name):
    began = process_time()

    for check in (check_username, check_name):
        with pytest.raises(ValueError, match="1 to"):
            check(name)

    assert username_key(name)
    assert process_time() - began < 1


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
