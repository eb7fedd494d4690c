"""Membership: the condition that all queries share, and the queries that ask for groups or members."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased, contains_eager

from discussit.many_rows import ManyFound, SqlConnection
from discussit.models import Group, Membership, User
from discussit.models.accounts import MAX_KEY, typed_key, username_key
from discussit.models.groups import Access, Posting, Role

MemberKey = tuple[int, int]  # a group's and a user's id


def is_member(user_id: Any, group_id: Any) -> ColumnElement[bool]:
    """Joins a query with the membership of this user in this group. Ids may be columns."""
    return and_(Membership.user_id == user_id, Membership.group_id == group_id)


def members_of(group_id: int) -> Select[User]:
    """The members of a group, by name."""
    # An expression, since with a LIMIT PostgreSQL would rather look through all users of the server in the order of
    # their index until enough of them are members.
    by_name = User.username_key.concat("")
    return select(User).join(Membership, is_member(User.id, group_id)).order_by(by_name)


def members_named(group_id: int, part: str) -> Select[User]:
    """The members of a group whose names contain `part`, whatever its case, by name."""
    return members_of(group_id).where(User.username_key.contains(_part_of_key(part), autoescape=True))


def members_completing(group_id: int, part: str) -> Select[str]:
    """The names of members that contain `part`: those that begin with it first, closed accounts not."""
    begins = case((User.username_key.startswith(_part_of_key(part), autoescape=True), 0), else_=1)
    named = members_named(group_id, part).with_only_columns(User.username)
    return named.where(User.is_active).order_by(None).order_by(begins, User.username_key)


def _part_of_key(part: str) -> str:
    # NUL, which PostgreSQL refuses, is in no name, and neither is a space or what is longer than MAX_KEY.
    return username_key(part).replace("\0", " ")[: MAX_KEY + 1]


def member_named(group_id: int, name: str) -> Select[Membership]:
    """The membership of the member of this name, whatever its case, with its user."""
    is_named = Membership.group_id == group_id, User.username_key == typed_key(name)
    return select(Membership).join(Membership.user).where(*is_named).options(contains_eager(Membership.user))


def by_typed_key(names: Iterable[str]) -> dict[str, str]:
    """Names as they were typed, by the keys by which accounts are looked up."""
    return {typed_key(name): name for name in names}


def ids_of(session: OrmSession, keys: Iterable[str]) -> dict[str, int]:
    """The ids of the accounts with these keys, as far as there are any."""
    rows = session.execute(select(User.username_key, User.id).where(User.username_key.in_(keys)))
    return {row.username_key: row.id for row in rows}


def shares_group(user_id: int) -> ColumnElement[bool]:
    """A condition for users: whether they are in a group with this one. Direct groups don't count."""
    own, theirs = aliased(Membership), aliased(Membership)
    shared = (own.group_id == theirs.group_id) & (own.user_id == user_id)
    is_group = (Group.id == own.group_id) & (Group.access != Access.DIRECT)
    return exists().where(theirs.user_id == User.id, shared, is_group)


# Built once, since building it takes as long as executing it. Neither part reads more than `limit` rows, however many
# members there are: for the first of all by name, the database would have to sort them all.
_OF_GROUP = select(Membership.user_id).where(Membership.group_id == bindparam("group"))
_EARLIEST = _OF_GROUP.order_by(Membership.user_id).limit(bindparam("limit", type_=Integer())).subquery()
_PREFERRED = _OF_GROUP.where(Membership.user_id.in_(bindparam("preferred", expanding=True)))
SOME_MEMBERS = select(User.id, User.username, User.username_key).where(
    User.id.in_(union_all(select(_EARLIEST.c.user_id), _PREFERRED))
)


def some_members(session: OrmSession, group_id: int, preferred: Sequence[int], limit: int) -> list[str]:
    """The names of at most `limit` members, sorted by name: all of a group that has no more.

    Of a larger one they are the users whose ids are `preferred`, in this order, as far as they are members, and then
    the oldest accounts.
    """
    first = list(dict.fromkeys(preferred))[:limit]
    places = {id: place for place, id in enumerate(first)}
    found = session.execute(SOME_MEMBERS, {"group": group_id, "preferred": first, "limit": limit})
    rows = sorted(found, key=lambda row: (places.get(row.id, len(places)), row.id))
    return [row.username for row in sorted(rows[:limit], key=lambda row: row.username_key)]


def raised_ranks(session: OrmSession, group_id: int, limit: int) -> dict[str, int]:
    """The ranks of those who are more than members, by name: of at most `limit`, owners first."""
    # As a literal: PostgreSQL uses the index of them for no parameter.
    is_raised = Membership.group_id == group_id, Membership.role != literal_column("'member'")
    found = select(User.username, Membership.role).join_from(Membership, User).where(*is_raised)
    by_role = found.order_by(Membership.role.desc()).limit(limit)
    return {name: Role(role).rank for name, role in session.execute(by_role)}


class Member(NamedTuple):
    """A member, as far as commands need it."""

    username: str
    is_superuser: bool
    role: Role = Role.MEMBER
    from_seq: int = 1  # the first entry that they may read

    @property
    def rank(self) -> int:
        return rank_of(self, is_superuser=self.is_superuser)


class HasRole(Protocol):
    @property
    def role(self) -> str: ...


def rank_of(member: HasRole, *, is_superuser: bool) -> int:
    """What a member may do (models.groups.Role): a superuser has the rights of an owner in groups that they are in."""
    return (Role.OWNER if is_superuser else Role(member.role)).rank


def outranks(rank: int, author: HasRole | None) -> bool:
    """Whether a member of this rank may delete messages of this one; None: of somebody who has left."""
    return rank >= Role.MODERATOR.rank and (author is None or rank > Role(author.role).rank)


def may_post(posting: str, rank: int) -> bool:
    """Whether a member of this rank may write messages in a group with this setting."""
    return posting == Posting.EVERYONE or (posting == Posting.MODERATORS and rank >= Role.MODERATOR.rank)


NO_RANK = -1  # of people who are not in the group


AMONG = ManyFound(
    [Column("group_id", Integer), Column("user_id", Integer)],
    lambda given: (
        select(Membership.group_id, User.id, User.username, User.is_superuser, Membership.role, Membership.from_seq)
        .select_from(given)
        .join(Membership, is_member(given.c.user_id, given.c.group_id))
        .join(User, User.id == Membership.user_id)
        .where(User.is_active)
    ),
)


NAMED = ManyFound(
    [Column("group_id", Integer), Column("key", String)],
    lambda given: (
        select(Membership.group_id, User.username_key, User.id, User.username)
        .select_from(given)
        .join(User, User.username_key == given.c.key)
        .join(Membership, is_member(User.id, given.c.group_id))
        .where(User.is_active)
    ),
)


def members_among(connection: SqlConnection, keys: Iterable[MemberKey]) -> dict[MemberKey, Member]:
    """Those of the keys that are memberships of active users."""
    found = AMONG.rows(connection, keys)
    return {
        (group_id, user_id): Member(name, bool(is_superuser), Role(role), from_seq)
        for group_id, user_id, name, is_superuser, role, from_seq in found
    }


def named_members(connection: SqlConnection, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], tuple[int, str]]:
    """Those of the keys (a group's id and a username_key) that name an active member, with the user's id and name."""
    return {(group_id, key): (id, name) for group_id, key, id, name in NAMED.rows(connection, keys)}
