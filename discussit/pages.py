"""The HTML routes: every page is whole and every action a form, without any script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from discussit import auth, log, wire
from discussit.auth import Account, FieldError
from discussit.database import Database
from discussit.log import Draft
from discussit.models import Entry, Event, Group, Membership, User
from discussit.settings import TEMPLATES
from discussit.wire import ErrorCode, Refused

PAGE = 50  # entries on a group's page
SAME_HEADER = timedelta(minutes=5)  # within which rows of one author share theirs


@dataclass
class Form:
    """What was typed and what is wrong with it: field → text. The empty field is the whole form."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def sent(cls, request: Request) -> "Form":
        fields = await request.form(max_fields=20, max_files=1)
        return cls({name: value for name, value in fields.items() if isinstance(value, str)})

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def refuse(self, error: FieldError) -> "Form":
        self.errors[error.field] = str(error)
        self.values = {name: value for name, value in self.values.items() if not name.startswith("password")}
        return self


def make_templates() -> Jinja2Templates:
    templates = Jinja2Templates(TEMPLATES, context_processors=[_context])
    templates.env.filters["hue"] = lambda name: sum(name.encode()) % 12
    templates.env.filters["initials"] = _initials
    templates.env.globals["asset"] = lambda path: f"/static/{path}"
    return templates


def _context(request: Request) -> dict[str, Any]:
    user = request.scope.get("user")
    return {
        "user": user if isinstance(user, Account) else None,
        "root": request.scope.get("root_path", ""),
        "signup_open": request.app.state.settings.signup_open,
    }


def _initials(name: str) -> str:
    return "".join(character for character in name if character.isalnum())[:2].upper() or "?"


def _page(request: Request, name: str, status_code: int = 200, **context: Any) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, name, context, status_code)


def _see_other(path: str) -> Response:
    return RedirectResponse(path, 303)


# Home


async def home(request: Request) -> Response:
    return await _home(request, auth.account_of(request), Form())


async def _home(request: Request, account: Account, form: Form) -> Response:
    async with _database(request).reading() as session:
        groups = (await session.execute(_groups(account))).all()
    return _page(request, "home.html", 400 if form.errors else 200, groups=groups, form=form)


def _groups(account: Account) -> Any:
    """Every group with its number of members and, from this account's side, what its row shows."""
    members = select(func.count()).where(Membership.group_id == Group.id).correlate(Group).scalar_subquery()
    return (
        select(
            Group.uuid,
            Group.name,
            members.label("members"),
            Entry.timestamp.label("last_at"),
            Membership.user_id.is_not(None).label("is_member"),
            literal(0).label("unread"),
        )
        .outerjoin(Entry, and_(Entry.group_id == Group.id, Entry.seq == Group.last_seq))
        .outerjoin(Membership, and_(Membership.group_id == Group.id, Membership.user_id == account.id))
        .order_by(func.lower(Group.name), Group.id)
    )


async def create_group(request: Request) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    if not account.is_superuser:
        return refusal(request, 403, "Not yours to do", "Only a superuser makes groups. Ask the one of this server.")
    try:
        group = Group(name=form.get("name"))
    except ValueError as error:
        return await _home(request, account, form.refuse(FieldError("name", str(error))))
    async with _database(request).transaction() as session:
        session.add(group)
    return _see_other("/")


# A group


async def group(request: Request) -> Response:
    return await _group(request, auth.account_of(request), Form())


async def _group(request: Request, account: Account, form: Form, status: int = 200) -> Response:
    async with _database(request).reading() as session:
        group = await auth.admit(session, account, request.path_params["uuid"])
        entries = await _entries(session, group, request)
        members = await session.scalars(
            select(User.username).join(Membership).where(Membership.group_id == group.id).order_by(User.username_key)
        )
        mine = await session.execute(_groups(account).where(Membership.user_id.is_not(None)))
    first, last = (entries[0].seq, entries[-1].seq) if entries else (1, group.last_seq)
    url = group.get_absolute_url()
    return _page(
        request,
        "group.html",
        status,
        group=group,
        entries=rows(entries),
        members=members.all(),
        groups=mine.all(),
        form=form,
        last_seq=last,
        at=_seq(request, "at"),
        at_end=last >= group.last_seq,
        earlier_url=f"{url}?before={first}" if first > 1 else None,
        later_url=f"{url}?after={last}" if last < group.last_seq else None,
    )


