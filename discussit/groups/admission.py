"""Admission to a group, joining and leaving."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.attributes import set_committed_value

from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_rights
from discussit.database import Database, Then, nothing
from discussit.errors import ErrorCode, Refused
from discussit.groups.membership import NO_RANK, is_member, rank_of
from discussit.log.committed import DirectGroupShown, changes_of
from discussit.models import Group, Membership, User
from discussit.models.groups import Access, Role, is_listed, may_see

NO_JOINS = "This group is archived, so nobody can join it any more."

# Built once, since building it takes as long as executing it.
FIND = (
    select(Group, Membership)
    .select_from(Group)
    .outerjoin(Membership, is_member(bindparam("user"), Group.id))
    # So what nobody may know of is not found in the same way as what does not exist.
    .where(Group.uuid == bindparam("uuid"), may_see())
)


class NoSuchGroup(Exception):
    """No group has this uuid, or one of which the user may not know."""


class NotAMember(Exception):
    """The group is open, but the user is not in it."""

    def __init__(self, group: Group) -> None:
        super().__init__(f"not a member of {group.name}")
        self.group = group


def outside(group: Group) -> NoSuchGroup | NotAMember:
    """What is raised for a group that the user is not in."""
    return NotAMember(group) if group.access == Access.OPEN else NoSuchGroup()


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


def own_uuids(session: OrmSession, user: CurrentUser) -> list[UUID]:
    """The uuids of the groups that the user is in. Raises NotLoggedIn if the credential is no longer valid."""
    check_rights(session, user)
    own = select(Group.uuid).join(Membership, is_member(user.id, Group.id)).where(is_listed()).order_by(Group.id)
    return list(session.scalars(own))


class Admitted(NamedTuple):
    """A group that its transaction has locked, the user who acts there, and their membership."""

    group: Group
    user: User
    membership: Membership | None  # None: the group is open, or the user a superuser who acts as its owner
    rank: int  # what the user may do there (models.groups.Role)


@asynccontextmanager
async def acting(
    database: Database, user: CurrentUser, uuid: UUID, *, others: Iterable[int] = (), is_counted: bool = False
) -> AsyncIterator[tuple[AsyncSession, Admitted]]:
    """A transaction of somebody who changes the group or its members: it holds the group.

    `others` are the ids of users whom it makes members: their accounts stay open until the commit. `is_counted`: it
    counts what the user did, so their other transactions of this sort wait, whatever group they are about. Raises
    NoSuchGroup, NotLoggedIn.
    """
    async with database.one_at_a_time(uuid), database.transaction() as session:
        # In order of their ids, and before the group, so that neither is closed nor deleted meanwhile.
        locked = select(User).where(User.id.in_({user.id, *others})).order_by(User.id)
        locked = locked.with_for_update(read=not is_counted, key_share=is_counted)
        rows = {row.id: row for row in await session.scalars(locked)}
        found = select(Group).where(Group.uuid == uuid, _may_act(user.id))
        group = await session.scalar(found.with_for_update(key_share=True))
        await session.run_sync(check_rights, user)
        if group is None:
            raise NoSuchGroup
        try:
            yield session, await session.run_sync(admitted_to, group, rows[user.id])
        except NotAMember as left:
            session.expunge(left.group)  # it outlives the transaction
            raise


def _may_act(user_id: int) -> ColumnElement[bool]:
    """`may_see` for a query that is locked, which can't have outer joins; and for superusers what nobody ever owned."""
    own = exists().where(is_member(user_id, Group.id), may_see())
    is_superuser = exists().where(User.id == user_id, User.is_superuser)
    is_nobodys = (Group.access == literal_column("'closed'")) & ~Group.had_owner
    return (Group.access == literal_column("'open'")) | own | (is_nobodys & is_superuser)


def acts_as_owner(group: Group, *, is_superuser: bool) -> bool:
    """Whether a superuser who is not in the group has the rights of its owner: where it never had one.

    A group that had one and none any more is empty: what its members wrote is no superuser's to open.
    """
    return is_superuser and group.access != Access.DIRECT and not group.had_owner


