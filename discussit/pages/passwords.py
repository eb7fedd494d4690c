"""A new password: changed by who is signed in, or set with a link by who has forgotten theirs."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, passwords, renewals, security
from discussit.addresses import address
from discussit.auth import FieldError, WrongPassword, checked
from discussit.pages.accounts import signed_in, typed_twice
from discussit.pages.page import Form, database_of, page, refusal
from discussit.renewals import LinkSpent, ResetLinks
from discussit.security import Act


async def change_password(request: Request) -> Response:
    account = auth.account_of(request)
    if request.method != "POST":
        return page(request, "account/password.html", form=Form())
    form = await Form.sent(request)
    try:
        new = checked("password1", partial(passwords.check, account.username), typed_twice(form))
        async with request.app.state.throttles.guess(request, account.username):
            await renewals.change(database_of(request), account, form.get("password"), new)
    except FieldError as error:
        if isinstance(error, WrongPassword):
            security.refused(request, Act.PASSWORD_CHANGE, error.account)
        return page(request, "account/password.html", 400, form=form.refuse(error))
    security.done(request, Act.PASSWORD_CHANGE, account.id)
    return page(request, "account/password.html", form=Form(), is_changed=True)


async def reset_password(request: Request) -> Response:
    response = await _reset(request)
    # The address is the secret: it is told to nobody, while the origin guard is told where a form comes from.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


async def _reset(request: Request) -> Response:
    links, token = ResetLinks(database_of(request)), request.path_params["token"]
    try:
        user = await links.user(token)
        if request.method != "POST":
            return page(request, "account/reset.html", form=Form(), whose=user.username)
        form = await Form.sent(request)
        try:
            new = checked("password1", partial(passwords.check, user.username), typed_twice(form))
        except FieldError as error:
            return page(request, "account/reset.html", 400, form=form.refuse(error), whose=user.username)
        user = await links.redeem(token, new)
        security.done(request, Act.PASSWORD_RESET, user.id)
        return await signed_in(request, user, address(request, "/"))
    except LinkSpent:
        security.refused(request, Act.PASSWORD_RESET)
        text = "A link works once and for an hour. Ask an administrator of this server for a new one."
        return refusal(request, 404, "This link does not work any more", text)
