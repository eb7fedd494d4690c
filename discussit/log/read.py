"""Reading a group's log from a place in it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, String, and_, func, select, type_coerce
from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import SHOWN_KINDS, EntryRow, utc_text
from discussit.log.write import ENTRIES
from discussit.models import Group, User
from discussit.models.entries import TEXTS
from discussit.wire.objects import MAX_MISSED

READ_AHEAD = 50  # entries fetched before they are asked for

# Columns of an EntryRow. Plain rows: creating objects takes twice as long as reading them.
ROWS = (
    select(
        ENTRIES.c.seq,
        ENTRIES.c.kind,
        ENTRIES.c.user_id,
        User.username,
        ENTRIES.c.timestamp,
        ENTRIES.c.state,
        func.coalesce(TEXTS.c.content, "").label("content"),
    )
    .join_from(ENTRIES, User, User.id == ENTRIES.c.user_id)
    .outerjoin(TEXTS, and_(TEXTS.c.group_id == ENTRIES.c.group_id, TEXTS.c.seq == ENTRIES.c.seq))
)
STATES = select(
    Group.id, Group.last_seq, Group.revisions, Group.epoch, type_coerce(ENTRIES.c.timestamp, String)
).outerjoin(ENTRIES, and_(ENTRIES.c.group_id == Group.id, ENTRIES.c.seq == Group.last_seq))
SHOWN_ROWS = ROWS.where(ENTRIES.c.kind.in_(SHOWN_KINDS))


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
    for row in session.execute(rows.execution_options(yield_per=READ_AHEAD)):
        yield encode_entry(group_uuid, _entry_row(row))


def is_in_log(session: OrmSession, group: Group, place: Place) -> bool:
    """Whether the client was in this very log, and not too long ago. It is trusted in what it does not say."""
    if place.seq is None or not 0 <= group.last_seq - place.seq <= MAX_MISSED:
        return False
    if place.epoch not in (None, group.epoch):
        return False
    return place.timestamp is None or place.seq == 0 or timestamp_of(session, group.id, place.seq) == place.timestamp


def timestamp_of(session: OrmSession, group_id: int, seq: int) -> str | None:
    """The timestamp of an entry, as it is sent; None if there is no such entry."""
    moment = session.scalar(select(ENTRIES.c.timestamp).where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq == seq))
    return None if moment is None else utc_text(moment)


def shown_after(session: OrmSession, group_id: int, seq: int, limit: int) -> list[EntryRow]:
    """The first entries after `seq` that have a row on pages, in order, at most `limit`."""
    rows = SHOWN_ROWS.where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq > seq).order_by(ENTRIES.c.seq)
    return list(map(_entry_row, session.execute(rows.limit(limit))))


def shown_before(session: OrmSession, group_id: int, seq: int, limit: int) -> list[EntryRow]:
    """The last entries before `seq` that have a row on pages, in order, at most `limit`."""
    rows = SHOWN_ROWS.where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq < seq).order_by(ENTRIES.c.seq.desc())
    return list(map(_entry_row, session.execute(rows.limit(limit))))[::-1]


def _entry_row(row: Row[Any]) -> EntryRow:
    return EntryRow._make(row)  # the columns of ROWS are its fields
