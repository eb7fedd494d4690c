"""The page of all members of a group, with a search."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.groups.admission import admit
from discussit.groups.membership import members_named
from discussit.log.checks import is_seq
from discussit.models import Group, User
from discussit.pages.page import page
from discussit.site import site_of

PAGE = 100  # members


async def members(request: Request) -> Response:
    user = current_user(request)
    read = await site_of(request).database.run_read(lambda session: _read(session, user, request))
    return page(
        request,
        "group/members.html",
        **read._asdict(),
        term=_term(request),
        previous_query=_query(request, read.place - 1) if read.place > 1 else None,
        next_query=_query(request, read.place + 1) if read.place < read.pages else None,
    )


class MembersPage(NamedTuple):
    """Part of the members whose names contain what was searched, from one snapshot of the database."""

    group: Group
    total: int  # of those found, on all pages
    pages: int
    place: int  # the number of this page: the one requested, as far as there is one
    names: Sequence[str]


def _read(session: OrmSession, user: CurrentUser, request: Request) -> MembersPage:
    group, term = admit(session, user, request.path_params["uuid"]).group, _term(request)
    found = members_named(group.id, term).with_only_columns(User.username)
    total = _count(session, group, term)
    pages = max(1, ceil(total / PAGE))
    place = min(_number(request), pages)
    names = session.scalars(found.limit(PAGE).offset((place - 1) * PAGE)).all()
    return MembersPage(group, total, pages, place, names)


def _count(session: OrmSession, group: Group, term: str) -> int:
    if not term:
        return group.member_count
    found = members_named(group.id, term).with_only_columns(User.id).order_by(None)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _term(request: Request) -> str:
    return request.query_params.get("q", "").strip()


def _number(request: Request) -> int:
    """The number of the requested page; the first, if the request names no such number."""
    value = request.query_params.get("page", "")
    return max(1, int(value)) if is_seq(value) else 1


def _query(request: Request, number: int) -> str:
    term = _term(request)
    return "?" + urlencode(({"q": term} if term else {}) | {"page": number})
