"""What moderators and owners do to members: add them by name, remove them, give them other roles."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit.accounts.current_user import CurrentUser
from discussit.database import Database, Then, nothing
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import Admitted, acting, has_owner
from discussit.groups.membership import by_typed_key, ids_of, member_named, shares_group
from discussit.groups.settings import CHANGED
from discussit.log.kinds import ROLE
from discussit.models import Group, GroupChange, Membership, User
from discussit.models.groups import Access, Role

MAX_ADDED = 50  # people at a time
FIELD = "username"  # of the forms

NO_NAMES = "Enter the name of at least one person."
TOO_MANY = f"Add at most {MAX_ADDED} people at a time."
DIRECT = "The people in a direct conversation stay the same. Create a group instead."
NO_ADDITIONS = "This group is archived, so nobody can be added. An owner can take it out of the archive."
NOT_ADDING = "Only moderators and owners of this group can add people."
NOT_REMOVING = "Only moderators and owners of this group can remove people."
NOT_ROLES = "Only owners of this group can change roles."
NOT_LOWER = "You can do this only to members with fewer rights than you."
USE_LEAVE = "You can't remove yourself. Use Leave instead."
LAST_OWNER = "You're the only owner. Make somebody else an owner first, then step down."
NOT_YOURSELF = "You can't give yourself more rights. Ask an owner of this group."
NO_MEMBER = "Nobody with this name is in the group. Check the spelling."
NO_ROLE = "Choose owner, moderator or member."


async def add_members(
    database: Database, user: CurrentUser, uuid: UUID, names: Sequence[str], then: Then = nothing
) -> tuple[int, list[int]]:
    """Make the people of these names members, all or none. Return the ids of the group and of those who were not yet.

    Raises Refused, FieldError (the same for unknown names and for people who share no group with the user),
    NoSuchGroup and NotLoggedIn.
    """
    wanted = _by_key(names)
    found = await database.run_read(lambda session: ids_of(session, wanted))
    async with acting(database, user, uuid, others=found.values()) as (session, admitted):
        _check_adding(admitted)
        people = await session.run_sync(_people, admitted.user, found, wanted)
        added = [row.id for row in people if await admitted.group.add_user(row, by=admitted.user)]
        await then(session, admitted.user)
        return admitted.group.id, added


def _by_key(names: Iterable[str]) -> dict[str, str]:
    """username_key → name as it was typed. Raises FieldError."""
    wanted = by_typed_key(names)
    if not wanted:
        raise FieldError(FIELD, NO_NAMES)
    if len(wanted) > MAX_ADDED:
        raise FieldError(FIELD, TOO_MANY)
    return wanted


def _check_adding(admitted: Admitted) -> None:
    _check_no_direct(admitted)
    if admitted.membership is None or admitted.rank < Role.MODERATOR.rank:
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_ADDING)
    if admitted.group.is_archived:
        raise Refused(ErrorCode.READ_ONLY, NO_ADDITIONS)


def _check_no_direct(admitted: Admitted) -> None:
    if admitted.group.access == Access.DIRECT:
        raise Refused(ErrorCode.NOT_ALLOWED, DIRECT)


def _people(session: OrmSession, by: User, found: Mapping[str, int], wanted: Mapping[str, str]) -> list[User]:
    """The people, in the order of their names in the form. Raises FieldError."""
    allowed = select(User).where(User.id.in_(found.values()), User.is_active, (User.id == by.id) | shares_group(by.id))
    # The account may have been renamed since it was found.
    people = {row.username_key: row for row in session.scalars(allowed)}
    if missing := [name for key, name in wanted.items() if key not in people]:
        raise FieldError(FIELD, unknown(missing))
    return [people[key] for key in wanted]


def unknown(names: Sequence[str]) -> str:
    """The refusal of names that nobody has, and of people who share no group with the user."""
    named = ", ".join(f"“{name}”" for name in names)
    return f"You share no group with anybody called {named}. Check the spelling, or send an invitation link."


async def remove_member(
    database: Database, user: CurrentUser, uuid: UUID, username: str, then: Then = nothing
) -> tuple[int, int]:
    """End somebody else's membership. Return the ids of the group and of its former member.

    Raises Refused, FieldError if nobody of this name is a member, NoSuchGroup and NotLoggedIn.
    """
    async with acting(database, user, uuid) as (session, admitted):
        _check_no_direct(admitted)
        if admitted.membership is None or admitted.rank < Role.MODERATOR.rank:
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_REMOVING)
        membership = await _found(session, admitted.group, username)
        if membership.user_id == user.id:
            raise Refused(ErrorCode.NOT_ALLOWED, USE_LEAVE)
        _check_lower(admitted, membership)
        await admitted.group.remove_user(membership.user, by=admitted.user)
        await then(session, admitted.user)
        return admitted.group.id, membership.user_id


async def _found(session: AsyncSession, group: Group, username: str) -> Membership:
    """The membership of somebody, with their account loaded. Raises FieldError."""
    membership = await session.scalar(member_named(group.id, username))
    if membership is None:
        raise FieldError(FIELD, NO_MEMBER)
    return membership


def _check_lower(admitted: Admitted, membership: Membership) -> None:
    if admitted.rank <= Role(membership.role).rank:
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_LOWER)


async def change_role(
    database: Database,
    user: CurrentUser,
    uuid: UUID,
    username: str,
    role: Role,
    *,
    rev: int | None = None,
    then: Then = nothing,
) -> tuple[int, int, bool]:
    """Give a member another role. Return the ids of the group and of the member, and whether that changed anything.

    `rev`: of the group that the form was about; None: whatever it is. Raises Refused, FieldError if nobody of this
    name is a member, NoSuchGroup and NotLoggedIn.
    """
    async with acting(database, user, uuid) as (session, admitted):
        group = admitted.group
        _check_roles(admitted, role, rev)
        membership = await _found(session, group, username)
        await session.run_sync(_check_change, admitted, membership, role)
        is_changed = membership.role != role
        if is_changed:
            membership.role = role
            session.add(_change_of(admitted, membership))
            await session.flush()
        await then(session, admitted.user)
        return group.id, membership.user_id, is_changed


def _change_of(admitted: Admitted, membership: Membership) -> GroupChange:
    whose = membership.user_id
    return GroupChange(
        group=admitted.group, user=admitted.user, kind=ROLE.name, content=membership.role, other_user_id=whose
    )


def _check_roles(admitted: Admitted, role: Role, rev: int | None) -> None:
    _check_no_direct(admitted)
    # From outside, superusers appoint owners, which all members see. Other answers would tell them who is a member.
    if admitted.rank < Role.OWNER.rank or (admitted.membership is None and role != Role.OWNER):
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_ROLES)
    if rev not in (None, admitted.group.rev):
        raise Refused(ErrorCode.CHANGED, CHANGED)


def _check_change(session: OrmSession, admitted: Admitted, membership: Membership, role: Role) -> None:
    """Raises Refused unless the role may be changed: others' of lower rank, and one's own to one with fewer rights."""
    if membership.user_id != admitted.user.id:
        _check_lower(admitted, membership)
    elif role.rank > Role(membership.role).rank:
        # Where nobody owns the group, a superuser who is in it may appoint themselves as well.
        if has_owner(session, admitted.group):
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_YOURSELF)
    elif membership.role == Role.OWNER != role and not has_owner(session, admitted.group, besides=admitted.user.id):
        raise Refused(ErrorCode.NOT_ALLOWED, LAST_OWNER)
