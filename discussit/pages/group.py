"""A group's page: its log, its members, and the forms that work without JavaScript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import NotAMember, admit, join_or_leave
from discussit.groups.membership import some_members
from discussit.log.batch_writer import seq_of
from discussit.log.checks import MAX_CONTENT, check_client_id, check_form_content, is_seq
from discussit.log.draft import Draft, MessageDraft
from discussit.log.kinds import EVENT_WORDS, KINDS, MESSAGE, SHOWN_KINDS, EntryRow, utc_text
from discussit.log.read import shown_after, shown_before
from discussit.log.unread import Count, count_for
from discussit.models import Group
from discussit.pages.home import group_rows, numbers_of
from discussit.pages.page import Form, is_for_script, json_refusal, json_reply, live_page, own_address, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address
from discussit.wire import objects

PAGE = 50  # entries on a group's page
MEMBERS = 100  # on a group's page, at most; pages/members.py has all
HEADER_WINDOW = timedelta(minutes=5)  # within which rows of one author share theirs


async def group(request: Request) -> Response:
    return await _group(request, current_user(request), Form())


async def _group(request: Request, user: CurrentUser, form: Form, status: int = 200) -> Response:
    site = site_of(request)
    # Only those who read it in this process: the list of a large group is a selection in any case.
    here = site.hub.rooms.readers(request.path_params["uuid"], MEMBERS)
    read = await site.database.run_read(lambda session: _read(session, user, request, here))
    group, entries = read.group, read.entries
    first = entries[0].seq if entries else 1
    # At the end, the page has followed the log to its last entry, whether that is shown or not.
    last = entries[-1].seq if read.has_later else group.last_seq
    url = address(request, group.get_absolute_url())
    return live_page(
        request,
        "group/group.html",
        status,
        group=group,
        entries=rendered(entries),
        members=read.members,
        max_members=MEMBERS,
        groups=read.groups,
        numbers=numbers_of(read.counts),
        form=form,
        last_seq=last,
        event_words=EVENT_WORDS,
        kinds=SHOWN_KINDS,
        max_content=MAX_CONTENT,
        header_window=int(HEADER_WINDOW.total_seconds()),
        at=_seq(request, "at"),
        at_end=not read.has_later,
        earlier_url=f"{url}?before={first}" if first > 1 else None,
        later_url=f"{url}?after={last}" if read.has_later else None,
    )


class GroupPage(NamedTuple):
    """What a group's page shows, from one snapshot of the database."""

    group: Group
    entries: Sequence[EntryRow]
    has_later: bool  # entries after these are shown on another page
    members: Sequence[str]  # MEMBERS at most, by name: the user, those who are here, then others
    groups: Sequence[Any]
    counts: Sequence[Count]  # what the user has not read


def _read(session: OrmSession, user: CurrentUser, request: Request, here: Sequence[int]) -> GroupPage:
    group = admit(session, user, request.path_params["uuid"]).group
    return GroupPage(
        group,
        *_entries(session, group, request),
        some_members(session, group.id, [user.id, *here], MEMBERS),
        session.execute(group_rows(user, only_own=True)).all(),
        list(count_for(session.connection(), user.id)),
    )


