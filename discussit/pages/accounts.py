"""Sign up, log in, log out."""

from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, security, sessions
from discussit.addresses import address
from discussit.auth import Account, FieldError, WrongPassword
from discussit.models import User
from discussit.pages.page import Form, database_of, own_address, page, refusal, see_other
from discussit.security import Act


async def sign_up(request: Request) -> Response:
    if not request.app.state.settings.signup_open:
        return refusal(request, 403, "Sign-up is closed", "Ask the people who run this server for an account.")
    form = await Form.sent(request) if request.method == "POST" else Form()
    if request.method == "POST":
        try:
            password = typed_twice(form)
            await request.app.state.throttles.sign_up(request)
            user = await auth.sign_up(database_of(request), form.get("username"), password)
            security.done(request, Act.SIGN_UP, user.id)
            return await signed_in(request, user, address(request, "/"))
        except FieldError as error:
            form.refuse(error)
    is_first = await database_of(request).read(auth.is_first)
    return page(request, "account/signup.html", 400 if form.errors else 200, form=form, first_account=is_first)


def typed_twice(form: Form) -> str:
    """The new password. Raises FieldError where it was typed otherwise the second time."""
    if form.get("password1") != form.get("password2"):
        raise FieldError("password2", "The two passwords are not the same.")
    return form.get("password1")


async def log_in(request: Request) -> Response:
    if request.method != "POST":
        if isinstance(request.user, Account):
            return see_other(address(request, "/"))
        return page(
            request, "account/login.html", form=Form(), next=own_address(request, request.query_params.get("next", ""))
        )
    form = await Form.sent(request)
    try:
        async with request.app.state.throttles.guess(request, form.get("username")):
            user = await auth.log_in(database_of(request), form.get("username"), form.get("password"))
    except WrongPassword as error:
        security.refused(request, Act.LOGIN, error.account)
        return page(
            request, "account/login.html", 400, form=form.refuse(error), next=own_address(request, form.get("next"))
        )
    return await signed_in(request, user, own_address(request, form.get("next")))


async def signed_in(request: Request, user: User, target: str) -> Response:
    """To this address, in a new session of this browser; the one that it had is ended."""
    if isinstance(request.user, Account):
        await sessions.end(database_of(request), request.user, request.user.session_id)
    token = await sessions.start(database_of(request), user, request)
    security.done(request, Act.LOGIN, user.id)
    response = see_other(target)
    request.app.state.cookies.set(response, token, request)
    request.app.state.throttles.devices.remember(response, request, user.username)
    return response


async def log_out(request: Request) -> Response:
    account = request.user
    if isinstance(account, Account) and await sessions.end(database_of(request), account, account.session_id):
        security.done(request, Act.LOGOUT, account.id)
    response = see_other(address(request, "/accounts/login/"))
    request.app.state.cookies.clear(response, request)
    return response
