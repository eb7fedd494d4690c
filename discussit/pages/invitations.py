"""The pages on which owners, moderators and administrators create invitations, revoke them, and see who used them."""

from typing import Any
from uuid import UUID

import segno
from markupsafe import Markup
from sqlalchemy.orm import Session as OrmSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, current_user
from discussit.accounts.security_log import Act
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import admit
from discussit.groups.invitation_lists import invitations_of, uses_of
from discussit.groups.invitations import (
    LIVES,
    MAX_USES,
    NOT_ADMINISTRATOR,
    Created,
    Terms,
    check_may_invite,
    create,
)
from discussit.groups.invitations import revoke as revoke_invitation
from discussit.groups.membership import rank_of
from discussit.models import Group
from discussit.pages.form import Form
from discussit.pages.page import full_address, hide_address, page, page_number, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address
from discussit.wire.commands import MAX_SEQ

DEFAULT_LIFE = "7d"


async def invitations(request: Request) -> Response:
    """The list, or the new link: it is shown on the page that answers only, and is in no address and in no log."""
    user, form = current_user(request), Form()
    if request.method != "POST":
        return await _list(request, user, form)
    form = await Form.sent(request)
    if form.is_done:
        return await _list(request, user, Form(), is_repeated=True)
    try:
        made = await create(site_of(request).database, user, _uuid(request), _terms(form), claiming(form, ""))
    except FieldError as error:
        return await _list(request, user, form.refuse(error))
    security_log.done(request, Act.INVITATION_CREATE, **_place(request, made.group_id), invitation=made.id)
    return await _list(request, user, Form(), made=made)


async def revoke(request: Request) -> Response:
    user, form = current_user(request), await Form.sent(request)
    target = _address(request)
    revoked = await revoke_invitation(
        site_of(request).database, user, _uuid(request), _id(request), claiming(form, target)
    )
    if revoked is None:
        raise HTTPException(404)
    place = _place(request, revoked.group_id)
    security_log.done(request, Act.INVITATION_REVOKE, revoked.created_by, **place, invitation=revoked.id)
    return see_other(target)


async def uses(request: Request) -> Response:
    user, id = current_user(request), _id(request)

    def read(session: OrmSession) -> Any:
        group = _group(session, user, _uuid(request))
        return group, uses_of(session, group.id if group else None, id, page_number(request))

    group, found = await site_of(request).database.run_read(read)
    if found is None:
        raise HTTPException(404)
    invitation, part = found
    context = {"group": group, "invitation": invitation, "part": part, "address": _address(request)}
    return hide_address(page(request, "invitation/uses.html", **context))


async def _list(
    request: Request, user: CurrentUser, form: Form, *, made: Created | None = None, is_repeated: bool = False
) -> Response:
    def read(session: OrmSession) -> Any:
        group = _group(session, user, _uuid(request))
        return group, invitations_of(session, group.id if group else None, page_number(request))

    group, part = await site_of(request).database.run_read(read)
    link = full_address(request, f"/invitations/{made.token}/") if made else None
    status = 400 if form.errors else 200
    return hide_address(
        page(
            request,
            "invitation/list.html",
            status,
            group=group,
            part=part,
            form=form,
            lives=LIVES,
            life=form.get("expires") or DEFAULT_LIFE,
            max_uses=MAX_USES,
            link=link,
            qr_code=qr_code(link) if link else None,
            is_repeated=is_repeated,
            address=_address(request),
        )
    )


def _group(session: OrmSession, user: CurrentUser, uuid: UUID | None) -> Group | None:
    """The group, if the user may invite people to it; None: they may invite people to the server."""
    if uuid is not None:
        membership = admit(session, user, uuid)
        rank = rank_of(membership, is_superuser=user.is_superuser)
        check_may_invite(membership.group, membership, rank)
        return membership.group
    if not user.is_superuser:
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_ADMINISTRATOR)
    return None


def _terms(form: Form) -> Terms:
    """Raises FieldError."""
    life, uses = form.get("expires") or DEFAULT_LIFE, form.get("max_uses").strip()
    if life not in LIVES:
        raise FieldError("expires", "Choose how long the link works.")
    if uses and not (uses.isascii() and uses.isdecimal() and len(uses) < 9 and 1 <= int(uses) <= MAX_USES):
        raise FieldError("max_uses", f"Give a number from 1 to {MAX_USES:,}, or leave it empty.")
    return Terms(LIVES[life], int(uses) if uses else None)


def qr_code(link: str) -> Markup:
    """The link as a QR code in SVG, without styles of its own, which the page's policy would not allow."""
    svg = segno.make(link, error="m", micro=False).svg_inline(omitsize=True, svgclass="qr-code", lineclass=None)
    return Markup(svg)  # noqa: S704 - of squares, whatever the link is


def _place(request: Request, group_id: int | None) -> dict[str, int | None]:
    return {} if _uuid(request) is None else {"group": group_id}


def _uuid(request: Request) -> UUID | None:
    uuid: UUID | None = request.path_params.get("uuid")
    return uuid


def _id(request: Request) -> int:
    """Of an invitation; one that no invitation has, if no engine could store it."""
    id: int = request.path_params["id"]
    return id if id <= MAX_SEQ else 0


def _address(request: Request) -> str:
    uuid = _uuid(request)
    return address(request, f"/groups/{uuid}/invitations/" if uuid else "/invitations/")
