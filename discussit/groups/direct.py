"""Direct groups: the conversation of a fixed set of people, one for each set."""

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from discussit.accounts.current_user import CurrentUser, check_rights
from discussit.database import Database
from discussit.errors import FieldError
from discussit.groups.creation import check_daily_groups
from discussit.groups.membership import by_typed_key, ids_of, is_member, shares_group
from discussit.log.committed import DirectGroupShown, changes_of
from discussit.models import Group, Membership, User
from discussit.models.accounts import Direct, username_key
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access, may_see
from discussit.models.locks import lock_groups, lock_users

MAX_PEOPLE = 8
FIELD = "username"  # of the form
PLACEHOLDER = "Direct"  # its name in the database: people see the names of the others (groups/names.py)

TOO_MANY = f"A direct conversation has at most {MAX_PEOPLE} people, you among them. Create a group for more."


@asynccontextmanager
async def entering(
    database: Database, user: CurrentUser, names: Sequence[str]
) -> AsyncIterator[tuple[AsyncSession, UUID]]:
    """A transaction, and the group of the user and the people of these names in it: the existing one, or a new one.

    It is among the user's groups from then on, and among the others' from its first message on. Raises FieldError (the
    same for unknown names and for people whom the user can't message), Refused and NotLoggedIn.
    """
    wanted = by_typed_key(names)
    wanted.pop(username_key(user.username), None)
    if len(wanted) >= MAX_PEOPLE:
        raise FieldError(FIELD, TOO_MANY)
    found = await database.run_read(lambda session: ids_of(session, wanted))
    async with database.transaction() as session:
        # All of them, so that two who begin the same conversation take turns.
        await session.execute(lock_users(User.id.in_({user.id, *found.values()})))
        await session.run_sync(check_rights, user)
        yield session, await _enter(session, user.id, found, wanted)


async def _enter(session: AsyncSession, user_id: int, found: Mapping[str, int], wanted: Mapping[str, str]) -> UUID:
    """The group's uuid, now that its people are locked."""
    people = {user_id, *found.values()}
    of_people = _membership(user_id, direct_key(people))
    if found.keys() == wanted.keys() and (known := await session.scalar(of_people.where(may_see()))):
        return await _show(session, known)
    reachable = set(await session.scalars(_reachable(user_id, found.values())))
    if refused := [name for key, name in wanted.items() if found.get(key) not in reachable]:
        raise FieldError(FIELD, unknown(refused))
    # Also where another has created it, of which nobody else learns before its first message.
    await check_daily_groups(session, user_id, direct=True)
    uuid = await _create(session, user_id, people)
    return uuid or await _show(session, (await session.scalars(of_people)).one())


def direct_key(people: Collection[int]) -> str:
    """The same for each set of users' ids, in whatever order."""
    return hashlib.sha256(",".join(map(str, sorted(people))).encode()).hexdigest()


def unknown(names: Sequence[str]) -> str:
    """The refusal of names that nobody has, and of people whom the user can't message."""
    named = ", ".join(f"“{name}”" for name in names)
    return (
        f"You can't message {named}. Check the spelling. "
        "Some people accept direct messages only from people in their groups, or from nobody."
    )


def _membership(user_id: int, key: str) -> Select[Membership]:
    return select(Membership).join(Group, is_member(user_id, Group.id)).where(Group.direct_key == key)


def _reachable(user_id: int, ids: Iterable[int]) -> Select[int]:
    """Those of the users with whom this one may begin a conversation."""
    allows = (User.direct == Direct.EVERYONE) | ((User.direct == Direct.SHARED) & shares_group(user_id))
    return select(User.id).where(User.id.in_(ids), User.is_active, allows)


async def _show(session: AsyncSession, membership: Membership) -> UUID:
    """Have the group be among the member's, if they hid it or did not know of it."""
    await session.execute(lock_groups([membership.group_id]))
    group = await session.get_one(Group, membership.group_id)
    if membership.hidden_at is not None:
        membership.hidden_at = None
        _note_shown(session, group.uuid, group.last_seq, membership.user_id)
    return group.uuid


async def _create(session: AsyncSession, user_id: int, people: Collection[int]) -> UUID | None:
    """Create the group. None if there is one of these people."""
    values = {
        "name": PLACEHOLDER,
        "access": Access.DIRECT,
        "preview": False,
        "created_by": user_id,
        "member_count": len(people),
        "direct_key": direct_key(people),
    }
    # SQLite's ON CONFLICT is the same.
    created = postgresql.insert(GROUPS).values(values).on_conflict_do_nothing(index_elements=["direct_key"])
    row = (await session.execute(created.returning(GROUPS.c.id, GROUPS.c.uuid))).one_or_none()
    if row is None:
        return None
    members = [{"group_id": row.id, "user_id": id, "hidden_at": None if id == user_id else 0} for id in sorted(people)]
    # Not by the ORM, whose hooks log who joins: of these people nobody does.
    await session.execute(insert(MEMBERSHIPS), members)
    uuid: UUID = row.uuid
    _note_shown(session, uuid, 0, user_id)
    return uuid


def _note_shown(session: AsyncSession, uuid: UUID, seq: int, user_id: int) -> None:
    changes_of(session.sync_session).shown.append(DirectGroupShown(uuid, seq, user_id))