def _entries(session: OrmSession, group: Group, request: Request) -> tuple[Sequence[EntryRow], bool]:
    """The part of the log that the URL asks for, and whether more follows; the end, if the log has no such part."""
    at, after, before = (_seq(request, name) for name in ("at", "after", "before"))
    if at is not None and at <= group.last_seq:
        after = max(0, at - PAGE // 2)
    if after is not None and after < group.last_seq:
        entries = shown_after(session, group.id, after, PAGE + 1)
        if entries:
            return entries[:PAGE], len(entries) > PAGE
    if before is not None and before <= group.last_seq:
        entries = shown_before(session, group.id, before, PAGE)
        if entries:
            return entries, True
    return shown_before(session, group.id, group.last_seq + 1, PAGE), False


def _seq(request: Request, name: str) -> int | None:
    value = request.query_params.get(name, "")
    return int(value) if is_seq(value) else None


@dataclass(frozen=True)
class RenderedEntry:
    """An entry as the page shows it: the argument of `_entry.html`'s macros."""

    seq: int
    kind: str
    name: str
    content: str
    timestamp: datetime
    iso: str
    withdrawn: bool
    continues: bool
    day: date | None


def rendered(entries: Iterable[EntryRow]) -> list[RenderedEntry]:
    shown: list[RenderedEntry] = []
    for entry in entries:
        shown.append(_rendered(entry, shown[-1] if shown else None))
    return shown


def _rendered(entry: EntryRow, above: RenderedEntry | None) -> RenderedEntry:
    is_new_day = above is None or above.timestamp.date() != entry.timestamp.date()
    return RenderedEntry(
        seq=entry.seq,
        kind=KINDS[entry.kind].shown_as or "",
        name=entry.username,
        content=entry.content if entry.kind == MESSAGE.name else "",
        timestamp=entry.timestamp,
        iso=utc_text(entry.timestamp),
        withdrawn=entry.is_deleted,
        continues=entry.kind == MESSAGE.name and continues(above, entry.username, entry.timestamp),
        day=entry.timestamp.date() if is_new_day else None,
    )


def continues(above: RenderedEntry | None, author: str, moment: datetime) -> bool:
    """Whether a message continues under the header of the row above it: the rule of static/js/log/header.js.

    After a date, which stands at another place for each reader, the style sheet shows its own header.
    """
    if above is None or above.kind != MESSAGE.shown_as or above.name != author:
        return False
    # Older than the row above if the clock was set back: the header's time would be wrong for it.
    return abs(moment - above.timestamp) < HEADER_WINDOW


async def join(request: Request) -> Response:
    return await _join_or_leave(request, joins=True)


async def leave(request: Request) -> Response:
    return await _join_or_leave(request, joins=False)


async def _join_or_leave(request: Request, *, joins: bool) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.join_or_leave(user.username)
    target = own_address(request, form.get("next"))
    # A repeat that comes late must not undo what was done since.
    then = claiming(form, target)
    await join_or_leave(site.database, user, request.path_params["uuid"], joins=joins, then=then)
    return see_other(target)


async def send_message(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    try:
        group, draft, seq = await site.database.run_read(lambda session: _draft(session, user, request, form))
        if seq is None:
            seq = await _send(request, user, draft)
    except Refused as refused:
        if refused.code == ErrorCode.NOT_MEMBER:
            raise NotAMember(group) from None
        status = {ErrorCode.RATE_LIMITED: 429, ErrorCode.BUSY: 503}.get(refused.code, 400)
        if is_for_script(request):
            return json_refusal(refused, status, form.get("client_id") or None)
        response = await _group(request, user, form.refuse(FieldError("message", str(refused))), status)
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    if is_for_script(request):
        return json_reply(objects.Ack(form.get("client_id") or None, seq))
    return see_other(address(request, group.get_absolute_url()))


def _draft(session: OrmSession, user: CurrentUser, request: Request, form: Form) -> tuple[Group, Draft, int | None]:
    """The group, the message to it, and its seq if the log has it already, by its client_id. Raises Refused."""
    group = admit(session, user, request.path_params["uuid"]).group
    content = check_form_content(form.get("message"))
    client_id = check_client_id(form.get("client_id") or form.key)
    draft = MessageDraft(group.id, user.id, client_id, content=content)
    return group, draft, seq_of(session.connection(), draft)


async def _send(request: Request, user: CurrentUser, draft: Draft) -> int:
    """Count the message, and append it. Raises Refused."""
    site, uuid = site_of(request), request.path_params["uuid"]
    messages = site.throttles.messages_of(user.username)
    if not messages.count_here():
        await messages.count()
        # Again: Redis may take a while, in which the session may end.
        await site.database.run_read(lambda session: admit(session, user, uuid))
    return await site.writer.append(draft)
