"""Places in a log that are found by bisection: each in one statement, with some 20 look-ups however long the log is."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, exists, func, literal_column, select
from sqlalchemy.orm import Session as OrmSession

from discussit.log.kinds import MESSAGE
from discussit.many_rows import Rows
from discussit.models import Membership
from discussit.models.base import Moment
from discussit.models.entries import ENTRIES

_ZERO, _ONE, _TWO = (literal_column(number, Integer) for number in "012")
_GROUP, _USER, _AFTER, _STEP = (bindparam(name, type_=Integer) for name in ("group", "user", "after", "step"))
_MOMENT: ColumnElement[datetime] = bindparam("moment", type_=Moment())
# All entries up to `seq` are passed. The search tries to pass the next `step` as well, then half as many.
_PASSED = select(_AFTER.label("seq"), _STEP.label("step")).cte("passed", recursive=True)
# The last entry that is passed already, the last one of the step, and the user's own messages in it.
_BEFORE, _LAST, _OWN = (ENTRIES.alias(name) for name in ("before_step", "last_of_step", "own"))


class FoundEntry(NamedTuple):
    """The entry to which a search leads."""

    seq: int
    timestamp: datetime


def first_unread(session: OrmSession, member: Membership) -> FoundEntry | None:
    """The first message of others after the place up to which the member has read; deleted ones count."""
    after = max(member.read_seq, member.from_seq - 1)
    return _found(session, FIRST_UNREAD, member, after, user=member.user_id)


def first_since(session: OrmSession, member: Membership, moment: datetime) -> FoundEntry | None:
    """The first entry that the member may read at or after a moment; one near it if the clock was set back then."""
    return _found(session, FIRST_SINCE, member, member.from_seq - 1, moment=moment)


def _found(session: OrmSession, search: Rows, member: Membership, after: int, **values: Any) -> FoundEntry | None:
    number = member.group.last_seq - after
    if number <= 0:
        return None
    given = {"group": member.group_id, "after": after, "step": 1 << (number.bit_length() - 1)}
    row = session.execute(search, given | values).one_or_none()
    return None if row is None else FoundEntry(*row)


# Conditions of a step: that it can be passed.


def _ends_with(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the log has the step's last entry, and it meets the condition."""
    is_last = and_(_LAST.c.group_id == _GROUP, _LAST.c.seq == _PASSED.c.seq + _PASSED.c.step)
    return exists().where(is_last, condition)


def _is_own() -> ColumnElement[bool]:
    """Whether all messages of the step are the user's: as many as `nth` increases by."""
    is_before = and_(_BEFORE.c.group_id == _GROUP, _BEFORE.c.seq == _PASSED.c.seq)
    nth_before = func.coalesce(select(_BEFORE.c.nth).where(is_before).correlate(_PASSED).scalar_subquery(), _ZERO)
    own = and_(
        _OWN.c.user_id == _USER,
        _OWN.c.group_id == _GROUP,
        _OWN.c.kind == literal_column(f"'{MESSAGE.name}'"),
        _OWN.c.seq > _PASSED.c.seq,
        _OWN.c.seq <= _PASSED.c.seq + _PASSED.c.step,
    )
    number = select(func.count()).select_from(_OWN).where(own).correlate(_PASSED).scalar_subquery()
    return _LAST.c.nth - nth_before == number


def _search(passes: ColumnElement[bool]) -> Rows:
    """Finds the first entry that no step can pass."""
    end = _PASSED.c.seq + case((passes, _PASSED.c.step), else_=_ZERO)
    passed = _PASSED.union_all(select(end, _PASSED.c.step // _TWO).where(_PASSED.c.step > _ZERO))
    first = select(func.max(passed.c.seq) + _ONE).scalar_subquery()
    return select(ENTRIES.c.seq, ENTRIES.c.timestamp).where(ENTRIES.c.group_id == _GROUP, ENTRIES.c.seq == first)


FIRST_UNREAD = _search(_ends_with(_is_own()))
FIRST_SINCE = _search(_ends_with(_LAST.c.timestamp < _MOMENT))
