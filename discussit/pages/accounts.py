"""Sign up, log in, log out."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import login, passwords, security_log, sessions
from discussit.accounts.current_user import CurrentUser, user_of
from discussit.accounts.login import WrongPassword
from discussit.accounts.security_log import Act
from discussit.errors import FieldError
from discussit.models import User
from discussit.models.accounts import new_token, session_id, username_key
from discussit.pages.page import Form, own_address, page, refusal, see_other
from discussit.pages.submissions import claim, logged_in
from discussit.settings import SignUp
from discussit.site import site_of
from discussit.urls import address


async def sign_up(request: Request) -> Response:
    site = site_of(request)
    if site.settings.signup != SignUp.OPEN:
        return refusal(request, 403, "Sign-up is closed", "Ask the people who run this server for an account.")
    form = await Form.sent(request) if request.method == "POST" else Form()
    if request.method == "POST":
        try:
            password = confirmed_password(form)
            session = NewSession(request, form, address(request, "/"))
            async with site.throttles.sign_up(request):
                user = await login.sign_up(site.database, form.get("username"), password, then=session.start)
            security_log.done(request, Act.SIGN_UP, user.id)
            return session.redirect(user)
        except FieldError as error:
            form.refuse(error)
    is_first = not await site.database.run_read(login.has_accounts)
    return page(request, "account/signup.html", 400 if form.errors else 200, form=form, first_account=is_first)


def confirmed_password(form: Form) -> str:
    """The new password. Raises FieldError if its confirmation differs."""
    if passwords.normalized(form.get("password1")) != passwords.normalized(form.get("password2")):
        raise FieldError("password2", "The two passwords are not the same.")
    return form.get("password1")


async def log_in(request: Request) -> Response:
    if request.method != "POST":
        target = own_address(request, request.query_params.get("next", ""))
        if not _is_wanted(request):
            return see_other(target)
        return page(request, "account/login.html", form=Form(), next=target)
    site, form = site_of(request), await Form.sent(request)
    try:
        async with site.throttles.guess(request, form.get("username")):
            user = await login.check_login(site.database, form.get("username"), form.get("password"))
    except WrongPassword as error:
        security_log.refused(request, Act.LOGIN, error.account)
        return _refuse_login(request, form, error)
    if username_key(form.get("username")) != user.username_key:
        form.values["username"] = user.username
        return _refuse_login(request, form, _renamed(user))
    session = NewSession(request, form, own_address(request, form.get("next")))
    await sessions.start(site.database, user, session.start)
    return session.redirect(user)


def _refuse_login(request: Request, form: Form, error: FieldError) -> Response:
    target = own_address(request, form.get("next"))
    return page(request, "account/login.html", 400, form=form.refuse(error), next=target)


def _renamed(user: User) -> FieldError:
    """For those who gave the right password: anybody else gets the answer that an unknown name gets."""
    text = f"Your account is now called {user.username}, since its old name is reserved. Log in with the new one."
    return FieldError("username", text)


def _is_wanted(request: Request) -> bool:
    """Whether nobody is logged in, or not the account whose page leads here: `?account=`."""
    user = user_of(request)
    return user is None or request.query_params.get("account", user.account_id) != user.account_id


class NewSession:
    """The session that a form starts, in the transaction in which the form has its effect.

    The browser's previous session ends.
    """

    def __init__(self, request: Request, form: Form, target: str) -> None:
        self._request, self._form, self._target = request, form, target
        self._token = new_token()

    async def start(self, session: AsyncSession, user: User) -> None:
        replaced = site_of(self._request).session_backend.replaced_by_login(self._request)
        await sessions.add(session, user, self._token, self._request, replaced)
        await claim(self._form, session, user.id, self._target, session_id(self._token))

    def redirect(self, user: User) -> Response:
        """Redirect to the target, now that the session has started."""
        security_log.done(self._request, Act.LOGIN, user.id)
        return logged_in(self._request, self._target, self._token, user)


async def log_out(request: Request) -> Response:
    user = user_of(request)
    if user and await _end_own_session(request, user):
        security_log.done(request, Act.LOGOUT, user.id)
    response = see_other(address(request, "/accounts/login/"))
    site_of(request).session_backend.clear(response, request)
    return response


async def _end_own_session(request: Request, user: CurrentUser) -> bool:
    return await sessions.end(site_of(request).database, user, user.credential.session_id)
