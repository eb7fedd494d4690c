"""The devices where the user is logged in, and forms that log them out there."""

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log, sessions
from discussit.accounts.current_user import CurrentUser, current_user, user_of
from discussit.accounts.security_log import Act
from discussit.pages.accounts import log_out
from discussit.pages.form import Form
from discussit.pages.page import page, see_other
from discussit.site import site_of
from discussit.urls import address


async def my_sessions(request: Request) -> Response:
    if request.method == "POST":
        # Without a user, the session that was to end may be the browser's own, which a first click has ended.
        return await (_end(request, user) if (user := user_of(request)) else log_out(request))
    user = current_user(request)
    return page(request, "account/sessions.html", sessions=await sessions.sessions_of(site_of(request).database, user))


async def _end(request: Request, user: CurrentUser) -> Response:
    """A session that does not exist, or is another user's, has ended as far as this user is concerned."""
    database = site_of(request).database
    ended = (await Form.sent(request)).get("session")
    if ended == user.credential.session_id:
        return await log_out(request)
    if ended == "others":
        has_ended = await sessions.end_others(database, user)
    else:
        has_ended = await sessions.end(database, user, ended.replace("\0", ""))
    if has_ended:
        security_log.done(request, Act.SESSION_END, user.id)
    return see_other(address(request, "/accounts/sessions/"))