async def _entries(session: AsyncSession, group: Group, request: Request) -> Sequence[Entry]:
    """The log's end, or the part of it that the URL asks for."""
    if at := _seq(request, "at"):
        return await log.since(session, group.id, max(0, at - PAGE // 2), PAGE)
    if (after := _seq(request, "after")) is not None:
        return await log.since(session, group.id, after, PAGE)
    before = _seq(request, "before")
    return await log.page_before(session, group.id, group.last_seq + 1 if before is None else before, PAGE)


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
    timestamp: Any
    iso: str
    withdrawn: bool
    continues: bool
    day: date | None


def rows(entries: Iterable[Entry]) -> list[LogRow]:
    shown: list[LogRow] = []
    for entry in entries:
        shown.append(_row(entry, shown[-1] if shown else None))
    return shown


def _row(entry: Entry, above: LogRow | None) -> LogRow:
    kind = entry.kind.lower()
    is_new_day = above is None or above.timestamp.date() != entry.timestamp.date()
    return LogRow(
        seq=entry.seq,
        kind=kind,
        name=entry.user.username,
        content="" if isinstance(entry, Event) else entry.content,
        timestamp=entry.timestamp,
        iso=wire.utc_text(entry.timestamp),
        withdrawn=entry.is_withdrawn,
        continues=above is not None and not is_new_day and _continues(entry, above),
        day=entry.timestamp.date() if is_new_day else None,
    )


def _continues(entry: Entry, above: LogRow) -> bool:
    same_author = above.kind == "message" and entry.kind == "Message" and above.name == entry.user.username
    return same_author and entry.timestamp - above.timestamp < SAME_HEADER


async def join(request: Request) -> Response:
    return await _move(request, joins=True)


async def leave(request: Request) -> Response:
    return await _move(request, joins=False)


async def _move(request: Request, *, joins: bool) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    await auth.move(_database(request), account, request.path_params["uuid"], joins=joins)
    return _see_other(own_path(form.get("next")))


async def send_message(request: Request) -> Response:
    account, form = auth.account_of(request), await Form.sent(request)
    async with _database(request).reading() as session:
        group = await auth.admit(session, account, request.path_params["uuid"])
    try:
        await request.app.state.writer.append(await _draft(request, account, group, form))
    except Refused as refused:
        if refused.code == ErrorCode.NOT_MEMBER:
            raise auth.NotAMember(group) from None
        status = {ErrorCode.RATE_LIMITED: 429, ErrorCode.BUSY: 503}.get(refused.code, 400)
        return await _group(request, account, form.refuse(FieldError("message", str(refused))), status)
    return _see_other(group.get_absolute_url())


async def _draft(request: Request, account: Account, group: Group, form: Form) -> Draft:
    # Browsers send line breaks of forms as CR LF.
    content = wire.check_content(form.get("message").replace("\r\n", "\n"))
    client_id = wire.check_client_id(form.get("client_id") or None)
    await request.app.state.message_rate.check(account.username)
    return Draft(group.id, account.id, content, client_id)


# Accounts


async def sign_up(request: Request) -> Response:
    if not request.app.state.settings.signup_open:
        return refusal(request, 403, "Sign-up is closed", "Ask the people who run this server for an account.")
    form = await Form.sent(request) if request.method == "POST" else Form()
    if request.method == "POST":
        try:
            if form.get("password1") != form.get("password2"):
                raise FieldError("password2", "The two passwords are not the same.")
            user = await auth.sign_up(_database(request), form.get("username"), form.get("password1"))
            return await _signed_in(request, user, "/")
        except FieldError as error:
            form.refuse(error)
    async with _database(request).reading() as session:
        is_first = await auth.is_first(session)
    return _page(request, "signup.html", 400 if form.errors else 200, form=form, first_account=is_first)


async def log_in(request: Request) -> Response:
    if request.method == "GET":
        if isinstance(request.user, Account):
            return _see_other("/")
        return _page(request, "login.html", form=Form(), next=own_path(request.query_params.get("next", "")))
    form = await Form.sent(request)
    try:
        user = await auth.log_in(_database(request), form.get("username"), form.get("password"))
    except FieldError as error:
        return _page(request, "login.html", 400, form=form.refuse(error), next=own_path(form.get("next")))
    return await _signed_in(request, user, own_path(form.get("next")))


async def _signed_in(request: Request, user: User, path: str) -> Response:
    if isinstance(request.user, Account):
        await auth.end_session(_database(request), request.user.session_id)
    token = await auth.start_session(_database(request), user, request)
    response = _see_other(path)
    cookies: auth.Cookies = request.app.state.cookies
    cookies.set(response, token, secure=request.url.scheme == "https")
    return response


async def log_out(request: Request) -> Response:
    if isinstance(request.user, Account):
        await auth.end_session(_database(request), request.user.session_id)
    response = _see_other("/accounts/login/")
    request.app.state.cookies.clear(response)
    return response


def own_path(value: str) -> str:
    """The path, if it is one of this site, else home.

    Browsers read a backslash as a slash and drop control characters, so `/\\evil.example` and
    `/<tab>/evil.example` lead away just as `//evil.example` does.
    """
    leads_away = value.startswith("//") or "\\" in value or not value.isprintable()
    return value if value.startswith("/") and not leads_away else "/"


# What can't be done


def refusal(
    request: Request, status: int, title: str, text: str, group: Group | None = None, traceback: str | None = None
) -> Response:
    """The page that says what happened and what to do."""
    return _page(request, "error.html", status, status=status, title=title, text=text, group=group, traceback=traceback)


def to_login(request: Request) -> Response:
    """To the login page, and from there to the page that was asked for."""
    path: str = request.scope["path"]
    if request.scope.get("method") not in ("GET", "HEAD"):
        # What was posted can't be repeated by a redirect: lead to the page that its form stands on.
        parts = path.split("/")
        path = "/".join(parts[:3]) + "/" if parts[1:2] == ["groups"] and len(parts) > 4 else "/"
    elif query := request.url.query:
        path = f"{path}?{query}"
    return _see_other(f"/accounts/login/?next={quote(path, safe='/')}")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
