"""The pages of a single message: what can be done to it, and its text to be edited."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.errors import ErrorCode, Refused
from discussit.groups.admission import NoSuchGroup, NotAMember, admit
from discussit.groups.membership import NO_RANK, may_post, outranks, rank_of
from discussit.groups.names import shown_name
from discussit.log.around import Around, read_around
from discussit.log.decide import (
    GONE,
    NO_SUCH_MESSAGE,
    NOT_YOURS_TO_DELETE,
    NOT_YOURS_TO_EDIT,
    READ_ONLY,
    READ_ONLY_DIRECT,
)
from discussit.log.kinds import MESSAGE, EntryRow
from discussit.log.reactors import first_reactors
from discussit.log.read import entries_at
from discussit.log.versions import EarlierText
from discussit.models import Group, Membership, Message
from discussit.models.groups import Access, Posting, ReadableLog
from discussit.pages.form import Form
from discussit.pages.page import is_for_script, json_reply, page, see_other
from discussit.pages.rows import rendered
from discussit.site import site_of
from discussit.text.emoji import SUGGESTED
from discussit.urls import address
from discussit.wire import objects
from discussit.wire.commands import MAX_SEQ

REACTORS = 25  # names for each emoji

NOT_YOURS_TO_FORGET = "Only its author can erase a message's earlier versions."


class MessagePage(NamedTuple):
    """A message and what its pages show of it, from one snapshot of the database."""

    group: Group
    shown_name: str  # of the group, for the user
    row: EntryRow
    around: Around
    member: Membership | None
    may_delete: bool
    may_reply: bool
    reactors: Mapping[str, Sequence[str]] = {}  # by emoji: the first REACTORS names
    present_since: datetime | None = None
    earlier: Sequence[EarlierText] = ()


# Addresses


def group_address(request: Request) -> str:
    return address(request, f"/groups/{request.path_params['uuid']}/")


def place_of(request: Request, seq: int) -> str:
    """The address of an entry's place in the log."""
    return f"{group_address(request)}?at={seq}#seq-{seq}"


async def place(request: Request) -> Response:
    """Leads to the entry in the log; from a change to what it changed."""
    user = current_user(request)

    def read(session: OrmSession) -> EntryRow | None:
        return _entry(session, admit(session, user, request.path_params["uuid"]).log, request)

    row = await site_of(request).database.run_read(read)
    if row is None:
        raise Refused(ErrorCode.NO_SUCH_MESSAGE, NO_SUCH_MESSAGE)
    return see_other(place_of(request, row.target or row.seq))


# Pages


async def actions(request: Request) -> Response:
    return await actions_page(request, Form())


async def actions_page(request: Request, form: Form, status: int = 200) -> Response:
    """A message with everything that can be done to it."""

    def read_more(session: OrmSession, read: MessagePage) -> MessagePage:
        found = first_reactors(session, read.group.id, read.row.seq, REACTORS)
        return read._replace(reactors={each.emoji: each.users for each in found})

    read = await read_message(request, read_more)
    return message_page(request, "group/actions.html", read, form, status, suggested=SUGGESTED)


async def edit_form(request: Request) -> Response:
    """The form that edits a message; for a script the text as it was typed. Raises Refused."""
    if not is_for_script(request):
        return await edit_page(request, Form())
    row = (await _read_to_edit(request)).row
    return json_reply(objects.Source(row.seq, row.rev, row.content))


async def edit_page(request: Request, form: Form, status: int = 200) -> Response:
    """The form that edits a message. With 409, beside what the text is by now. Raises Refused."""
    read = await _read_to_edit(request)
    if status in (200, 409):  # otherwise it is still the text of that `rev` that the form changes
        form.values["rev"] = str(read.row.rev)
    form.values.setdefault("message", read.row.content)
    return message_page(request, "group/edit.html", read, form, status)


async def _read_to_edit(request: Request) -> MessagePage:
    """Raises Refused if the user can't edit it."""
    read = await read_message(request)
    check_own_and_live(request, read.row, NOT_YOURS_TO_EDIT)
    if is_read_only(read.group):
        raise Refused(ErrorCode.READ_ONLY, READ_ONLY_DIRECT if read.group.access == Access.DIRECT else READ_ONLY)
    return read


async def delete_form(request: Request) -> Response:
    """Asks whether to delete the message. Its author may do so after leaving the group. Raises Refused."""
    read = await read_message(request, admits_authors=True)
    if not read.may_delete:
        raise Refused(ErrorCode.NOT_YOURS, NOT_YOURS_TO_DELETE)
    check_live(read.row)
    return message_page(request, "group/delete.html", read, Form())


async def forget_form(request: Request) -> Response:
    """Asks whether to erase the earlier versions of one's own message. Raises Refused."""
    read = await read_message(request)
    check_own_and_live(request, read.row, NOT_YOURS_TO_FORGET)
    return message_page(request, "group/forget.html", read, Form())


