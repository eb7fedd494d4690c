"""How far a user has read a group's log, as a form."""

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.errors import ErrorCode, Refused
from discussit.groups.admission import admit, outside
from discussit.log.checks import is_seq
from discussit.log.marks import ReadMark
from discussit.models import Group
from discussit.pages.errors import status_of
from discussit.pages.form import Form
from discussit.pages.page import is_for_script, json_refusal, json_reply, own_address, refusal, see_other
from discussit.site import site_of
from discussit.urls import address
from discussit.wire import objects

NO_SEQ = "`seq` must be a whole number from 1. Reload the page and try again."
NO_REV = "`read_rev` must be a number. Reload the page and try again."


async def read(request: Request) -> Response:
    """Mark the log as read up to `seq`, if `read_rev` is the present one or is left out."""
    user, form = current_user(request), await Form.sent(request)
    group = await site_of(request).database.run_read(lambda session: _group(session, user, request))
    try:
        numbers = await site_of(request).marks.commit(_mark(group, user, form))
    except Refused as refused:
        return _refusal(request, group, refused)
    if is_for_script(request):
        return json_reply(objects.Unread(group.uuid, *numbers))
    next_page = form.get("next")
    return see_other(own_address(request, next_page) if next_page else address(request, group.get_absolute_url()))


def _group(session: OrmSession, user: CurrentUser, request: Request) -> Group:
    return admit(session, user, request.path_params["uuid"]).group


def _mark(group: Group, user: CurrentUser, form: Form) -> ReadMark:
    """Raises Refused."""
    seq, rev = form.get("seq"), form.get("read_rev")
    if not is_seq(seq) or seq == "0":
        raise Refused(ErrorCode.BAD_FRAME, NO_SEQ)
    if rev and not is_seq(rev):
        raise Refused(ErrorCode.BAD_FRAME, NO_REV)
    return ReadMark(group.id, user.id, int(seq), int(rev) if rev else None)


def _refusal(request: Request, group: Group, refused: Refused) -> Response:
    if refused.code == ErrorCode.NOT_MEMBER:
        raise outside(group)
    status = status_of(refused)
    if is_for_script(request):
        return json_refusal(refused, status)
    return refusal(request, status, "Not marked as read", str(refused))
