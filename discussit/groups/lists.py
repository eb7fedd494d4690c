"""The lists of groups: those that somebody is in, those that they may join, and the directory.

What sorts a list is read of all its groups, and all else only of those that are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.listed import Listed, read_listed, read_own
from discussit.groups.names import describe, direct_name, others_in
from discussit.log.unread import NUMBERS, Numbers, numbers_of
from discussit.many_rows import ManyFound
from discussit.models.base import now
from discussit.models.groups import GROUPS, MEMBERSHIPS, Group, is_in, is_listed, may_see

HOME, OPEN = 100, 100  # groups on the home page: the user's, and others that are open
FEW = 20  # of these others, for somebody who is in more groups than the page has space for
SIDEBAR = 100  # groups beside the log
MOST_DIRECT = 50  # of them at most, where there are more groups than have space
DIRECTORY = 50  # groups on a page of the directory
MAX_TERM = 100  # characters that are searched; only names of direct groups can be longer


# The user's groups

ACTIVE_AT: ColumnElement[datetime] = case(
    (GROUPS.c.last_message_at > GROUPS.c.created_at, GROUPS.c.last_message_at), else_=GROUPS.c.created_at
)


# A group's id, whether it is direct, the moment of its activity as the database has it, which is only compared, whether
# it is listed, whether it is archived, and NUMBERS. Plain rows: creating NamedTuples for 500 groups takes as long as
# sorting.
OwnRow = list[Any]
ID, IS_DIRECT, AT, IS_LISTED, IS_ARCHIVED, UNREAD, ANY_MENTIONS = range(7)
MUTED_UNTIL = UNREAD + 7


def _of_user(condition: ColumnElement[bool]) -> ManyFound:
    return ManyFound(
        [Column("user_id", Integer)],
        lambda given: (
            select(
                GROUPS.c.id,
                GROUPS.c.access == literal_column("'direct'"),
                type_coerce(ACTIVE_AT, String),
                is_listed(),
                GROUPS.c.archived_at.is_not(None),
                *NUMBERS,
            )
            .select_from(given)
            .join(MEMBERSHIPS, MEMBERSHIPS.c.user_id == given.c.user_id)
            .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
            .where(condition)
        ),
    )


OWN = _of_user(is_listed())
WITH_HIDDEN = _of_user(may_see())


class Own(NamedTuple):
    """Some of somebody's groups."""

    groups: Sequence[Listed]
    total: int  # of all their groups that were asked for, without those that are archived or hidden
    listed: int  # of all their groups but hidden ones
    numbers: Mapping[int, Numbers]  # what is unread in these, and in the group whose page it is, by their ids
    hidden: Sequence[Listed] = ()  # direct ones, where names were searched


def own_groups(session: OrmSession, user_id: int, term: str = "") -> Own:
    """The first of the user's groups, for the home page, those with something unread first, muted ones last.

    With a `term`, of those whose names contain it, also if they are hidden.
    """
    if term:
        return _search(session, user_id, term)
    rows = _all_own(session, user_id)
    ids = [row[ID] for row in _in_order(rows)]
    numbers = _numbers(rows, ids[:HOME])
    return Own(read_own(session, user_id, ids[:HOME], numbers), len(ids), len(rows), numbers)


def _search(session: OrmSession, user_id: int, term: str) -> Own:
    rows = _all_own(session, user_id, WITH_HIDDEN)
    in_order = _in_order(rows)
    listed, hidden = ([row[ID] for row in in_order if row[IS_LISTED] == is_listed] for is_listed in (True, False))
    named = _named(session, user_id, listed, term)
    own, others = named[:HOME], _named_after_others(session, user_id, hidden, term)[:HOME]
    numbers = _numbers(rows, own)
    found = read_own(session, user_id, [*own, *others], numbers)
    number = sum(row[IS_LISTED] for row in rows)
    return Own(found[: len(own)], len(named), number, numbers, found[len(own) :])


def _named(session: OrmSession, user_id: int, ids: Sequence[int], term: str) -> list[int]:
    """Those of the user's groups whose names contain the term: direct ones by the names of the others in them."""
    found = describe(session.connection(), [(id, user_id) for id in ids])
    named = {each.group_id for each in found if is_in(term, each.name)}
    return [id for id in ids if id in named]


def _named_after_others(session: OrmSession, user_id: int, ids: Sequence[int], term: str) -> list[int]:
    """The same of direct groups alone, also if they are hidden."""
    others = others_in(session.connection(), [(id, user_id) for id in ids])
    return [id for id in ids if is_in(term, direct_name(others[id, user_id]))]