def is_owned() -> ColumnElement[bool]:
    """A condition for memberships in a subquery: they are of the group's owners."""
    return (
        (Membership.group_id == Group.id)
        & (Membership.role != literal_column("'member'"))
        & (Membership.role == "owner")
    )


def admitted_to(session: OrmSession, group: Group, user: User) -> Admitted:
    """What the user is in the group now that it is locked: the membership may have ended while this waited.

    Raises NoSuchGroup.
    """
    membership = session.get(Membership, (group.id, user.id), populate_existing=True)
    if membership is not None:
        return Admitted(group, user, membership, rank_of(membership, is_superuser=user.is_superuser))
    if acts_as_owner(group, is_superuser=user.is_superuser):
        return Admitted(group, user, None, Role.OWNER.rank)
    if group.access != Access.OPEN:
        raise NoSuchGroup
    return Admitted(group, user, None, NO_RANK)


def has_owner(session: OrmSession, group: Group, *, besides: int | None = None) -> bool:
    """Whether a member, other than the user with the id `besides`, owns the group."""
    owner = select(Membership.user_id).join(Group, is_owned()).where(Group.id == group.id)
    if besides is not None:
        owner = owner.where(Membership.user_id != besides)
    return session.scalar(owner.limit(1)) is not None


class Seen(NamedTuple):
    """A group that somebody may act in, as they read it."""

    group: Group
    membership: Membership | None  # None: the user is a superuser who acts as its owner
    rank: int  # what the user may do there (models.groups.Role)


def admit_to_act(session: OrmSession, user: CurrentUser, uuid: UUID) -> Seen:
    """`admit`, also for superusers where nobody ever owned the group: to read what `acting` lets them change.

    Raises NoSuchGroup, NotAMember and NotLoggedIn.
    """
    try:
        membership = admit(session, user, uuid)
    except (NoSuchGroup, NotAMember):
        if not user.is_superuser:
            raise
        group = session.scalar(select(Group).where(Group.uuid == uuid, _may_act(user.id)))
        if group is None or not acts_as_owner(group, is_superuser=True):
            raise
        return Seen(group, None, Role.OWNER.rank)
    return Seen(membership.group, membership, rank_of(membership, is_superuser=user.is_superuser))


async def join_or_leave(
    database: Database, user: CurrentUser, uuid: UUID, *, joins: bool, then: Then = nothing
) -> bool:
    """Make the user a member, or end that, and do what `then` does in the same transaction.

    Leaving a direct group hides it until its next message. Return False if nothing changed. Raises NoSuchGroup,
    NotLoggedIn, and Refused if the group is archived.
    """
    async with acting(database, user, uuid) as (session, admitted):
        group, row = admitted.group, admitted.user
        if admitted.membership is None and group.access != Access.OPEN:
            raise NoSuchGroup
        if joins and admitted.membership is None:
            check_joinable(group)
        if group.access == Access.DIRECT and admitted.membership is not None:
            is_changed = not joins and await session.run_sync(hide, admitted.membership)
        else:
            is_changed = await (group.add_user(row) if joins else group.remove_user(row))
        await then(session, row)
        return is_changed


def check_joinable(group: Group) -> None:
    """Raises NoSuchGroup for a closed or direct group, Refused for an archived one: nobody joins them by themselves."""
    if group.access != Access.OPEN:
        raise NoSuchGroup
    if group.is_archived:
        raise Refused(ErrorCode.READ_ONLY, NO_JOINS)


def is_hidden(membership: Membership) -> bool:
    """Whether the member has hidden the direct group, and it has had no message since."""
    return membership.hidden_at is not None and membership.hidden_at >= membership.group.messages


def hide(session: OrmSession, membership: Membership) -> bool:
    """Hide the direct group from the member until its next message. Return False if it is hidden."""
    group = membership.group
    if is_hidden(membership):
        return False
    membership.hidden_at = group.messages
    changes_of(session).shown.append(DirectGroupShown(group.uuid, group.last_seq, membership.user_id, is_hidden=True))
    return True
