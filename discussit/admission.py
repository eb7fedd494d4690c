"""What somebody may enter."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session as OrmSession

from discussit.current_user import Account, NotSignedIn
from discussit.database import Database
from discussit.models import Group, Membership, Session, User


class NoSuchGroup(Exception):
    """There is no group of this uuid."""


class NotAMember(Exception):
    """The group is there, but the person asking is not in it."""

    def __init__(self, group: Group) -> None:
        super().__init__(f"not a member of {group.name}")
        self.group = group


def admit(session: OrmSession, account: Account, uuid: UUID) -> Group:
    """The group, for somebody who is in it: the only way to obtain a group to act in.

    Raises NoSuchGroup, NotAMember, and NotSignedIn when the session has ended since it was read.
    """
    is_member = exists().where(Membership.group_id == Group.id, Membership.user_id == account.id)
    is_signed_in = exists().where(Session.id == account.session_id)
    found = session.execute(select(Group, is_member, is_signed_in).where(Group.uuid == uuid)).one_or_none()
    if found is None:
        raise NoSuchGroup
    group, may_enter, still_signed_in = found
    if not still_signed_in:
        raise NotSignedIn
    if not may_enter:
        raise NotAMember(group)
    return group


async def move(database: Database, account: Account, uuid: UUID, *, joins: bool) -> bool:
    """Join or leave. False: nothing changed, it was so already. Raises NoSuchGroup, NotSignedIn."""
    async with database.transaction() as session:
        group = await session.scalar(select(Group).where(Group.uuid == uuid))
        if group is None:
            raise NoSuchGroup
        user = await session.get(User, account.id)
        if user is None or not user.is_active:
            raise NotSignedIn
        return await (group.add_user(user) if joins else group.remove_user(user))
