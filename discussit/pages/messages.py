"""What is done to messages without JavaScript: forms write, answer, edit and delete them, and react to them.

Scripts that can't use a socket submit the same forms, and are answered in JSON.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import current_user
from discussit.accounts.security_log import Act
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import acting, outside
from discussit.log.batch_writer import seq_of
from discussit.log.checks import check_client_id, check_form_content
from discussit.log.draft import DeleteDraft, Draft, EditDraft, MessageDraft, ReactionDraft, check_emoji
from discussit.log.versions import forget_earlier_texts
from discussit.models import Group
from discussit.pages.errors import refused_page, status_of
from discussit.pages.form import Form
from discussit.pages.group import group_page
from discussit.pages.message import (
    NOT_YOURS_TO_FORGET,
    FoundMessage,
    actions_page,
    check_own_and_live,
    edit_page,
    found_message,
    group_address,
    group_to_act_in,
    place_of,
)
from discussit.pages.page import is_for_script, json_refusal, json_reply, see_other
from discussit.pages.submissions import claim
from discussit.site import site_of
from discussit.urls import address
from discussit.wire import objects
from discussit.wire.commands import MAX_SEQ

MakeDraft = Callable[[int, int, str | None], Draft]  # from the ids of group and user and the client_id
ShowRefused = Callable[[Refused, int], Awaitable[Response]]  # a page with this status
# After which there is nothing left to be done with the page of the message.
FINAL = (ErrorCode.NOT_YOURS, ErrorCode.NO_SUCH_MESSAGE, ErrorCode.GONE, ErrorCode.READ_ONLY)

NO_REFERENCE = "The message you're replying to is gone. Send again to post this on its own."


async def send(request: Request) -> Response:
    user, form = current_user(request), await Form.sent(request)

    def draft(group_id: int, user_id: int, client_id: str | None) -> Draft:
        content = check_form_content(form.get("message"))
        return MessageDraft(group_id, user_id, client_id, content=content, reply_to=_number(form, "reply_to"))

    async def show(refused: Refused, status: int) -> Response:
        text = str(refused)
        if refused.code in (ErrorCode.GONE, ErrorCode.NO_SUCH_MESSAGE):
            form.values["reply_to"], text = "", NO_REFERENCE
        return await group_page(request, user, form.refuse(FieldError("message", text)), status)

    return await _answer(request, form, draft, show) or see_other(group_address(request))


async def edit(request: Request) -> Response:
    form, target = await Form.sent(request), request.path_params["seq"]

    def draft(group_id: int, user_id: int, client_id: str | None) -> Draft:
        content, rev = check_form_content(form.get("message")), _number(form, "rev")
        if rev is None:
            raise Refused(ErrorCode.BAD_FRAME, "`rev` is missing. Reload the page and try again.")
        return EditDraft(group_id, user_id, client_id, content=content, target=target, rev=rev)

    show = _shown_beside(request, form, "message", edit_page)
    return await _answer(request, form, draft, show) or see_other(place_of(request, target))


async def react(request: Request) -> Response:
    form, target = await Form.sent(request), request.path_params["seq"]

    def draft(group_id: int, user_id: int, client_id: str | None) -> Draft:
        if form.get("on") not in ("0", "1"):
            raise Refused(ErrorCode.BAD_FRAME, "`on` must be 1 (react) or 0 (take the reaction back).")
        emoji = check_emoji(form.get("emoji").strip())
        return ReactionDraft(group_id, user_id, client_id, target=target, emoji=emoji, is_on=form.get("on") == "1")

    show = _shown_beside(request, form, "emoji", actions_page)
    return await _answer(request, form, draft, show) or see_other(place_of(request, target))


async def delete(request: Request) -> Response:
    """Delete a message. Whoever has left can still delete their own messages here."""
    user, form, target = current_user(request), await Form.sent(request), request.path_params["seq"]

    def read(session: OrmSession) -> FoundMessage:
        return found_message(session, user, request, admits_authors=True)

    doomed = await site_of(request).database.run_read(read)

    def draft(group_id: int, user_id: int, client_id: str | None) -> Draft:
        return DeleteDraft(group_id, user_id, client_id, target=target)

    async def show(refused: Refused, _status: int) -> Response:
        return refused_page(request, refused)

    def log(draft: Draft) -> None:
        if isinstance(draft, DeleteDraft) and draft.removed_of is not None:
            security_log.done(request, Act.MESSAGE_DELETE, draft.removed_of, group=draft.group_id, seq=target)

    leads_to = place_of(request, target) if doomed.member is not None else address(request, "/")
    return await _answer(request, form, draft, show, admits_authors=True, then=log) or see_other(leads_to)


async def forget(request: Request) -> Response:
    """Erase the earlier versions of one's own message."""
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    uuid, target = (
        request.path_params["uuid"],
        f"{group_address(request)}messages/{request.path_params['seq']}/history/",
    )

    def carry_out(session: OrmSession) -> None:
        group, row, _ = found_message(session, user, request)
        check_own_and_live(request, row, NOT_YOURS_TO_FORGET)
        forget_earlier_texts(session, group.id, row.seq, row.rev)

    await site.throttles.messages_of(user.username).count()
    # Read once the group is locked, so that neither the membership ends meanwhile nor the message is edited.
    async with acting(site.database, user, uuid) as (session, _):
        await session.run_sync(carry_out)
        await claim(form, session, user.id, target)
    return see_other(target)


