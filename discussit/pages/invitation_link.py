"""The page of an invitation, which whoever has its link opens to join a group or to sign up."""

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import current_user, user_of
from discussit.accounts.security_log import Act
from discussit.groups.invitations import FoundInvitation, InvitationSpent, find, redeem
from discussit.models import Group
from discussit.pages.form import Form
from discussit.pages.page import hide_address, page, refusal, see_other
from discussit.pages.submissions import claiming
from discussit.settings import SignUp
from discussit.site import site_of
from discussit.urls import address


async def invitation_link(request: Request) -> Response:
    token = request.path_params["token"]
    user = current_user(request) if request.method == "POST" else user_of(request)
    found = await site_of(request).database.run_read(lambda session: find(session, token, user))
    try:
        response = await _join(request, found) if request.method == "POST" else _shown(request, found)
    except InvitationSpent:
        response = spent(request, _place(request, found.group) if found and found.is_member else None)
    return hide_address(response)


def _shown(request: Request, found: FoundInvitation | None) -> Response:
    """Looking changes nothing: programs that check links in mails open them as well."""
    if found is None or not found.is_live:
        raise InvitationSpent
    if found.is_member:
        return see_other(_place(request, found.group))
    signs_up = site_of(request).settings.signup != SignUp.CLOSED
    token = request.path_params["token"]
    return page(request, "invitation/invitation.html", invitation=found, token=token, signs_up=signs_up)


async def _join(request: Request, found: FoundInvitation | None) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.join_or_leave(user.username)
    target = _place(request, found and found.group)
    try:
        joined = await redeem(site.database, user, request.path_params["token"], claiming(form, target))
    except InvitationSpent:
        security_log.refused(request, Act.INVITATION_USE, user.id)
        raise
    if joined.group is not None and not joined.is_member:
        log_use(request, user.id, joined)
    return see_other(target)


def _place(request: Request, group: Group | None) -> str:
    return address(request, group.get_absolute_url() if group else "/")


def log_use(request: Request, account: int, found: FoundInvitation) -> None:
    place = {"group": found.group.id} if found.group else {}
    security_log.done(request, Act.INVITATION_USE, account, **place, invitation=found.id)


def spent(request: Request, group: str | None = None) -> Response:
    """The same for all links that don't work: it does not say whether there was one. `group`: where a member may go."""
    text = "Ask whoever gave it to you for a new one."
    return refusal(request, 410, "This link has expired or was already used", text, back=group)
