"""What a member wants to be told of a group: a page of its own."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import admit
from discussit.groups.names import shown_name
from discussit.groups.preferences import WantedPreferences, set_preferences
from discussit.log.unread import Count, unread_object
from discussit.models import Group
from discussit.models.base import now
from discussit.models.preferences import FOREVER, Level, Preferences, preferences_of
from discussit.pages.form import Form
from discussit.pages.page import JSON, is_for_script, json_refusal, json_reply, own_address, page, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address

LEVEL_WORDS = {
    Level.ALL: "Every message",
    Level.MENTIONS: "Mentions and replies",
    Level.NOTHING: "Nothing",
}
# For how long a form mutes the group.
MUTES = {
    "1h": (timedelta(hours=1), "For an hour"),
    "8h": (timedelta(hours=8), "For 8 hours"),
    "1d": (timedelta(days=1), "For a day"),
    "7d": (timedelta(days=7), "For a week"),
}
UNTIL_TURNED_OFF, OFF = "forever", "off"
NO_LEVEL = "Choose what to be notified about: every message, mentions and replies, or nothing."
NO_MUTE = "Choose how long to mute this group."
NO_MOMENT = "`muted_until` must be a moment with its time zone, such as 2026-11-28T08:00:00Z, or empty."


class PreferencesPage(NamedTuple):
    group: Group
    shown_name: str  # for the member
    preferences: Preferences


async def preferences(request: Request) -> Response:
    user = current_user(request)
    read = await site_of(request).database.run_read(lambda session: _read(session, user, request))
    if request.method != "POST":
        return _page(request, Form(), read)
    form = await Form.sent(request)
    try:
        wanted = _wanted(form)
    except FieldError as error:
        return _refused(request, form.refuse(error), read)
    await site_of(request).throttles.change_group(user.username)
    next_page = form.get("next")
    place = own_address(request, next_page) if next_page else address(request, read.group.get_absolute_url())
    count = await set_preferences(site_of(request).database, user, read.group.uuid, wanted, claiming(form, place))
    return _counted(count) if is_for_script(request) else see_other(place)


def _read(session: OrmSession, user: CurrentUser, request: Request) -> PreferencesPage:
    membership = admit(session, user, request.path_params["uuid"])
    name = shown_name(session, user.id, membership.group)
    return PreferencesPage(membership.group, name, preferences_of(membership))


def _page(request: Request, form: Form, read: PreferencesPage) -> Response:
    lasts = read.preferences.muted_until == FOREVER
    more = {"form": form, "levels": LEVEL_WORDS, "mutes": MUTES, "is_muted_for_good": lasts}
    return page(request, "group/preferences.html", 400 if form.errors else 200, **read._asdict(), **more)


def _refused(request: Request, form: Form, read: PreferencesPage) -> Response:
    if is_for_script(request):
        return json_refusal(Refused(ErrorCode.BAD_FRAME, next(iter(form.errors.values()))), 400)
    return _page(request, form, read)


def _counted(count: Count | None) -> Response:
    """For scripts, as on their sockets. A direct group that is hidden has no numbers."""
    if count is None:
        return Response("[]", media_type=JSON)
    return json_reply(unread_object(count.group_uuid, count.numbers))


# What is wanted


def _wanted(form: Form) -> WantedPreferences:
    """Fields that are left out change nothing. Raises FieldError."""
    return WantedPreferences(_level(form), _muted_until(form))


def _level(form: Form) -> Level | None:
    if "level" not in form.values:
        return None
    try:
        return Level(form.get("level"))
    except ValueError:
        raise FieldError("level", NO_LEVEL) from None


def _muted_until(form: Form) -> datetime | None:
    if "muted_until" in form.values:
        return _moment(form.get("muted_until"))
    mute = form.get("mute")
    if mute in MUTES:
        return now() + MUTES[mute][0]
    if mute not in ("", UNTIL_TURNED_OFF, OFF):
        raise FieldError("mute", NO_MUTE)
    return {"": None, UNTIL_TURNED_OFF: FOREVER, OFF: now()}[mute]


def _moment(text: str) -> datetime:
    """A moment of RFC 3339; now, if the text is empty. Raises FieldError."""
    try:
        moment = datetime.fromisoformat(text) if text else now()
        if moment.tzinfo is None:
            raise FieldError("mute", NO_MOMENT)
        return min(moment, FOREVER)
    except (ValueError, OverflowError):
        raise FieldError("mute", NO_MOMENT) from None
