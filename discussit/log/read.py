"""Reading a group's log from a place in it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, and_, func, select
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
SHOWN_ROWS = ROWS.where(ENTRIES.c.kind.in_(SHOWN_KINDS))


class LogState(NamedTuple):
    """How far a log goes, and which texts and which log its readers have been sent."""

    last_seq: int
    revisions: int
    epoch: str


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
    rows = session.execute(
        select(Group.id, Group.last_seq, Group.revisions, Group.epoch).where(Group.id.in_(group_ids))
    )
    return {row.id: LogState(row.last_seq, row.revisions, row.epoch) for row in rows}


def entries_since(session: OrmSession, group_id: int, group_uuid: UUID, seq: int, limit: int) -> Iterator[EncodedEntry]:
    """The next entries after `seq`, in order, at most `limit`, as they are sent.

    They are read only as far as they are consumed: of long entries few are needed at a time.
    """
    rows = ROWS.where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq > seq).order_by(ENTRIES.c.seq).limit(limit)
    for row in session.execute(rows.execution_options(yield_per=READ_AHEAD)):
        yield encode_entry(group_uuid, _entry_row(row))


def is_in_log(session: OrmSession, group_id: int, state: LogState, place: Place) -> bool:
    """Whether the client was in this very log, and not too long ago. It is trusted in what it does not say."""
    if place.seq is None or not 0 <= state.last_seq - place.seq <= MAX_MISSED:
        return False
    if place.epoch not in (None, state.epoch):
        return False
    return place.timestamp is None or place.seq == 0 or timestamp_of(session, group_id, place.seq) == place.timestamp


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
