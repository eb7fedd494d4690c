"""A new password: set by its logged-in user, or by whoever has a reset link."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import password_reset, passwords, security_log
from discussit.accounts.current_user import current_user
from discussit.accounts.login import WrongPassword
from discussit.accounts.password_reset import LinkSpent, ResetLinks
from discussit.accounts.security_log import Act
from discussit.errors import FieldError, checked
from discussit.pages.accounts import NewSession, confirmed_password
from discussit.pages.form import Form
from discussit.pages.page import hide_address, page, refusal
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address


async def change_password(request: Request) -> Response:
    user = current_user(request)
    if request.method != "POST":
        return page(request, "account/password.html", form=Form())
    site, form = site_of(request), await Form.sent(request)
    if form.is_done:
        return page(request, "account/password.html", form=Form(), is_changed=True)
    try:
        new = _new_password(form, user.username)
        async with site.throttles.guess(request, user.username):
            await password_reset.change_password(site.database, user, form.get("password"), new, claiming(form, ""))
    except FieldError as error:
        if isinstance(error, WrongPassword):
            security_log.refused(request, Act.PASSWORD_CHANGE, error.account)
        return page(request, "account/password.html", 400, form=form.refuse(error))
    security_log.done(request, Act.PASSWORD_CHANGE, user.id)
    return page(request, "account/password.html", form=Form(), is_changed=True)


async def reset_password(request: Request) -> Response:
    return hide_address(await _reset(request))


async def _reset(request: Request) -> Response:
    links, token = ResetLinks(site_of(request).database), request.path_params["token"]
    try:
        user = await links.user(token)
        if request.method != "POST":
            return page(request, "account/reset.html", form=Form(), whose=user.username)
        form = await Form.sent(request)
        try:
            new = _new_password(form, user.username)
        except FieldError as error:
            return page(request, "account/reset.html", 400, form=form.refuse(error), whose=user.username)
        session = NewSession(request, form, address(request, "/"))
        user = await links.redeem(token, new, session.start)
        security_log.done(request, Act.PASSWORD_RESET, user.id)
        return session.redirect(user)
    except LinkSpent:
        security_log.refused(request, Act.PASSWORD_RESET)
        text = "A link works once and for an hour. Ask an administrator of this server for a new one."
        return refusal(request, 404, "This link does not work any more", text)


def _new_password(form: Form, username: str) -> str:
    """Raises FieldError if the user may not have it, or its confirmation differs."""
    return checked("password1", partial(passwords.check, username), confirmed_password(form))
