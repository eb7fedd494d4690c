"""The home page: the user's groups, open ones to join, a search among both, and the form that creates one."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, current_user, user_of
from discussit.accounts.login import has_accounts
from discussit.accounts.security_log import Act
from discussit.errors import FieldError, Refused, checked
from discussit.groups.creation import create_group as create_group_of
from discussit.groups.listed import Listed
from discussit.groups.lists import FEW, HOME, OPEN, Own, open_groups, own_groups
from discussit.models import Group
from discussit.models.groups import Access, check_description, check_name
from discussit.pages.errors import status_of
from discussit.pages.form import Form
from discussit.pages.leaving import Left, asks_before_leaving, just_left
from discussit.pages.page import compressed, creatable_by, is_for_script, live_page, see_other, term_of
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address


async def home(request: Request) -> Response:
    if user_of(request) is None and not await site_of(request).database.run_read(has_accounts):
        return see_other(address(request, "/accounts/signup/"))
    term = term_of(request)
    response = await _home(request, current_user(request), Form(), term=term)
    # What the page repeats of its request could tell something of the rest of it by its compressed length.
    return response if term or _left(request) else compressed(request, response)


def _left(request: Request) -> str:
    """The uuid of the group that a form on its page left, which has led here."""
    return request.query_params.get("left", "")


async def _home(request: Request, user: CurrentUser, form: Form, status: int = 200, term: str = "") -> Response:
    """The page; with a `term`, of the groups whose names contain it."""
    left = _left(request)
    read = await site_of(request).database.run_read(lambda session: _read(session, user, term, left))
    query = f"?{urlencode({'q': term})}" if term else ""
    return live_page(
        request,
        "home/home.html",
        status,
        **read._asdict(),
        creatable=creatable_by(request, user),
        form=form,
        term=term,
        query=query,
        here=address(request, "/") + query,
        asks_before_leaving=asks_before_leaving,
    )


class HomePage(NamedTuple):
    """What the home page shows, from one snapshot of the database."""

    own: Own
    others: Sequence[Listed]  # that the user may join
    has_more_others: bool
    left: Left | None  # what can be undone


def _read(session: OrmSession, user: CurrentUser, term: str, left: str) -> HomePage:
    own = own_groups(session, user.id, term)
    limit = FEW if own.total > HOME else OPEN
    others = open_groups(session, user.id, limit + 1, term)
    undoable = just_left(session, user, left) if left else None
    return HomePage(own, others[:limit], len(others) > limit, undoable)


async def create_group(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    try:
        group = _new_group(form)
    except FieldError as error:
        return await _home(request, user, form.refuse(error), 400)
    place = address(request, group.get_absolute_url())
    try:
        await create_group_of(site.database, user, group, site.group_creation, claiming(form, place))
    except Refused as refused:
        security_log.refused(request, Act.GROUP)
        if is_for_script(request) or not creatable_by(request, user):
            raise
        return await _refused(request, user, form, refused)
    security_log.done(request, Act.GROUP_CREATE, group=group.id)
    return see_other(place)


async def _refused(request: Request, user: CurrentUser, form: Form, refused: Refused) -> Response:
    """The form again, and why nothing was created."""
    response = await _home(request, user, form.refuse(FieldError("", str(refused))), status_of(refused))
    if refused.retry_after is not None:
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _new_group(form: Form) -> Group:
    """Raises FieldError."""
    if not form.get("name").strip():
        raise FieldError("name", "Give the group a name, up to 30 characters.")
    name = checked("name", check_name, form.get("name"))
    description = checked("description", check_description, form.get("description"))
    access = form.get("access") or Access.OPEN
    if access not in (Access.OPEN, Access.CLOSED):
        raise FieldError("access", "Choose who can find the group: everyone, or only its members.")
    return Group(name=name, description=description, access=access, uuid=uuid4())
