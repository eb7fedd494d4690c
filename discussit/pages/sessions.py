"""Where one is signed in, and how to end that."""

from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, security, sessions
from discussit.addresses import address
from discussit.auth import Account
from discussit.pages.accounts import log_out
from discussit.pages.page import Form, database_of, page, see_other
from discussit.security import Act


async def my_sessions(request: Request) -> Response:
    account = auth.account_of(request)
    if request.method == "POST":
        return await _end(request, account)
    return page(request, "account/sessions.html", sessions=await sessions.of(database_of(request), account))


async def _end(request: Request, account: Account) -> Response:
    """What is not there, or not this person's, has ended as far as they are concerned."""
    ended = (await Form.sent(request)).get("session")
    if ended == account.session_id:
        return await log_out(request)
    if ended == "others":
        has_ended = await sessions.end_others(database_of(request), account)
    else:
        has_ended = await sessions.end(database_of(request), account, ended.replace("\0", ""))
    if has_ended:
        security.done(request, Act.SESSION_END, account.id)
    return see_other(address(request, "/accounts/sessions/"))
