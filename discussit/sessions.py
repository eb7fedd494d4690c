"""The sessions of an account: each is a browser in which it is signed in."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from starlette.requests import HTTPConnection

from discussit.current_user import Account, NotSignedIn
from discussit.database import Database
from discussit.models import Session, User
from discussit.models.accounts import new_token, session_id

MOST = 100  # of one account; where there would be one more, the one seen longest ago ends


async def start(database: Database, user: User, conn: HTTPConnection) -> str:
    """Sign the user in on this browser; the token for its cookie.

    Raises NotSignedIn when the password that was right has been changed meanwhile.
    """
    token = new_token()
    # Both are what others say: a proxy may call its client whatever it likes.
    agent, ip = conn.headers.get("user-agent", "")[:300], conn.client.host[:45] if conn.client else ""
    async with database.transaction() as session:
        known = await session.get_one(User, user.id, with_for_update=True)
        if known.password != user.password:
            raise NotSignedIn
        for superfluous in await session.scalars(_superfluous(user)):
            await session.delete(superfluous)
        session.add(Session(id=session_id(token), user_id=user.id, user_agent=agent, ip=ip))
    return token


def _superfluous(user: User) -> Select[Session]:
    """Those that are over, and those that would be too many."""
    alive = select(Session.id).join(User).where(Session.user_id == user.id, Session.is_alive())
    kept = alive.order_by(Session.last_seen_at.desc()).limit(MOST - 1)
    return select(Session).where(Session.user_id == user.id, Session.id.not_in(kept))


async def of(database: Database, account: Account) -> Sequence[Session]:
    """All that count: the one that asks first, then those seen last."""
    alive = select(Session).join(User).where(Session.user_id == account.id, Session.is_alive())
    ordered = alive.order_by((Session.id == account.session_id).desc(), Session.last_seen_at.desc())
    return await database.run_read(lambda session: session.scalars(ordered).all())


async def end(database: Database, account: Account, id: str) -> bool:
    """End one of the account's sessions; its sockets are closed in every process. False: it has none of this id."""
    async with database.transaction() as session:
        signed_in = await session.get(Session, id)
        if signed_in is None or signed_in.user_id != account.id:
            return False
        await session.delete(signed_in)
        return True


async def end_others(database: Database, account: Account) -> bool:
    """End all of the account's sessions but the one that asks. False: there were no others."""
    async with database.transaction() as session:
        user = await session.get_one(User, account.id)
        return await user.sign_out(but=account.session_id)
