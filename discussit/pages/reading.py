"""How far a user has read a group's log, as forms."""

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.errors import ErrorCode, Refused
from discussit.groups.admission import admit, outside
from discussit.log.checks import is_seq
from discussit.log.marks import ReadMark, UnreadMark
from discussit.log.unread import unread_object
from discussit.models import Group
from discussit.pages.errors import status_of
from discussit.pages.form import Form
from discussit.pages.message import found_message
from discussit.pages.page import is_for_script, json_refusal, json_reply, own_address, refusal, see_other
from discussit.pages.submissions import claim
from discussit.site import site_of
from discussit.urls import address

NO_SEQ = "`seq` must be a whole number from 1. Reload the page and try again."
NO_REV = "`read_rev` must be a number. Reload the page and try again."


async def read(request: Request) -> Response:
    """Mark the log as read up to `seq`, if `read_rev` is the present one or is left out."""
    user, form = current_user(request), await Form.sent(request)
    group = await site_of(request).database.run_read(lambda session: _group(session, user, request))
    try:
        numbers = await site_of(request).marks.commit(_mark(group, user, form))
    except Refused as refused:
        return _refusal(request, group, refused, "Not marked as read")
    if is_for_script(request):
        return json_reply(unread_object(group.uuid, numbers))
    next_page = form.get("next")
    return see_other(own_address(request, next_page) if next_page else address(request, group.get_absolute_url()))


async def unread(request: Request) -> Response:
    """Make the message and all that follows unread again, and lead to its place, whose page says so."""
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    group, row, _ = await site.database.run_read(lambda session: found_message(session, user, request))
    target = address(request, f"{group.get_absolute_url()}?at={row.seq}&unread=1#seq-{row.seq}")
    try:
        numbers = await site.marks.commit(UnreadMark(group.id, user.id, row.seq))
    except Refused as refused:
        return _refusal(request, group, refused, "Not marked as unread")
    # A repeat that comes late must not make unread what was read since.
    async with site.database.transaction() as session:
        await claim(form, session, user.id, target)
    return json_reply(unread_object(group.uuid, numbers)) if is_for_script(request) else see_other(target)


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


def _refusal(request: Request, group: Group, refused: Refused, title: str) -> Response:
    if refused.code == ErrorCode.NOT_MEMBER:
        raise outside(group)
    status = status_of(refused)
    if is_for_script(request):
        return json_refusal(refused, status)
    return refusal(request, status, title, str(refused))
