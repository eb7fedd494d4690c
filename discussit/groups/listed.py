"""Groups as lists show them to somebody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, select
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import is_member
from discussit.groups.names import direct_name, others_in
from discussit.log.last import LastMessage, last_of, with_last
from discussit.log.unread import Numbers
from discussit.many_rows import ManyFound
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access
from discussit.models.preferences import is_muted, present_level

FACES = 3  # of the others in a direct group; as in static/js/pages/rows.js
COLUMNS = 14  # of a `Listed` that LISTED reads
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
    is_archived: bool
    preview: bool
    description: str
    is_member: bool
    role: str | None  # the user's own; None: no member
    level: str | None
    muted_until: datetime | None
    numbers: Numbers = NOTHING
    others: Sequence[str] = ()  # in a direct group
    last: LastMessage | None = None  # that the user may read; only read of groups that they are in

    @property
    def is_direct(self) -> bool:
        return self.access == Access.DIRECT

    @property
    def is_unread(self) -> bool:
        return self.numbers.unread > 0 or self.numbers.mentions > 0

    @property
    def is_muted(self) -> bool:
        return is_muted(self.muted_until)

    @property
    def active_at(self) -> datetime:
        """What lists sort by (lists.py)."""
        return max(self.created_at, self.last_at or self.created_at)

    @property
    def names_author(self) -> bool:
        """Whether the last message needs its author's name: it may be of several people."""
        return not self.is_direct or len(self.others) > 1

    def faces(self, user: str) -> Sequence[str]:
        """The names whose avatars stand for a direct group."""
        return (self.others or (user,))[:FACES]


LISTED = ManyFound(
    [Column("group_id", Integer), Column("user_id", Integer)],
    lambda given: (
        select(
            GROUPS.c.id,
            GROUPS.c.uuid,
            GROUPS.c.name,
            GROUPS.c.access,
            GROUPS.c.member_count,
            GROUPS.c.last_message_at,
            GROUPS.c.created_at,
            GROUPS.c.archived_at.is_not(None),
            GROUPS.c.preview,
            GROUPS.c.description,
            MEMBERSHIPS.c.user_id.is_not(None),
            MEMBERSHIPS.c.role,
            present_level(),
            MEMBERSHIPS.c.muted_until,
        )
        .select_from(given)
        .join(GROUPS, GROUPS.c.id == given.c.group_id)
        .outerjoin(MEMBERSHIPS, is_member(given.c.user_id, GROUPS.c.id))
    ),
)
OWN_LISTED = LISTED.changed(with_last)


def read_listed(session: OrmSession, user_id: int, ids: Sequence[int]) -> list[Listed]:
    """The groups with these ids, in this order; direct ones are called after the others in them."""
    rows = LISTED.rows(session.connection(), [(id, user_id) for id in ids])
    return _in_order_of(ids, _named(session, user_id, [Listed(*row) for row in rows]))


def read_own(session: OrmSession, user_id: int, ids: Sequence[int], numbers: Mapping[int, Numbers]) -> list[Listed]:
    """The same of groups that the user is in, with their last messages and what is unread there."""
    connection = session.connection()
    rows = list(OWN_LISTED.rows(connection, [(id, user_id) for id in ids]))
    groups = [
        Listed(*row[:COLUMNS])._replace(numbers=numbers.get(row[0], NOTHING), last=last)
        for row, last in zip(rows, last_of(connection, rows), strict=True)
    ]
    return _in_order_of(ids, _named(session, user_id, groups))


def _named(session: OrmSession, user_id: int, groups: Sequence[Listed]) -> Sequence[Listed]:
    others = others_in(session.connection(), [(each.id, user_id) for each in groups if each.is_direct])
    return [_after(others[each.id, user_id], each) if each.is_direct else each for each in groups]


def _after(others: Sequence[str], group: Listed) -> Listed:
    return group._replace(name=direct_name(others), others=others)


def _in_order_of(ids: Sequence[int], groups: Sequence[Listed]) -> list[Listed]:
    by_id = {each.id: each for each in groups}
    return [by_id[id] for id in ids]
