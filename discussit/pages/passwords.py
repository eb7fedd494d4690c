"""A new password, for who is signed in."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from discussit import auth, passwords, renewals
from discussit.auth import FieldError, checked
from discussit.pages.accounts import typed_twice
from discussit.pages.page import Form, database_of, page


async def change_password(request: Request) -> Response:
    account = auth.account_of(request)
    if request.method != "POST":
        return page(request, "password.html", form=Form())
    form = await Form.sent(request)
    try:
        new = checked("password1", partial(passwords.check, account.username), typed_twice(form))
        await renewals.change(database_of(request), account, form.get("password"), new)
    except FieldError as error:
        return page(request, "password.html", 400, form=form.refuse(error))
    return page(request, "password.html", form=Form(), is_changed=True)
