"""Sign up, log in, log out."""

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import login, security_log, sessions
from discussit.accounts.current_user import CurrentUser, user_of
from discussit.accounts.login import WrongPassword
from discussit.accounts.security_log import Act
from discussit.errors import FieldError
from discussit.models import User
from discussit.pages.page import Form, own_address, page, refusal, see_other
from discussit.site import site_of
from discussit.urls import address


async def sign_up(request: Request) -> Response:
    site = site_of(request)
    if not site.settings.signup_open:
        return refusal(request, 403, "Sign-up is closed", "Ask the people who run this server for an account.")
    form = await Form.sent(request) if request.method == "POST" else Form()
    if request.method == "POST":
        try:
            password = confirmed_password(form)
            await site.throttles.sign_up(request)
            user = await login.sign_up(site.database, form.get("username"), password)
            security_log.done(request, Act.SIGN_UP, user.id)
            return await start_session(request, user, address(request, "/"))
        except FieldError as error:
            form.refuse(error)
    is_first = not await site.database.run_read(login.has_accounts)
    return page(request, "account/signup.html", 400 if form.errors else 200, form=form, first_account=is_first)


def confirmed_password(form: Form) -> str:
    """The new password. Raises FieldError if its confirmation differs."""
    if form.get("password1") != form.get("password2"):
        raise FieldError("password2", "The two passwords are not the same.")
    return form.get("password1")


async def log_in(request: Request) -> Response:
    if request.method != "POST":
        if user_of(request):
            return see_other(address(request, "/"))
        return page(
            request, "account/login.html", form=Form(), next=own_address(request, request.query_params.get("next", ""))
        )
    site, form = site_of(request), await Form.sent(request)
    try:
        async with site.throttles.guess(request, form.get("username")):
            user = await login.check_login(site.database, form.get("username"), form.get("password"))
    except WrongPassword as error:
        security_log.refused(request, Act.LOGIN, error.account)
        return page(
            request, "account/login.html", 400, form=form.refuse(error), next=own_address(request, form.get("next"))
        )
    return await start_session(request, user, own_address(request, form.get("next")))


async def start_session(request: Request, user: User, target: str) -> Response:
    """Redirect to `target` in a new session. The browser's previous session ends."""
    site = site_of(request)
    token = await sessions.start(site.database, user, request, replaced=site.session_backend.session_id(request))
    security_log.done(request, Act.LOGIN, user.id)
    response = see_other(target)
    site.session_backend.set(response, token, request)
    site.throttles.device_cookies.remember(response, request, user.username)
    return response


async def log_out(request: Request) -> Response:
    user = user_of(request)
    if user and await _end_own_session(request, user):
        security_log.done(request, Act.LOGOUT, user.id)
    response = see_other(address(request, "/accounts/login/"))
    site_of(request).session_backend.clear(response, request)
    return response


async def _end_own_session(request: Request, user: CurrentUser) -> bool:
    return await sessions.end(site_of(request).database, user, user.credential.session_id)
