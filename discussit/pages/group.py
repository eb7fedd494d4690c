"""A group's page: its log, its members, and what one does there without script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, log, wire
from discussit.addresses import address
from discussit.auth import Account, FieldError
from discussit.log import Draft, Shown
from discussit.models import Group, Membership, User
from discussit.pages.home import groups_for
from discussit.pages.page import Form, database_of, live_page, own_address, see_other
from discussit.wire import ErrorCode, Refused

PAGE = 50  # entries on a group's page
EVENT_WORDS = {"Join": "joined", "Left": "left"}  # what people read of an event, by its status
HEADER_WINDOW = timedelta(minutes=5)  # within which rows of one author share theirs


async def group(request: Request) -> Response:
    return await _group(request, auth.account_of(request), Form())


async def _group(request: Request, account: Account, form: Form, status: int = 200) -> Response:
    read = await database_of(request).read(lambda session: _read(session, account, request))
    group, entries = read.group, read.entries
    first, last = (entries[0].seq, entries[-1].seq) if entries else (1, group.last_seq)
    url = address(request, group.get_absolute_url())
    return live_page(
        request,
        "group/group.html",
        status,
        group=group,
        entries=rows(entries),
        members=read.members,
        groups=read.groups,
        form=form,
        last_seq=last,
        event_words=EVENT_WORDS,
        kinds=["Message", *EVENT_WORDS],
        max_content=wire.MAX_CONTENT,
        header_window=int(HEADER_WINDOW.total_seconds()),
        at=_seq(request, "at"),
        at_end=last >= group.last_seq,
        earlier_url=f"{url}?before={first}" if first > 1 else None,
        later_url=f"{url}?after={last}" if last < group.last_seq else None,
    )


class Read(NamedTuple):
    """What a group's page is made of."""

    group: Group
    entries: Sequence[Shown]
    members: Sequence[str]
    groups: Sequence[Any]


def _read(session: Session, account: Account, request: Request) -> Read:
    group = auth.admit(session, account, request.path_params["uuid"])
    members = select(User.username).join(Membership).where(Membership.group_id == group.id).order_by(User.username_key)
    groups = groups_for(account).where(Membership.user_id.is_not(None))
    return Read(
        group,
        _entries(session, group, request),
        session.scalars(members).all(),
        session.execute(groups).all(),
    )


def _entries(session: Session, group: Group, request: Request) -> Sequence[Shown]:
    """The part of the log that the URL asks for; its end, where that lies outside the log."""
    at, after, before = (_seq(request, name) for name in ("at", "after", "before"))
    if at is not None and at <= group.last_seq:
        return log.page_after(session, group.id, max(0, at - PAGE // 2), PAGE)
    if after is not None and after < group.last_seq:
        return log.page_after(session, group.id, after, PAGE)
    end = group.last_seq + 1
    return log.page_before(session, group.id, before if before is not None and 1 < before < end else end, PAGE)


def _seq(request: Request, name: str) -> int | None:
    value = request.query_params.get(name, "")
    return int(value) if wire.is_seq(value) else None


@dataclass(frozen=True)
class LogRow:
    """An entry as the page shows it."""

    seq: int
    kind: str
    name: str
    content: str
    timestamp: datetime
    iso: str
    withdrawn: bool
    continues: bool
    day: date | None


def rows(entries: Iterable[Shown]) -> list[LogRow]:
    shown: list[LogRow] = []
    for entry in entries:
        shown.append(_row(entry, shown[-1] if shown else None))
    return shown


def _row(entry: Shown, above: LogRow | None) -> LogRow:
    is_new_day = above is None or above.timestamp.date() != entry.timestamp.date()
    return LogRow(
        seq=entry.seq,
        kind=EVENT_WORDS.get(entry.kind, "message"),
        name=entry.username,
        content=entry.content if entry.kind == "Message" else "",
        timestamp=entry.timestamp,
        iso=wire.utc_text(entry.timestamp),
        withdrawn=entry.content == "",
        continues=entry.kind == "Message" and continues(above, entry.username, entry.timestamp),
        day=entry.timestamp.date() if is_new_day else None,
    )


def continues(above: LogRow | None, author: str, moment: datetime) -> bool:
    """Whether a message goes on under the header of the row above it: the rule of static/js/log/header.js.

    The style sheet gives it its own after a date, which stands at another place for each reader.
    """
    if above is None or above.kind != "message" or above.name != author:
        return False
    return moment - above.timestamp < HEADER_WINDOW


async def join(request: Request) -> Response:
    return await _move(request, joins=True)


async def leave(request: Request) -> Response:
    return await _move(request, joins=False)


async def _move(request: Request, *, joins: bool) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    await request.app.state.throttles.move(account.username)
    await auth.move(database_of(request), account, request.path_params["uuid"], joins=joins)
    return see_other(own_address(request, form.get("next")))


async def send_message(request: Request) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    uuid = request.path_params["uuid"]
    group = await database_of(request).read(lambda session: auth.admit(session, account, uuid))
    try:
        await request.app.state.writer.append(await _draft(request, account, group, form))
    except Refused as refused:
        if refused.code == ErrorCode.NOT_MEMBER:
            raise auth.NotAMember(group) from None
        status = {ErrorCode.RATE_LIMITED: 429, ErrorCode.BUSY: 503}.get(refused.code, 400)
        response = await _group(request, account, form.refuse(FieldError("message", str(refused))), status)
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    return see_other(address(request, group.get_absolute_url()))


async def _draft(request: Request, account: Account, group: Group, form: Form) -> Draft:
    # Browsers send line breaks of forms as CR LF.
    content = wire.check_content(form.get("message").replace("\r\n", "\n"))
    client_id = wire.check_client_id(form.get("client_id") or None)
    await request.app.state.throttles.message(account.username)
    return Draft(group.id, account.id, content, client_id)
