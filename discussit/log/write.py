"""The one way into a log: `write_entries`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, Column, ColumnElement, Integer, case, literal_column, select, update
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import is_member
from discussit.log.committed import CommittedChanges, DirectGroupShown, Revision, changes_of
from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import KINDS, Effect, EntryRow, Kind, State, utc_text
from discussit.log.log_ends import MOVE_LOG_ENDS, LogEnd, LogEnds, lock_log_ends
from discussit.log.target_rows import INSERT_MENTIONS
from discussit.log.targets import Mentioned, Target
from discussit.log.unread import UnreadChange
from discussit.many_rows import ManyFound, ManyRows, SqlConnection, insert_rows
from discussit.models.base import now
from discussit.models.entries import ENTRIES, TEXTS
from discussit.models.groups import GROUPS, MEMBERSHIPS, History

IN_EACH = [ENTRIES.c[name] for name in ("group_id", "seq", "kind", "user_id", "timestamp", "client_id", "state", "nth")]
INSERT_ENTRIES = insert_rows(*IN_EACH)
# Changes and replies. With four more values a row, the statement takes a third longer, so other entries do without.
INSERT_REFERRING = insert_rows(*IN_EACH, *(ENTRIES.c[name] for name in ("target", "emoji", "reply_to", "reply_rev")))
INSERT_CONCERNING = insert_rows(*IN_EACH, ENTRIES.c.other_user_id)  # another user
INSERT_TEXTS = insert_rows(*(TEXTS.c[name] for name in ("group_id", "seq", "content", "body")))


def _first_readable(given: CTE) -> ColumnElement[int]:
    """The first entry that those may read whose Joins are given."""
    from_join = GROUPS.c.history == literal_column(f"'{History.FROM_JOIN}'")
    first = select(case((from_join, given.c.seq), else_=GROUPS.c.readable_from)).where(GROUPS.c.id == given.c.group_id)
    return first.correlate(given).scalar_subquery()


BEGIN_READING = ManyRows(
    [Column(name, Integer) for name in ("group_id", "user_id", "seq")],
    lambda given: (
        update(MEMBERSHIPS)
        .where(is_member(given.c.user_id, given.c.group_id))
        .values(read_seq=given.c.seq, from_seq=_first_readable(given))
    ),
)
# Members from whom a direct group was hidden that had so many messages.
HIDDEN_FROM = ManyFound(
    [Column("group_id", Integer), Column("messages", Integer)],
    lambda given: (
        select(MEMBERSHIPS.c.group_id, MEMBERSHIPS.c.user_id)
        .select_from(given)
        .join(MEMBERSHIPS, MEMBERSHIPS.c.group_id == given.c.group_id)
        .where(MEMBERSHIPS.c.hidden_at >= given.c.messages)
    ),
)


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
    answers: int | None = None  # the user whose message it answers, unless it is their own
    emoji: str | None = None
    target: Target | None = None  # of a change
    other: Mentioned | None = None  # who added or removed the user, or whom a change of the group concerns


def raise_revisions(session: OrmSession, group_id: int, epoch: str | None = None) -> None:
    """Have processes drop the group's texts that they keep; with another epoch, readers also load the log again."""
    changed = {"revisions": GROUPS.c.revisions + 1} | ({} if epoch is None else {"epoch": epoch})
    revised = update(GROUPS).where(GROUPS.c.id == group_id).values(changed)
    found = revised.returning(GROUPS.c.uuid, GROUPS.c.revisions, GROUPS.c.epoch)
    for uuid, revisions, present_epoch in session.connection().execute(found):
        changes_of(session).revised_groups[uuid] = Revision(revisions, present_epoch)


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

    @property
    def concerns_users(self) -> bool:
        return bool(self.entry.mentions) or self.entry.answers is not None

    @property
    def revised(self) -> Target | None:
        """The message whose text it changes, if any."""
        return self.entry.target if self.kind.revises else None

    @property
    def is_plain(self) -> bool:
        return not (self.refers or self.entry.other is not None)


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
        concerning = [each for each in placed if each.entry.other is not None]
        plain = [each for each in placed if each.is_plain] if referring or concerning else placed
        MOVE_LOG_ENDS.execute(connection, [(group, *end.counts_since(start)) for group, start, end in moved])
        INSERT_ENTRIES.execute(connection, map(_entry_values, plain))
        INSERT_REFERRING.execute(connection, map(_referring_values, referring))
        INSERT_CONCERNING.execute(connection, map(_concerning_values, concerning))
        # A row also for a text that is empty: see TEXTS.
        INSERT_TEXTS.execute(connection, [_text_values(each) for each in placed if each.kind.shown_as])
        INSERT_MENTIONS.execute(connection, [row for each in placed if each.concerns_users for row in _mentions(each)])
        # Whatever was written before they came is not new to them.
        BEGIN_READING.execute(connection, [(*member, seq) for member, seq in _joined(placed).items()])
        self._note_entries(changes)
        for _, start, end in moved:
            if end.nth > start.nth or end.revisions > start.revisions:
                changes.add_unread(UnreadChange(end.group_uuid, start.state, end.state))
        self._note_concerned(changes)
        self._note_shown(connection, changes, moved)

    def _note_shown(
        self, connection: SqlConnection, changes: CommittedChanges, moved: Iterable[tuple[int, LogEnd, LogEnd]]
    ) -> None:
        """Have members learn of a direct group that appears with these messages among their groups."""
        written = {group: (start, end) for group, start, end in moved if end.is_direct and end.nth > start.nth}
        before = [(group, start.nth) for group, (start, _) in written.items()]
        for group, user_id in HIDDEN_FROM.rows(connection, before):
            changes.shown.append(DirectGroupShown(written[group][1].group_uuid, written[group][1].seq, user_id))

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

    def _note_concerned(self, changes: CommittedChanges) -> None:
        for each in self._placed:
            if each.concerns_users:
                changes.unread[each.entry.group_uuid].mentioned |= _concerned(each.entry)
            if each.revised is not None:
                change = changes.unread[each.entry.group_uuid]
                change.mentioned |= each.revised.concerned
                change.is_last_revised |= each.revised.nth == self.ends[each.entry.group_id].nth


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


