"""Leaving a group: the page that asks first, where more than the group is lost, and what home offers to undo."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.groups.admission import NoSuchGroup, NotAMember, admit, has_owner, is_hidden
from discussit.groups.names import direct_name, others_in, shown_name
from discussit.models import Group, Membership
from discussit.models.groups import Access, Role
from discussit.pages.page import page
from discussit.site import site_of


def asks_before_leaving(role: str, access: str, *, is_archived: bool = False) -> bool:
    """Whether a member who leaves can't simply join again and be what they were: then Leave asks first.

    The rule of static/js/pages/groups.js.
    """
    return role != Role.MEMBER or access == Access.CLOSED or is_archived


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


class Left(NamedTuple):
    """A group that its own page's form has left or, if it is a direct one, hidden."""

    group: Group
    name: str  # for the user
    others: Sequence[str] = ()  # in a direct group


def just_left(session: OrmSession, user: CurrentUser, uuid: str) -> Left | None:
    """What the address of the home page names as left: an open group that the user can join, or a hidden direct one.

    None for anything else, so that an address that somebody invented shows nothing. Raises NotLoggedIn.
    """
    try:
        membership = admit(session, user, UUID(uuid))
    except NotAMember as outside:
        return None if outside.group.is_archived else Left(outside.group, outside.group.name)
    except (NoSuchGroup, ValueError):
        return None
    if not is_hidden(membership):
        return None
    key = membership.group_id, user.id
    others = others_in(session.connection(), [key])[key]
    return Left(membership.group, direct_name(others), others)
