"""A new password in place of another."""

from discussit import passwords
from discussit.auth import Account, FieldError, NotSignedIn
from discussit.database import Database
from discussit.models import User


async def change(database: Database, account: Account, old: str, new: str) -> None:
    """The new password counts, and all sessions but the one that asks are ended. Raises FieldError."""
    user = await database.read(lambda session: session.get_one(User, account.id))
    if not await passwords.verifies(user.password, old):
        raise FieldError("password", "This is not your password.")
    hashed = await passwords.hash_of(new)
    async with database.transaction() as session:
        kept = await session.get_one(User, user.id, with_for_update=True)
        if kept.password != user.password:
            raise NotSignedIn
        await kept.set_password(hashed, but=account.session_id)
