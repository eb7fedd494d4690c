"""How forms and searches refer to users and groups."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from discussit.admin.readable import readable_groups
from discussit.admin.view import Field, Values, is_id
from discussit.errors import FieldError
from discussit.models import Group, User
from discussit.models.accounts import username_key
from discussit.models.groups import plain

GROUP = Field("group", "Group", hint="Its name, UUID or id.", lookup="group")
PERSON = Field("user", "User", hint="Their name or id.", lookup="user")


async def find_group(session: AsyncSession, data: Values, user_id: int) -> Group:
    """The group that a superuser's form names, locked: its members don't change until the commit. Raises FieldError."""
    text = _reference(data, GROUP.name)
    groups_of_user = select(Group).where(readable_groups(user_id)).with_for_update(key_share=True)
    is_named = Group.uuid == uuid if (uuid := as_uuid(text)) else Group.plain_name() == plain(text)
    groups = (await session.scalars(groups_of_user.where(is_named).order_by(Group.id).limit(2))).all()
    if len(groups) > 1:
        raise FieldError(GROUP.name, "Several groups have this name. Give the UUID of the one you mean.")
    group = groups[0] if groups else None
    if group is None and is_id(text):
        group = await session.scalar(groups_of_user.where(Group.id == int(text)))
    if group is None:
        raise FieldError(GROUP.name, "There is no such group.")
    return group


async def find_user(session: AsyncSession, data: Values) -> User:
    """The user that a form names, locked: the account is not closed until the commit. Raises FieldError.

    To be called before `find_group`: whoever locks both locks the user first.
    """
    text = _reference(data, PERSON.name)
    named = select(User).where(User.username_key == username_key(text))
    user = await session.scalar(named.with_for_update(read=True))
    if user is None and is_id(text):
        user = await session.get(User, int(text), with_for_update={"read": True})
    if user is None:
        raise FieldError(PERSON.name, "Nobody has this name.")
    if not user.is_active:
        raise FieldError(PERSON.name, "This account is closed.")
    return user


def _reference(data: Values, field: str) -> str:
    return data.get(field, "").replace("\0", "").strip()


def users_like(term: str) -> Select[Any]:
    return select(User.id).where(User.username_key.contains(username_key(term), autoescape=True))


def groups_like(term: str) -> Select[Any]:
    return select(Group.id).where(Group.name_contains(term))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
