"""The home page: every group, with a button to join, leave or open it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, current_user, user_of
from discussit.accounts.login import has_accounts
from discussit.accounts.security_log import Act
from discussit.errors import FieldError, Refused, checked
from discussit.groups.creation import create_group as create_group_of
from discussit.groups.membership import is_member
from discussit.log.unread import Count, Numbers, count_for
from discussit.models import Group, Membership
from discussit.models.groups import Access, check_description, check_name
from discussit.pages.page import Form, live_page, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address


async def home(request: Request) -> Response:
    if user_of(request) is None and not await site_of(request).database.run_read(has_accounts):
        return see_other(address(request, "/accounts/signup/"))
    return await _home(request, current_user(request), Form())


async def _home(request: Request, user: CurrentUser, form: Form) -> Response:
    groups, counts = await site_of(request).database.run_read(lambda session: _read(session, user))
    status = 400 if form.errors else 200
    return live_page(request, "home/home.html", status, groups=groups, numbers=numbers_of(counts), form=form)


def _read(session: OrmSession, user: CurrentUser) -> tuple[Sequence[Any], Sequence[Count]]:
    return session.execute(group_rows(user)).all(), list(count_for(session.connection(), user.id))


def numbers_of(counts: Iterable[Count]) -> dict[UUID, Numbers]:
    """What is unread, by group."""
    return {count.group_uuid: count.numbers for count in counts}


def group_rows(user: CurrentUser, *, only_own: bool = False) -> Any:
    """Selects what is shown of each group, or of those that the user is in, by name."""
    return (
        select(
            Group.uuid,
            Group.name,
            Group.member_count.label("members"),
            Group.last_message_at.label("last_at"),
            Membership.user_id.is_not(None).label("is_member"),
        )
        .select_from(Group)
        .join(Membership, is_member(user.id, Group.id), isouter=not only_own)
        .order_by(Group.by_name(), Group.id)
    )


async def create_group(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    try:
        group = _new_group(form)
    except FieldError as error:
        return await _home(request, user, form.refuse(error))
    place = address(request, group.get_absolute_url())
    try:
        await create_group_of(site.database, user, group, site.group_creation, claiming(form, place))
    except Refused as refused:
        security_log.refused(request, Act.GROUP)
        raise refused
    security_log.done(request, Act.GROUP_CREATE, group=group.id)
    return see_other(place)


def _new_group(form: Form) -> Group:
    """Raises FieldError."""
    name = checked("name", check_name, form.get("name"))
    description = checked("description", check_description, form.get("description"))
    access = form.get("access") or Access.OPEN
    if access not in (Access.OPEN, Access.CLOSED):
        raise FieldError("access", "Choose who can find the group: everyone, or only its members.")
    return Group(name=name, description=description, access=access, uuid=uuid4())
