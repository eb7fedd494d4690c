"""Creating groups: who may, and how many."""

from collections.abc import Set
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from discussit.accounts.current_user import CurrentUser, check_rights
from discussit.database import Database, Then, nothing
from discussit.errors import ErrorCode, Refused
from discussit.models import Group, ServerDefault
from discussit.models.accounts import locked_user
from discussit.models.base import now
from discussit.models.groups import Access, Role
from discussit.settings import GroupCreation

DAY = timedelta(days=1)
MAX_GROUPS, MAX_DIRECT = 20, 20  # that an account creates in a day

NOT_ALLOWED = "Only administrators can create groups here. Ask one of them."
ONLY_CLOSED = "Only administrators can create open groups here. Create a closed one, or ask one of them."


async def group_creation(database: Database) -> GroupCreation:
    """Who creates groups, where the settings don't say so."""

    value = select(ServerDefault.value).where(ServerDefault.name == "group_creation")
    found = await database.run_read(lambda session: session.scalar(value))
    return GroupCreation(found or GroupCreation.EVERYONE)


def creatable(creation: GroupCreation, *, is_superuser: bool) -> Set[Access]:
    """The kinds of groups that a user may create."""
    if is_superuser or creation == GroupCreation.EVERYONE:
        return {Access.OPEN, Access.CLOSED}
    return {Access.CLOSED} if creation == GroupCreation.CLOSED_ONLY else set()


async def create_group(
    database: Database, user: CurrentUser, group: Group, creation: GroupCreation, then: Then = nothing
) -> None:
    """Store the new group, whose first member and owner the user becomes, and do what `then` does last.

    Raises Refused and NotLoggedIn.
    """
    async with database.transaction() as session:
        # Locked for itself, so that of simultaneous attempts not all find that there is still one to have.
        row = await locked_user(session, user.id)
        await session.run_sync(check_rights, user)
        _check_allowed(creatable(creation, is_superuser=row.is_superuser), group)
        await check_daily_groups(session, row.id, direct=False)
        group.created_by = row.id
        session.add(group)
        await session.flush()
        await group.add_user(row, role=Role.OWNER)
        await then(session, row)


def _check_allowed(allowed: Set[Access], group: Group) -> None:
    if group.access not in allowed:
        raise Refused(ErrorCode.NOT_ALLOWED, ONLY_CLOSED if allowed else NOT_ALLOWED)


async def check_daily_groups(session: AsyncSession, user_id: int, *, direct: bool) -> None:
    """Raises Refused if the user, who is locked, has created all groups of a day, or all direct ones."""
    of_user = Group.created_by == user_id, (Group.access == Access.DIRECT) == direct
    limit, what = (MAX_DIRECT, "direct conversations") if direct else (MAX_GROUPS, "groups")
    await check_daily(session, select(Group.created_at).where(*of_user), limit, what)


async def check_daily(session: AsyncSession, created: Select[datetime], limit: int, what: str) -> None:
    """Raises Refused if so many were created within a day. `created`: when the user, who is locked, created each."""
    at = created.subquery().c.created_at
    recent = select(func.count(), func.min(at)).where(at > now() - DAY)
    count, first = (await session.execute(recent)).one()
    if count >= limit:
        wait = max(1, int((first + DAY - now()).total_seconds()))
        text = f"You can create {limit} {what} a day. Please try again later."
        raise Refused(ErrorCode.RATE_LIMITED, text, retry_after=wait)
