"""What users decide about their own accounts."""

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, check_rights, current_user
from discussit.errors import FieldError
from discussit.models import User
from discussit.models.accounts import Direct, locked_user
from discussit.pages.form import Form
from discussit.pages.page import page
from discussit.pages.submissions import claim
from discussit.site import site_of

FIELD = "direct"

DIRECT_WORDS = {
    Direct.SHARED: "People who share a group with you",
    Direct.EVERYONE: "Everyone on this server",
    Direct.NOBODY: "Nobody",
}
UNKNOWN = "Choose who can message you: people who share a group with you, everyone, or nobody."


async def account_settings(request: Request) -> Response:
    user = current_user(request)
    if request.method != "POST":
        present = select(User.direct).where(User.id == user.id)
        direct = await site_of(request).database.run_read(lambda session: session.scalar(present))
        return _form(request, Form({FIELD: direct or Direct.SHARED}))
    form = await Form.sent(request)
    try:
        direct = _chosen(form)
    except FieldError as error:
        return _form(request, form.refuse(error))
    if not form.is_done:
        await _store(request, user, form, direct)
    return _form(request, form, is_saved=True)


def _form(request: Request, form: Form, *, is_saved: bool = False) -> Response:
    status = 400 if form.errors else 200
    return page(request, "account/settings.html", status, form=form, choices=DIRECT_WORDS, is_saved=is_saved)


def _chosen(form: Form) -> Direct:
    """Raises FieldError."""
    try:
        return Direct(form.get(FIELD))
    except ValueError:
        raise FieldError(FIELD, UNKNOWN) from None


async def _store(request: Request, user: CurrentUser, form: Form, direct: Direct) -> None:
    async with site_of(request).database.transaction() as session:
        row = await locked_user(session, user.id)
        await session.run_sync(check_rights, user)
        row.direct = direct
        await claim(form, session, user.id, "")
