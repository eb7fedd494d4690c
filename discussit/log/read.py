"""Reading a group's log from a place in it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import String, and_, func, select, type_coerce
from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import SHOWN_KINDS, Changed, EntryRow, utc_text
from discussit.many_rows import Rows
from discussit.models import Group, User
from discussit.models.entries import (
    ENTRIES,
    EVERYONE_NAME,
    MENTIONS,
    PRESENT_BODY,
    PRESENT_CONTENT,
    REACTIONS,
    TEXTS,
    VERSIONS,
)
from discussit.models.groups import ReadableLog
from discussit.wire.objects import MAX_MISSED

READ_AHEAD = 50  # entries fetched before they are asked for
MENTION = '["@",'  # is in every encoded tree with mentions: quotes in its texts are escaped

# Columns of an EntryRow. Plain rows: creating objects takes twice as long as reading them.
_COLUMNS = select(
    ENTRIES.c.seq,
    ENTRIES.c.kind,
    ENTRIES.c.user_id,
    User.username,
    ENTRIES.c.timestamp,
    ENTRIES.c.state,
    func.coalesce(PRESENT_CONTENT, "").label("content"),
    PRESENT_BODY.label("body"),
    ENTRIES.c.rev,
    ENTRIES.c.reply_to,
    ENTRIES.c.reply_rev,
    ENTRIES.c.target,
    ENTRIES.c.emoji,
    ENTRIES.c.other_user_id,
)
# Join an entry with its text, and with its present version where it was edited.
IS_ITS_TEXT = and_(TEXTS.c.group_id == ENTRIES.c.group_id, TEXTS.c.seq == ENTRIES.c.seq)
IS_ITS_VERSION = and_(
    VERSIONS.c.group_id == ENTRIES.c.group_id, VERSIONS.c.seq == ENTRIES.c.seq, VERSIONS.c.rev == ENTRIES.c.rev
)
ROWS = (
    _COLUMNS.join_from(ENTRIES, User, User.id == ENTRIES.c.user_id)
    .outerjoin(TEXTS, IS_ITS_TEXT)
    .outerjoin(VERSIONS, IS_ITS_VERSION)
)
# By way of the texts, since only what is shown has one.
SHOWN_ROWS = (
    _COLUMNS.join_from(TEXTS, ENTRIES, IS_ITS_TEXT)
    .join(User, User.id == ENTRIES.c.user_id)
    .outerjoin(VERSIONS, IS_ITS_VERSION)
    .where(ENTRIES.c.kind.in_(SHOWN_KINDS))
)
STATES = select(
    Group.id, Group.last_seq, Group.revisions, Group.epoch, type_coerce(ENTRIES.c.timestamp, String)
).outerjoin(ENTRIES, and_(ENTRIES.c.group_id == Group.id, ENTRIES.c.seq == Group.last_seq))
# Who is mentioned, in order.
MENTIONED = (
    select(MENTIONS.c.seq, func.coalesce(User.username, EVERYONE_NAME))
    .outerjoin_from(MENTIONS, User, User.id == MENTIONS.c.user_id)
    .where(MENTIONS.c.place.is_not(None))
    .order_by(MENTIONS.c.seq, MENTIONS.c.place)
)


class LogState(NamedTuple):
    """How far a log goes, and which texts and which log its readers have been sent."""

    last_seq: int
    revisions: int
    epoch: str
    last_at: str | None = None  # the timestamp of its last entry, where that was read

    def is_lost_in(self, found: "LogState") -> bool:
        """Whether the log that was found lacks something of this one, or ends at the same place with another entry."""
        if found.last_seq < self.last_seq or found.revisions < self.revisions:
            return True
        return found.last_seq == self.last_seq and self.last_at not in (None, found.last_at)


class Place(NamedTuple):
    """Where a returning client says it was in a log."""

    seq: int | None  # None: what it says is no place in any log
    epoch: str | None
    timestamp: str | None


def log_state(session: OrmSession, group_id: int) -> LogState | None:
    """The state of the group's log; None if the group was deleted."""
    return log_states(session, [group_id]).get(group_id)


