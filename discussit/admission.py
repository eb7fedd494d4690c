"""What somebody may enter."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session as OrmSession

from discussit.current_user import CurrentUser, NotLoggedIn
from discussit.database import Database
from discussit.models import Group, Membership, User


class NoSuchGroup(Exception):
    """There is no group of this uuid."""


class NotAMember(Exception):
    """The group is there, but the person asking is not in it."""

    def __init__(self, group: Group) -> None:
        super().__init__(f"not a member of {group.name}")
        self.group = group


def admit(session: OrmSession, account: CurrentUser, uuid: UUID) -> Group:
    """The group, for somebody who is in it: the only way to obtain a group to act in.

    Raises NoSuchGroup, NotAMember, and NotLoggedIn when the session has ended since it was read.
    """
    is_member = exists().where(Membership.group_id == Group.id, Membership.user_id == account.id)
    is_valid = account.credential.is_valid()
    found = session.execute(select(Group, is_member, is_valid).where(Group.uuid == uuid)).one_or_none()
    if found is None:
        raise NoSuchGroup
    group, may_enter, is_logged_in = found
    if not is_logged_in:
        raise NotLoggedIn
    if not may_enter:
        raise NotAMember(group)
    return group


async def move(database: Database, account: CurrentUser, uuid: UUID, *, joins: bool) -> bool:
    """Join or leave. False: nothing changed, it was so already. Raises NoSuchGroup, NotLoggedIn."""
    async with database.transaction() as session:
        group = await session.scalar(select(Group).where(Group.uuid == uuid))
        if group is None:
            raise NoSuchGroup
        user = await session.get(User, account.id)
        if user is None or not user.is_active:
            raise NotLoggedIn
        return await (group.add_user(user) if joins else group.remove_user(user))
