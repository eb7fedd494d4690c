"""Invitations: links by which people join a group, or sign up."""

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from discussit.accounts import login
from discussit.accounts.current_user import CurrentUser, check_rights
from discussit.database import Database, Then, nothing
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.admission import acting, outside
from discussit.groups.creation import DAY, check_daily
from discussit.groups.membership import is_member, rank_of
from discussit.log.kinds import LEFT
from discussit.models import Group, Invitation, InvitationUse, Membership, User
from discussit.models.accounts import NO_USER, locked_user
from discussit.models.base import now
from discussit.models.entries import ENTRIES
from discussit.models.groups import GROUPS, Access, Role

LIVES = {"1h": timedelta(hours=1), "1d": DAY, "7d": timedelta(days=7), "30d": timedelta(days=30), "never": None}
MAX_USES = 10_000  # of one invitation
MAX_DAILY = 50  # that an account creates in a day
MAX_LIVE = 50  # of one group, or of the server
TOKEN = re.compile(r"[\w-]{22}", re.ASCII)  # 128 bits

NO_LINKS = "A direct conversation has no invitations: nobody can join it."
NOT_MODERATOR = "Only owners and moderators of this group can invite people by link."
NOT_ADMINISTRATOR = "Only administrators can invite people to this server."
NO_INVITATIONS = "This group is archived, so nobody can be invited to it."

INVITATIONS = cast(Table, Invitation.__table__)


class InvitationSpent(FieldError):
    """It was used up or revoked, has expired, or never existed."""

    def __init__(self) -> None:
        super().__init__("", "This invitation has expired or was already used.")


class Terms(NamedTuple):
    """How long an invitation may be used, and how often. None: for ever, by any number of people."""

    lifetime: timedelta | None = LIVES["7d"]
    max_uses: int | None = None


class Created(NamedTuple):
    """A new invitation. Its token is known only now: the database has its hash."""

    id: int
    token: str
    group_id: int | None


class FoundInvitation(NamedTuple):
    """The invitation of a token, and what it leads to."""

    id: int
    group: Group | None  # None: to the server, that is to its sign-up
    inviter: str
    is_live: bool
    is_member: bool  # whether the user who asks is in the group


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_live() -> ColumnElement[bool]:
    """A condition for queries: whether an invitation can be used at this moment."""
    has_uses = or_(Invitation.max_uses.is_(None), Invitation.uses < Invitation.max_uses)
    lasts = or_(Invitation.expires_at.is_(None), Invitation.expires_at > now())
    return and_(Invitation.revoked_at.is_(None), lasts, has_uses)


def _lets_in(user_id: int) -> ColumnElement[bool]:
    """Whether no removal of the user from a closed group is newer: they come back by a new invitation only."""
    of_user = ENTRIES.c.user_id == user_id, ENTRIES.c.group_id == Invitation.group_id, ENTRIES.c.kind == LEFT.name
    removed = ENTRIES.c.other_user_id.is_not(None), ENTRIES.c.timestamp >= Invitation.created_at
    return ~exists().where(*of_user, *removed, GROUPS.c.id == ENTRIES.c.group_id, GROUPS.c.access == Access.CLOSED)


def find(session: OrmSession, token: str, user: CurrentUser | None = None) -> FoundInvitation | None:
    """The invitation with this token, whether it can still be used or not; None if there is none."""
    if not TOKEN.fullmatch(token):
        return None
    user_id = user.id if user else NO_USER
    query = (
        select(Invitation.id, Group, User.username, is_live() & _lets_in(user_id))
        .add_columns(exists().where(is_member(user_id, Invitation.group_id)))
        .select_from(Invitation)
        .join(User, User.id == Invitation.created_by)
        .join(Group, Group.id == Invitation.group_id, isouter=True)
        .where(Invitation.token_hash == hash_of(token))
    )
    found = session.execute(query).one_or_none()
    return None if found is None else FoundInvitation(*found)


# Creating and revoking


async def create(
    database: Database, user: CurrentUser, uuid: UUID | None, terms: Terms, then: Then = nothing
) -> Created:
    """Create an invitation to the group or, without one, to the server.

    Raises Refused, NoSuchGroup, NotAMember and NotLoggedIn.
    """
    async with _inviting(database, user, uuid) as (session, row, group):
        if group is not None and group.is_archived:
            raise Refused(ErrorCode.READ_ONLY, NO_INVITATIONS)
        created = select(Invitation.created_at).where(Invitation.created_by == row.id)
        await check_daily(session, created, MAX_DAILY, "invitation links")
        await _check_live(session, group)
        token = secrets.token_urlsafe(16)
        expires_at = None if terms.lifetime is None else now() + terms.lifetime
        invitation = Invitation(
            token_hash=hash_of(token),
            group_id=group and group.id,
            created_by=row.id,
            expires_at=expires_at,
            max_uses=terms.max_uses,
        )
        session.add(invitation)
        await session.flush()
        await then(session, row)
        return Created(invitation.id, token, invitation.group_id)


async def revoke(
    database: Database, user: CurrentUser, uuid: UUID | None, id: int, then: Then = nothing
) -> Invitation | None:
    """End an invitation of the group or, without one, of the server. Return None if there is none with this id.

    Raises Refused, NoSuchGroup, NotAMember and NotLoggedIn.
    """
    async with _inviting(database, user, uuid) as (session, row, group):
        of_place = Invitation.id == id, Invitation.group_id == (group and group.id)
        found = await session.scalar(select(Invitation).where(*of_place).with_for_update(key_share=True))
        if found is not None:
            found.revoked_at = found.revoked_at or now()
            await session.flush()
            await then(session, row)
        return found