def log_states(session: OrmSession, group_ids: Sequence[int]) -> dict[int, LogState]:
    """The states of these groups' logs, by id; deleted groups are missing."""
    rows = session.execute(STATES.where(Group.id.in_(group_ids)))
    return {id: LogState(last_seq, revisions, epoch, _as_sent(at)) for id, last_seq, revisions, epoch, at in rows}


def _as_sent(stored: str | datetime | None) -> str | None:
    """The text of a timestamp. SQLite's is not parsed: a damaged one must not fail the query of all groups."""
    if isinstance(stored, str):
        return f"{stored.replace(' ', 'T')}Z"
    return None if stored is None else utc_text(stored)


def entries_since(session: OrmSession, group_id: int, group_uuid: UUID, seq: int, limit: int) -> Iterator[EncodedEntry]:
    """The next entries after `seq`, in order, at most `limit`, as they are sent.

    They are read only as far as they are consumed: of long entries few are needed at a time.
    """
    rows = ROWS.where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq > seq).order_by(ENTRIES.c.seq).limit(limit)
    for part in session.execute(rows.execution_options(yield_per=READ_AHEAD)).partitions():
        for row in completed(session, group_id, list(map(_entry_row, part))):
            yield encode_entry(group_uuid, row)


def cursor_of(place: Place, log: ReadableLog) -> int:
    """The seq after which a returning client reads on."""
    return max(place.seq or 0, log.first - 1)


def is_in_log(session: OrmSession, group: Group, log: ReadableLog, place: Place) -> bool:
    """Whether the client was in this very log, and has not missed too much that it may read.

    It is trusted in what it does not say.
    """
    if place.seq is None or place.seq > group.last_seq or group.last_seq - cursor_of(place, log) > MAX_MISSED:
        return False
    if place.epoch not in (None, group.epoch):
        return False
    return place.timestamp is None or place.seq == 0 or timestamp_of(session, group.id, place.seq) == place.timestamp


def timestamp_of(session: OrmSession, group_id: int, seq: int) -> str | None:
    """The timestamp of an entry, as it is sent; None if there is no such entry."""
    moment = session.scalar(select(ENTRIES.c.timestamp).where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq == seq))
    return None if moment is None else utc_text(moment)


def shown_after(session: OrmSession, log: ReadableLog, seq: int, limit: int) -> Sequence[EntryRow]:
    """The first readable entries after `seq` that have a row on pages, in order, at most `limit`."""
    rows = _shown_rows(log).where(TEXTS.c.seq > seq).order_by(TEXTS.c.seq)
    return completed(session, log.group_id, list(map(_entry_row, session.execute(rows.limit(limit)))))


def shown_before(session: OrmSession, log: ReadableLog, seq: int, limit: int) -> Sequence[EntryRow]:
    """The last readable entries before `seq` that have a row on pages, in order, at most `limit`."""
    rows = _shown_rows(log).where(TEXTS.c.seq < seq).order_by(TEXTS.c.seq.desc())
    return completed(session, log.group_id, list(map(_entry_row, session.execute(rows.limit(limit))))[::-1])


def _shown_rows(log: ReadableLog) -> Rows:
    return SHOWN_ROWS.where(TEXTS.c.group_id == log.group_id, TEXTS.c.seq >= log.first)


def entries_at(session: OrmSession, log: ReadableLog, seqs: Collection[int]) -> Sequence[EntryRow]:
    """The entries with these seqs, in order, as far as they exist and may be read."""
    rows = ROWS.where(ENTRIES.c.group_id == log.group_id, ENTRIES.c.seq.in_(list(filter(log.has, seqs))))
    return completed(session, log.group_id, list(map(_entry_row, session.execute(rows.order_by(ENTRIES.c.seq)))))


def _entry_row(row: Sequence[Any]) -> EntryRow:
    return EntryRow(*row)  # the columns of ROWS are its first fields


# What entries show of others


