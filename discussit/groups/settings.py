"""What a group's owners decide: its name and description, who may find, read and write it, and its end."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncSession

from discussit.accounts.current_user import CurrentUser
from discussit.database import Database, Then, nothing
from discussit.errors import ErrorCode, Refused
from discussit.groups.admission import Admitted, acting
from discussit.groups.creation import creatable
from discussit.log.kinds import ARCHIVED, CLOSED, DESCRIBED, OPENED, RENAMED, SETTINGS, UNARCHIVED, Kind
from discussit.log.lines import setting_value
from discussit.log.write import raise_revisions
from discussit.models import Group, GroupChange, Invitation, Membership
from discussit.models.base import now
from discussit.models.groups import Access, History, Role, new_epoch
from discussit.settings import GroupCreation

NOT_OWNER = "Only owners of this group can change it."
NOT_OPENING = "Only administrators can have open groups here. Ask one of them to open this one."
NO_SETTINGS = "A direct conversation has no settings: its people and its name stay as they are."
CHANGED = "Somebody else changed this group after you opened this page. Compare, then save again."


@dataclass
class Wanted:
    """What a group should be like. None: as it is."""

    name: str | None = None
    description: str | None = None
    access: Access | None = None
    preview: bool | None = None
    history: str | None = None
    posting: str | None = None
    is_archived: bool | None = None
    from_now_on: bool = False  # of a group that is opened: nobody who comes later reads what is in it already
    rev: int | None = None  # of the settings that these are to replace; None: whatever they are


async def change_settings(
    database: Database,
    user: CurrentUser,
    uuid: UUID,
    wanted: Wanted,
    creation: GroupCreation,
    then: Then = nothing,
) -> tuple[int, list[Kind]]:
    """Have the group be as it is wanted. Return its id, and the kinds of what was changed.

    Each change is an entry of the log. A group is opened by those who may create open ones. Raises Refused (`changed`
    where `rev` is not the present one), NoSuchGroup and NotLoggedIn; ValueError for a name or a description that can't
    be one.
    """
    async with acting(database, user, uuid) as (session, admitted):
        check_owner(admitted)
        if wanted.access == Access.OPEN != admitted.group.access and not may_open(
            creation, is_superuser=admitted.user.is_superuser
        ):
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_OPENING)
        if wanted.rev not in (None, admitted.group.rev):
            raise Refused(ErrorCode.CHANGED, CHANGED)
        changed = [kind async for kind in _changes(session, admitted, wanted)]
        await then(session, admitted.user)
        return admitted.group.id, changed


async def rename(session: AsyncSession, admitted: Admitted, name: str) -> bool:
    """Rename the group, which the transaction has locked. Return False if that is its name. Raises Refused."""
    check_owner(admitted)
    return bool([kind async for kind in _changes(session, admitted, Wanted(name=name))])


def check_owner(admitted: Admitted) -> None:
    """Raises Refused unless the user may change the group."""
    if admitted.group.access == Access.DIRECT:
        raise Refused(ErrorCode.NOT_ALLOWED, NO_SETTINGS)
    if admitted.rank < Role.OWNER.rank:
        raise Refused(ErrorCode.NOT_ALLOWED, NOT_OWNER)


def may_open(creation: GroupCreation, *, is_superuser: bool) -> bool:
    """Whether an owner may open a closed group: otherwise everyone would get open groups in two steps."""
    return Access.OPEN in creatable(creation, is_superuser=is_superuser)


async def _changes(session: AsyncSession, admitted: Admitted, wanted: Wanted) -> AsyncIterator[Kind]:
    """Make the changes, one after the other."""
    group, log = admitted.group, _Log(session, admitted)
    if _set(group, "name", wanted.name):
        yield await log.add(RENAMED, group.name)
    if _set(group, "description", wanted.description):
        yield await log.add(DESCRIBED, group.description)
    if _set(group, "access", wanted.access):
        if group.access == Access.OPEN:
            yield await _open(log, group, from_now_on=wanted.from_now_on)
        else:
            yield await log.add(CLOSED)
    # Open groups have a preview, closed ones a history: of the other, nobody would see that it was changed.
    for name in ("preview" if group.access == Access.OPEN else "history", "posting"):
        if _set(group, name, getattr(wanted, name)):
            yield await log.add(SETTINGS, setting_value(name, getattr(group, name)))
    if wanted.is_archived is not None and wanted.is_archived != group.is_archived:
        yield await _archive(log, group, is_archived=wanted.is_archived)


def _set(group: Group, name: str, value: object) -> bool:
    """Set an attribute, unless it is to stay as it is. Return whether that changed it."""
    before = getattr(group, name)
    if value is not None:
        setattr(group, name, value)
    return bool(getattr(group, name) != before)


class _Log:
    """The entries of one transaction's changes."""

    def __init__(self, session: AsyncSession, admitted: Admitted) -> None:
        self.session, self._admitted = session, admitted
        self.last: GroupChange | None = None

    async def add(self, kind: Kind, value: str = "") -> Kind:
        self.last = GroupChange(group=self._admitted.group, user=self._admitted.user, kind=kind.name, content=value)
        self.session.add(self.last)
        await self.session.flush()
        return kind


async def _open(log: _Log, group: Group, *, from_now_on: bool) -> Kind:
    """Everyone may join from now on, and read the log from here on, or as far back as anybody may."""
    group.history = History.ALL
    kind = await log.add(OPENED)
    if from_now_on:
        assert log.last is not None
        group.readable_from = log.last.seq
    else:
        # Members who came later than others may read as much as strangers may from now on.
        later = Membership.group_id == group.id, Membership.from_seq > group.readable_from
        opened = update(Membership).where(*later).values(from_seq=group.readable_from)
        found = await log.session.execute(opened, execution_options={"synchronize_session": False})
        if cast(CursorResult[Any], found).rowcount:
            # Their sockets would go on hiding changes of what they may read by now: have them load the log again.
            await log.session.run_sync(raise_revisions, group.id, new_epoch())
    return kind


async def _archive(log: _Log, group: Group, *, is_archived: bool) -> Kind:
    """End the group's use, and its invitations; or begin it again, without them."""
    group.archived_at = now() if is_archived else None
    live = Invitation.group_id == group.id, Invitation.revoked_at.is_(None)
    ended = update(Invitation).where(*live).values(revoked_at=now())
    await log.session.execute(ended, execution_options={"synchronize_session": False})
    return await log.add(ARCHIVED if is_archived else UNARCHIVED)
