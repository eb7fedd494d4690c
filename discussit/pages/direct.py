"""Direct conversations: the form that begins one, or leads to the one that there is."""

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import current_user
from discussit.errors import FieldError
from discussit.groups.direct import FIELD, MAX_PEOPLE, entering
from discussit.pages.form import Form
from discussit.pages.page import page, see_other
from discussit.pages.submissions import claim
from discussit.site import site_of
from discussit.urls import address


async def new_message(request: Request) -> Response:
    current_user(request)
    return _form(request, Form({FIELD: " ".join(request.query_params.getlist(FIELD))}))


async def begin(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.join_or_leave(user.username)
    names = form.names(FIELD)
    try:
        async with entering(site.database, user, names) as (session, uuid):
            target = address(request, f"/groups/{uuid}/")
            await claim(form, session, user.id, target)
    except FieldError as error:
        form.values[FIELD] = " ".join(names)
        return _form(request, form.refuse(error))
    return see_other(target)


def _form(request: Request, form: Form) -> Response:
    return page(request, "home/new_message.html", 400 if form.errors else 200, form=form, max_others=MAX_PEOPLE - 1)
