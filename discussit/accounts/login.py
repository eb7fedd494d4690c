"""Signing up, and checking the name and password of a login."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit.accounts import passwords
from discussit.database import Database, Then, nothing
from discussit.errors import FieldError, checked
from discussit.models import User
from discussit.models.accounts import FormerName, check_username, locked_user, typed_key


class WrongPassword(FieldError):
    """The password is wrong. `account` is the account's id, or None if there is no such account."""

    def __init__(self, field: str, text: str, account: int | None) -> None:
        super().__init__(field, text)
        self.account = account


async def sign_up(
    database: Database,
    username: str,
    password: str,
    *,
    is_superuser: bool | None = None,
    then: Then = nothing,
) -> User:
    """Create an account, and do what `then` does in the same transaction. Raises FieldError.

    Unless `is_superuser` is given, only a server's first account is a superuser.
    """
    return await store_new(database, await new_user(username, password), is_superuser=is_superuser, then=then)


async def store_new(
    database: Database, user: User, *, is_superuser: bool | None = None, first: Then = nothing, then: Then = nothing
) -> User:
    """Store a new account, as `sign_up` does. `first` is done before, as long as its name is not taken yet."""
    with unique_name():
        async with database.transaction() as session:
            user.is_superuser = await _is_first(session) if is_superuser is None else is_superuser
            await first(session, user)
            session.add(user)
            await session.flush()
            await then(session, user)
    return user


async def new_user(username: str, password: str) -> User:
    """An account that is not stored yet. Raises FieldError."""
    username = checked("username", check_username, username)
    hashed = await passwords.hash_of(checked("password1", partial(passwords.check, username), password))
    return User(username=username, password=hashed)


@contextmanager
def unique_name() -> Iterator[None]:
    """Wrap the transaction that stores an account's name. Raises FieldError if another account has the name."""
    try:
        yield
    except IntegrityError:
        raise FieldError("username", "This name is taken.") from None


async def _is_first(session: AsyncSession) -> bool:
    """Whether this transaction creates the first account: of simultaneous sign-ups, only one does."""
    if await session.run_sync(has_accounts):
        return False
    if session.get_bind().dialect.name == "postgresql":
        # A second sign-up waits here for the first. SQLite has one writer anyway.
        await session.execute(text("LOCK TABLE users IN EXCLUSIVE MODE"))
    return not await session.run_sync(has_accounts)


def has_accounts(session: OrmSession) -> bool:
    return session.scalar(select(User.id).limit(1)) is not None


async def find_active(database: Database, username: str) -> User | None:
    """The active account that has this name, ignoring case, or had it before a migration; None if there is none."""
    key = typed_key(username)
    had_it = select(FormerName.user_id).where(FormerName.key == key).scalar_subquery()
    of_this_name = select(User).where(or_(User.username_key == key, User.id == had_it), User.is_active)
    # Whoever has the name comes first: during an update, the version before lets it be taken again.
    found = of_this_name.order_by((User.username_key == key).desc()).limit(1)
    return await database.run_read(lambda session: session.scalar(found))


async def check_login(database: Database, username: str, password: str) -> User:
    """The account with this name and password. Raises WrongPassword, with the same text whichever is wrong."""
    user = await find_active(database, username)
    hashed_text = await passwords.verified(user.password if user else passwords.DUMMY_HASH, password)
    if user is None or hashed_text is None:
        raise WrongPassword("", "This name and password don't belong together.", user.id if user else None)
    if passwords.is_outdated(user.password, hashed_text):
        await _rehash(database, user, password)
    return user


async def _rehash(database: Database, user: User, password: str) -> None:
    hashed = await passwords.hash_of(password)
    async with database.transaction() as session:
        row = await locked_user(session, user.id)
        if row.password == user.password:  # otherwise it was changed in the meantime
            row.password = user.password = hashed
