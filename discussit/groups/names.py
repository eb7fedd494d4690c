"""What groups are called, and what else their members are sent of them. A direct group is called after the others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, literal_column, select
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import MemberKey, is_member
from discussit.many_rows import ManyFound, SqlConnection
from discussit.models.accounts import User
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access, Group, Posting, is_listed
from discussit.models.preferences import is_muted, present_level

NOTES = "Notes to self"  # the direct group of one person; as in static/js/pages/rows.js

MEMBER = [Column("group_id", Integer), Column("user_id", Integer)]
OTHERS = ManyFound(
    MEMBER,
    lambda given: (
        select(given.c.group_id, given.c.user_id, User.username_key, User.username)
        .select_from(given)
        .join(MEMBERSHIPS, MEMBERSHIPS.c.group_id == given.c.group_id)
        .join(User, User.id == MEMBERSHIPS.c.user_id)
        .where(User.id != given.c.user_id)
    ),
)
DESCRIBED = ManyFound(
    MEMBER,
    lambda given: (
        select(
            MEMBERSHIPS.c.group_id,
            MEMBERSHIPS.c.user_id,
            GROUPS.c.uuid,
            GROUPS.c.name,
            GROUPS.c.access,
            GROUPS.c.archived_at.is_not(None),
            GROUPS.c.member_count,
            MEMBERSHIPS.c.role,
            GROUPS.c.posting == literal_column(f"'{Posting.NOBODY}'"),
            present_level(),
            MEMBERSHIPS.c.muted_until,
        )
        .select_from(given)
        .join(MEMBERSHIPS, is_member(given.c.user_id, given.c.group_id))
        .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
        .where(is_listed())
    ),
)


class Described(NamedTuple):
    """A group as one of its members sees it."""

    group_id: int
    user_id: int
    group_uuid: UUID
    name: str
    access: str
    is_archived: bool
    members: int
    role: str
    is_ended: bool  # a direct one in which nobody can write any more
    level: str
    muted_until: datetime | None

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    @property
    def is_muted(self) -> bool:
        return is_muted(self.muted_until)


def others_in(connection: SqlConnection, members: Iterable[MemberKey]) -> dict[MemberKey, list[str]]:
    """The names of all others in the groups of these members, sorted. To be asked of direct groups alone."""
    keys = list(members)
    found: dict[MemberKey, list[tuple[str, str]]] = defaultdict(list)
    for group_id, user_id, key, username in OTHERS.rows(connection, keys):
        found[group_id, user_id].append((key, username))
    return {member: [name for _, name in sorted(found[member])] for member in keys}


def direct_name(others: Collection[str]) -> str:
    """What a direct group is called for somebody, from the names of the others in it."""
    return ", ".join(others) or NOTES


def shown_name(session: OrmSession, user_id: int, group: Group) -> str:
    """What the group is called for one of its members."""
    if group.access != Access.DIRECT:
        return group.name
    member = group.id, user_id
    return direct_name(others_in(session.connection(), [member])[member])


def describe(connection: SqlConnection, members: Iterable[MemberKey]) -> Iterator[Described]:
    """The groups of those of the keys that are memberships, unless they are hidden direct ones."""
    found = [Described(*row) for row in DESCRIBED.rows(connection, members)]
    others = others_in(connection, [each.member for each in found if each.access == Access.DIRECT])
    for each in found:
        yield each._replace(name=direct_name(others[each.member])) if each.member in others else each