def message_page(
    request: Request, name: str, read: MessagePage, form: Form, status: int = 200, **context: Any
) -> Response:
    user = current_user(request)
    (entry,) = rendered([read.row], read.around, user.username)
    is_own = read.row.user_id == user.id
    return page(
        request,
        name,
        status,
        **read._asdict() | context,
        entry=entry,
        form=form,
        status=status,
        is_own=is_own,
        is_member=read.member is not None,
        is_read_only=is_read_only(read.group),
    )


def is_read_only(group: Group) -> bool:
    """Whether nobody can write, edit or react any more: decide.py has the rule."""
    return group.is_archived or group.posting == Posting.NOBODY


# Reading


def _nothing(_session: OrmSession, read: MessagePage) -> MessagePage:
    return read


async def read_message(
    request: Request,
    read_more: Callable[[OrmSession, MessagePage], MessagePage] = _nothing,
    *,
    admits_authors: bool = False,
) -> MessagePage:
    """The request's message, as `found_message`, and what `read_more` adds to it."""
    user = current_user(request)

    def read(session: OrmSession) -> MessagePage:
        group, row, member = found_message(session, user, request, admits_authors=admits_authors)
        log = member.log if member else ReadableLog(group.id)
        name, around = shown_name(session, user.id, group), read_around(session, log, user.id, [row])
        rank = rank_of(member, is_superuser=user.is_superuser) if member else NO_RANK
        may_delete = row.user_id == user.id or (member is not None and _outranks_author(session, member, rank, row))
        may_reply = may_post(group.posting, rank) and not group.is_archived
        return read_more(session, MessagePage(group, name, row, around, member, may_delete, may_reply))

    return await site_of(request).database.run_read(read)


def _outranks_author(session: OrmSession, member: Membership, rank: int, row: EntryRow) -> bool:
    """Whether the member may delete the message of somebody else: decide.py has the rule."""
    return member.group.access != Access.DIRECT and outranks(
        rank, session.get(Membership, (member.group_id, row.user_id))
    )


def group_to_act_in(
    session: OrmSession, user: CurrentUser, request: Request, *, admits_authors: bool = False
) -> tuple[Group, Membership | None]:
    """The request's group, and the user's membership.

    `admits_authors`: also admit whoever wrote the request's message and has left; the membership is None then.
    """
    try:
        membership = admit(session, user, request.path_params["uuid"])
    except (NoSuchGroup, NotAMember):
        group = _group_of_own(session, user, request) if admits_authors else None
        if group is None:
            raise
        return group, None
    return membership.group, membership


def _group_of_own(session: OrmSession, user: CurrentUser, request: Request) -> Group | None:
    """The group of the request's message, if that is the user's own."""
    own = select(Group).join(Message, Message.group_id == Group.id)
    of_request = Group.uuid == request.path_params["uuid"], Message.seq == min(request.path_params["seq"], MAX_SEQ)
    return session.scalar(own.where(*of_request, Message.user_id == user.id))


class FoundMessage(NamedTuple):
    """A message, and the membership of the user who asks for it."""

    group: Group
    row: EntryRow
    member: Membership | None


def found_message(
    session: OrmSession, user: CurrentUser, request: Request, *, admits_authors: bool = False
) -> FoundMessage:
    """The request's message, for a member who may read it; with `admits_authors` also for its author.

    Raises Refused if there is none, NotAMember and NoSuchGroup.
    """
    group, member = group_to_act_in(session, user, request, admits_authors=admits_authors)
    row = _message(session, member.log if member else ReadableLog(group.id), request)
    if row is None and admits_authors and _group_of_own(session, user, request) is not None:
        row = _message(session, ReadableLog(group.id), request)
    if row is None:
        raise Refused(ErrorCode.NO_SUCH_MESSAGE, NO_SUCH_MESSAGE)
    return FoundMessage(group, row, member)


def _message(session: OrmSession, log: ReadableLog, request: Request) -> EntryRow | None:
    row = _entry(session, log, request)
    return row if row is not None and row.kind == MESSAGE.name else None


def _entry(session: OrmSession, log: ReadableLog, request: Request) -> EntryRow | None:
    seq = request.path_params["seq"]
    found = entries_at(session, log, [seq]) if seq <= MAX_SEQ else ()
    return found[0] if found else None


def _check_own(request: Request, row: EntryRow, text: str) -> None:
    if row.user_id != current_user(request).id:
        raise Refused(ErrorCode.NOT_YOURS, text)


def check_own_and_live(request: Request, row: EntryRow, text: str) -> None:
    """Raises Refused: with this text if the message is somebody else's."""
    _check_own(request, row, text)
    check_live(row)


def check_live(row: EntryRow) -> None:
    """Raises Refused if the message was deleted."""
    if row.is_deleted:
        raise Refused(ErrorCode.GONE, GONE)
