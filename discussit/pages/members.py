"""The page of all members of a group, with a search, and the forms that add, remove and promote them."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, current_user
from discussit.accounts.security_log import Act
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import admit, admit_to_act, has_owner
from discussit.groups.members import FIELD, MAX_ADDED, NO_ROLE, add_members, change_role, remove_member
from discussit.groups.membership import members_completing, members_named, rank_of
from discussit.groups.names import shown_name
from discussit.models import Group, Membership, User
from discussit.models.accounts import MAX_USERNAME
from discussit.models.groups import Access, Role
from discussit.pages.errors import status_of
from discussit.pages.form import Form
from discussit.pages.page import JSON, is_for_script, own_address, page, page_number, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address

PAGE = 100  # members
COMPLETIONS = 20  # names for a script
MAX_TERM = 3 * MAX_USERNAME  # characters that are searched: composed, they may be a third


async def members(request: Request) -> Response:
    return await _completions(request) if is_for_script(request) else await members_page(request, Form())


async def _completions(request: Request) -> Response:
    """`{"members": [name, …]}`: those whose names complete `?q=`, for the list that opens while a name is typed."""
    try:
        user = current_user(request)
    except NotLoggedIn:
        # A redirect would lead a script to the login page, whose status is 200.
        return Response(status_code=401)
    await site_of(request).throttles.look_up(user.username)

    def read(session: OrmSession) -> list[str]:
        group = admit(session, user, request.path_params["uuid"]).group
        return list(session.scalars(members_completing(group.id, _term(request)).limit(COMPLETIONS)))

    names = await site_of(request).database.run_read(read)
    return Response(msgspec.json.encode({"members": names}), media_type=JSON)


async def members_page(request: Request, form: Form, status: int = 200) -> Response:
    user = current_user(request)
    read = await site_of(request).database.run_read(lambda session: _read(session, user, request))
    return page(
        request,
        "group/members.html",
        status,
        **read._asdict(),
        form=form,
        term=_term(request),
        max_added=MAX_ADDED,
        max_term=MAX_TERM,
        may_add=read.rank >= Role.MODERATOR.rank and read.group.access != Access.DIRECT,
        previous_query=_query(request, read.place - 1) if read.place > 1 else None,
        next_query=_query(request, read.place + 1) if read.place < read.pages else None,
    )


# What the forms do


async def add(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.change_group(user.username)
    names, then = form.names(FIELD), claiming(form, members_address(request))
    try:
        group, added = await add_members(site.database, user, request.path_params["uuid"], names, then)
    except (FieldError, Refused) as error:
        return await _refused(request, form, error)
    for id in added:
        security_log.done(request, Act.MEMBER_ADD, id, group=group)
    return see_other(members_address(request))


async def remove(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.change_group(user.username)
    name, then = form.get(FIELD), claiming(form, members_address(request))
    try:
        group, removed = await remove_member(site.database, user, request.path_params["uuid"], name, then)
    except (FieldError, Refused) as error:
        return await _refused(request, form, _of_page(error))
    security_log.done(request, Act.MEMBER_REMOVE, removed, group=group)
    return see_other(members_address(request))


async def change(request: Request) -> Response:
    """Give a member another role."""
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.change_group(user.username)
    place = own_address(request, form.get("next")) if form.get("next") else members_address(request)
    try:
        about = request.path_params["uuid"], form.get(FIELD), _role(form)
        group, changed, is_changed = await change_role(
            site.database, user, *about, rev=form.rev(), then=claiming(form, place)
        )
    except (FieldError, Refused) as error:
        return await _refused(request, form, _of_page(error))
    if is_changed:
        security_log.done(request, Act.MEMBER_ROLE, changed, group=group)
    return see_other(place)


def _role(form: Form) -> Role:
    try:
        return Role(form.get("role"))
    except ValueError:
        raise FieldError("", NO_ROLE) from None


def _of_page(error: FieldError | Refused) -> FieldError | Refused:
    """The error as one of the whole page: the form with the field is no longer open."""
    return FieldError("", str(error)) if isinstance(error, FieldError) else error


async def _refused(request: Request, form: Form, error: FieldError | Refused) -> Response:
    """The page with the error. Raises Refused where that is final, NoSuchGroup and NotAMember."""
    if isinstance(error, Refused) and error.code != ErrorCode.CHANGED:
        security_log.refused(request, Act.GROUP)
        raise error
    status = status_of(error) if isinstance(error, Refused) else 400
    shown = error if isinstance(error, FieldError) else FieldError("", str(error))
    user, uuid = current_user(request), request.path_params["uuid"]
    seen = await site_of(request).database.run_read(lambda session: admit_to_act(session, user, uuid))
    if seen.membership is None:  # a superuser, who may act here, but not see the members
        raise Refused(ErrorCode.BAD_FRAME, str(error))
    return await members_page(request, form.refuse(shown), status)


def members_address(request: Request) -> str:
    return address(request, f"/groups/{request.path_params['uuid']}/members/")


# Reading


class MemberRow(NamedTuple):
    """A member, and what the user may do to them."""

    username: str
    role: str
    roles: Sequence[Role]  # that the user may give them; empty where none
    may_remove: bool


class MembersPage(NamedTuple):
    """Part of the members whose names contain what was searched, from one snapshot of the database."""

    group: Group
    shown_name: str  # of the group, for the user
    rank: int  # what the user may do
    total: int  # of those found, on all pages
    pages: int
    place: int  # the number of this page: the one requested, as far as there is one
    members: Sequence[MemberRow]  # owners and moderators first, then by name
    is_last_owner: bool  # the user, who can't step down then


def _read(session: OrmSession, user: CurrentUser, request: Request) -> MembersPage:
    membership, term = admit(session, user, request.path_params["uuid"]), _term(request)
    group, rank = membership.group, rank_of(membership, is_superuser=user.is_superuser)
    total = _count(session, group, term)
    pages = max(1, ceil(total / PAGE))
    place = min(page_number(request), pages)
    # Others' owners matter only to those who may change roles.
    has_others = rank >= Role.OWNER.rank and has_owner(session, group, besides=user.id)
    acting = _Acting(membership, 0 if group.access == Access.DIRECT else rank, has_others)
    found = session.execute(_by_role(group.id, term).limit(PAGE).offset((place - 1) * PAGE))
    rows = [acting.row(*row) for row in found]
    return MembersPage(
        group,
        shown_name(session, user.id, group),
        rank,
        total,
        pages,
        place,
        rows,
        membership.role == Role.OWNER and not has_others,
    )


def _by_role(group_id: int, term: str) -> Select[int, str, str]:
    by_rank = case((Membership.role == Role.OWNER, 0), (Membership.role == Role.MODERATOR, 1), else_=2)
    found = members_named(group_id, term).with_only_columns(User.id, User.username, Membership.role)
    return found.order_by(None).order_by(by_rank, User.username_key)


class _Acting(NamedTuple):
    """The user, as far as they may do something to members: groups/members.py has the rules."""

    membership: Membership
    rank: int
    has_other_owners: bool

    def row(self, id: int, username: str, role: str) -> MemberRow:
        is_lower = self.rank > Role(role).rank
        if id != self.membership.user_id:
            roles = tuple(Role) if is_lower and self.rank >= Role.OWNER.rank else ()
            return MemberRow(username, role, roles, is_lower and self.rank >= Role.MODERATOR.rank)
        return MemberRow(username, role, self._own_roles(Role(role)), may_remove=False)

    def _own_roles(self, role: Role) -> Sequence[Role]:
        if role == Role.OWNER:
            return tuple(Role) if self.has_other_owners else ()
        is_appointed_here = self.rank >= Role.OWNER.rank and not self.has_other_owners
        return tuple(Role) if is_appointed_here else ()


def _count(session: OrmSession, group: Group, term: str) -> int:
    if not term:
        return group.member_count
    found = members_named(group.id, term).with_only_columns(User.id).order_by(None)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _term(request: Request) -> str:
    return request.query_params.get("q", "").strip()[:MAX_TERM]


def _query(request: Request, number: int) -> str:
    term = _term(request)
    return "?" + urlencode(({"q": term} if term else {}) | {"page": number})
