"""The user's groups as JSON: pages that were without a connection make their lists right with it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit import assets
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_account, current_user
from discussit.groups.admission import own_uuids
from discussit.groups.listed import Listed
from discussit.groups.lists import own_groups
from discussit.log.kinds import utc_text
from discussit.log.last import last_object
from discussit.pages.page import JSON
from discussit.site import site_of
from discussit.wire import objects


async def own_groups_as_json(request: Request) -> Response:
    """A `ready` with the uuids of all groups that the user is in, then the first of these groups, in home's order."""
    try:
        user = current_user(request)
        check_account(request, request.query_params.get("account", ""))
        site = site_of(request)
        await site.throttles.poll(user.username)
        uuids, groups = await site.database.run_read(lambda session: _read(session, user))
    except NotLoggedIn:
        # A redirect would lead a script to the login page, whose status is 200.
        return Response(status_code=401)
    ready = objects.Ready(user.username, user.account_id, groups=uuids)
    text = objects.array([objects.encode(ready), *(objects.encode(_object(group)) for group in groups)])
    return Response(text, media_type=JSON, headers={"Script-Version": assets.version()})


def _read(session: OrmSession, user: CurrentUser) -> tuple[list[UUID], Sequence[Listed]]:
    return own_uuids(session, user), own_groups(session, user.id).groups


def _object(group: Listed) -> objects.ListedGroup:
    return objects.ListedGroup(
        group.uuid,
        group.name,
        group.access,
        group.is_archived,
        group.members,
        group.role or "",
        group.level or "",
        group.is_muted,
        active_at=utc_text(group.active_at),
        last=group.last and last_object(group.last),
    )
