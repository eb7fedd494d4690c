"""Groups and their members."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from discussit.accounts import security_log
from discussit.accounts.security_log import Act
from discussit.admin.references import (
    GROUP,
    PERSON,
    as_uuid,
    find_group,
    find_user,
    groups_like,
    users_like,
)
from discussit.admin.view import SUGGESTIONS, Field, Values, View
from discussit.errors import FieldError, checked
from discussit.groups.membership import members_of
from discussit.models import Group, Membership
from discussit.models.groups import check_name, plain

MEMBERS_SHOWN = 50


class GroupView(View, model=Group):
    about = "Make, rename and delete groups, and see who is in them."
    column_list = ["id", "name", "last_seq", "uuid", "created_at"]
    column_details_list = column_list
    column_sortable_list = ["id", "name", "last_seq", "created_at"]
    sort_keys = {"name": Group.by_name()}
    column_labels = {"id": "Id", "name": "Name", "last_seq": "Entries", "uuid": "UUID", "created_at": "Made"}
    search_label = "Search names, or a UUID"
    delete_means = "Deleting a group deletes its memberships and its whole log, for good."
    fields_to_create = fields_to_edit = (Field("name", "Name"),)

    def name_of(self, row: Group) -> str:
        return row.name

    async def insert_model(self, request: Request, data: Values) -> Group:
        group = Group(name=checked("name", check_name, data.get("name", "")))
        async with self.creating(request) as session:
            session.add(group)
            await session.flush()
            await self.claim(session, request, self.url_after(request, group))
        security_log.done(request, Act.GROUP_CREATE, group=group.id)
        return group

    async def update_model(self, request: Request, pk: str, data: Values) -> Group:
        name = checked("name", check_name, data.get("name", ""))
        async with self.editing(request, pk, data.get("version", "")) as (session, group):
            is_renamed = group.name != name
            group.name = name
            await self.claim(session, request, self.url(request, "details", group))
        if is_renamed:
            security_log.done(request, Act.GROUP_RENAME, group=group.id)
        return cast(Group, group)

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[Group]) -> None:
        for row in rows:
            await session.delete(row)

    def log_removed(self, request: Request, rows: Sequence[Group]) -> None:
        for group in rows:
            security_log.done(request, Act.GROUP_DELETE, group=group.id)

    async def details_context(self, request: Request) -> dict[str, Any]:
        """The first members, their number, and the reference that a form understands."""
        id = int(request.path_params["pk"])
        (group,) = await self._run_query(select(Group).where(Group.id == id))
        return {
            "members": await self._run_query(members_of(id).limit(MEMBERS_SHOWN)),
            "member_count": group.member_count,
            "reference": (await self._references([group]))[id],
        }

    async def suggestions(self, term: str) -> list[dict[str, str]]:
        found = select(Group).where(or_(*self.matches(term.replace("\0", "")))).order_by(Group.by_name())
        groups = await self._run_query(found.limit(SUGGESTIONS))
        references = await self._references(groups)
        return [{"id": references[group.id], "text": group.name} for group in groups]

    async def _references(self, groups: Sequence[Group]) -> dict[int, str]:
        """Group id → reference in a form: the name, or the uuid if several groups have that name."""
        name = Group.plain_name()
        names = select(name).where(name.in_({plain(group.name) for group in groups}))
        shared = set(await self._run_query(names.group_by(name).having(func.count() > 1)))
        return {group.id: str(group.uuid) if plain(group.name) in shared else group.name for group in groups}

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        uuid = as_uuid(term)
        return [Group.name_contains(term), *([Group.uuid == uuid] if uuid else [])]


class MembershipView(View, model=Membership):
    name_plural = "Members"
    about = "Who is in which group: add and remove members."
    can_edit = False
    filters = ("group", "user")
    column_list = ["user", "group", "joined_at"]
    column_details_list = ["user", "group", "joined_at", "read_seq"]
    column_sortable_list = ["joined_at"]
    column_labels = {"user": "User", "group": "Group", "joined_at": "Since", "read_seq": "Has read up to"}
    search_label = "Search users and groups"
    delete_label = "Remove"
    delete_means = "Whoever is removed sees their pages of the group close, and its log says that they left."
    fields_to_create = (GROUP, PERSON)

    async def insert_model(self, request: Request, data: Values) -> Membership:
        async with self.creating(request) as session:
            user, group = await find_user(session, data), await find_group(session, data)
            if not await group.add_user(user):
                raise FieldError("user", f"{user.username} is a member of {group.name} already.")
            made = await session.get_one(Membership, (group.id, user.id))
            await self.claim(session, request, self.url_after(request, made))
        security_log.done(request, Act.MEMBER_ADD, made.user_id, group=made.group_id)
        return made

    def description_of(self, row: Membership) -> str:
        return f"{row}, since {row.joined_at:%Y-%m-%d %H:%M:%S.%f} UTC"

    def url_after(self, request: Request, made: Membership) -> str:
        return f"{request.scope['root_path']}/group/details/{made.group_id}"

    def url_after_removal(self, request: Request, rows: Sequence[Membership]) -> str:
        """The page of the group, if all memberships were in one."""
        groups = {row.group_id for row in rows}
        return self.url_after(request, rows[0]) if len(groups) == 1 else self.url(request, "list")

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[Membership]) -> None:
        for row in rows:
            group, user = await row.awaitable_attrs.group, await row.awaitable_attrs.user
            await group.remove_user(user)

    def log_removed(self, request: Request, rows: Sequence[Membership]) -> None:
        for row in rows:
            security_log.done(request, Act.MEMBER_REMOVE, row.user_id, group=row.group_id)

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [Membership.user_id.in_(users_like(term)), Membership.group_id.in_(groups_like(term))]
