"""The answers to requests and handshakes that fail, by exception."""

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import OtherAccount
from discussit.accounts.security_log import Act
from discussit.database import is_contended, is_outage
from discussit.errors import ErrorCode, Refused
from discussit.groups.admission import NO_JOINS, NotAMember
from discussit.limits.throttles import Throttled
from discussit.middleware.headers import headers_of
from discussit.middleware.origin import SAFE_METHODS
from discussit.pages.form import Form
from discussit.pages.page import is_for_script, json_refusal, login_address, refusal, see_other, typed
from discussit.site import site_of
from discussit.urls import address

logger = logging.getLogger(__name__)


async def not_logged_in(conn: HTTPConnection, _error: Exception) -> Response:
    return _deny(conn, 401, _to_login)


def _to_login(request: Request) -> Response:
    """Redirect to the login page, unless something was typed on a page that was somebody's: that is kept."""
    address, form = login_address(request), request.scope.get("form")
    if not (form and form.get("account") and typed(request)):
        return see_other(address)
    text = "Nothing was sent. Copy your text, log in, and send it again."
    return refusal(request, 401, "You've been logged out", text, login=address)


async def other_account(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, OtherAccount)
    text = (
        f"You're now logged in as {error.username}, so nothing was sent or changed. Continue as {error.username}, "
        "or log out and log in to the other account."
    )
    return _deny(conn, 409, lambda request: refusal(request, 409, "This page belongs to another account", text))


async def not_a_member(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, NotAMember)
    security_log.refused(conn, Act.GROUP)
    group, refused = error.group, Refused(ErrorCode.NOT_MEMBER, "You are not a member of this group.")
    title = f"You're not in {group.name} yet"
    text = f"{refused} {NO_JOINS if group.is_archived else 'Kindly use the join button.'}"
    return _deny(conn, 403, lambda request: refusal(request, 403, title, text, group=group), refused)


async def no_such_group(conn: HTTPConnection, _error: Exception) -> Response:
    return await http_error(conn, HTTPException(404))


async def too_often(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, Throttled)
    security_log.limited(conn, error.what)
    return _put_off(conn, 429, "Too often", error)


async def too_many_passwords(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, Refused)
    logger.warning("a password did not get its turn to be hashed: too many logins and sign-ups at the same time")
    return _put_off(conn, 503, "Not now", error)


TEXTS = {
    403: ("Not allowed", "You may not do this. If you think you should, ask a superuser of this server."),
    404: ("Not found", "There is nothing at this address. It may have been removed, or mistyped."),
    405: ("Not that way", "This address can't be used like that. Go back and use the page's own buttons."),
}


async def http_error(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    title, text = TEXTS.get(status, ("Not done", f"The request could not be carried out: {error.detail}."))
    response = _deny(conn, status, lambda request: refusal(request, status, title, text))
    response.headers.update(error.headers or {})
    return response


# What a refused command is answered with, and what the page is called. Others are 400.
COMMANDS = {
    ErrorCode.NOT_YOURS: (403, "Not allowed"),
    ErrorCode.NOT_ALLOWED: (403, "Not allowed"),
    ErrorCode.READ_ONLY: (403, "Read-only"),
    ErrorCode.NO_SUCH_GROUP: (404, "Not found"),
    ErrorCode.NO_SUCH_MESSAGE: (404, "Not found"),
    ErrorCode.CHANGED: (409, "This message has changed"),
    ErrorCode.GONE: (410, "This message was deleted"),
    ErrorCode.RATE_LIMITED: (429, "Too many attempts"),
    ErrorCode.BUSY: (503, "Temporarily unavailable"),
}


def status_of(refused: Refused) -> int:
    return COMMANDS.get(refused.code, (400, ""))[0]


def refused_page(request: Request, refused: Refused) -> Response:
    """Why a command was refused, with what was typed for it."""
    status, title = COMMANDS.get(refused.code, (400, "Request failed"))
    uuid = request.path_params.get("uuid")
    back = address(request, f"/groups/{uuid}/") if uuid else None
    return refusal(request, status, title, str(refused), back=back)


async def refused_command(conn: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, Refused)
    form = conn.scope.get("form")
    client_id = (form and form.get("client_id")) or None
    response = _deny(conn, status_of(error), lambda request: refused_page(request, error), error, client_id)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def database_error(conn: HTTPConnection, error: Exception) -> Response:
    """The page while the database is down or too slow."""
    if not is_outage(error):
        raise error
    logger.warning("the database did not answer: %s", type(error.__cause__ or error).__name__)
    text = "The database doesn't answer. No sent message is lost. Please try again in a moment."
    if is_contended(error):
        text = "Somebody else is changing the same thing, so nothing was changed. Please try again in a moment."
    if isinstance(conn, Request) and conn.method not in SAFE_METHODS:
        # Authentication comes before forms are parsed. The page shows what was typed all the same.
        with suppress(HTTPException):
            await Form.sent(conn)
    # Without the database nobody is logged in: the page offers no login.
    answer = partial(refusal, status=503, title="Temporarily unavailable", text=text, is_outage=True)
    response = _deny(conn, 503, answer, Refused(ErrorCode.BUSY, text))
    response.headers["Retry-After"] = "5"
    return response


async def server_error(conn: HTTPConnection, error: Exception) -> Response:
    """The page for an error of this program. The server logs the traceback; with DEBUG the page shows it."""
    shown = "".join(traceback.format_exception(error)) if site_of(conn).settings.debug else None
    text = "Something went wrong here, not with you. Nothing that was acknowledged is lost. Please try again."
    response = _deny(conn, 500, lambda request: refusal(request, 500, "Our fault", text, traceback=shown))
    # Starlette creates this response outside of all other middleware.
    response.headers.update(headers_of(conn.scope))
    return response


def _put_off(conn: HTTPConnection, status: int, title: str, refused: Refused) -> Response:
    """`_deny` for what may be repeated after `refused.retry_after` seconds."""
    response = _deny(conn, status, lambda request: refusal(request, status, title, str(refused)), refused)
    response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _deny(
    conn: HTTPConnection,
    status: int,
    answer: Callable[[Request], Response],
    refused: Refused | None = None,
    client_id: str | None = None,
) -> Response:
    """The page; for a script the status, with an error object if there is a code; for a handshake only the status."""
    if not isinstance(conn, Request):
        return Response(status_code=status)
    if not is_for_script(conn):
        return answer(conn)
    return json_refusal(refused, status, client_id) if refused else Response(status_code=status)
