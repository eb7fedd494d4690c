"""A group's page: its log, its members, and the forms that work without JavaScript."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import CurrentUser, current_user
from discussit.groups.admission import admit, join_or_leave
from discussit.groups.invitations import may_invite
from discussit.groups.lists import Own, beside_log
from discussit.groups.membership import may_post, raised_ranks, rank_of, some_members
from discussit.groups.names import shown_name
from discussit.log.around import Around, Excerpt, excerpts, read_around, read_around_each
from discussit.log.bisection import FoundEntry, first_unread
from discussit.log.checks import MAX_CONTENT
from discussit.log.decide import MAX_NOTIFIED
from discussit.log.kinds import EVENT_WORDS, KINDS
from discussit.log.unread import Numbers
from discussit.models import Group, Membership, User
from discussit.models.groups import Access, Posting, Role
from discussit.models.preferences import preferences_of
from discussit.pages.form import Form
from discussit.pages.group_parts import Part, read_part, seq_in
from discussit.pages.later_parts import later_parts_address
from discussit.pages.leaving import asks_before_leaving
from discussit.pages.page import creatable_by, live_page, own_address, see_other
from discussit.pages.rows import HEADER_WINDOW, TOMBSTONES, rendered
from discussit.pages.runs import folded
from discussit.pages.submissions import claim
from discussit.site import site_of
from discussit.text.emoji import SUGGESTED
from discussit.urls import address

MEMBERS = 100  # on a group's page, at most; pages/members.py has all
# What its template and its script need to know, whatever the group.
CONSTANTS = {
    "max_members": MEMBERS,
    "max_content": MAX_CONTENT,
    "max_notified": MAX_NOTIFIED,
    "header_window": int(HEADER_WINDOW.total_seconds()),
    "kinds": list(KINDS),
    "event_words": tuple(EVENT_WORDS.items()),
    "tombstones": tuple(TOMBSTONES.items()),
    "suggested": SUGGESTED,
}


async def group(request: Request) -> Response:
    return await group_page(request, current_user(request), Form())


async def group_page(
    request: Request, user: CurrentUser, form: Form, status: int = 200, *, settings: Mapping[str, Any] | None = None
) -> Response:
    """The part of the log that the URL asks for, with this form for the next message.

    `settings`: what group/_settings.html shows in the place of the members' column.
    """
    site = site_of(request)
    # Only those who read it in this process: the list of a large group is a selection in any case.
    here = site.hub.rooms.readers(request.path_params["uuid"], MEMBERS)
    read = await site.database.run_read(lambda session: _read(session, user, request, form, here))
    group = read.membership.group
    return live_page(
        request,
        "group/settings.html" if settings else "group/group.html",
        status,
        group=group,
        shown_name=read.shown_name,
        is_direct=group.access == Access.DIRECT,
        members=read.members,
        own=read.own,
        numbers=read.numbers,
        creatable=creatable_by(request, user),
        blank=Form(),
        form=form,
        answered=read.answered,
        reply_is_lost=read.answered is None and seq_in(request, "reply") is not None,
        later_parts=later_parts_address(request),
        welcomes=request.query_params.get("welcome") == "1",  # after signing up by an invitation
        settings=settings,
        **CONSTANTS,
        **_rights(user, read),
        **_log(request, user, read),
    )


def _rights(user: CurrentUser, read: "GroupPage") -> dict[str, Any]:
    """What the user may do in the group, and what for that the page asks or says."""
    membership, group = read.membership, read.membership.group
    return {
        "role": membership.role,
        "rank": read.rank,
        "ranks": read.ranks,
        "is_owner": read.rank >= Role.OWNER.rank,
        "has_settings": _moderates(group, read.rank),
        "asks_before_leaving": asks_before_leaving(membership.role, group.access, is_archived=group.is_archived),
        "read_only": _read_only(group, read.rank),
        "may_invite": may_invite(membership, is_superuser=user.is_superuser),
    }


def _log(request: Request, user: CurrentUser, read: "GroupPage") -> dict[str, Any]:
    """What the page shows of the log."""
    group, part, unread = read.membership.group, read.part, read.first_unread
    entries = rendered(part.entries, read.around, user.username)
    at = part.at if part.at is not None else seq_in(request, "at")
    is_unread_shown = unread is not None and part.is_of_log and part.has(unread.seq)
    return {
        "part": part,
        "conversation": part.conversation,
        "entries": entries,
        "rows": folded(entries, (at, unread.seq if unread and is_unread_shown else None)),
        "at": at,
        "at_end": part.is_of_log and not part.has_later,
        "last_seq": group.last_seq if part.is_of_log or not part.has_later else part.entries[-1].seq,
        "first_unread": unread,
        "is_unread_shown": is_unread_shown,
        "is_held": _is_held(request, read.numbers),
        **_links(request, group, part),
    }


def _is_held(request: Request, numbers: Numbers) -> bool:
    """Whether the user has just marked the log as unread from the page's entry on."""
    at = seq_in(request, "at")
    return request.query_params.get("unread") == "1" and at is not None and numbers.read < at


