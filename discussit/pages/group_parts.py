"""The part of a log that a group's page shows: the end, or the place that the address asks for."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request

from discussit.log.around import conversation
from discussit.log.bisection import first_since
from discussit.log.checks import is_seq
from discussit.log.kinds import MESSAGE, EntryRow
from discussit.log.read import entries_at, shown_after, shown_before
from discussit.models import Membership
from discussit.models.groups import ReadableLog

PAGE = 50  # entries on a group's page
LONG_PAGE = 100  # where more of them are unread
CONTEXT = 3  # entries before the first unread one
# A query's plus sign is a space to servers.
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:[Zz]|([+ -])(\d\d:\d\d))", re.ASCII)


class Part(NamedTuple):
    """Rows of a log that a page shows."""

    entries: Sequence[EntryRow]
    has_earlier: bool
    has_later: bool  # entries after these are shown on another page
    conversation: int | None = None  # the seq of the message to whose conversation the page is limited
    at: int | None = None  # the seq of the entry that was found for the moment that was asked for

    @property
    def is_of_log(self) -> bool:
        return self.conversation is None

    def has(self, seq: int) -> bool:
        """Whether the entry is among them."""
        return any(each.seq == seq for each in self.entries)


def read_part(session: OrmSession, member: Membership, request: Request, first_unread: int | None) -> Part:
    """The part of the log that the URL asks for; the end, if the log has no such part."""
    asked = _asked(session, member, request)
    return asked or _newest(session, member, first_unread) or Part([], has_earlier=False, has_later=False)


def _asked(session: OrmSession, member: Membership, request: Request) -> Part | None:
    group, log = member.group, member.log
    at, after, before, replies = (seq_in(request, name) for name in ("at", "after", "before", "replies"))
    moment = _instant(request.query_params.get("from", ""))
    if replies is not None and replies <= group.last_seq:
        return _part_of_conversation(session, log, replies, after, before)
    if at is not None and at <= group.last_seq:
        return _part_around(session, log, at)
    if after is not None and after < group.last_seq:
        return _part_after(session, log, after)
    if before is not None and before <= group.last_seq:
        return _of_log(log, shown_before(session, log, before, PAGE), has_later=True)
    return None if moment is None else _part_from(session, member, moment)


def _newest(session: OrmSession, member: Membership, first_unread: int | None) -> Part | None:
    """The end of the log, from a little before the first unread message on if that is not too far."""
    log = member.log
    entries = shown_before(session, log, member.group.last_seq + 1, PAGE)
    if first_unread is not None and entries and first_unread <= entries[:CONTEXT][-1].seq:
        entries = _extended(session, log, entries, first_unread)
    return _of_log(log, entries, has_later=False)


def _extended(session: OrmSession, log: ReadableLog, entries: Sequence[EntryRow], first: int) -> Sequence[EntryRow]:
    """The entries and those before them, back to a little before `first`; LONG_PAGE at most."""
    more = shown_before(session, log, entries[0].seq, LONG_PAGE - len(entries))
    rows = [*more, *entries]
    start = bisect_left(rows, first, key=lambda row: row.seq) - CONTEXT
    return rows[max(0, min(start, len(more))) :]


def _part_around(session: OrmSession, log: ReadableLog, at: int) -> Part | None:
    """By rows, not by seqs: there may be any number of changes between them."""
    above = shown_before(session, log, at, PAGE // 2 - 1)
    below = shown_after(session, log, at - 1, PAGE + 1 - len(above))
    entries = [*above, *below][:PAGE]
    return _of_log(log, entries, has_later=len(above) + len(below) > PAGE)


def _part_from(session: OrmSession, member: Membership, moment: datetime) -> Part | None:
    found = first_since(session, member, moment)
    part = found and _part_around(session, member.log, found.seq)
    if not found or not part:
        return None
    at = next((each.seq for each in part.entries if each.seq >= found.seq), None)
    return None if at is None else part._replace(at=at)


def _part_after(session: OrmSession, log: ReadableLog, seq: int) -> Part | None:
    entries = shown_after(session, log, seq, PAGE + 1)
    return _of_log(log, entries[:PAGE], has_later=len(entries) > PAGE)


def _of_log(log: ReadableLog, entries: Sequence[EntryRow], *, has_later: bool) -> Part | None:
    return Part(entries, entries[0].seq > log.first, has_later) if entries else None


def _part_of_conversation(
    session: OrmSession, log: ReadableLog, seq: int, after: int | None, before: int | None
) -> Part | None:
    """The end of the conversation, or what is before or after a place in it. None if `seq` is no message."""
    seqs = conversation(session, log, seq)
    first, last = _range(seqs, after, before)
    entries = [row for row in entries_at(session, log, seqs[first:last]) if row.kind == MESSAGE.name]
    return Part(entries, first > 0, last < len(seqs), conversation=seq) if entries else None


def _range(seqs: Sequence[int], after: int | None, before: int | None) -> tuple[int, int]:
    """From which to which of the sorted seqs a page goes."""
    if after is not None:
        first = min(bisect_right(seqs, after), len(seqs) - 1)
        return first, min(first + PAGE, len(seqs))
    last = len(seqs) if before is None else max(bisect_left(seqs, before), 1)
    return max(0, last - PAGE), last


def seq_in(request: Request, name: str) -> int | None:
    """The seq that a parameter of the URL has; None if it has none."""
    value = request.query_params.get(name, "")
    return int(value) if is_seq(value) else None


def _instant(text: str) -> datetime | None:
    """The moment that a timestamp of RFC 3339 names; None if it is none."""
    found = INSTANT.fullmatch(text)
    if found is None:
        return None
    day, time, sign, offset = found.groups()
    zone = f"{'-' if sign == '-' else '+'}{offset or '00:00'}"
    try:
        return datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or time, or none that years 1 to 9999 have
        return None
