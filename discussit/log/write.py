"""The one way into a log: `write_entries`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, func, select, update
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import is_member
from discussit.log.committed import CommittedChanges, Revision, changes_of
from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import KINDS, Effect, EntryRow, Kind, State, utc_text
from discussit.log.target_rows import INSERT_MENTIONS
from discussit.log.targets import Mentioned, Target
from discussit.log.unread import GroupState, UnreadChange
from discussit.many_rows import ManyFound, ManyRows, SqlConnection, insert_rows
from discussit.models.base import now
from discussit.models.entries import ENTRIES, TEXTS
from discussit.models.groups import GROUPS, MEMBERSHIPS
from discussit.models.locks import lock_groups

IN_EACH = [ENTRIES.c[name] for name in ("group_id", "seq", "kind", "user_id", "timestamp", "client_id", "state", "nth")]
INSERT_ENTRIES = insert_rows(*IN_EACH)
# Changes and replies. With four more values a row, the statement takes a third longer, so other entries do without.
INSERT_REFERRING = insert_rows(*IN_EACH, *(ENTRIES.c[name] for name in ("target", "emoji", "reply_to", "reply_rev")))
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
    lambda given: update(MEMBERSHIPS).where(is_member(given.c.user_id, given.c.group_id)).values(read_seq=given.c.seq),
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
    last_message_at: datetime | None = None  # of the messages that this transaction appended

    @property
    def state(self) -> GroupState:
        return GroupState(self.nth, self.revisions)

    def copy(self) -> "LogEnd":
        return LogEnd(self.group_uuid, self.seq, self.nth, self.revisions, self.member_count)

    def move(self, kind: Kind, timestamp: datetime) -> None:
        """Append an entry of this kind."""
        self.seq += 1
        if kind.counts_as_unread:
            self.nth += 1
            self.last_message_at = timestamp
        if kind.revises:
            self.revisions += 1
        if kind.effect:
            self.member_count += MEMBERS_ADDED.get(kind.effect, 0)

    def counts_since(self, start: "LogEnd") -> tuple[Any, ...]:
        """What was added to the group's counts, in the order of MOVE_LOG_ENDS."""
        members, revisions = self.member_count - start.member_count, self.revisions - start.revisions
        return self.seq - start.seq, self.nth - start.nth, members, revisions, self.last_message_at


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
    kind: Kind
    seq: int
    nth: int
    timestamp: datetime

    @property
    def refers(self) -> bool:
        """Whether it changes another entry, or answers one."""
        return self.entry.target is not None or self.entry.reply_to is not None


class Appending:
    """Entries that one transaction appends to groups that it has locked: they get their places, then are written."""

    def __init__(self, ends: LogEnds) -> None:
        self.ends = ends
        self._starts = {group: end.copy() for group, end in ends.items()}
        self._moment = now()
        self._placed: list[_Placed] = []

    def place(self, entry: NewEntry) -> int:
        """Give the entry the next place in its group's log, and return its seq."""
        end, kind, timestamp = self.ends[entry.group_id], KINDS[entry.kind], entry.timestamp or self._moment
        end.move(kind, timestamp)
        self._placed.append(_Placed(entry, kind, end.seq, end.nth, timestamp))
        return end.seq

    def write(self, connection: SqlConnection, changes: CommittedChanges) -> None:
        """Write them, and add their objects to `changes`. What changed their targets is to be stored before."""
        placed, ends = self._placed, self.ends
        moved = [(group, start, ends[group]) for group, start in self._starts.items() if ends[group].seq > start.seq]
        referring = [each for each in placed if each.refers]
        plain = [each for each in placed if not each.refers] if referring else placed
        MOVE_LOG_ENDS.execute(connection, [(group, *end.counts_since(start)) for group, start, end in moved])
        INSERT_ENTRIES.execute(connection, map(_entry_values, plain))
        INSERT_REFERRING.execute(connection, map(_referring_values, referring))
        # A row also for a text that is empty: see TEXTS.
        INSERT_TEXTS.execute(connection, [_text_values(each) for each in placed if each.kind.shown_as])
        INSERT_MENTIONS.execute(connection, [row for each in placed if each.entry.mentions for row in _mentions(each)])
        # Whatever was written before they came is not new to them.
        READ_UP_TO.execute(connection, [(*member, seq) for member, seq in _joined(placed).items()])
        self._note_entries(changes)
        for _, start, end in moved:
            if end.nth > start.nth or end.revisions > start.revisions:
                changes.add_unread(UnreadChange(end.group_uuid, start.state, end.state))
        self._note_mentioned(changes)

    def _note_entries(self, changes: CommittedChanges) -> None:
        texts = dict[datetime, str]()
        encoded: dict[int, list[EncodedEntry]] = defaultdict(list)
        for each in self._placed:
            moment = each.timestamp
            timestamp = texts.get(moment) or texts.setdefault(moment, utc_text(moment))
            encoded[each.entry.group_id].append(encode_entry(each.entry.group_uuid, _row(each), timestamp))
        for group, entries in encoded.items():
            start = self._starts[group]
            changes.revisions.setdefault(start.group_uuid, start.revisions)
            changes.add(start.group_uuid, entries)

    def _note_mentioned(self, changes: CommittedChanges) -> None:
        for each in self._placed:
            if each.entry.mentions:
                changes.unread[each.entry.group_uuid].mentioned.update(id for id, _ in each.entry.mentions)
            if each.kind.revises and each.entry.target:
                changes.unread[each.entry.group_uuid].mentioned.update(each.entry.target.mentioned_at)


def _joined(placed: Iterable[_Placed]) -> dict[tuple[int, int], int]:
    """Group's and user's ids → the seq of the user's last Join."""
    joins = [each for each in placed if each.kind.effect == Effect.JOINED]
    return {(each.entry.group_id, each.entry.user_id): each.seq for each in joins}


def _entry_values(placed: _Placed) -> tuple[Any, ...]:
    """In the order of INSERT_ENTRIES."""
    new, _, seq, nth, timestamp = placed
    return new.group_id, seq, new.kind, new.user_id, timestamp, new.client_id, State.LIVE, nth


def _referring_values(placed: _Placed) -> tuple[Any, ...]:
    """In the order of INSERT_REFERRING."""
    new = placed.entry
    target = new.target.seq if new.target else None
    return *_entry_values(placed), target, new.emoji, new.reply_to, new.reply_rev


def _text_values(placed: _Placed) -> tuple[Any, ...]:
    return placed.entry.group_id, placed.seq, placed.entry.content, placed.entry.body


def _mentions(placed: _Placed) -> list[tuple[Any, ...]]:
    group_id, seq = placed.entry.group_id, placed.seq
    return [(group_id, seq, user_id, seq, place) for place, (user_id, _) in enumerate(placed.entry.mentions)]


def _row(placed: _Placed) -> EntryRow:
    new, _, seq, _, timestamp = placed
    row = EntryRow(seq, new.kind, new.user_id, new.username, timestamp, State.LIVE, new.content)
    if new.target is not None:
        changed = new.target.changed(new.emoji, new.user_id)
        return row._replace(target=new.target.seq, emoji=new.emoji, changed=changed)
    if new.body is None and new.reply_to is None:
        return row
    names = tuple(name for _, name in new.mentions)
    return row._replace(body=new.body, mentions=names, reply_to=new.reply_to, reply_rev=new.reply_rev)
