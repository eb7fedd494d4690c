"""The preview of an open group: its last entries, for people who may join it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.groups.admission import NotAMember, admit
from discussit.log.around import Around, read_around
from discussit.log.kinds import EntryRow
from discussit.log.read import shown_before
from discussit.models import Group
from discussit.models.accounts import NO_USER
from discussit.models.groups import ReadableLog
from discussit.pages.page import page, see_other
from discussit.pages.rows import rendered
from discussit.pages.runs import folded
from discussit.site import site_of
from discussit.urls import address

PREVIEW = 50  # entries


async def preview(request: Request) -> Response:
    """Members are led to the group. Raises NotAMember if the group allows no previews."""
    user, uuid = current_user(request), request.path_params["uuid"]
    found = await site_of(request).database.run_read(lambda session: _read(session, user, uuid))
    if found is None:
        return see_other(address(request, f"/groups/{uuid}/"))
    rows = folded(rendered(found.entries, found.around, reader=""))
    return page(request, "home/preview.html", group=found.group, rows=rows, most=PREVIEW)


class Preview(NamedTuple):
    """What a preview shows, from one snapshot of the database."""

    group: Group
    entries: Sequence[EntryRow]
    around: Around


def _read(session: OrmSession, user: CurrentUser, uuid: UUID) -> Preview | None:
    """None for a member."""
    try:
        admit(session, user, uuid)
    except NotAMember as outside:
        group = outside.group
        if not group.preview:
            raise
        # As much as they could read after joining.
        log = ReadableLog(group.id, group.readable_from)
        entries = shown_before(session, log, group.last_seq + 1, PREVIEW)
        # Whose reactions they are is not shown.
        return Preview(group, entries, read_around(session, log, NO_USER, entries))
    return None
