"""Admission to a group, joining and leaving."""

from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.attributes import set_committed_value

from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_rights
from discussit.accounts.login import Then, nothing
from discussit.database import Database
from discussit.groups.membership import is_member
from discussit.models import Group, Membership, User

# Built once, since building it takes as long as executing it.
FIND = (
    select(Group, Membership)
    .select_from(Group)
    .outerjoin(Membership, is_member(bindparam("user"), Group.id))
    .where(Group.uuid == bindparam("uuid"))
)


class NoSuchGroup(Exception):
    """No group has this uuid."""


class NotAMember(Exception):
    """The group exists, but the user is not in it."""

    def __init__(self, group: Group) -> None:
        super().__init__(f"not a member of {group.name}")
        self.group = group


def admit(session: OrmSession, user: CurrentUser, uuid: UUID) -> Membership:
    """The user's membership, with its group loaded: the only way to get a group to act in.

    Raises NoSuchGroup, NotAMember, and NotLoggedIn if the credential is no longer valid.
    """
    query: Select[Group, Membership | None, bool] = FIND.add_columns(user.credential.is_valid())
    found = session.execute(query, {"user": user.id, "uuid": uuid}).one_or_none()
    if found is None:
        raise NoSuchGroup
    group, membership, is_logged_in = found
    if not is_logged_in:
        raise NotLoggedIn
    if membership is None:
        raise NotAMember(group)
    set_committed_value(membership, "group", group)
    return membership


def own_groups(session: OrmSession, user: CurrentUser) -> list[UUID]:
    """The uuids of the groups that the user is in. Raises NotLoggedIn if the credential is no longer valid."""
    check_rights(session, user)
    own = select(Group.uuid).join(Membership, is_member(user.id, Group.id)).order_by(Group.id)
    return list(session.scalars(own))


async def join_or_leave(
    database: Database, user: CurrentUser, uuid: UUID, *, joins: bool, then: Then = nothing
) -> bool:
    """Make the user a member, or end that, and do what `then` does in the same transaction.

    Return False if nothing changed. Raises NoSuchGroup, NotLoggedIn.
    """
    async with database.one_at_a_time(uuid), database.transaction() as session:
        # Locked, so that neither the account is closed meanwhile nor the group deleted.
        row = await session.get_one(User, user.id, with_for_update={"read": True})
        group = await session.scalar(select(Group).where(Group.uuid == uuid).with_for_update(key_share=True))
        await session.run_sync(check_rights, user)
        if group is None:
            raise NoSuchGroup
        is_changed = await (group.add_user(row) if joins else group.remove_user(row))
        await then(session, row)
        return is_changed