def _concerning_values(placed: _Placed) -> tuple[Any, ...]:
    """In the order of INSERT_CONCERNING."""
    other = placed.entry.other
    return *_entry_values(placed), other and other[0]


def _text_values(placed: _Placed) -> tuple[Any, ...]:
    return placed.entry.group_id, placed.seq, placed.entry.content, placed.entry.body


def _mentions(placed: _Placed) -> list[tuple[Any, ...]]:
    """In the order of INSERT_MENTIONS: see MENTIONS."""
    group_id, seq, answers = placed.entry.group_id, placed.seq, placed.entry.answers
    rows = [(group_id, seq, user_id, seq, place) for place, (user_id, _) in enumerate(placed.entry.mentions)]
    return rows if answers is None else [*rows, (group_id, seq, -answers, seq, None)]


def _concerned(entry: NewEntry) -> set[int]:
    """Users, or EVERYONE, whom it mentions or answers."""
    mentioned = {id for id, _ in entry.mentions}
    return mentioned if entry.answers is None else {*mentioned, entry.answers}


def _row(placed: _Placed) -> EntryRow:
    new, _, seq, _, timestamp = placed
    row = EntryRow(seq, new.kind, new.user_id, new.username, timestamp, State.LIVE, new.content)
    if new.target is not None:
        changed = new.target.changed(new.emoji, new.user_id)
        return row._replace(target=new.target.seq, emoji=new.emoji, changed=changed)
    if new.other is not None:
        return row._replace(other_user_id=new.other[0], other_user=new.other[1])
    if new.body is None and new.reply_to is None:
        return row
    names = tuple(name for _, name in new.mentions)
    return row._replace(body=new.body, mentions=names, reply_to=new.reply_to, reply_rev=new.reply_rev)
