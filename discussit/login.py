"""Accounts: made by signing up, entered by logging in."""

from functools import partial

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit import passwords
from discussit.database import Database
from discussit.fields import FieldError, checked
from discussit.models import User
from discussit.models.accounts import check_username, username_key


class WrongPassword(FieldError):
    """Not the password of this account; None: there is no such account."""

    def __init__(self, field: str, text: str, account: int | None) -> None:
        super().__init__(field, text)
        self.account = account


async def sign_up(database: Database, username: str, password: str, *, is_superuser: bool | None = None) -> User:
    """A new account; the first of a server is its superuser. Raises FieldError."""
    username = checked("username", check_username, username)
    hashed = await passwords.hash_of(checked("password1", partial(passwords.check, username), password))
    try:
        async with database.transaction() as session:
            if is_superuser is None:
                is_superuser = await _becomes_first(session)
            user = User(username=username, password=hashed, is_superuser=is_superuser)
            session.add(user)
    except IntegrityError:
        raise FieldError("username", "This name is taken.") from None
    return user


async def _becomes_first(session: AsyncSession) -> bool:
    if not await session.run_sync(is_first):
        return False
    if session.get_bind().dialect.name == "postgresql":
        # Of two at once, one waits here for the other and is the second. SQLite has one writer anyway.
        await session.execute(text("LOCK TABLE users IN EXCLUSIVE MODE"))
    return await session.run_sync(is_first)


def is_first(session: OrmSession) -> bool:
    """Whether nobody has an account yet."""
    return session.scalar(select(User.id).limit(1)) is None


async def find(database: Database, username: str) -> User | None:
    """Whose name it is, whatever its case; nobody's, if the account is closed."""
    # No engine can be asked for these characters, and no name has one.
    askable = username.encode(errors="replace").decode().replace("\0", "?")
    of_this_name = select(User).where(User.username_key == username_key(askable), User.is_active)
    return await database.run_read(lambda session: session.scalar(of_this_name))


async def log_in(database: Database, username: str, password: str) -> User:
    """The account of this name and password. Raises WrongPassword, with the same text whatever is wrong."""
    user = await find(database, username)
    is_right = await passwords.verifies(user.password if user else passwords.NOBODYS_HASH, password)
    if user is None or not is_right:
        raise WrongPassword("", "This name and password don't belong together.", user.id if user else None)
    if passwords.is_outdated(user.password):
        await _hash_anew(database, user, password)
    return user


async def _hash_anew(database: Database, user: User, password: str) -> None:
    hashed = await passwords.hash_of(password)
    async with database.transaction() as session:
        kept = await session.get_one(User, user.id, with_for_update=True)
        if kept.password == user.password:  # else somebody has changed it since
            kept.password = user.password = hashed
