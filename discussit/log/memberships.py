"""Memberships and their events agree in each flush, whichever of them was added or deleted."""

from sqlalchemy.orm import Session as OrmSession

from discussit.log.kinds import JOIN, LEFT
from discussit.models.accounts import User
from discussit.models.entries import Entry, Event
from discussit.models.groups import Access, Group, Membership


class NothingChanges(ValueError):
    """The event states what is so already: a Join of a member, or a Left of somebody who isn't one."""


def log_memberships(session: OrmSession) -> None:
    """Log the Join of each new membership, and the Left of each that is deleted."""
    for membership in [row for row in session.dirty if isinstance(row, Membership)]:
        if membership.group is None or membership.user is None:
            session.delete(membership)  # taken out of a list of its group or user: the flush would delete it unlogged
    events = [row for row in session.new if isinstance(row, Event)]
    logged = {(group_of(session, entry), user_of(session, entry), entry.kind) for entry in events}
    for kind, changed in ((JOIN.name, session.new), (LEFT.name, session.deleted)):
        for membership in [row for row in changed if isinstance(row, Membership)]:
            group, user = group_of(session, membership), user_of(session, membership)
            # Of a direct group nobody is told who is in it: that is its name.
            if group in session.deleted or group.access == Access.DIRECT or (group, user, kind) in logged:
                continue
            by = membership.added_by if kind == JOIN.name else membership.removed_by
            session.add(Event(group=group, user=user, kind=kind, other_user_id=by and by.id))


def follow_events(session: OrmSession) -> None:
    """Make the membership agree with an event that was added by itself, as in a shell."""
    changed: set[Membership] = set()
    for entry in [row for row in session.new if isinstance(row, Event)]:
        if entry.kind not in (JOIN.name, LEFT.name):
            raise ValueError(f"An event is a Join or a Left, not {entry.kind!r}.")
        group, user = group_of(session, entry), user_of(session, entry)
        membership = _membership(session, group, user)
        if entry.kind == JOIN.name:
            # A membership that is new in this flush is that of this very Join.
            if membership is not None and (membership not in session.new or membership in changed):
                raise NothingChanges(f"{user.username} is already a member of {group.name}.")
            membership = membership or Membership(group=group, user=user)
            session.add(membership)
        else:
            if membership is None or membership in changed:
                raise NothingChanges(f"{user.username} is not a member of {group.name}.")
            session.delete(membership)
        changed.add(membership)


def _membership(session: OrmSession, group: Group, user: User) -> Membership | None:
    for row in session.new:
        if isinstance(row, Membership) and group_of(session, row) is group and user_of(session, row) is user:
            return row
    with session.no_autoflush:
        return session.get(Membership, (group.id, user.id)) if group.id and user.id else None


def group_of(session: OrmSession, row: Entry | Membership) -> Group:
    """The row's group, loaded."""
    with session.no_autoflush:
        row.group = row.group or session.get_one(Group, row.group_id)
    return row.group


def user_of(session: OrmSession, row: Entry | Membership) -> User:
    """The row's user, loaded."""
    with session.no_autoflush:
        row.user = row.user or session.get_one(User, row.user_id)
    return row.user
