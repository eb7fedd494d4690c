"""Submitted forms: each acts for the account whose page it was on."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from discussit.accounts.current_user import check_account
from discussit.middleware.origin import SAFE_METHODS
from discussit.pages.page import Form


class Submissions:
    """Middleware that all forms pass: it parses them, and refuses those of another account's page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            request = Request(scope, receive)
            check_account(request, (await Form.sent(request)).get("account"))
        await self.app(scope, receive, send)
