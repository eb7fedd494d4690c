"""The one way into a log: `write_entries`, and what a transaction leaves to be published after its commit."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, func, select, update
from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import KINDS, Effect, EntryRow, State, utc_text
from discussit.log.revise import revised
from discussit.log.target_rows import INSERT_MENTIONS
from discussit.log.targets import Mentioned, Target
from discussit.log.unread import Count, GroupState, UnreadChange
from discussit.many_rows import ManyFound, ManyRows, SqlConnection, insert_rows
from discussit.models.base import now
from discussit.models.entries import ENTRIES, TEXTS
from discussit.models.groups import GROUPS, MEMBERSHIPS
from discussit.models.locks import lock_groups

INSERT_ENTRIES = insert_rows(
    *(ENTRIES.c[name] for name in ("group_id", "seq", "kind", "user_id", "timestamp", "client_id", "state", "nth")),
    *(ENTRIES.c[name] for name in ("target", "emoji", "reply_to", "reply_rev")),
)
INSERT_TEXTS = insert_rows(*(TEXTS.c[name] for name in ("group_id", "seq", "content", "body")))
LOCK_LOG_ENDS = ManyFound(
    [Column("id", Integer)],
    lambda given: lock_groups(select(given.c.id)).with_only_columns(
        GROUPS.c.id,
        GROUPS.c.uuid,
        GROUPS.c.last_seq,
        GROUPS.c.messages,
        GROUPS.c.revisions,
        GROUPS.c.member_count,
    ),
)
MOVE_LOG_ENDS = ManyRows(
    [
        *(Column(name, Integer) for name in ("id", "entries", "messages", "members", "revisions")),
        Column("at", GROUPS.c.last_message_at.type),
    ],
    lambda given: (
        update(GROUPS)
        .where(GROUPS.c.id == given.c.id)
        .values(
            last_seq=GROUPS.c.last_seq + given.c.entries,
            messages=GROUPS.c.messages + given.c.messages,
            member_count=GROUPS.c.member_count + given.c.members,
            revisions=GROUPS.c.revisions + given.c.revisions,
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
    content: str = ""
    client_id: str | None = None
    timestamp: datetime | None = None  # None: now
    body: str | None = None
    mentions: Sequence[Mentioned] = ()
    reply_to: int | None = None
    reply_rev: int | None = None
    emoji: str | None = None
    target: Target | None = None  # of a change


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
    erases: bool = False  # texts, which then have to leave SQLite's files as well
    unread: dict[UUID, UnreadChange] = field(default_factory=dict)
    marks: list[Count] = field(default_factory=list)  # the numbers of members who marked how far they have read

    def add(self, uuid: UUID, entries: Sequence[EncodedEntry]) -> None:
        """Add a group's next entries, and have those of the transaction before them show what they made of them."""
        earlier = self.entries[uuid]
        for change in entries if earlier else ():
            if change.revises:
                earlier[:] = [revised(each, change) if each.is_about(change.target) else each for each in earlier]
        earlier.extend(entries)

    def add_unread(self, change: UnreadChange) -> None:
        known = self.unread.setdefault(change.group_uuid, change)
        known.after = change.after


Publish = Callable[[CommittedChanges], None]


def changes_of(session: OrmSession) -> CommittedChanges:
    """What the session's transaction has written so far."""
    changes: CommittedChanges = session.info.setdefault("changes", CommittedChanges())
    return changes


def raise_revisions(session: OrmSession, group_id: int, epoch: str | None = None) -> None:
    """Have processes drop the group's texts that they keep; with another epoch, readers also load the log again."""
    changed = {"revisions": GROUPS.c.revisions + 1} | ({} if epoch is None else {"epoch": epoch})
    revised = update(GROUPS).where(GROUPS.c.id == group_id).values(changed)
    found = revised.returning(GROUPS.c.uuid, GROUPS.c.revisions, GROUPS.c.epoch)
    for uuid, revisions, present_epoch in session.connection().execute(found):
        changes_of(session).revised_groups[uuid] = Revision(revisions, present_epoch)


@dataclass
class LogEnd:
    """Where a group's log ends. Valid in the transaction that has locked the group."""

    group_uuid: UUID
    seq: int
    nth: int
    revisions: int
    member_count: int

    @property
    def state(self) -> GroupState:
        return GroupState(self.nth, self.revisions)


LogEnds = Mapping[int, LogEnd]  # of groups, by id


def lock_log_ends(connection: SqlConnection, groups: Iterable[int], lock: ManyFound = LOCK_LOG_ENDS) -> LogEnds:
    """Lock those groups that exist until the commit, in order of their ids; return where their logs end.

    So entries become visible in seq order: a reader that has seen n never meets a late n - 1.
    """
    found = lock.rows(connection, [(group,) for group in sorted(groups)])
    return {group: LogEnd(*end) for group, *end in found}


def write_entries(connection: SqlConnection, changes: CommittedChanges, entries: Sequence[NewEntry]) -> list[int]:
    """Write entries, each at the next place in its group's log; return their seqs.

    They are added to `changes`, which are published after the commit. The groups' counts follow.
    """
    if not entries:
        return []
    appending = Appending(lock_log_ends(connection, {entry.group_id for entry in entries}))
    seqs = [appending.place(entry) for entry in entries]
    appending.write(connection, changes)
    return seqs


