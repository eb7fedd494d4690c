"""Replacing a password: with the old one, or with a link from an administrator."""

import hashlib
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session as OrmSession

from discussit.accounts import passwords
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_rights
from discussit.accounts.login import WrongPassword, find_active
from discussit.database import Database, Then
from discussit.models import User
from discussit.models.accounts import locked_user
from discussit.models.base import now

LINKS = "/accounts/reset/"
LINK_LIFE = timedelta(hours=1)


class NoSuchAccount(Exception):
    """No active account has this name."""


class LinkSpent(Exception):
    """The link was not created here, has expired or was used, or its account is closed."""


async def change_password(database: Database, user: CurrentUser, old: str, new: str, then: Then) -> None:
    """Replace the user's password and end their sessions, except the request's own.

    Raises WrongPassword, and NotLoggedIn if the password was replaced or the session ended in the meantime.
    """
    found = await database.run_read(lambda session: session.get_one(User, user.id))
    if await passwords.verified(found.password, old) is None:
        raise WrongPassword("password", "This is not your password.", user.id)
    hashed = await passwords.hash_of(new)
    async with database.transaction() as session:
        locked = await locked_user(session, user.id)
        if locked.password != found.password:
            raise NotLoggedIn
        await locked.set_password(hashed, except_session=user.credential.session_id)
        await session.run_sync(check_rights, user)
        await then(session, locked)


class ResetLinks:
    """Links that set a new password without the old one, once, within LINK_LIFE.

    A link is signed and names the password that it replaces, so it needs no row in the database,
    and any change of the password invalidates it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._serializer = URLSafeTimedSerializer(
            database.settings.secret_key, "discussit.reset", signer_kwargs={"digest_method": hashlib.sha256}
        )

    async def path_for(self, username: str) -> str:
        """A new link for the active account with this name. Raises NoSuchAccount."""
        user = await find_active(self._database, username)
        if user is None:
            raise NoSuchAccount
        return self.path(user)

    def path(self, user: User) -> str:
        return f"{LINKS}{self._serializer.dumps([user.id, fingerprint(user)])}/"

    async def user(self, token: str) -> User:
        """The user of a link that is still valid. Raises LinkSpent."""
        return await self._database.run_read(lambda session: self._user(session, token))

    async def redeem(self, token: str, password: str, then: Then) -> User:
        """Set the password, end all of the user's sessions and return the user. Raises LinkSpent."""
        hashed = await passwords.hash_of(password)
        async with self._database.transaction() as session:
            user = await session.run_sync(lambda session: self._user(session, token, locked=True))
            await user.set_password(hashed)
            await then(session, user)
        return user

    def _user(self, session: OrmSession, token: str, *, locked: bool = False) -> User:
        try:
            (id, of_password), created_at = self._serializer.loads(token, return_timestamp=True)
        except BadData:
            raise LinkSpent from None
        # Also before its creation: the clock may have been set back. That ends the link no later.
        if abs(now() - created_at) > LINK_LIFE:
            raise LinkSpent
        user = session.get(User, id, with_for_update={"key_share": True} if locked else None)
        if user is None or not user.is_active or of_password != fingerprint(user):
            raise LinkSpent
        return user


def fingerprint(user: User) -> str:
    """Identifies the user's current password without revealing it: a hash of a salted hash."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:32]
