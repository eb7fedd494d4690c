"""Submitted forms: each acts for the account whose page it was on, and once, however often it is sent.

A second click on a slow network sends a form again, and the browser shows only the second answer.
"""

import asyncio
from weakref import WeakValueDictionary

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discussit.accounts import sessions
from discussit.accounts.current_user import check_account, user_of
from discussit.database import Then
from discussit.middleware.origin import SAFE_METHODS
from discussit.models import Submission, User
from discussit.models.accounts import locked_user, new_token, session_id
from discussit.pages.form import Form
from discussit.pages.page import see_other
from discussit.site import site_of
from discussit.urls import address

KEPT = 1_000  # submissions of a user that are remembered: a browser that restores its tabs may repeat a form much later

CLAIM = text("""
    INSERT INTO submissions (key, user_id, answer, session_id) VALUES (:key, :user, :answer, :session)
    ON CONFLICT (key, user_id) DO NOTHING RETURNING id
""")
FORGET = text("""
    DELETE FROM submissions WHERE user_id = :user
    AND id <= (SELECT id FROM submissions WHERE user_id = :user ORDER BY id DESC LIMIT 1 OFFSET :kept)
""")


class Repeated(Exception):
    """The form has had its effect already: `first` is the submission that had it."""

    def __init__(self, first: Submission) -> None:
        super().__init__()
        self.first = first


async def claim(form: Form, session: AsyncSession, user_id: int, answer: str, session_id: str | None = None) -> None:
    """Have this transaction be the one in which the form has its effect, on behalf of the user.

    `answer` is where it leads; empty where the route itself can answer a form that `is_done`. Raises Repeated if
    another transaction was first, whose end this one waits for. To be called last (models/locks.py).
    """
    if form.key is None:
        return
    await session.flush()
    values = {"key": form.key, "user": user_id, "answer": answer, "session": session_id}
    if await session.scalar(CLAIM, values) is None:
        of_this = select(Submission).where(Submission.key == form.key, Submission.user_id == user_id)
        first = (await session.scalars(of_this)).one()
        if first.session_id is None or await session.scalar(select(sessions.lasts(first.session_id))):
            session.expunge(first)  # it outlives the transaction
            raise Repeated(first)
        first.session_id = session_id  # a login that is over, and no second click: it is done once more
    await session.execute(FORGET, {"user": user_id, "kept": KEPT})


def claiming(form: Form, answer: str) -> Then:
    """`claim` for functions that do something in their transaction at its end."""

    async def then(session: AsyncSession, user: User) -> None:
        await claim(form, session, user.id, answer)

    return then


def logged_in(request: Request, target: str, token: str, user: User) -> Response:
    """Redirect to `target` with the cookie of a new session."""
    site, response = site_of(request), see_other(target)
    site.session_backend.set(response, token, request)
    site.throttles.device_cookies.remember(response, request, user.username)
    return response


class Submissions:
    """Middleware that all forms pass: it parses them, refuses those of another account's page, and answers repeats.

    Simultaneous repeats wait for each other: here within a process, in `claim` across processes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        form = await Form.sent(request)
        if form.key is None:
            check_account(request, form.get("account"))
            await self.app(scope, receive, send)
            return
        async with self._under_way.setdefault(form.key, asyncio.Lock()):
            await self._answer(request, form, send)

    async def _answer(self, request: Request, form: Form, send: Send) -> None:
        first = await _first(request, form)
        if first is None:
            # The first submission may have changed who is logged in: only its repeat comes from the other account.
            check_account(request, form.get("account"))
        if first is None or not await self._repeat(first, request, form, send):
            first = await self._attempt(request, form, send)
            if first is not None and not await self._repeat(first, request, form, send):
                await see_other(first.answer)(request.scope, request.receive, send)

    async def _repeat(self, first: Submission, request: Request, form: Form, send: Send) -> bool:
        """Answer as the first time. Return False if that can't be repeated, as its session has ended since."""
        if not first.answer:
            form.is_done = True
            await self.app(dict(request.scope), request.receive, send)
            return True
        response = see_other(first.answer) if first.session_id is None else await _log_in_again(first, request)
        if response is None:
            return False
        await response(request.scope, request.receive, send)
        return True

    async def _attempt(self, request: Request, form: Form, send: Send) -> Submission | None:
        """Have the form answered. Return the first submission instead if that was done or refused because of it."""
        first: Submission | None = None

        async def send_own(message: Message) -> None:
            nonlocal first
            if message["type"] == "http.response.start" and _is_refusal(request, message):
                # What the first one did may be the reason: the name is taken, the link used, the password another.
                first = await _first(request, form)
            if first is None:
                await send(message)

        try:
            # Routing changes the scope, and this may not be the last time.
            await self.app(dict(request.scope), request.receive, send_own)
        except Repeated as repeated:
            first = repeated.first
        return first


def _is_refusal(request: Request, start: Message) -> bool:
    leads_to = Headers(raw=start["headers"]).get("location", "")
    return start["status"] >= 400 or leads_to.startswith(address(request, "/accounts/login/"))


async def _first(request: Request, form: Form) -> Submission | None:
    """The submission that had the form's effect, for the user that is logged in now or, if nobody is, for anybody.

    One that began a session counts for as long as the session lasts: after that, the form logs in anew or is refused.
    """
    lasts = Submission.session_id.is_(None) | sessions.lasts(Submission.session_id)
    found = select(Submission).where(Submission.key == form.key, lasts)
    if user := user_of(request):
        found = found.where(Submission.user_id == user.id)
    return await site_of(request).database.run_read(lambda session: session.scalar(found.limit(1)))


async def _log_in_again(first: Submission, request: Request) -> Response | None:
    """Redirect into a session that replaces the first answer's, whose cookie was lost. None if that one has ended."""
    site, token = site_of(request), new_token()
    async with site.database.transaction() as session:
        user = await locked_user(session, first.user_id)
        # Another repeat may have been quicker.
        kept = await session.get_one(Submission, first.id)
        if not await session.scalar(select(sessions.lasts(kept.session_id))):
            return None
        replaced = [kept.session_id, *site.session_backend.replaced_by_login(request)]
        await sessions.add(session, user, token, request, replaced)
        kept.session_id = session_id(token)
    return logged_in(request, first.answer, token, user)