def beside_log(session: OrmSession, user_id: int, group_id: int) -> Own:
    """The user's groups for the page of one of them: direct ones, then others, each as on the home page.

    The page's own group is among them, unless it is archived.
    """
    rows = _all_own(session, user_id)
    in_order = _in_order(rows)
    direct, others = ([row[ID] for row in in_order if row[IS_DIRECT] == is_direct] for is_direct in (True, False))
    ids = _first(direct, max(MOST_DIRECT, SIDEBAR - len(others)), group_id)
    ids += _first(others, SIDEBAR - len(ids), group_id)
    numbers = _numbers(rows, [*ids, group_id])
    return Own(read_own(session, user_id, ids, numbers), len(in_order), len(rows), numbers)


def _first(ids: Sequence[int], limit: int, wanted: int) -> list[int]:
    """The first of them, and the one that is wanted, if it is among them all."""
    own = [wanted] if wanted in ids[limit:] else []
    return [*ids[: limit - len(own)], *own]


def _all_own(session: OrmSession, user_id: int, own: ManyFound = OWN) -> list[OwnRow]:
    return list(own.rows(session.connection(), [(user_id,)]))


def _numbers(rows: Iterable[OwnRow], ids: Iterable[int]) -> dict[int, Numbers]:
    wanted = set(ids)
    return {row[ID]: numbers_of(*row[UNREAD:]) for row in rows if row[ID] in wanted}


def _in_order(rows: Iterable[OwnRow]) -> list[OwnRow]:
    """Muted groups last; of them and of the others first those with something unread, then those that are more active.

    The rule of static/js/pages/order.js. Archived ones have no place.
    """
    at = now()
    by_activity = sorted(row for row in rows if not row[IS_ARCHIVED])
    by_activity.sort(key=lambda row: row[AT], reverse=True)
    return sorted(by_activity, key=lambda row: (_is_muted(row, at), not (row[UNREAD] or row[ANY_MENTIONS])))


def _is_muted(row: OwnRow, at: datetime) -> bool:
    return row[MUTED_UNTIL] is not None and row[MUTED_UNTIL] > at


# Other groups


def _own_ids(user_id: int) -> Select[int]:
    return select(MEMBERSHIPS.c.group_id).where(MEMBERSHIPS.c.user_id == user_id)


def _is_open() -> ColumnElement[bool]:
    return GROUPS.c.access == literal_column("'open'")


def open_groups(session: OrmSession, user_id: int, limit: int = OPEN, term: str = "") -> list[Listed]:
    """The open groups with the latest activity that the user is not in, and whose names contain the term."""
    found = (
        select(GROUPS.c.id)
        .where(_is_open(), GROUPS.c.archived_at.is_(None), GROUPS.c.id.not_in(_own_ids(user_id)))
        .order_by(ACTIVE_AT.desc(), GROUPS.c.id)
    )
    if term:
        found = found.where(_contains(term))
    return read_listed(session, user_id, session.scalars(found.limit(limit)).all())


def _contains(term: str) -> ColumnElement[bool]:
    # NUL, which PostgreSQL refuses, is in no name, and neither is a line's end.
    return Group.name_contains(term.replace("\0", "\n"))


class Sort(StrEnum):
    """The order of the directory."""

    ACTIVE = "active"
    NAME = "name"
    MEMBERS = "members"


class DirectoryQuery(NamedTuple):
    """A page of the directory."""

    term: str = ""  # part of the groups' names
    sort: Sort = Sort.ACTIVE
    archived: bool = False  # these alone; otherwise all others
    page: int = 1


class Directory(NamedTuple):
    """Groups on a page of the directory."""

    groups: Sequence[Listed]
    has_more: bool  # on further pages


def directory(session: OrmSession, user_id: int, query: DirectoryQuery) -> Directory:
    """A page of the open groups, and of the closed ones that the user is in."""
    found = _found(user_id, query).limit(DIRECTORY + 1).offset((query.page - 1) * DIRECTORY)
    ids = session.scalars(found).all()
    return Directory(read_listed(session, user_id, ids[:DIRECTORY]), len(ids) > DIRECTORY)


def _found(user_id: int, query: DirectoryQuery) -> Select[int]:
    is_own = and_(GROUPS.c.access == literal_column("'closed'"), GROUPS.c.id.in_(_own_ids(user_id)))
    is_archived = GROUPS.c.archived_at.is_not(None) if query.archived else GROUPS.c.archived_at.is_(None)
    found = select(GROUPS.c.id).where(or_(_is_open(), is_own), is_archived)
    if query.term:
        found = found.where(_contains(query.term))
    return found.order_by(*_order(query.sort), GROUPS.c.id)


def _order(sort: Sort) -> Sequence[Any]:
    match sort:
        case Sort.NAME:
            return (Group.by_name(),)
        case Sort.MEMBERS:
            return (GROUPS.c.member_count.desc(),)
    return (ACTIVE_AT.desc(),)
