"""The one way into a log: `write_entries`, and what a transaction leaves to be published after its commit."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import CTE, Column, Executable, Integer, Table, func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import KINDS, Effect, EntryRow, State, utc_text
from discussit.many_rows import ManyFound, ManyRows, SqlConnection
from discussit.models.base import now
from discussit.models.entries import TEXTS, Entry
from discussit.models.groups import Group, Membership
from discussit.models.locks import lock_groups

GROUPS, ENTRIES, MEMBERSHIPS = (cast(Table, model.__table__) for model in (Group, Entry, Membership))


def _insert_all(table: Table) -> ManyRows:
    def statement(given: CTE) -> Executable:
        columns = list(table.columns)
        return insert(table).from_select(columns, select(given).where(given.c.group_id.is_not(None)))

    return ManyRows(table.columns, statement)


INSERT_ENTRIES, INSERT_TEXTS = _insert_all(ENTRIES), _insert_all(TEXTS)
LOCK_LOG_ENDS = ManyFound(
    [Column("id", Integer)],
    lambda given: lock_groups(select(given.c.id)).with_only_columns(
        GROUPS.c.id, GROUPS.c.uuid, GROUPS.c.last_seq, GROUPS.c.messages, GROUPS.c.revisions
    ),
)
MOVE_LOG_ENDS = ManyRows(
    [
        *(Column(name, Integer) for name in ("id", "entries", "messages", "members")),
        Column("at", GROUPS.c.last_message_at.type),
    ],
    lambda given: (
        update(GROUPS)
        .where(GROUPS.c.id == given.c.id)
        .values(
            last_seq=GROUPS.c.last_seq + given.c.entries,
            messages=GROUPS.c.messages + given.c.messages,
            member_count=GROUPS.c.member_count + given.c.members,
            last_message_at=func.coalesce(given.c["at"], GROUPS.c.last_message_at),
        )
    ),
)
READ_UP_TO = ManyRows(
    [Column(name, Integer) for name in ("group_id", "user_id", "seq")],
    lambda given: (
        update(MEMBERSHIPS)
        .where(MEMBERSHIPS.c.group_id == given.c.group_id, MEMBERSHIPS.c.user_id == given.c.user_id)
        .values(read_seq=given.c.seq)
    ),
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


@dataclass
class LogEnd:
    """Where a group's log ends. Valid in the transaction that has locked the group."""

    group_uuid: UUID
    seq: int
    nth: int
    revisions: int


LogEnds = Mapping[int, LogEnd]  # of groups, by id


def lock_log_ends(connection: SqlConnection, groups: Iterable[int], lock: ManyFound = LOCK_LOG_ENDS) -> LogEnds:
    """Lock those groups that exist until the commit, in order of their ids; return where their logs end.

    So entries become visible in seq order: a reader that has seen n never meets a late n - 1.
    """
    found = lock.rows(connection, [(group,) for group in sorted(groups)])
    return {group: LogEnd(*end) for group, *end in found}


def write_entries(
    connection: SqlConnection, changes: CommittedChanges, entries: Sequence[NewEntry], ends: LogEnds | None = None
) -> list[int]:
    """Write entries, each at the next place in its group's log; return their seqs.

    They are added to `changes`, which are published after the commit. `ends`: those of the groups, if they are locked
    already; they move on. The groups' counts follow in the same transaction.
    """
    if not entries:
        return []
    if ends is None:
        ends = lock_log_ends(connection, {entry.group_id for entry in entries})
    for entry in entries:
        changes.revisions.setdefault(entry.group_uuid, ends[entry.group_id].revisions)
    moment = now()
    rows = [_place(entry, ends[entry.group_id], moment) for entry in entries]
    MOVE_LOG_ENDS.execute(connection, _counts(rows))
    INSERT_ENTRIES.execute(connection, [_entry_values(*placed) for placed in rows])
    INSERT_TEXTS.execute(connection, [(new.group_id, row.seq, row.content) for new, row, _ in rows if row.content])
    joined = {(new.group_id, row.user_id): row.seq for new, row, _ in rows if KINDS[row.kind].effect == Effect.JOINED}
    # Whatever was written before they came is not new to them.
    READ_UP_TO.execute(connection, [(*member, seq) for member, seq in joined.items()])
    _note(changes, rows)
    return [row.seq for _, row, _ in rows]


Placed = tuple[NewEntry, EntryRow, int]  # with its nth


def _place(entry: NewEntry, place: LogEnd, moment: datetime) -> Placed:
    place.seq += 1
    place.nth += KINDS[entry.kind].counts_as_unread
    row = EntryRow(
        place.seq,
        entry.kind,
        entry.user_id,
        entry.username,
        entry.timestamp or moment,
        State.LIVE,
        entry.content,
    )
    return entry, row, place.nth


@dataclass
class _Counts:
    """What entries add to their group's counts, in the order of MOVE_LOG_ENDS."""

    entries: int = 0
    messages: int = 0
    members: int = 0
    last_message_at: datetime | None = None


def _counts(rows: Iterable[Placed]) -> list[tuple[Any, ...]]:
    of_group: dict[int, _Counts] = defaultdict(_Counts)
    for new, row, _ in rows:
        kind, counts = KINDS[row.kind], of_group[new.group_id]
        counts.entries += 1
        counts.members += MEMBERS_ADDED.get(kind.effect, 0)
        if kind.counts_as_unread:
            counts.messages += 1
            counts.last_message_at = row.timestamp
    return [
        (group, counts.entries, counts.messages, counts.members, counts.last_message_at)
        for group, counts in of_group.items()
    ]


def _entry_values(new: NewEntry, row: EntryRow, nth: int) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    return new.group_id, row.seq, row.kind, row.user_id, row.timestamp, new.client_id, row.state, nth


def _note(changes: CommittedChanges, rows: Iterable[Placed]) -> None:
    texts = dict[datetime, str]()
    for new, row, _ in rows:
        timestamp = texts.get(row.timestamp) or texts.setdefault(row.timestamp, utc_text(row.timestamp))
        changes.entries[new.group_uuid].append(encode_entry(new.group_uuid, row, timestamp))
