"""Sign up, log in, log out."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import login, passwords, security_log, sessions
from discussit.accounts.current_user import CurrentUser, user_of
from discussit.accounts.login import WrongPassword
from discussit.accounts.security_log import Act
from discussit.errors import FieldError
from discussit.groups import invitations
from discussit.groups.invitations import TOKEN, FoundInvitation, InvitationSpent, Newcomer, find
from discussit.models import User
from discussit.models.accounts import new_token, session_id, username_key
from discussit.pages.form import Form
from discussit.pages.invitation_link import log_use, spent
from discussit.pages.page import hide_address, own_address, page, refusal, see_other
from discussit.pages.submissions import claim, logged_in
from discussit.settings import SignUp
from discussit.site import site_of
from discussit.urls import address


async def sign_up(request: Request) -> Response:
    site = site_of(request)
    form = await Form.sent(request) if request.method == "POST" else _linked_form(request)
    is_closed = site.settings.signup == SignUp.CLOSED
    token = "" if is_closed else form.get("invitation") or _invitation_of(request, form.get("next"))
    found, has_accounts = await site.database.run_read(lambda session: _read(session, token))
    if is_closed and has_accounts:
        return _closed(request)
    is_required = site.settings.signup != SignUp.OPEN and has_accounts
    try:
        if token and not (found and found.is_live):
            raise InvitationSpent
        if is_required and not token:
            return _invited_only(request)
        if request.method == "POST":
            return await _sign_up(request, form, found)
    except InvitationSpent as error:
        if not token and site.settings.signup != SignUp.OPEN:  # somebody else was the first
            return _closed(request) if is_closed else _invited_only(request)
        security_log.refused(request, Act.INVITATION_USE)
        if is_required:
            return hide_address(spent(request))
        token, found = "", None
        form.refuse(FieldError("", f"{error} You can still sign up without it."))
    except FieldError as error:
        form.refuse(error)
    status = 400 if form.errors and request.method == "POST" else 200
    context = {"token": token, "invitation": found, "first_account": not has_accounts}
    response = page(request, "account/signup.html", status, form=form, **context)
    return hide_address(response) if token else response


def _closed(request: Request) -> Response:
    return refusal(request, 403, "Sign-up is closed", "Ask the people who run this server for an account.")


def _invited_only(request: Request) -> Response:
    return refusal(request, 403, "Sign-up is by invitation", "Ask a member of this server for a link.")


def _linked_form(request: Request) -> Form:
    return Form({name: request.query_params.get(name, "") for name in ("next", "invitation")})


def _read(session: OrmSession, token: str) -> tuple[FoundInvitation | None, bool]:
    return find(session, token), login.has_accounts(session)


async def _sign_up(request: Request, form: Form, found: FoundInvitation | None) -> Response:
    """Raises FieldError."""
    site, password = site_of(request), confirmed_password(form)
    session = NewSession(request, form, _after_sign_up(request, form, found))
    newcomer = Newcomer(form.get("username"), password, session.begin, session.claim)
    is_required = site.settings.signup != SignUp.OPEN
    async with site.throttles.sign_up(request):
        user = await invitations.sign_up(site.database, newcomer, found, is_required=is_required)
    security_log.done(request, Act.SIGN_UP, user.id)
    if found is not None:
        log_use(request, user.id, found)
    return session.redirect(user)


def _after_sign_up(request: Request, form: Form, found: FoundInvitation | None) -> str:
    """Where a newcomer is led: into the group that they are invited to, with a line that says where to write."""
    if found is not None and found.group is not None:
        return address(request, f"{found.group.get_absolute_url()}?welcome=1")
    target = form.get("next")
    return address(request, "/") if _invitation_of(request, target) else own_address(request, target)


def _invitation_of(request: Request, target: str) -> str:
    """The token of an invitation to which an address of this site leads; empty if it leads elsewhere."""
    token = target.removeprefix(address(request, "/invitations/")).removesuffix("/")
    return token if TOKEN.fullmatch(token) else ""


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
        return _login_page(request, Form(), target)
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
    return _login_page(request, form.refuse(error), own_address(request, form.get("next")))


def _login_page(request: Request, form: Form, target: str) -> Response:
    """Those who have no account yet are led to the sign-up with the invitation that they came with."""
    token = _invitation_of(request, target)
    status = 400 if form.errors else 200
    response = page(request, "account/login.html", status, form=form, next=target, token=token)
    return hide_address(response) if token else response


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
        await self.begin(session, user)
        await self.claim(session, user)

    async def begin(self, session: AsyncSession, user: User) -> None:
        """Start it, in a transaction that does more before it claims the form."""
        replaced = site_of(self._request).session_backend.replaced_by_login(self._request)
        await sessions.add(session, user, self._token, self._request, replaced)

    async def claim(self, session: AsyncSession, user: User) -> None:
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