def completed(session: OrmSession, group_id: int, rows: Sequence[EntryRow]) -> Sequence[EntryRow]:
    """The rows with the names of other users, and with what their targets are now if they are changes."""
    rows = _with_other_users(session, rows)
    targets = _targets(session, group_id, rows)
    mentions = _mentions(session, group_id, [*rows, *targets.values()])
    if not (targets or mentions):
        return rows
    reactions = _reactions(session, group_id, rows)
    return [_completed(row, targets, mentions, reactions) for row in rows]


def _completed(
    row: EntryRow,
    targets: Mapping[int, EntryRow],
    mentions: Mapping[int, tuple[str, ...]],
    reactions: "Mapping[ReactionKey, _Reactions]",
) -> EntryRow:
    if row.target is None:
        return row._replace(mentions=mentions.get(row.seq, ()))
    if row.target not in targets:
        return row  # of a kind that only a newer version knows
    target, found = targets[row.target], reactions.get((row.target, row.emoji), _NO_REACTIONS)
    text = target.rev, target.content, target.body, mentions.get(target.seq, ())
    changed = Changed(target.username, target.state, *text, row.user_id in found.users, found.total)
    return row._replace(changed=changed)


def _with_other_users(session: OrmSession, rows: Sequence[EntryRow]) -> Sequence[EntryRow]:
    ids = {row.other_user_id for row in rows if row.other_user_id is not None}
    if not ids:
        return rows
    names = dict(session.execute(select(User.id, User.username).where(User.id.in_(ids))).all())
    return [row if row.other_user_id is None else row._replace(other_user=names[row.other_user_id]) for row in rows]


def _targets(session: OrmSession, group_id: int, rows: Iterable[EntryRow]) -> dict[int, EntryRow]:
    seqs = {row.target for row in rows if row.target is not None}
    if not seqs:
        return {}
    found = session.execute(ROWS.where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq.in_(seqs)))
    return {row.seq: row for row in map(_entry_row, found)}


def _mentions(session: OrmSession, group_id: int, rows: Iterable[EntryRow]) -> dict[int, tuple[str, ...]]:
    """Who is mentioned, by the message's seq, in the order of their places."""
    seqs = {row.seq for row in rows if row.body is not None and MENTION in row.body}
    if not seqs:
        return {}
    found: dict[int, list[str]] = defaultdict(list)
    for seq, name in session.execute(MENTIONED.where(MENTIONS.c.group_id == group_id, MENTIONS.c.seq.in_(seqs))):
        found[seq].append(name)
    return {seq: tuple(names) for seq, names in found.items()}


ReactionKey = tuple[int, str | None]  # a message's seq and an emoji


class _Reactions(NamedTuple):
    total: int  # users
    users: Set[int]  # those asked for


_NO_REACTIONS = _Reactions(0, frozenset())


def _reactions(session: OrmSession, group_id: int, rows: Iterable[EntryRow]) -> dict[ReactionKey, _Reactions]:
    """How many users react as these Reaction entries say, and which of the entries' users do."""
    asked = [row for row in rows if row.emoji is not None]
    if not asked:
        return {}
    of_targets = (
        REACTIONS.c.group_id == group_id,
        REACTIONS.c.is_on,
        REACTIONS.c.seq.in_({row.target for row in asked}),
        REACTIONS.c.emoji.in_({row.emoji for row in asked}),
    )
    counts = select(REACTIONS.c.seq, REACTIONS.c.emoji, func.count()).group_by(REACTIONS.c.seq, REACTIONS.c.emoji)
    users = select(REACTIONS.c.seq, REACTIONS.c.emoji, REACTIONS.c.user_id).where(
        REACTIONS.c.user_id.in_({row.user_id for row in asked})
    )
    found: dict[ReactionKey, set[int]] = defaultdict(set)
    for seq, emoji, user_id in session.execute(users.where(*of_targets)):
        found[seq, emoji].add(user_id)
    return {
        (seq, emoji): _Reactions(count, found[seq, emoji])
        for seq, emoji, count in session.execute(counts.where(*of_targets))
    }
