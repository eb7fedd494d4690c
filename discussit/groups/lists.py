"""The lists of groups: those that somebody is in, those that they may join, and the directory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.names import direct_name, others_in
from discussit.log.unread import Numbers, count_for
from discussit.many_rows import ManyFound
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access, Group, is_listed

HOME, OPEN = 100, 100  # groups on the home page: the user's, and others that are open
SIDEBAR = 100  # groups beside the log
MOST_DIRECT = 50  # of them at most, where there are more groups than have space
DIRECTORY = 50  # groups on a page of the directory
FACES = 3  # of the others in a direct group
NOTHING = Numbers(0, 0, 0, 0, 0)  # is unread


class Listed(NamedTuple):
    """A group as a list shows it to somebody."""

    id: int
    uuid: UUID
    name: str
    access: str
    members: int
    last_at: datetime | None  # of its last message
    created_at: datetime
    is_archived: bool = False
    preview: bool = False
    description: str = ""
    is_member: bool = True
    numbers: Numbers = NOTHING
    others: Sequence[str] = ()  # in a direct group

    @property
    def is_direct(self) -> bool:
        return self.access == Access.DIRECT

    @property
    def active_at(self) -> datetime:
        return max(self.created_at, self.last_at or self.created_at)

    @property
    def is_unread(self) -> bool:
        return self.numbers.unread > 0 or self.numbers.mentions > 0

    def faces(self, user: str) -> Sequence[str]:
        """The names whose avatars stand for a direct group."""
        return (self.others or (user,))[:FACES] if self.is_direct else ()


ACTIVE_AT: ColumnElement[datetime] = case(
    (GROUPS.c.last_message_at > GROUPS.c.created_at, GROUPS.c.last_message_at), else_=GROUPS.c.created_at
)
_SHOWN = (
    GROUPS.c.id,
    GROUPS.c.uuid,
    GROUPS.c.name,
    GROUPS.c.access,
    GROUPS.c.member_count,
    GROUPS.c.last_message_at,
    GROUPS.c.created_at,
    GROUPS.c.archived_at.is_not(None),
    GROUPS.c.preview,
)
OWN = ManyFound(
    [Column("user_id", Integer)],
    lambda given: (
        select(*_SHOWN)
        .select_from(given)
        .join(MEMBERSHIPS, MEMBERSHIPS.c.user_id == given.c.user_id)
        .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
        .where(is_listed(), GROUPS.c.archived_at.is_(None))
    ),
)


# The user's groups


class Own(NamedTuple):
    """Some of somebody's groups."""

    groups: Sequence[Listed]
    total: int  # of all their groups, without those that are archived or hidden
    numbers: Mapping[int, Numbers]  # what is unread, by the group's id; also of archived ones


def own_groups(session: OrmSession, user_id: int) -> Own:
    """The first of the user's groups, for the home page: those with something unread, then by their activity."""
    groups, numbers = _all_own(session, user_id)
    return Own(_named(session, user_id, groups[:HOME]), len(groups), numbers)


def beside_log(session: OrmSession, user_id: int, group_id: int) -> Own:
    """The user's groups for the page of one of them: direct ones, then others, each as on the home page.

    The page's own group is among them, unless it is archived.
    """
    groups, numbers = _all_own(session, user_id)
    shown = _own_first(group_id, [each for each in groups if each.is_direct])
    others = _own_first(group_id, [each for each in groups if not each.is_direct])
    shown = shown[: max(MOST_DIRECT, SIDEBAR - len(others))]
    return Own(_named(session, user_id, [*shown, *others[: SIDEBAR - len(shown)]]), len(groups), numbers)


def _own_first(group_id: int, groups: Sequence[Listed]) -> Sequence[Listed]:
    """In place of the last that has space, if its own has none."""
    own = [each for each in groups[MOST_DIRECT:] if each.id == group_id]
    return [*own, *(each for each in groups if each not in own)] if own else groups


