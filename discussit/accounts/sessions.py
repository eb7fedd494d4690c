"""The sessions of a user: the browsers in which they are logged in."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_rights
from discussit.database import Database, Then
from discussit.models import Session, User
from discussit.models.accounts import locked_sessions, locked_user, session_id

MAX_SESSIONS = 100  # per user, live or over; one more ends the least recently seen


async def start(database: Database, user: User, then: Then) -> None:
    """Have `then` log the user in, within the transaction.

    Raises NotLoggedIn if the password has changed since it was checked.
    """
    async with database.transaction() as session:
        locked = await locked_user(session, user.id)
        if locked.password != user.password:
            raise NotLoggedIn
        await then(session, locked)


async def add(
    session: AsyncSession, user: User, token: str, conn: HTTPConnection, replaced: Collection[str | None]
) -> None:
    """Log the user in on this browser, with `token` in its cookie. The sessions of the ids `replaced` end."""
    # Cut off, since clients choose both: a proxy may pass on any address.
    agent, ip = conn.headers.get("user-agent", "")[:300], conn.client.host[:45] if conn.client else ""
    for superfluous in await session.scalars(_superfluous(user, replaced)):
        await session.delete(superfluous)
    session.add(Session(id=session_id(token), user_id=user.id, user_agent=agent, ip=ip))


def _superfluous(user: User, replaced: Collection[str | None]) -> Select[Session]:
    """The sessions that are replaced, and those of the user's that one more makes too many.

    Not those that are over by the clock: when it is wrong for a moment, that may be all of them.
    """
    of_user = select(Session.id).where(Session.user_id == user.id)
    kept = of_user.order_by(Session.last_seen_at.desc()).limit(MAX_SESSIONS - 1)
    is_too_many = (Session.user_id == user.id) & Session.id.not_in(kept)
    return locked_sessions(or_(Session.id.in_(replaced), is_too_many))


def lasts(id: Any) -> ColumnElement[bool]:
    """A condition for queries: whether the session of this id is live. The id may be a column."""
    return exists().where(Session.id == id, Session.user_id == User.id, Session.is_alive())


async def sessions_of(database: Database, user: CurrentUser) -> Sequence[Session]:
    """The user's live sessions: the request's own first, then the most recently seen."""
    alive = select(Session).join(User).where(Session.user_id == user.id, Session.is_alive())
    is_own = Session.id == user.credential.session_id
    ordered = alive.order_by(is_own.desc(), Session.last_seen_at.desc())
    return await database.run_read(lambda session: session.scalars(ordered).all())


async def end(database: Database, user: CurrentUser, id: str) -> bool:
    """End one of the user's sessions and close its sockets in every process. Return False if there is none.

    Raises NotLoggedIn if the request's own has ended.
    """
    async with database.transaction() as session:
        found = await session.get(Session, id, with_for_update=True)
        if found is None or found.user_id != user.id:
            return False
        await session.delete(found)
        if id != user.credential.session_id:
            await session.run_sync(check_rights, user)
        return True


async def end_others(database: Database, user: CurrentUser) -> bool:
    """End all of the user's sessions but the request's own. Return False if there were no others.

    Raises NotLoggedIn if the request's own has ended.
    """
    async with database.transaction() as session:
        row = await locked_user(session, user.id)
        have_ended = await row.end_sessions(except_session=user.credential.session_id)
        await session.run_sync(check_rights, user)
        return have_ended
