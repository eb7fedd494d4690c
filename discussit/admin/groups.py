"""Groups: creating, renaming, joining and deleting them."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request

from discussit.accounts import security_log
from discussit.accounts.current_user import check_rights
from discussit.accounts.security_log import Act
from discussit.admin.readable import listed_groups, readable_groups
from discussit.admin.references import as_uuid
from discussit.admin.view import SUGGESTIONS, Field, Values, View
from discussit.errors import ErrorCode, FieldError, Refused, checked
from discussit.groups.admission import NO_JOINS, NoSuchGroup, admitted_to
from discussit.groups.membership import members_of
from discussit.groups.settings import rename
from discussit.models import Group, Membership, User
from discussit.models.groups import Access, Role, check_name, plain

MEMBERS_SHOWN = 50

NOT_OWNER = "Only this group's owners, and administrators in it, can rename it. Join it first."


class GroupView(View, model=Group):
    about = "Create, rename and delete groups, and see who is in them."
    column_list = ["id", "name", "access", "member_count", "messages", "last_seq", "created_at"]
    column_details_list = [*column_list, "uuid"]
    column_sortable_list = ["id", "name", "member_count", "messages", "last_seq", "created_at"]
    sort_keys = {"name": Group.by_name()}
    column_labels = {
        "id": "Id",
        "name": "Name",
        "access": "Access",
        "member_count": "Members",
        "messages": "Messages",
        "last_seq": "Entries",
        "uuid": "UUID",
        "created_at": "Created",
    }
    search_label = "Search names, or a UUID"
    delete_means = "Deleting a group deletes its memberships and its whole log, for good."
    fields_to_create = fields_to_edit = (Field("name", "Name"),)

    def readable(self, user_id: int) -> ColumnElement[bool]:
        return listed_groups()

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
            is_renamed = group.name != name and await _rename(session, group, request.user.id, name)
            await self.claim(session, request, self.url(request, "details", group))
        if is_renamed:
            security_log.done(request, Act.GROUP_RENAME, group=group.id)
        return cast(Group, group)

    async def join(self, request: Request, pk: str) -> str:
        """A closed group's log says that they joined it as an administrator. Raises HTTPException and Refused."""
        (id,) = self.key_of(pk)
        target = f"{self.url(request, 'details')}/{id}"
        async with self._database.transaction() as session:
            user = await session.get_one(User, request.user.id, with_for_update={"read": True})
            closed = select(Group).where(Group.id == id, Group.access == Access.CLOSED)
            group = await session.scalar(closed.with_for_update(key_share=True))
            await session.run_sync(check_rights, request.user, as_superuser=True)
            if group is None:
                raise HTTPException(404)
            if group.is_archived:
                raise Refused(ErrorCode.READ_ONLY, NO_JOINS)
            has_joined = await group.add_user(user, by=user)
            await self.claim(session, request, target)
        if has_joined:
            security_log.done(request, Act.GROUP_JOIN, user.id, group=id)
        return target

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[Group]) -> None:
        for row in rows:
            await session.delete(row)

    def log_removed(self, request: Request, rows: Sequence[Group]) -> None:
        for group in rows:
            security_log.done(request, Act.GROUP_DELETE, group=group.id)

    async def list_context(self, request: Request) -> dict[str, Any]:
        """Of direct groups, how many there are."""
        (count,) = await self._run_query(select(func.count()).where(Group.access == Access.DIRECT))
        return {"direct_groups": count}

    async def details_context(self, request: Request) -> dict[str, Any]:
        """The owners; of a readable group the first members, their number, and the reference that forms understand."""
        (id,) = self.key_of(request.path_params["pk"])
        owners = members_of(id).where(Membership.role != Role.MEMBER, Membership.role == Role.OWNER)
        found = {"owners": await self._run_query(owners.limit(MEMBERS_SHOWN)), "is_readable": False}
        for group in await self._run_query(select(Group).where(Group.id == id, readable_groups(request.user.id))):
            found |= {
                "is_readable": True,
                "members": await self._run_query(members_of(id).limit(MEMBERS_SHOWN)),
                "member_count": group.member_count,
                "reference": (await self._references(request, [group]))[id],
            }
        return found

    async def suggestions(self, request: Request, term: str) -> list[dict[str, str]]:
        """The groups to whose members the user may add somebody."""
        matching = or_(*self.matches(term.replace("\0", "")))
        found = self.rows_for(request).where(readable_groups(request.user.id), matching).order_by(Group.by_name())
        groups = await self._run_query(found.limit(SUGGESTIONS))
        references = await self._references(request, groups)
        return [{"id": references[group.id], "text": group.name} for group in groups]

    async def _references(self, request: Request, groups: Sequence[Group]) -> dict[int, str]:
        """Group id → reference in a form: the name, or the uuid if several groups have that name."""
        name = Group.plain_name()
        readable = select(name).where(readable_groups(request.user.id))
        names = readable.where(name.in_({plain(group.name) for group in groups}))
        shared = set(await self._run_query(names.group_by(name).having(func.count() > 1)))
        return {group.id: str(group.uuid) if plain(group.name) in shared else group.name for group in groups}

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        uuid = as_uuid(term)
        return [Group.name_contains(term), *([Group.uuid == uuid] if uuid else [])]


async def _rename(session: AsyncSession, group: Group, user_id: int, name: str) -> bool:
    """Rename the group, which is locked, as its settings' page does. Raises FieldError where the user may not."""
    user = await session.get_one(User, user_id)
    try:
        return await rename(session, await session.run_sync(admitted_to, group, user), name)
    except (NoSuchGroup, Refused):
        raise FieldError("name", NOT_OWNER) from None