def _all_own(session: OrmSession, user_id: int) -> tuple[list[Listed], dict[int, Numbers]]:
    connection = session.connection()
    numbers = {count.group_id: count.numbers for count in count_for(connection, user_id)}
    groups = [Listed(*row) for row in OWN.rows(connection, [(user_id,)])]
    groups = [each._replace(numbers=numbers.get(each.id, NOTHING)) for each in groups]
    return sorted(groups, key=_by_unread), numbers


def _by_unread(group: Listed) -> tuple[bool, float, int]:
    return not group.is_unread, -group.active_at.timestamp(), group.id


def _named(session: OrmSession, user_id: int, groups: Iterable[Listed]) -> list[Listed]:
    """The groups, direct ones by the names of the others."""
    named = list(groups)
    others = others_in(session.connection(), [(each.id, user_id) for each in named if each.is_direct])
    for place, each in enumerate(named):
        if each.is_direct:
            names = others[each.id, user_id]
            named[place] = each._replace(name=direct_name(names), others=names)
    return named


# Other groups


def _own_ids(user_id: int) -> Select[int]:
    return select(MEMBERSHIPS.c.group_id).where(MEMBERSHIPS.c.user_id == user_id)


def open_groups(session: OrmSession, user_id: int) -> list[Listed]:
    """The open groups with the latest activity that the user is not in."""
    found = (
        select(*_SHOWN, GROUPS.c.description, false())
        .where(_is_open(), GROUPS.c.archived_at.is_(None), GROUPS.c.id.not_in(_own_ids(user_id)))
        .order_by(ACTIVE_AT.desc(), GROUPS.c.id)
    )
    return [Listed(*row) for row in session.execute(found.limit(OPEN))]


def _is_open() -> ColumnElement[bool]:
    return GROUPS.c.access == literal_column("'open'")


class Sort(StrEnum):
    """The order of the directory."""

    ACTIVE = "active"
    NAME = "name"
    MEMBERS = "members"


class Wanted(NamedTuple):
    """A page of the directory."""

    term: str = ""  # part of the groups' names
    sort: Sort = Sort.ACTIVE
    archived: bool = False  # these alone; otherwise all others
    page: int = 1


class Directory(NamedTuple):
    """Groups on a page of the directory."""

    groups: Sequence[Listed]
    has_more: bool  # on further pages


def directory(session: OrmSession, user_id: int, wanted: Wanted) -> Directory:
    """A page of the open groups, and of the closed ones that the user is in."""
    start = (wanted.page - 1) * DIRECTORY
    # Their ids alone first, so that all else is read of no more than one page.
    ids = list(session.scalars(_found(user_id, wanted).limit(DIRECTORY + 1).offset(start)))
    of_user = exists().where(MEMBERSHIPS.c.user_id == user_id, MEMBERSHIPS.c.group_id == GROUPS.c.id)
    shown = select(*_SHOWN, GROUPS.c.description, of_user).where(GROUPS.c.id.in_(ids[:DIRECTORY]))
    by_id = {row[0]: Listed(*row) for row in session.execute(shown)}
    return Directory([by_id[id] for id in ids[:DIRECTORY]], len(ids) > DIRECTORY)


def _found(user_id: int, wanted: Wanted) -> Select[int]:
    is_own = and_(GROUPS.c.access == literal_column("'closed'"), GROUPS.c.id.in_(_own_ids(user_id)))
    is_archived = GROUPS.c.archived_at.is_not(None) if wanted.archived else GROUPS.c.archived_at.is_(None)
    found = select(GROUPS.c.id).where(or_(_is_open(), is_own), is_archived)
    if wanted.term:
        # NUL, which PostgreSQL refuses, is in no name, and neither is a line's end.
        found = found.where(Group.name_contains(wanted.term.replace("\0", "\n")))
    return found.order_by(*_order(wanted.sort), GROUPS.c.id)


def _order(sort: Sort) -> Sequence[Any]:
    match sort:
        case Sort.NAME:
            # Not by Group.by_name(), which takes three times as long, for some names with joiners.
            return (func.lower(GROUPS.c.name),)
        case Sort.MEMBERS:
            return (GROUPS.c.member_count.desc(),)
    return (ACTIVE_AT.desc(),)
