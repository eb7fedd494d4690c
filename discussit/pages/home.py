"""The home page: every group, and the way into each."""

from typing import Any

from sqlalchemy import and_, func, select
from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, security
from discussit.addresses import address
from discussit.auth import Account, FieldError
from discussit.models import Entry, Group, Membership
from discussit.pages.page import Form, database_of, live_page, refusal, see_other
from discussit.security import Act


async def home(request: Request) -> Response:
    return await _home(request, auth.account_of(request), Form())


async def _home(request: Request, account: Account, form: Form) -> Response:
    groups = await database_of(request).read(lambda session: session.execute(groups_for(account)).all())
    return live_page(request, "home/home.html", 400 if form.errors else 200, groups=groups, form=form)


def groups_for(account: Account) -> Any:
    """Every group with its number of members and, from this account's side, what its row shows."""
    members = select(func.count()).where(Membership.group_id == Group.id).correlate(Group).scalar_subquery()
    return (
        select(
            Group.uuid,
            Group.name,
            members.label("members"),
            Entry.timestamp.label("last_at"),
            Membership.user_id.is_not(None).label("is_member"),
        )
        .outerjoin(Entry, and_(Entry.group_id == Group.id, Entry.seq == Group.last_seq))
        .outerjoin(Membership, and_(Membership.group_id == Group.id, Membership.user_id == account.id))
        .order_by(func.lower(Group.name), Group.id)
    )


async def create_group(request: Request) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    if not account.is_superuser:
        security.refused(request, Act.GROUP)
        return refusal(request, 403, "Not yours to do", "Only a superuser makes groups. Ask the one of this server.")
    try:
        group = Group(name=form.get("name"))
    except ValueError as error:
        return await _home(request, account, form.refuse(FieldError("name", str(error))))
    async with database_of(request).transaction() as session:
        session.add(group)
    return see_other(address(request, "/"))