def _shown_beside(
    request: Request, form: Form, field: str, show_page: Callable[[Request, Form, int], Awaitable[Response]]
) -> ShowRefused:
    """Shows a refusal beside the form's field, on its page, as long as the form can still be sent."""

    async def show(refused: Refused, status: int) -> Response:
        if refused.code in FINAL:
            return refused_page(request, refused)
        return await show_page(request, form.refuse(FieldError(field, str(refused))), status)

    return show


def _number(form: Form, name: str) -> int | None:
    """The seq or `rev` that a field has; None if it is empty. Raises Refused if it can be neither."""
    if not form.get(name):
        return None
    number = form.seq(name)
    if number is None or number > MAX_SEQ:
        raise Refused(ErrorCode.BAD_FRAME, f"`{name}` must be a number.")
    return number


# Commands


class Checked(NamedTuple):
    """A command as the database has it before it is carried out."""

    group: Group
    draft: Draft
    seq: int | None  # of its entry, if the log has that already


async def _answer(
    request: Request,
    form: Form,
    make: MakeDraft,
    show: ShowRefused,
    *,
    admits_authors: bool = False,
    then: Callable[[Draft], None] = lambda _draft: None,
) -> Response | None:
    """Carry out the form's command, `then` this. None if a browser is to be led on from here."""
    client_id = form.get("client_id") or None
    try:
        draft, seq = await _carry_out(request, form, make, admits_authors=admits_authors)
    except Refused as refused:
        status = status_of(refused)
        if is_for_script(request):
            return json_refusal(refused, status, client_id)
        response = await show(refused, status)
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    then(draft)
    return json_reply(objects.Ack(client_id, seq)) if is_for_script(request) else None


async def _carry_out(request: Request, form: Form, make: MakeDraft, *, admits_authors: bool) -> tuple[Draft, int]:
    """The command, and the seq of its entry. Raises Refused, NotAMember."""
    site, user = site_of(request), current_user(request)

    def check(session: OrmSession) -> Checked:
        group, _ = group_to_act_in(session, user, request, admits_authors=admits_authors)
        draft = make(group.id, user.id, check_client_id(form.get("client_id") or form.key))
        return Checked(group, draft, seq_of(session.connection(), draft))

    group, draft, seq = await site.database.run_read(check)
    if seq is not None:
        return draft, seq
    messages = site.throttles.messages_of(user.username)
    if not messages.count_here():
        await messages.count()
        # Again: Redis may take a while, in which the session may end.
        await site.database.run_read(check)
    try:
        return draft, await site.writer.append(draft)
    except Refused as refused:
        if refused.code == ErrorCode.NOT_MEMBER:
            raise outside(group) from None
        raise
