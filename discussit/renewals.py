"""A new password in place of another: from who knows the old one, or who was given a link."""

import hashlib
import logging
import re
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session as OrmSession

from discussit import passwords
from discussit.current_user import Account, NotSignedIn
from discussit.database import Database
from discussit.login import WrongPassword, find
from discussit.models import User

LINKS = "/accounts/reset/"
LINK_LIFE = timedelta(hours=1)
TOKEN = re.compile(rf"(?<={LINKS})[^/?\s]+")


class NoSuchAccount(Exception):
    """Nobody has this name, or their account is closed."""


class LinkSpent(Exception):
    """The link is too old or was used, its account is closed, or it is none of ours."""


async def change(database: Database, account: Account, old: str, new: str) -> None:
    """The new password counts, and all sessions but the one that asks are ended. Raises WrongPassword."""
    user = await database.run_read(lambda session: session.get_one(User, account.id))
    if not await passwords.verifies(user.password, old):
        raise WrongPassword("password", "This is not your password.", account.id)
    hashed = await passwords.hash_of(new)
    async with database.transaction() as session:
        kept = await session.get_one(User, user.id, with_for_update=True)
        if kept.password != user.password:
            raise NotSignedIn
        await kept.set_password(hashed, but=account.session_id)


class ResetLinks:
    """Links with which somebody sets a new password without knowing the old one, once, within LINK_LIFE.

    A link is signed and names the password that it replaces, so it needs no place in the database
    and is used up by any change of the password.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._serializer = URLSafeTimedSerializer(
            database.settings.secret_key, "discussit.reset", signer_kwargs={"digest_method": hashlib.sha256}
        )

    async def path_for(self, username: str) -> str:
        """Raises NoSuchAccount."""
        user = await find(self._database, username)
        if user is None:
            raise NoSuchAccount
        return self.path(user)

    def path(self, user: User) -> str:
        return f"{LINKS}{self._serializer.dumps([user.id, _mark(user)])}/"

    async def user(self, token: str) -> User:
        """Whose link it is. Raises LinkSpent."""
        return await self._database.run_read(lambda session: self._user(session, token))

    async def redeem(self, token: str, password: str) -> User:
        """Its user, who has this password now and is signed in nowhere. Raises LinkSpent."""
        hashed = await passwords.hash_of(password)
        async with self._database.transaction() as session:
            user = await session.run_sync(lambda session: self._user(session, token, locked=True))
            await user.set_password(hashed)
        return user

    def _user(self, session: OrmSession, token: str, *, locked: bool = False) -> User:
        try:
            id, mark = self._serializer.loads(token, max_age=int(LINK_LIFE.total_seconds()))
        except BadData:
            raise LinkSpent from None
        user = session.get(User, id, with_for_update=locked)
        if user is None or not user.is_active or mark != _mark(user):
            raise LinkSpent
        return user


def _mark(user: User) -> str:
    """Of the password that the user has now. It tells nothing of it: a hash of a salted hash."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:32]


def hide_tokens(record: logging.LogRecord) -> bool:
    """A filter for access logs: until it is used, the address of a link is as good as the password."""
    if isinstance(record.args, tuple):
        record.args = tuple(TOKEN.sub("…", arg) if isinstance(arg, str) else arg for arg in record.args)
    return True
