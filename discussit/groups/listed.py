"""Groups as lists show them to somebody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, select
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import is_member
from discussit.groups.names import direct_name, others_in
from discussit.log.unread import Numbers
from discussit.many_rows import ManyFound
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access

FACES = 3  # of the others in a direct group; as in static/js/pages/rows.js
NOTHING = Numbers(0, 0, 0, 0, 0)  # is unread


class Listed(NamedTuple):
    """A group as a list shows it to somebody."""

    id: int
    uuid: UUID
    name: str
    access: str
    members: int
    last_at: datetime | None  # of its last message
    is_archived: bool
    preview: bool
    description: str
    is_member: bool
    role: str | None  # the user's own; None: no member
    numbers: Numbers = NOTHING
    others: Sequence[str] = ()  # in a direct group

    @property
    def is_direct(self) -> bool:
        return self.access == Access.DIRECT

    @property
    def is_unread(self) -> bool:
        return self.numbers.unread > 0 or self.numbers.mentions > 0

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
            GROUPS.c.archived_at.is_not(None),
            GROUPS.c.preview,
            GROUPS.c.description,
            MEMBERSHIPS.c.user_id.is_not(None),
            MEMBERSHIPS.c.role,
        )
        .select_from(given)
        .join(GROUPS, GROUPS.c.id == given.c.group_id)
        .outerjoin(MEMBERSHIPS, is_member(given.c.user_id, GROUPS.c.id))
    ),
)


def read_listed(
    session: OrmSession, user_id: int, ids: Sequence[int], numbers: Mapping[int, Numbers] | None = None
) -> list[Listed]:
    """The groups with these ids, in this order; direct ones are called after the others in them."""
    connection, numbers = session.connection(), numbers or {}
    rows = [Listed(*row) for row in LISTED.rows(connection, [(id, user_id) for id in ids])]
    others = others_in(connection, [(each.id, user_id) for each in rows if each.is_direct])
    by_id = {each.id: _with(each, numbers.get(each.id, NOTHING), others.get((each.id, user_id))) for each in rows}
    return [by_id[id] for id in ids]


def _with(group: Listed, numbers: Numbers, others: Sequence[str] | None) -> Listed:
    if others is None:
        return group._replace(numbers=numbers)
    return group._replace(numbers=numbers, name=direct_name(others), others=others)
