"""Membership: the condition that all queries share, and the queries that ask for groups or members."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, tuple_
from sqlalchemy.orm import Session as OrmSession

from discussit.models import Group, Membership, User
from discussit.models.accounts import username_key

MAX_KEY = 300  # characters of a username_key; what is longer is in no name
MemberKey = tuple[int, int]  # a group's and a user's id


def is_member(user_id: Any, group_id: Any) -> ColumnElement[bool]:
    """Joins a query with the membership of this user in this group. Ids may be columns."""
    return and_(Membership.user_id == user_id, Membership.group_id == group_id)


def groups_of(user_id: int) -> Select[Group]:
    """The groups that a user is in."""
    return select(Group).join(Membership, is_member(user_id, Group.id))


def members_of(group_id: int) -> Select[User]:
    """The members of a group, by name."""
    # An expression, since with a LIMIT PostgreSQL would rather look through all users of the server in the order of
    # their index until enough of them are members.
    by_name = User.username_key.concat("")
    return select(User).join(Membership, is_member(User.id, group_id)).order_by(by_name)


def members_named(group_id: int, part: str) -> Select[User]:
    """The members of a group whose names contain `part`, whatever its case, by name."""
    # NUL, which PostgreSQL refuses, is in no name, and neither is a space.
    key = username_key(part).replace("\0", " ")[: MAX_KEY + 1]
    return members_of(group_id).where(User.username_key.contains(key, autoescape=True))


# Built once, since building it takes as long as executing it.
AMONG = (
    select(Membership.group_id, User.id, User.username, Group.uuid)
    .join(User, User.id == Membership.user_id)
    .join(Group, Group.id == Membership.group_id)
    # Also filtered by group and user, so that the index is used.
    .where(Membership.group_id.in_(bindparam("groups", expanding=True)))
    .where(Membership.user_id.in_(bindparam("users", expanding=True)))
    .where(tuple_(Membership.group_id, Membership.user_id).in_(bindparam("keys", expanding=True)))
    .where(User.is_active)
)


class Member(NamedTuple):
    """What an entry needs to know about its author."""

    username: str
    group_uuid: UUID


def members_among(session: OrmSession, keys: Collection[MemberKey]) -> dict[MemberKey, Member]:
    """Those of the keys that are memberships of active users. `keys` must not be empty."""
    groups, users = map(set, zip(*keys, strict=True))
    rows = session.connection().execute(AMONG, {"groups": groups, "users": users, "keys": keys})
    return {(group_id, user_id): Member(username, uuid) for group_id, user_id, username, uuid in rows}
