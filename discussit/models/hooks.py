"""What every write to the models does, whichever session makes it.

Before a flush, memberships and their events are made to agree and entries get their seq. After
a commit, what was written goes to the session's `publish`, if it has one: then it is live.
Statements that bypass the ORM bypass these hooks: nobody writes entries that way but `append`,
which numbers and tells as they do.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, event, insert, inspect, select, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import SessionTransaction, UOWTransaction, attributes

from discussit import wire
from discussit.models.accounts import Session, User
from discussit.models.base import now
from discussit.models.entries import Entry, Event, Said
from discussit.models.groups import Group, Membership

logger = logging.getLogger(__name__)

GROUPS = cast(Table, Group.__table__)
# Made once: it is part of each transaction that writes to a log.
TAKE_SEQS = (
    update(GROUPS)
    .where(GROUPS.c.id == bindparam("group"))
    .values(last_seq=GROUPS.c.last_seq + bindparam("count"))
    .returning(GROUPS.c.last_seq)
)
WRITE = insert(cast(Table, Entry.__table__))


@dataclass
class Written:
    """What one transaction wrote, in the shape in which the rest of the world hears of it."""

    entries: dict[UUID, list[wire.TextMessage | wire.EventMessage]] = field(default_factory=lambda: defaultdict(list))
    unclear: set[UUID] = field(default_factory=set)  # groups whose readers must look for themselves
    revised: set[UUID] = field(default_factory=set)  # groups whose history was changed
    ended_sessions: list[str] = field(default_factory=list)


Publish = Callable[[Written], None]


class NothingChanges(ValueError):
    """An event says what is so already: a Join of a member, a Left of somebody who is none."""


@event.listens_for(OrmSession, "before_flush")
def complete(session: OrmSession, _context: UOWTransaction, _instances: object) -> None:
    """Log memberships, make memberships follow events, end sessions, then number the new entries."""
    _log_memberships(session)
    _follow_events(session)
    _end_sessions(session)
    _keep_log_whole(session)
    _number_entries(session)


def _log_memberships(session: OrmSession) -> None:
    events = [row for row in session.new if isinstance(row, Event)]
    logged = {(_group(session, entry), _user(session, entry), entry.kind) for entry in events}
    for kind, changed in (("Join", session.new), ("Left", session.deleted)):
        for membership in [row for row in changed if isinstance(row, Membership)]:
            group, user = _group(session, membership), _user(session, membership)
            if group in session.deleted or (group, user, kind) in logged:
                continue
            session.add(Event(group=group, user=user, kind=kind))


def _follow_events(session: OrmSession) -> None:
    """An event that was added by itself (the admin pages, a shell) makes the membership agree."""
    moved: set[Membership] = set()
    for entry in [row for row in session.new if isinstance(row, Event)]:
        if entry.kind not in ("Join", "Left"):
            raise ValueError(f"An event is a Join or a Left, not {entry.kind!r}.")
        group, user = _group(session, entry), _user(session, entry)
        membership = _membership(session, group, user)
        if entry.kind == "Join":
            # What is new in this flush is the membership of this very Join.
            if membership is not None and (membership not in session.new or membership in moved):
                raise NothingChanges(f"{user.username} is a member of {group.name} already.")
            membership = membership or Membership(group=group, user=user)
            session.add(membership)
        else:
            if membership is None or membership in moved:
                raise NothingChanges(f"{user.username} is not a member of {group.name}.")
            session.delete(membership)
        moved.add(membership)


def _membership(session: OrmSession, group: Group, user: User) -> Membership | None:
    for row in session.new:
        if isinstance(row, Membership) and _group(session, row) is group and _user(session, row) is user:
            return row
    with session.no_autoflush:
        return session.get(Membership, (group.id, user.id)) if group.id and user.id else None


def _end_sessions(session: OrmSession) -> None:
    """A closed account is logged out; so is a renamed one, whose sockets write under its old name."""
    for user in [row for row in session.dirty if isinstance(row, User)]:
        if user.is_active and not _is_renamed(user):
            continue
        with session.no_autoflush:
            for row in user.sessions:
                session.delete(row)


def _is_renamed(user: User) -> bool:
    return bool(inspect(user).attrs.username.history.deleted)


def _keep_log_whole(session: OrmSession) -> None:
    for row in session.deleted:
        if isinstance(row, Entry) and row.group not in session.deleted:
            raise ValueError("An entry can't be deleted, since a log has no gaps: withdraw() it.")


def _number_entries(session: OrmSession) -> None:
    new: dict[Group, list[Entry]] = defaultdict(list)
    for entry in [row for row in session.new if isinstance(row, Entry)]:
        new[_group(session, entry)].append(entry)
    for group in sorted(new, key=lambda group: group.id or 0):
        entries = new[group]
        for seq, entry in enumerate(entries, start=_take_seqs(session, group, len(entries))):
            entry.seq, entry.user = seq, _user(session, entry)
            if isinstance(entry, Event):
                entry.description = entry.describe()


def _take_seqs(session: OrmSession, group: Group, count: int) -> int:
    """The first of `count` consecutive seqs of the group.

    Updating the group's row locks it until commit, so entries become visible in seq order:
    whoever has seen n never meets a late n - 1. Groups are taken in order of id, so two
    transactions that write to the same groups can't wait for each other.
    """
    if group in session.new:
        group.last_seq = (group.last_seq or 0) + count
        return group.last_seq - count + 1
    first = _next_seqs(session, group.id, count)
    attributes.set_committed_value(group, "last_seq", first + count - 1)
    return first


def _next_seqs(session: OrmSession, group_id: int, count: int) -> int:
    last: int = session.connection().execute(TAKE_SEQS, {"group": group_id, "count": count}).scalar_one()
    return last - count + 1


class NewMessage(NamedTuple):
    """What a member has written."""

    group_id: int
    group_uuid: UUID
    user_id: int
    username: str
    content: str
    client_id: str | None


def append(session: OrmSession, messages: Sequence[NewMessage]) -> list[int]:
    """Write messages, each with the next seq of its group; the seqs.

    They are what the same messages added to the session would have become, in a quarter of the time.
    """
    if not messages:
        return []
    counts, moment = Counter(message.group_id for message in messages), now()
    places = {group: count(_next_seqs(session, group, counts[group])) for group in sorted(counts)}
    seqs = [next(places[message.group_id]) for message in messages]
    session.connection().execute(WRITE, [_row(*each, moment) for each in zip(messages, seqs, strict=True)])
    written = session.info.setdefault("written", Written())
    for message, seq in zip(messages, seqs, strict=True):
        said = Said(message.username, message.content, moment)
        written.entries[message.group_uuid].append(said.frame(message.group_uuid, seq))
    return seqs


def _row(message: NewMessage, seq: int, moment: datetime) -> dict[str, object]:
    return {
        "group_id": message.group_id,
        "seq": seq,
        "kind": "Message",
        "user_id": message.user_id,
        "timestamp": moment,
        "content": message.content,
        "client_id": message.client_id,
    }


def _group(session: OrmSession, row: Entry | Membership) -> Group:
    with session.no_autoflush:
        row.group = row.group or session.get_one(Group, row.group_id)
    return row.group


def _user(session: OrmSession, row: Entry | Membership) -> User:
    with session.no_autoflush:
        row.user = row.user or session.get_one(User, row.user_id)
    return row.user


@event.listens_for(OrmSession, "after_flush")
def remember(session: OrmSession, _context: UOWTransaction) -> None:
    """Note what was written while everything about it is loaded; it is told after the commit."""
    written = session.info.setdefault("written", Written())
    for entry in _in_order(session.new):
        written.entries[entry.group.uuid].append(entry.frame())
    for row in session.dirty:
        if isinstance(row, Entry) and session.is_modified(row):
            written.revised.add(row.group.uuid)
        elif isinstance(row, User) and _is_renamed(row):
            spoken_in = select(Group.uuid).where(Group.id.in_(select(Entry.group_id).where(Entry.user_id == row.id)))
            written.revised.update(session.connection().scalars(spoken_in))
    for row in session.deleted:
        if isinstance(row, Session):
            written.ended_sessions.append(row.id)
        elif isinstance(row, Group):
            written.unclear.add(row.uuid)


def _in_order(rows: Iterable[object]) -> list[Entry]:
    return sorted((row for row in rows if isinstance(row, Entry)), key=lambda entry: entry.seq)


@event.listens_for(OrmSession, "after_transaction_create")
def mark(session: OrmSession, begun: SessionTransaction) -> None:
    """A savepoint keeps what was written before it, for the case that it is rolled back."""
    if begun.nested:
        session.info.setdefault("marks", {})[begun] = deepcopy(session.info.get("written", Written()))


@event.listens_for(OrmSession, "after_soft_rollback")
def forget(session: OrmSession, ended: SessionTransaction) -> None:
    """Nothing that was rolled back is told."""
    if ended.nested:
        session.info["written"] = session.info["marks"].pop(ended)
    elif ended.parent is None:
        session.info.pop("written", None)
        session.info.pop("marks", None)


@event.listens_for(OrmSession, "after_commit")
def tell(session: OrmSession) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released: its transaction may still be rolled back
    session.info.pop("marks", None)
    written = session.info.pop("written", None)
    publish: Publish | None = session.info.get("publish")
    if written is not None and publish is not None:
        try:
            publish(written)
        except Exception:
            # It is committed: an error here would tell the writer that it is not, and readers look
            # for themselves. What fails is a mistake of ours, of any type.
            logger.exception("could not publish what was committed")
