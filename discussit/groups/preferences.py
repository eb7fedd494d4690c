"""What members want to be told of their groups: each sets it for themselves."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from discussit.accounts.current_user import CurrentUser
from discussit.database import Database, Then, nothing
from discussit.groups.admission import acting, outside
from discussit.log.committed import changes_of
from discussit.log.unread import Count, count_members
from discussit.models.preferences import FOREVER, Level, is_muted


class WantedPreferences(NamedTuple):
    """What a member sets. None: as it is."""

    level: Level | None = None
    muted_until: datetime | None = None  # one that has passed ends it


async def set_preferences(
    database: Database, user: CurrentUser, uuid: UUID, wanted: WantedPreferences, then: Then = nothing
) -> Count | None:
    """Store what the member wants to be told of the group, and return the numbers since.

    None if it is a direct group that they have hidden. Raises NoSuchGroup, NotAMember and NotLoggedIn.
    """
    async with acting(database, user, uuid) as (session, admitted):
        membership = admitted.membership
        if membership is None:
            raise outside(admitted.group)
        if wanted.level is not None:
            membership.level = wanted.level
        if wanted.muted_until is not None:
            membership.muted_until = min(wanted.muted_until, FOREVER) if is_muted(wanted.muted_until) else None
        membership.preferences_rev += 1
        await session.flush()
        key = membership.group_id, membership.user_id
        counts = await session.run_sync(lambda session: list(count_members(session.connection(), [key])))
        changes_of(session.sync_session).marks += counts
        await then(session, admitted.user)
        return counts[0] if counts else None
