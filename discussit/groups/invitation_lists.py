"""The invitations of a group or of the server, and who used them."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.invitations import is_live
from discussit.models import Invitation, InvitationUse, User
from discussit.models.base import now

Row = TypeVar("Row")
PAGE = 50  # invitations, or uses of one


class ListedInvitation(NamedTuple):
    """An invitation in a list."""

    id: int
    creator: str
    created_at: datetime
    expires_at: datetime | None
    max_uses: int | None
    uses: int
    revoked_at: datetime | None
    last_used_at: datetime | None = None

    @property
    def ended(self) -> str:
        """Why it can't be used any more, in a word; empty if it can."""
        if self.revoked_at is not None:
            return "revoked"
        if self.max_uses is not None and self.uses >= self.max_uses:
            return "used up"
        return "expired" if self.expires_at is not None and self.expires_at <= now() else ""


class Use(NamedTuple):
    """Somebody who used an invitation."""

    username: str
    used_at: datetime


class ListPage(NamedTuple, Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    total: int  # on all pages
    place: int  # the number of this page: the one asked for, as far as there is one
    pages: int


def invitations_of(session: OrmSession, group_id: int | None, place: int) -> ListPage[ListedInvitation]:
    """The invitations to the group or, without one, to the server: those that can be used first, the newest before."""
    of_place = Invitation.group_id == group_id
    total = session.scalar(select(func.count()).where(of_place)) or 0
    columns = (Invitation.created_at, Invitation.expires_at, Invitation.max_uses, Invitation.uses)
    rows = (
        select(Invitation.id, User.username, *columns, Invitation.revoked_at)
        .join(User, User.id == Invitation.created_by)
        .where(of_place)
        .order_by(is_live().desc(), Invitation.id.desc())
    )
    return _with_last_uses(session, _page(session, rows, total, place, ListedInvitation))


def _with_last_uses(session: OrmSession, page: ListPage[ListedInvitation]) -> ListPage[ListedInvitation]:
    """Read of those alone that are shown: within the list's query, PostgreSQL would look for those of all."""
    used = InvitationUse.invitation_id.in_([each.id for each in page.rows if each.uses])
    last = select(InvitationUse.invitation_id, func.max(InvitationUse.used_at)).where(used)
    found = {row[0]: row[1] for row in session.execute(last.group_by(InvitationUse.invitation_id))}
    return page._replace(rows=[each._replace(last_used_at=found.get(each.id)) for each in page.rows])


def uses_of(session: OrmSession, group_id: int | None, id: int, place: int) -> tuple[Invitation, ListPage[Use]] | None:
    """One of these invitations and who used it, the last first. None if there is none with this id."""
    found = session.scalar(select(Invitation).where(Invitation.id == id, Invitation.group_id == group_id))
    if found is None:
        return None
    total = session.scalar(select(func.count()).where(InvitationUse.invitation_id == id)) or 0
    rows = (
        select(User.username, InvitationUse.used_at)
        .join(User, User.id == InvitationUse.user_id)
        .where(InvitationUse.invitation_id == id)
        .order_by(InvitationUse.used_at.desc(), InvitationUse.user_id.desc())
    )
    return found, _page(session, rows, total, place, Use)


def _page(session: OrmSession, rows: Any, total: int, place: int, row: type[Any]) -> ListPage[Any]:
    pages = max(1, ceil(total / PAGE))
    place = min(place, pages)
    found = session.execute(rows.limit(PAGE).offset((place - 1) * PAGE))
    return ListPage([row(*each) for each in found], total, place, pages)
