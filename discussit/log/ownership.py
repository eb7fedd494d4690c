"""A group that had an owner always has one, however the last one is lost: every session's flush sees to it."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, case, exists, inspect, select, update
from sqlalchemy.orm import Session as OrmSession

from discussit.log.kinds import HANDED_OVER
from discussit.log.memberships import group_of, user_of
from discussit.models.accounts import User
from discussit.models.base import now
from discussit.models.entries import GroupChange
from discussit.models.groups import Group, Membership, Role
from discussit.models.invitations import Invitation
from discussit.models.locks import lock_groups


def keep_owners(session: OrmSession) -> None:
    """Hand over groups that this flush leaves without their last owner, and end invitations of those who lose rights.

    An empty group that had an owner belongs to whoever joins next.
    """
    with session.no_autoflush:
        for group in _locked(session, _joined(session)):
            _appoint_first(session, group)
        for group in _locked(session, _lost(session)):
            _hand_over(session, group)
        _revoke_invitations(session)


def _memberships(rows: Iterable[object]) -> list[Membership]:
    return [row for row in rows if isinstance(row, Membership)]


def _joined(session: OrmSession) -> set[Group]:
    """The groups that somebody joins."""
    for membership in _memberships((*session.new, *session.dirty)):
        if membership.role == Role.OWNER:
            group_of(session, membership).had_owner = True
    joins = [each for each in _memberships(session.new) if each.role in (None, Role.MEMBER)]
    return {group for each in joins if (group := group_of(session, each)).had_owner}


def _lost(session: OrmSession) -> set[Group]:
    """The groups that an owner leaves, or in which one has another role from now on."""
    lost = [each for each in _memberships(session.deleted) if _was(each) == Role.OWNER]
    lost += [each for each in _memberships(session.dirty) if _was(each) == Role.OWNER != each.role]
    return {group for each in lost if (group := group_of(session, each)) not in session.deleted}


def _was(membership: Membership) -> str:
    """The member's role before this flush."""
    history = inspect(membership).attrs.role.history
    before: str = history.deleted[0] if history.deleted else membership.role
    return before


def _locked(session: OrmSession, groups: Collection[Group]) -> list[Group]:
    """The groups, in which nobody else joins, leaves or gets another role until the commit."""
    in_order = sorted((group for group in groups if group.id is not None), key=lambda group: group.id)
    if in_order:
        session.execute(lock_groups([group.id for group in in_order]))
    return in_order


def _appoint_first(session: OrmSession, group: Group) -> None:
    left = [each.user_id for each in _memberships(session.deleted) if each.group_id == group.id]
    others = select(Membership.user_id).where(Membership.group_id == group.id, Membership.user_id.not_in(left))
    if session.scalar(others.limit(1)) is None:
        first = next(each for each in _memberships(session.new) if group_of(session, each) is group)
        _make_owner(session, group, first, user_of(session, first))


def _hand_over(session: OrmSession, group: Group) -> None:
    """To the moderator who is a member for longest, else to that member, with an open account."""
    leaving = {each.user_id for each in _memberships(session.deleted) if each.group_id == group.id}
    changed = {each.user_id: each for each in _memberships(session.dirty) if each.group_id == group.id}
    appointed = {id for id, each in changed.items() if each.role == Role.OWNER and id not in leaving}
    demoted = {id for id, each in changed.items() if _was(each) == Role.OWNER != each.role}
    of_group = select(Membership).where(Membership.group_id == group.id, Membership.user_id.not_in(leaving))
    owners = of_group.where(Membership.role == Role.OWNER, Membership.user_id.not_in(demoted))
    if appointed or session.scalar(owners.limit(1)) is not None:
        return
    by_rank = case((Membership.role == Role.MODERATOR, 0), else_=1)
    heirs = of_group.join(User, User.id == Membership.user_id).where(User.is_active)
    # Whoever was demoted only if there is nobody else.
    in_order = heirs.order_by(Membership.user_id.in_(demoted), by_rank, Membership.joined_at, Membership.user_id)
    heir = session.scalar(in_order.limit(1))
    if heir is not None:
        former = [each for each in (*_memberships(session.deleted), *changed.values()) if _was(each) == Role.OWNER]
        by = next(each for each in former if each.group_id == group.id)
        _make_owner(session, group, heir, user_of(session, by))


def _make_owner(session: OrmSession, group: Group, heir: Membership, by: User) -> None:
    heir.role = Role.OWNER
    group.had_owner = True
    user = user_of(session, heir)
    session.add(GroupChange(group=group, user=by, kind=HANDED_OVER.name, other_user_id=user.id))


def _revoke_invitations(session: OrmSession) -> None:
    """End the invitations of those who may not invite there any more."""
    left = _memberships(session.deleted)
    demoted = [each for each in _memberships(session.dirty) if _was(each) != Role.MEMBER == each.role]
    for membership in (*left, *demoted):
        if membership.group_id is None or group_of(session, membership) in session.deleted:
            continue
        # As members, superusers may invite whatever their role.
        is_superuser = user_of(session, membership).is_superuser
        might_invite = is_superuser or _was(membership) != Role.MEMBER
        may_invite = is_superuser and membership not in left
        if might_invite and not may_invite:
            _revoke(session, membership.user_id, Invitation.group_id == membership.group_id)
    for user in [row for row in session.dirty if isinstance(row, User) and is_demoted(row)]:
        _revoke(session, user.id, _of_superusers(user.id))


def is_demoted(user: User) -> bool:
    """Whether this flush makes a superuser an ordinary user."""
    return not user.is_superuser and True in inspect(user).attrs.is_superuser.history.deleted


def _of_superusers(user_id: int) -> ColumnElement[bool]:
    """Invitations that the user might create as a superuser alone."""
    has_role = exists().where(
        Membership.group_id == Invitation.group_id, Membership.user_id == user_id, Membership.role != Role.MEMBER
    )
    return Invitation.group_id.is_(None) | ~has_role


def _revoke(session: OrmSession, user_id: int, condition: ColumnElement[bool]) -> None:
    live = Invitation.created_by == user_id, Invitation.revoked_at.is_(None)
    ended = update(Invitation).where(*live, condition).values(revoked_at=now())
    session.execute(ended, execution_options={"synchronize_session": False})