def _read_only(group: Group, rank: int) -> str | None:
    """Why the user can write no messages, if they can't."""
    if group.is_archived:
        return "archived"
    if group.posting == Posting.NOBODY:
        return "ended"
    return None if may_post(group.posting, rank) else "moderators"


def _links(request: Request, group: Group, part: Part) -> dict[str, str | None]:
    url = address(request, group.get_absolute_url())
    query = "?" if part.is_of_log else f"?replies={part.conversation}&"
    first, last = (part.entries[0].seq, part.entries[-1].seq) if part.entries else (1, 1)
    return {
        "earlier_url": f"{url}{query}before={first}" if part.has_earlier else None,
        "later_url": f"{url}{query}after={last}" if part.has_later else None,
    }


class GroupPage(NamedTuple):
    """What a group's page shows, from one snapshot of the database."""

    membership: Membership
    rank: int  # what the user may do there (models.groups.Role)
    shown_name: str  # of the group, for the user
    part: Part
    first_unread: FoundEntry | None
    around: Around
    answered: Excerpt | None  # the message that the next one will answer
    members: Sequence[str]  # MEMBERS at most, by name: the user, those who are here, then others
    own: Own  # the user's groups
    numbers: Numbers  # what the user has not read of this one
    ranks: Mapping[str, int] | None  # of those who are more than members, for users who may delete others' messages


def _read(session: OrmSession, user: CurrentUser, request: Request, form: Form, here: Sequence[int]) -> GroupPage:
    membership = admit(session, user, request.path_params["uuid"])
    group, log, own = membership.group, membership.log, beside_log(session, user.id, membership.group_id)
    numbers = own.numbers.get(group.id) or _all_read(membership)
    unread = first_unread(session, membership) if numbers.unread else None
    part = read_part(session, membership, request, unread and unread.seq)
    around = read_around if part.is_of_log else read_around_each
    rank = rank_of(membership, is_superuser=user.is_superuser)
    return GroupPage(
        membership,
        rank,
        shown_name(session, user.id, group),
        part,
        unread,
        around(session, log, user.id, part.entries),
        _answered(session, membership, seq_in(request, "reply") or form.seq("reply_to") or _default_reply(part, form)),
        some_members(session, group.id, [user.id, *here], MEMBERS),
        own,
        numbers,
        raised_ranks(session, group.id, MEMBERS) if _moderates(group, rank) else None,
    )


def _moderates(group: Group, rank: int) -> bool:
    """Whether the user may delete messages of others, and change or see some of the settings."""
    return rank >= Role.MODERATOR.rank and group.access != Access.DIRECT


def _all_read(membership: Membership) -> Numbers:
    """The numbers of a direct group that the user has hidden."""
    place = membership.read_seq, membership.read_rev, membership.group.last_seq
    preferences = preferences_of(membership)
    return Numbers(0, 0, *place, preferences=preferences, is_muted=preferences.is_muted)


def _default_reply(part: Part, form: Form) -> int | None:
    """On the page of a conversation one writes replies; not with a form that came back without."""
    return None if form.errors else part.conversation


def _answered(session: OrmSession, membership: Membership, seq: int | None) -> Excerpt | None:
    if seq is None or seq > membership.group.last_seq:
        return None
    found = excerpts(session, membership.log, [seq]).get(seq)
    return None if found is None or found.is_deleted else found


async def join(request: Request) -> Response:
    return await _join_or_leave(request, joins=True)


async def leave(request: Request) -> Response:
    return await _join_or_leave(request, joins=False)


async def _join_or_leave(request: Request, *, joins: bool) -> Response:
    site, user, form = site_of(request), current_user(request), await Form.sent(request)
    await site.throttles.join_or_leave(user.username)
    uuid, target = request.path_params["uuid"], own_address(request, form.get("next"))

    async def then(session: AsyncSession, row: User) -> None:
        nonlocal target
        if not joins and await session.scalar(select(Group.access).where(Group.uuid == uuid)) == Access.CLOSED:
            target = address(request, "/")  # whoever has left finds nothing anywhere else
        # A repeat that comes late must not undo what was done since.
        await claim(form, session, row.id, target)

    await join_or_leave(site.database, user, uuid, joins=joins, then=then)
    return see_other(target)
