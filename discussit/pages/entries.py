"""A group's log as JSON: for pages whose network lets no WebSocket through, and for programs."""

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit import assets
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, check_account, current_user
from discussit.delivery.protocols import V1
from discussit.delivery.slices import Slice
from discussit.groups.admission import admit
from discussit.log.read import Place, cursor_of, entries_since, is_in_log
from discussit.log.unread import count_for, unread_object
from discussit.models import Membership
from discussit.pages.page import JSON
from discussit.site import site_of
from discussit.wire import objects

MAX_ENTRIES = 200  # of one response
MAX_LENGTH = 1024 * 1024  # characters of one response; 200 entries of maximum length would be 20 times as many


async def entries(request: Request) -> Response:
    """The entries after `?since=` as `discussit.v1` sends them, or a reset; without `since` none.

    With `unread=1`, a reader who missed nothing is sent the unread numbers of all groups that they are in.
    """
    try:
        user = current_user(request)
        check_account(request, request.query_params.get("account", ""))
        site = site_of(request)
        await site.throttles.poll(user.username)
        text = await site.database.run_read(lambda session: _read(session, user, request))
    except NotLoggedIn:
        # A redirect would lead a script to the login page, whose status is 200.
        return Response(status_code=401)
    return Response(text, media_type=JSON, headers={"Script-Version": assets.version()})


def _read(session: OrmSession, user: CurrentUser, request: Request) -> str:
    """Admission, place and entries from one snapshot, so that none is from after a reset that is not seen."""
    membership = admit(session, user, request.path_params["uuid"])
    place = V1.place(request.query_params)
    found = "[]" if place is None else _array(session, membership, place)
    return _unread(session, user) if found == "[]" and request.query_params.get("unread") == "1" else found


def _unread(session: OrmSession, user: CurrentUser) -> str:
    counts = count_for(session.connection(), user.id)
    return objects.array(objects.encode(unread_object(count.group_uuid, count.numbers)) for count in counts)


def _array(session: OrmSession, membership: Membership, place: Place) -> str:
    group, log = membership.group, membership.log
    if not is_in_log(session, group, log, place):
        return objects.array([objects.encode(objects.Reset(group.last_seq))])
    cursor = cursor_of(place, log)
    if cursor >= group.last_seq:
        return "[]"
    missed = entries_since(session, group.id, group.uuid, cursor, MAX_ENTRIES)
    return Slice.after(cursor, missed, MAX_LENGTH).readable_from(log.first).array
