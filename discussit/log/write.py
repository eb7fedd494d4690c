"""The one way into a log: `write_entries`, and what a transaction leaves to be published after its commit."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, func, insert, update
from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import KINDS, Effect, EntryRow, State, utc_text
from discussit.models.base import now
from discussit.models.entries import TEXTS, Entry
from discussit.models.groups import Group, Membership

GROUPS, ENTRIES, MEMBERSHIPS = (cast(Table, model.__table__) for model in (Group, Entry, Membership))

# Made once: they are part of each transaction that writes to a log.
TAKE_PLACES = (
    update(GROUPS)
    .where(GROUPS.c.id == bindparam("group"))
    .values(
        last_seq=GROUPS.c.last_seq + bindparam("entries"),
        messages=GROUPS.c.messages + bindparam("new_messages"),
        member_count=GROUPS.c.member_count + bindparam("new_members"),
        last_message_at=func.coalesce(bindparam("at", type_=GROUPS.c.last_message_at.type), GROUPS.c.last_message_at),
    )
    .returning(GROUPS.c.uuid, GROUPS.c.last_seq, GROUPS.c.messages, GROUPS.c.revisions)
)
READ_UP_TO = (
    update(MEMBERSHIPS)
    .where(and_(MEMBERSHIPS.c.group_id == bindparam("group"), MEMBERSHIPS.c.user_id == bindparam("user")))
    .values(read_seq=bindparam("seq"))
)
MEMBERS_ADDED: dict[Effect | None, int] = {Effect.JOINED: 1, Effect.LEFT: -1}


class NewEntry(NamedTuple):
    """An entry that is to be written. Its user is a member, as far as its kind demands it."""

    group_id: int
    group_uuid: UUID
    kind: str
    user_id: int
    username: str
    content: str
    client_id: str | None = None
    timestamp: datetime | None = None  # None: now


class Revision(NamedTuple):
    """A group's `revisions` and `epoch` since texts of its entries changed."""

    revisions: int
    epoch: str


@dataclass
class CommittedChanges:
    """What one transaction wrote that others have to be sent."""

    entries: dict[UUID, list[EncodedEntry]] = field(default_factory=lambda: defaultdict(list))
    revisions: dict[UUID, int] = field(default_factory=dict)  # of their groups, when the first of them was written
    resync_groups: set[UUID] = field(default_factory=set)  # deleted: their readers must read the database
    revised_groups: dict[UUID, Revision] = field(default_factory=dict)
    ended_sessions: dict[str, int] = field(default_factory=dict)  # their ids → their users' ids


Publish = Callable[[CommittedChanges], None]


def changes_of(session: OrmSession) -> CommittedChanges:
    """What the session's transaction has written so far."""
    changes: CommittedChanges = session.info.setdefault("changes", CommittedChanges())
    return changes


def write_entries(session: OrmSession, entries: Sequence[NewEntry]) -> list[int]:
    """Write entries, each at the next place in its group's log; return their seqs.

    The groups' counts follow in the same transaction, and the entries are published after its commit.
    """
    if not entries:
        return []
    connection = session.connection()
    rows = _placed(session, entries)
    _insert(connection, rows)
    for new, row, _ in rows:
        if KINDS[row.kind].effect == Effect.JOINED:
            # Whatever was written before they came is not new to them.
            connection.execute(READ_UP_TO, {"group": new.group_id, "user": row.user_id, "seq": row.seq})
    _note(session, rows)
    return [row.seq for _, row, _ in rows]


Placed = tuple[NewEntry, EntryRow, int]  # with its nth


def _insert(connection: Connection, rows: Sequence[Placed]) -> None:
    insert_entries, insert_texts, moment = _inserts(connection.dialect)
    moments = {row.timestamp: moment(row.timestamp) for _, row, _ in rows}
    entries = [
        (new.group_id, row.seq, row.kind, row.user_id, moments[row.timestamp], new.client_id, row.state, nth)
        for new, row, nth in rows
    ]
    connection.exec_driver_sql(insert_entries, entries)
    if texts := [(new.group_id, row.seq, row.content) for new, row, _ in rows if row.content]:
        connection.exec_driver_sql(insert_texts, texts)


@cache
def _inserts(dialect: Dialect) -> tuple[str, str, Callable[[datetime], object]]:
    """The INSERTs of entries and of texts, compiled, and what a timestamp is to the driver.

    Values go to the driver in the order of the tables' columns: SQLAlchemy's processing of each row took longer
    than its INSERT.
    """
    compiled = [insert(table).compile(dialect=dialect) for table in (ENTRIES, TEXTS)]
    for each, table in zip(compiled, (ENTRIES, TEXTS), strict=True):
        assert each.positiontup == [column.name for column in table.columns], "the driver takes values by position"
    of_driver = ENTRIES.c.timestamp.type.dialect_impl(dialect).bind_processor(dialect)
    return str(compiled[0]), str(compiled[1]), of_driver or (lambda moment: moment)


def _placed(session: OrmSession, entries: Sequence[NewEntry]) -> list[Placed]:
    """Give each entry its seq and nth.

    Updating a group's row locks it until the commit, so that entries become visible in seq order: a reader
    that has seen n never meets a late n - 1. Groups are taken in order of id, so that two transactions
    that write to the same groups can't wait for each other.
    """
    moment, of_group = now(), defaultdict(list)
    for entry in entries:
        of_group[entry.group_id].append(entry)
    places = {group: _take_places(session, group, of_group[group], moment) for group in sorted(of_group)}
    return [_place(entry, places[entry.group_id], moment) for entry in entries]


@dataclass
class _Places:
    """The last place in a log that was given away."""

    seq: int
    nth: int


def _take_places(session: OrmSession, group: int, entries: Sequence[NewEntry], moment: datetime) -> _Places:
    kinds = [KINDS[entry.kind] for entry in entries]
    messages = sum(kind.counts_as_unread for kind in kinds)
    members = sum(MEMBERS_ADDED.get(kind.effect, 0) for kind in kinds)
    values = {
        "group": group,
        "entries": len(entries),
        "new_messages": messages,
        "new_members": members,
        "at": _newest_message(entries, moment) if messages else None,
    }
    last = session.connection().execute(TAKE_PLACES, values).one()
    changes_of(session).revisions.setdefault(last.uuid, last.revisions)
    return _Places(last.last_seq - len(entries), last.messages - messages)


def _newest_message(entries: Iterable[NewEntry], moment: datetime) -> datetime:
    return [entry.timestamp or moment for entry in entries if KINDS[entry.kind].counts_as_unread][-1]


def _place(entry: NewEntry, places: _Places, moment: datetime) -> Placed:
    places.seq += 1
    places.nth += KINDS[entry.kind].counts_as_unread
    row = EntryRow(
        places.seq,
        entry.kind,
        entry.user_id,
        entry.username,
        entry.timestamp or moment,
        State.LIVE,
        entry.content,
    )
    return entry, row, places.nth


def _note(session: OrmSession, rows: Iterable[Placed]) -> None:
    changes, texts = changes_of(session), dict[datetime, str]()
    for new, row, _ in rows:
        timestamp = texts.get(row.timestamp) or texts.setdefault(row.timestamp, utc_text(row.timestamp))
        changes.entries[new.group_uuid].append(encode_entry(new.group_uuid, row, timestamp))
