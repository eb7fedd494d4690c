"""A group's settings beside its log, for its owners. Moderators find the way to members and invitations there."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, current_user
from discussit.accounts.security_log import Act
from discussit.errors import ErrorCode, FieldError, Refused, checked
from discussit.groups.admission import Seen, admit_to_act, has_owner
from discussit.groups.settings import NO_SETTINGS, NOT_OWNER, Wanted, change_settings, may_open
from discussit.log.kinds import ARCHIVED, CLOSED, DESCRIBED, OPENED, RENAMED, SETTINGS, UNARCHIVED
from discussit.models import Entry, Group
from discussit.models.groups import (
    MAX_DESCRIPTION,
    MAX_NAME,
    Access,
    History,
    Posting,
    Role,
    check_description,
    check_name,
)
from discussit.pages.form import Form
from discussit.pages.group import group_page
from discussit.pages.page import page, see_other
from discussit.pages.submissions import claiming
from discussit.site import site_of
from discussit.urls import address

# What a field may say, in words for people.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "access": {Access.OPEN: "Open", Access.CLOSED: "Closed"},
    "preview": {
        "on": "Anyone can read the last 50 messages",
        "off": "Only members can read messages",
    },
    "history": {
        History.ALL: "All messages",
        History.FROM_JOIN: "Only messages from after they join",
    },
    "posting": {
        Posting.EVERYONE: "All members can write",
        Posting.MODERATORS: "Only moderators and owners can write",
    },
    "archived": {"1": "Archived", "0": "In use"},
}
NO_NAME = f"Give the group a name, up to {MAX_NAME} characters."

ACTS = {
    RENAMED: Act.GROUP_RENAME,
    DESCRIBED: Act.GROUP_DESCRIBE,
    OPENED: Act.GROUP_OPEN,
    CLOSED: Act.GROUP_CLOSE,
    ARCHIVED: Act.GROUP_ARCHIVE,
    UNARCHIVED: Act.GROUP_UNARCHIVE,
    SETTINGS: Act.GROUP_SETTINGS,
}


async def settings(request: Request) -> Response:
    if request.method == "POST":
        return await _change(request)
    return await _page(request, Form())


async def _change(request: Request) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    # Read before what the form says is checked: whoever may not change the group learns nothing else.
    seen = (await _admitted(request)).seen
    await site.throttles.change_group(user.username)
    wanted, errors = _wanted(form)
    if errors:
        for error in errors:
            form.refuse(error)
        return await _page(request, form, 400)
    place = address(request, f"/groups/{seen.group.uuid}/{'' if seen.membership else 'settings/'}")
    try:
        group, kinds = await change_settings(
            site.database, user, seen.group.uuid, wanted, site.group_creation, claiming(form, place)
        )
    except Refused as refused:
        return await _refused(request, form, refused)
    for act in dict.fromkeys(ACTS[kind] for kind in kinds):
        security_log.done(request, act, group=group)
    return see_other(place)


async def _refused(request: Request, form: Form, refused: Refused) -> Response:
    """With what others changed in the meantime. Raises Refused where there is nothing to compare."""
    if refused.code != ErrorCode.CHANGED:
        security_log.refused(request, Act.GROUP)
        raise refused
    return await _page(request, form.refuse(FieldError("", str(refused))), 409)


# What is wanted


def _wanted(form: Form) -> tuple[Wanted, list[FieldError]]:
    """What the form asks for, and what is wrong with it. Raises Refused."""
    values: dict[str, Any] = {}
    errors = []
    for name in ("name", "description", *CHOICES):
        try:
            if name in form.values:
                values[name] = _value(form, name)
        except FieldError as error:
            errors.append(error)
    archived = values.pop("archived", None)
    return Wanted(**values, is_archived=archived, from_now_on=form.get("from_now_on") == "1", rev=form.rev()), errors


def _value(form: Form, name: str) -> object:
    """The value of a field. Raises FieldError."""
    value = form.get(name)
    if name == "name":
        return checked(name, check_name, value) if value.strip() else _refuse(name, NO_NAME)
    if name == "description":
        return checked(name, check_description, value)
    if value not in CHOICES[name]:
        return _refuse(name, "Choose one of the options.")
    return value in ("on", "1") if name in ("preview", "archived") else value


def _refuse(name: str, text: str) -> object:
    raise FieldError(name, text)


# The page


class SettingsPage(NamedTuple):
    """A group's settings, from one snapshot of the database."""

    seen: Seen
    has_owner: bool
    messages: int  # that whoever joins from now on may read


async def _page(request: Request, form: Form, status: int = 200) -> Response:
    read = await _admitted(request)
    if status in (200, 409):  # otherwise the form still changes the settings of that `rev`
        form.values["rev"] = str(read.seen.group.rev)
    settings = _settings(request, read, form, status)
    if read.seen.membership is None:  # a superuser who acts as the owner does not read the log
        return page(request, "group/settings_alone.html", status, settings=settings)
    return await group_page(request, current_user(request), Form(), status, settings=settings)


def _settings(request: Request, read: SettingsPage, form: Form, status: int) -> Mapping[str, Any]:
    """What group/_settings.html shows."""
    group, present = read.seen.group, _present(read.seen.group)
    return {
        "group": group,
        "form": form,
        "is_owner": read.seen.rank >= Role.OWNER.rank,
        "is_member": read.seen.membership is not None,
        "has_owner": read.has_owner,
        "messages": read.messages,
        "choices": CHOICES,
        "shown": present | form.values,
        "now": _changed_meanwhile(form, present) if status == 409 else {},
        "may_open": may_open(site_of(request).group_creation, is_superuser=current_user(request).is_superuser),
        "max_description": MAX_DESCRIPTION,
    }


async def _admitted(request: Request) -> SettingsPage:
    """Raises Refused unless the user is a moderator, an owner or acts as one; NoSuchGroup, NotAMember."""
    user = current_user(request)
    try:
        return await site_of(request).database.run_read(lambda session: _read(session, user, request))
    except Refused:
        security_log.refused(request, Act.GROUP)
        raise


def _read(session: OrmSession, user: CurrentUser, request: Request) -> SettingsPage:
    seen = admit_to_act(session, user, request.path_params["uuid"])
    if seen.group.access == Access.DIRECT:
        raise Refused(ErrorCode.NOT_ALLOWED, NO_SETTINGS)
    if seen.rank < (Role.OWNER if request.method == "POST" else Role.MODERATOR).rank:
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_OWNER)
    return SettingsPage(
        seen, has_owner(session, seen.group), seen.group.messages - _messages_before(session, seen.group)
    )


def _messages_before(session: OrmSession, group: Group) -> int:
    """How many messages nobody who joins from now on may read."""
    if group.readable_from == 1:
        return 0
    last = select(Entry.nth).where(Entry.group_id == group.id, Entry.seq == group.readable_from - 1)
    return session.scalar(last) or 0


def _present(group: Group) -> dict[str, str]:
    """The settings as the fields say them."""
    preview, archived = ("off", "on")[group.preview], str(int(group.is_archived))
    names = ("name", "description", "access", "history", "posting")
    return {name: getattr(group, name) for name in names} | {"preview": preview, "archived": archived}


def _changed_meanwhile(form: Form, present: Mapping[str, str]) -> dict[str, str]:
    """What the group has now, in words, where the form says something else."""
    typed = {name: form.get(name).replace("\r\n", "\n").strip() for name in present if name in form.values}
    differing = [name for name, value in typed.items() if value != present[name]]
    return {name: CHOICES.get(name, {}).get(present[name], present[name]) or "(empty)" for name in differing}
