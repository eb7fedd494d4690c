"""Who is in which group: adding and removing members."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from discussit.accounts import security_log
from discussit.accounts.security_log import Act
from discussit.admin.readable import in_readable_group
from discussit.admin.references import GROUP, PERSON, find_group, find_user, groups_like, users_like
from discussit.admin.view import Values, View
from discussit.errors import FieldError
from discussit.groups.admission import NO_JOINS
from discussit.models import Membership, User


class MembershipView(View, model=Membership):
    name_plural = "Members"
    about = "Who is in which group: add and remove members."
    can_edit = False
    filters = ("group", "user")
    column_list = ["user", "group", "role", "joined_at"]
    column_details_list = ["user", "group", "role", "joined_at", "read_seq"]
    column_sortable_list = ["joined_at"]
    column_labels = {
        "user": "User",
        "group": "Group",
        "role": "Role",
        "joined_at": "Since",
        "read_seq": "Has read up to",
    }
    search_label = "Search users and groups"
    delete_label = "Remove"
    delete_means = "Removed members' open pages close, and the group's log says that you removed them."
    fields_to_create = (GROUP, PERSON)

    def readable(self, user_id: int) -> ColumnElement[bool]:
        return in_readable_group(Membership.group_id, user_id)

    async def insert_model(self, request: Request, data: Values) -> Membership:
        async with self.creating(request) as session:
            user, group = await find_user(session, data), await find_group(session, data, request.user.id)
            if group.is_archived:
                raise FieldError(GROUP.name, NO_JOINS)
            if not await group.add_user(user, by=await _other(session, request, user)):
                raise FieldError("user", f"{user.username} is already a member of {group.name}.")
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
            await group.remove_user(user, by=await _other(session, request, user))

    def log_removed(self, request: Request, rows: Sequence[Membership]) -> None:
        for row in rows:
            security_log.done(request, Act.MEMBER_REMOVE, row.user_id, group=row.group_id)

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [Membership.user_id.in_(users_like(term)), Membership.group_id.in_(groups_like(term))]


async def _other(session: AsyncSession, request: Request, user: User) -> User | None:
    """Who acts, if it is not the user themselves."""
    return None if user.id == request.user.id else await session.get_one(User, request.user.id)
