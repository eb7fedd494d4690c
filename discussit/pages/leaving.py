"""The page that asks whether to leave a group, where that loses more than the group itself."""

from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.groups.admission import admit, has_owner
from discussit.groups.names import shown_name
from discussit.models import Membership
from discussit.models.groups import Access, Role
from discussit.pages.page import page
from discussit.site import site_of


def asks_before_leaving(role: str, access: str) -> bool:
    """Whether a member who leaves can't simply join again and be what they were: then Leave asks first.

    The rule of static/js/pages/groups.js.
    """
    return role != Role.MEMBER or access == Access.CLOSED


async def leave_form(request: Request) -> Response:
    user = current_user(request)
    read = await site_of(request).database.run_read(lambda session: _read(session, user, request))
    return page(request, "group/leave.html", group=read.membership.group, **read._asdict())


class LeavingPage(NamedTuple):
    membership: Membership
    shown_name: str  # of the group, for the user
    is_last_owner: bool


def _read(session: OrmSession, user: CurrentUser, request: Request) -> LeavingPage:
    membership = admit(session, user, request.path_params["uuid"])
    is_owner = membership.role == Role.OWNER
    name = shown_name(session, user.id, membership.group)
    return LeavingPage(membership, name, is_owner and not has_owner(session, membership.group, besides=user.id))