def check_may_invite(group: Group, membership: Membership | None, rank: int) -> None:
    """Raises Refused unless this rank lets a member invite people to the group; NoSuchGroup, NotAMember for others."""
    if membership is None:
        raise outside(group)
    if refusal := _refusal(group, rank):
        raise Refused(ErrorCode.NOT_ALLOWED, refusal)


def may_invite(membership: Membership, *, is_superuser: bool) -> bool:
    """Whether the member can create an invitation to the group: an archived one's can only be seen and revoked."""
    rank = rank_of(membership, is_superuser=is_superuser)
    return _refusal(membership.group, rank) is None and not membership.group.is_archived


def _refusal(group: Group, rank: int) -> str | None:
    """Why a member of this rank can neither create nor see invitations to the group; None if they can."""
    if group.access == Access.DIRECT:
        return NO_LINKS
    return NOT_MODERATOR if rank < Role.MODERATOR.rank else None


@asynccontextmanager
async def _inviting(
    database: Database, user: CurrentUser, uuid: UUID | None
) -> AsyncIterator[tuple[AsyncSession, User, Group | None]]:
    """A transaction of somebody who may create and revoke invitations there."""
    if uuid is not None:
        async with acting(database, user, uuid, is_counted=True) as (session, admitted):
            check_may_invite(admitted.group, admitted.membership, admitted.rank)
            yield session, admitted.user, admitted.group
        return
    async with database.transaction() as session:
        row = await locked_user(session, user.id)
        await session.run_sync(check_rights, user)
        if not row.is_superuser:
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_ADMINISTRATOR)
        yield session, row, None


async def _check_live(session: AsyncSession, group: Group | None) -> None:
    of_place = select(func.count()).where(Invitation.group_id == (group and group.id), is_live())
    if (await session.scalar(of_place) or 0) >= MAX_LIVE:
        raise FieldError("", f"{MAX_LIVE} invitation links can be in use at the same time. Revoke one first.")


# Using them


async def redeem(database: Database, user: CurrentUser, token: str, then: Then = nothing) -> FoundInvitation:
    """Make the user a member of the invitation's group. Somebody who is one already uses nothing up.

    An invitation to the server changes nothing for them. Raises InvitationSpent, NotLoggedIn.
    """
    found = await _usable(database, user, token)
    if found.group is None:
        return found
    async with database.one_at_a_time(found.group.uuid):
        # Of many who wait here, most come too late: they need no transaction to learn that.
        await _usable(database, user, token)
        async with database.transaction() as session:
            row = await session.get_one(User, user.id, with_for_update={"read": True})
            group = await _locked(session, found.group)
            await session.run_sync(check_rights, user)
            if not await session.scalar(select(exists().where(is_member(row.id, group.id)))):
                await _use(session, found, row)
                await _enter(session, found, group, row)
            await then(session, row)
    return found


async def _usable(database: Database, user: CurrentUser, token: str) -> FoundInvitation:
    """The invitation, at this moment. Raises InvitationSpent."""
    found = await database.run_read(lambda session: find(session, token, user))
    if found is None or not (found.is_live or found.is_member):
        raise InvitationSpent
    return found


class Newcomer(NamedTuple):
    """Somebody who signs up, and what else happens in the transaction: `begin` before they join, `then` last."""

    username: str
    password: str
    begin: Then
    then: Then


async def sign_up(database: Database, newcomer: Newcomer, found: FoundInvitation | None, *, is_required: bool) -> User:
    """Create an account by an invitation, if there is one: of account, use and Join there are all or none.

    The first account of a server needs no invitation, even where one `is_required`. Raises FieldError.
    """

    async def first(session: AsyncSession, user: User) -> None:
        if found is not None and found.group is not None:
            await _locked(session, found.group)
        if found is None and is_required and not user.is_superuser:
            raise InvitationSpent

    async def then(session: AsyncSession, user: User) -> None:
        if found is not None:
            await _use(session, found, user)
        await newcomer.begin(session, user)
        if found is not None:
            await _enter(session, found, found.group and await session.get_one(Group, found.group.id), user)
        await newcomer.then(session, user)

    queue = found.group.uuid if found and found.group else object()
    user = await login.new_user(newcomer.username, newcomer.password)
    async with database.one_at_a_time(queue):
        return await login.store_new(database, user, first=first, then=then)


async def _locked(session: AsyncSession, group: Group) -> Group:
    """The group, locked. Raises InvitationSpent if it is deleted: its invitations are as well."""
    of_this = select(Group).where(Group.id == group.id)
    locked = await session.scalar(of_this.with_for_update(key_share=True))
    if locked is None:
        raise InvitationSpent
    return locked


async def _use(session: AsyncSession, found: FoundInvitation, user: User) -> None:
    """Count a use, in one statement with all that may forbid it. Raises InvitationSpent."""
    conditions = INVITATIONS.c.id == found.id, is_live(), _lets_in(user.id)
    used = update(INVITATIONS).where(*conditions).values(uses=INVITATIONS.c.uses + 1)
    if await session.scalar(used.returning(INVITATIONS.c.id)) is None:
        raise InvitationSpent


async def _enter(session: AsyncSession, found: FoundInvitation, group: Group | None, user: User) -> None:
    # Whoever left and came again by the same link is listed once, as of the last time.
    await session.merge(InvitationUse(invitation_id=found.id, user_id=user.id, used_at=now()))
    if group is not None:
        await group.add_user(user)