class _Placed(NamedTuple):
    entry: NewEntry
    seq: int
    nth: int
    timestamp: datetime


class Appending:
    """Entries that one transaction appends to groups that it has locked: they get their places, then are written."""

    def __init__(self, ends: LogEnds) -> None:
        self.ends = ends
        self._before = {end.group_uuid: end.state for end in ends.values()}
        self._moment = now()
        self._placed: list[_Placed] = []

    def place(self, entry: NewEntry) -> int:
        """Give the entry the next place in its group's log, and return its seq."""
        end, kind = self.ends[entry.group_id], KINDS[entry.kind]
        end.seq += 1
        end.nth += kind.counts_as_unread
        end.revisions += kind.revises
        self._placed.append(_Placed(entry, end.seq, end.nth, entry.timestamp or self._moment))
        return end.seq

    def write(self, connection: SqlConnection, changes: CommittedChanges) -> None:
        """Write them, and add their objects to `changes`. What changed their targets is to be stored before."""
        placed = self._placed
        MOVE_LOG_ENDS.execute(connection, _counts(placed))
        INSERT_ENTRIES.execute(connection, map(_entry_values, placed))
        # A row also for a text that is empty: see TEXTS.
        INSERT_TEXTS.execute(connection, [_text_values(each) for each in placed if KINDS[each.entry.kind].shown_as])
        INSERT_MENTIONS.execute(connection, [row for each in placed if each.entry.mentions for row in _mentions(each)])
        # Whatever was written before they came is not new to them.
        READ_UP_TO.execute(connection, [(*member, seq) for member, seq in _joined(placed).items()])
        self._note(changes)

    def _note(self, changes: CommittedChanges) -> None:
        texts = dict[datetime, str]()
        encoded: dict[UUID, list[EncodedEntry]] = defaultdict(list)
        for each in self._placed:
            uuid, moment = each.entry.group_uuid, each.timestamp
            timestamp = texts.get(moment) or texts.setdefault(moment, utc_text(moment))
            encoded[uuid].append(encode_entry(uuid, _row(each), timestamp))
        for uuid, entries in encoded.items():
            changes.revisions.setdefault(uuid, self._before[uuid].revisions)
            changes.add(uuid, entries)
        self._note_unread(changes)

    def _note_unread(self, changes: CommittedChanges) -> None:
        for end in self.ends.values():
            if end.state != self._before[end.group_uuid]:
                changes.add_unread(UnreadChange(end.group_uuid, self._before[end.group_uuid], end.state))
        for each in self._placed:
            if each.entry.mentions:
                changes.unread[each.entry.group_uuid].mentioned.update(id for id, _ in each.entry.mentions)
            if KINDS[each.entry.kind].revises and each.entry.target:
                changes.unread[each.entry.group_uuid].mentioned.update(each.entry.target.mentioned_at)


@dataclass
class _Counts:
    """What entries add to their group's counts, in the order of MOVE_LOG_ENDS."""

    entries: int = 0
    messages: int = 0
    members: int = 0
    revisions: int = 0
    last_message_at: datetime | None = None


def _counts(placed: Iterable[_Placed]) -> list[tuple[Any, ...]]:
    of_group: dict[int, _Counts] = defaultdict(_Counts)
    for each in placed:
        kind, counts = KINDS[each.entry.kind], of_group[each.entry.group_id]
        counts.entries += 1
        counts.members += MEMBERS_ADDED.get(kind.effect, 0)
        counts.revisions += kind.revises
        if kind.counts_as_unread:
            counts.messages += 1
            counts.last_message_at = each.timestamp
    return [
        (group, counts.entries, counts.messages, counts.members, counts.revisions, counts.last_message_at)
        for group, counts in of_group.items()
    ]


def _joined(placed: Iterable[_Placed]) -> dict[tuple[int, int], int]:
    """Group's and user's ids → the seq of the user's last Join."""
    joins = [each for each in placed if KINDS[each.entry.kind].effect == Effect.JOINED]
    return {(each.entry.group_id, each.entry.user_id): each.seq for each in joins}


def _entry_values(placed: _Placed) -> tuple[Any, ...]:
    """In the order of INSERT_ENTRIES."""
    new, seq, nth, timestamp = placed
    target = new.target.seq if new.target else None
    start = new.group_id, seq, new.kind, new.user_id, timestamp, new.client_id, State.LIVE, nth
    return *start, target, new.emoji, new.reply_to, new.reply_rev


def _text_values(placed: _Placed) -> tuple[Any, ...]:
    return placed.entry.group_id, placed.seq, placed.entry.content, placed.entry.body


def _mentions(placed: _Placed) -> list[tuple[Any, ...]]:
    group_id, seq = placed.entry.group_id, placed.seq
    return [(group_id, seq, user_id, seq, place) for place, (user_id, _) in enumerate(placed.entry.mentions)]


def _row(placed: _Placed) -> EntryRow:
    new, seq, _, timestamp = placed
    row = EntryRow(seq, new.kind, new.user_id, new.username, timestamp, State.LIVE, new.content)
    if new.target is not None:
        changed = new.target.changed(new.emoji, new.user_id)
        return row._replace(target=new.target.seq, emoji=new.emoji, changed=changed)
    if new.body is None and new.reply_to is None:
        return row
    names = tuple(name for _, name in new.mentions)
    return row._replace(body=new.body, mentions=names, reply_to=new.reply_to, reply_rev=new.reply_rev)
