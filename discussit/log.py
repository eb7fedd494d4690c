"""A group's log: appending to it, and reading on from a place in it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, tuple_
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from discussit.database import Database
from discussit.models import Entry, Group, Membership, Message, User
from discussit.wire import ErrorCode, Refused

logger = logging.getLogger(__name__)

WAITING = 5_000  # drafts that may wait for the writer; one more is answered `busy`
BATCH = 500  # drafts that share one transaction at most
PAGE = 200  # entries read at a time

NOT_STORED = "The message could not be stored just now. Please send it again."


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `seq` is done once it is committed, or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    seq: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def refuse(self, code: ErrorCode, text: str) -> None:
        if not self.seq.done():
            self.seq.set_exception(Refused(code, text))
            self.seq.exception()  # the sender may be gone: an unheard refusal is no error

    def accept(self, seq: int) -> None:
        if not self.seq.done():
            self.seq.set_result(seq)


class Writer:
    """Appends messages: all that wait at a moment share one transaction.

    One commit costs the same for one message as for fifty, so nothing waits for a batch to fill
    and nothing that waits is left out of the next one. Every draft is answered for itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Draft] = deque()
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, draft: Draft) -> Draft:
        """Queue a draft; `draft.seq` tells what became of it. Drafts of one caller keep their order."""
        if len(self._waiting) >= WAITING:
            draft.refuse(ErrorCode.BUSY, "The server has too much to do. Please send the message again.")
            return draft
        self._waiting.append(draft)
        self._filled.set()
        self._idle.clear()
        return draft

    async def append(self, draft: Draft) -> int:
        """The seq of the committed message. Raises Refused.

        A caller that is cancelled while it waits does not take its message back.
        """
        return await asyncio.shield(self.submit(draft).seq)

    async def run(self) -> None:
        """Write for as long as the process lives."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                await self._write(self._next_batch())
            self._idle.set()

    async def drained(self) -> None:
        """Return once everything that was submitted is written."""
        await self._idle.wait()

    def _next_batch(self) -> list[Draft]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]

    async def _write(self, drafts: Sequence[Draft]) -> None:
        try:
            async with self._database.transaction() as session:
                messages = await _add(session, drafts)
        except Exception as error:
            # Whatever one draft did to the transaction, the others are innocent: each gets one of its
            # own. A single one that failed is the sender's to repeat; its client_id tells whether
            # a commit of unknown outcome happened. The drivers' errors share no base class.
            if len(drafts) > 1 and not _is_outage(error):
                await self._write_singly(drafts)
                return
            logger.error("could not write %d messages: %s", len(drafts), type(error).__name__)
            for draft in drafts:
                draft.refuse(ErrorCode.BUSY, NOT_STORED)
        else:
            for draft, message in messages:
                draft.accept(message.seq)

    async def _write_singly(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            await self._write([draft])


def _is_outage(error: Exception) -> bool:
    """Whether the engine rather than a draft is at fault, so that trying each again is in vain."""
    return isinstance(error, OperationalError | TimeoutError | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


async def _add(session: AsyncSession, drafts: Sequence[Draft]) -> list[tuple[Draft, Message]]:
    """Put the drafts into the session, without those that must be refused.

    The groups are locked first, so that a membership that is seen here ends after these
    messages or not at all.
    """
    groups = await _locked_groups(session, {draft.group_id for draft in drafts})
    members = await _members(session, drafts)
    known = await _known(session, drafts)
    written: list[tuple[Draft, Message]] = []
    for draft in drafts:
        if draft.group_id not in groups:
            draft.refuse(ErrorCode.NO_SUCH_GROUP, "This group does not exist any more.")
        elif (draft.group_id, draft.user_id) not in members:
            draft.refuse(ErrorCode.NOT_MEMBER, "You are not a member of this group. Join it to write.")
        else:
            written.append((draft, _message(session, draft, known, groups, members)))
    await session.flush()
    return written


def _message(
    session: AsyncSession,
    draft: Draft,
    known: dict[tuple[int, int, str], Message],
    groups: dict[int, Group],
    members: dict[tuple[int, int], User],
) -> Message:
    """The message of this draft: the one that its client_id has already, or a new one."""
    place = (draft.group_id, draft.user_id)
    if draft.client_id is not None and (*place, draft.client_id) in known:
        return known[*place, draft.client_id]
    message = Message(
        group=groups[draft.group_id], user=members[place], content=draft.content, client_id=draft.client_id
    )
    session.add(message)
    if draft.client_id is not None:
        known[*place, draft.client_id] = message
    return message


async def _locked_groups(session: AsyncSession, ids: set[int]) -> dict[int, Group]:
    groups = await session.scalars(select(Group).where(Group.id.in_(ids)).order_by(Group.id).with_for_update())
    return {group.id: group for group in groups}


async def _members(session: AsyncSession, drafts: Iterable[Draft]) -> dict[tuple[int, int], User]:
    rows = await session.execute(
        select(Membership.group_id, User)
        .join(User, User.id == Membership.user_id)
        .where(tuple_(Membership.group_id, Membership.user_id).in_({(d.group_id, d.user_id) for d in drafts}))
        .where(User.is_active)
    )
    return {(group_id, user.id): user for group_id, user in rows}


async def _known(session: AsyncSession, drafts: Iterable[Draft]) -> dict[tuple[int, int, str], Message]:
    keys = {(draft.group_id, draft.user_id, draft.client_id) for draft in drafts if draft.client_id is not None}
    if not keys:
        return {}
    rows = await session.scalars(
        select(Message).where(tuple_(Message.group_id, Message.user_id, Message.client_id).in_(keys))
    )
    return {(row.group_id, row.user_id, row.client_id or ""): row for row in rows}


async def since(session: AsyncSession, group_id: int, seq: int, limit: int = PAGE) -> Sequence[Entry]:
    """The entries after `seq`, in order, at most `limit`, with all that their frames need."""
    rows = select(Entry).where(Entry.group_id == group_id, Entry.seq > seq).order_by(Entry.seq).limit(limit)
    return (await session.scalars(rows.options(joinedload(Entry.group, innerjoin=True)))).all()


async def page_before(session: AsyncSession, group_id: int, seq: int, limit: int) -> Sequence[Entry]:
    """The last entries before `seq`, in order, at most `limit`."""
    rows = select(Entry).where(Entry.group_id == group_id, Entry.seq < seq).order_by(Entry.seq.desc()).limit(limit)
    return (await session.scalars(rows)).all()[::-1]
