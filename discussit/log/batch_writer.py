"""The writer: all messages that wait at a moment share one transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Integer, String, bindparam, column, select, values
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from discussit.database import Database, is_outage
from discussit.errors import ErrorCode, Refused
from discussit.groups.membership import Member, MemberKey, members_among
from discussit.log.kinds import MESSAGE
from discussit.log.write import ENTRIES, NewEntry, write_entries
from discussit.models import Group
from discussit.models.locks import lock_groups

logger = logging.getLogger(__name__)

MAX_QUEUED = 5_000  # drafts in the queue; one more is answered `busy`
MAX_BATCH = 500  # drafts in one transaction

TOO_BUSY = "The server has too much to do. Please send the message again."
NOT_STORED = "The message could not be stored just now. Please send it again."

ClientKey = tuple[int, int, str]  # a member with the client_id of an entry of theirs


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `seq` is done once it is committed or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    seq: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    @property
    def key(self) -> "ClientKey | Draft":
        """The same for two drafts that are one message, sent twice."""
        return self if self.client_id is None else (*self.member, self.client_id)

    def entry(self, author: Member) -> NewEntry:
        return NewEntry(
            self.group_id,
            author.group_uuid,
            MESSAGE.name,
            self.user_id,
            author.username,
            self.content,
            self.client_id,
        )

    def answer(self, answer: int | Refused) -> None:
        if self.seq.done():
            return
        if isinstance(answer, Refused):
            self.seq.set_exception(answer)
            self.seq.exception()  # retrieved, since the sender may be gone
        else:
            self.seq.set_result(answer)


class Writer:
    """Appends messages: all that wait at a moment share one transaction.

    One commit costs the same for one message as for fifty, so that nothing waits for a batch to fill, and
    nothing that waits is left out of the next one. Each draft is answered individually.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Draft] = deque()
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._has_ended = False

    def submit(self, draft: Draft) -> Draft:
        """Queue a draft; `draft.seq` is its result. Drafts of one caller keep their order."""
        if self._has_ended or len(self._waiting) >= MAX_QUEUED:
            draft.answer(Refused(ErrorCode.BUSY, TOO_BUSY))
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
        batch: list[Draft] = []
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._waiting:
                    batch = self._next_batch()
                    await self._write(batch)
                self._idle.set()
        finally:
            self._waiting.extend(batch)  # those that are answered stay as they are
            self.end()

    def end(self) -> None:
        """Refuse queued drafts, and all that come from now on, as `busy`. What is being written is finished."""
        self._has_ended = True
        while self._waiting:
            self._waiting.popleft().answer(Refused(ErrorCode.BUSY, NOT_STORED))

    async def drained(self) -> None:
        """Return once everything that was submitted is written."""
        await self._idle.wait()

    def _next_batch(self) -> list[Draft]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]

    async def _write(self, drafts: Sequence[Draft]) -> None:
        try:
            answers = await self._store(drafts)
        except Exception as error:
            # One draft may have spoiled the transaction for the others, so each is retried in its own. A sender
            # whose draft fails then repeats it; the client_id finds it if a commit of unknown outcome
            # happened after all. The drivers' errors share no base class.
            if len(drafts) > 1 and not is_outage(error):
                await self._write_singly(drafts)
                return
            logger.error("could not write %d messages: %s", len(drafts), type(error).__name__)
            answers = [Refused(ErrorCode.BUSY, NOT_STORED) for _ in drafts]
        for draft, answer in zip(drafts, answers, strict=True):
            draft.answer(answer)

    async def _store(self, drafts: Sequence[Draft]) -> Sequence[int | Refused]:
        try:
            return await self._database.run_write(lambda session: _add(session, drafts, {}))
        except IntegrityError:
            # A client_id exists already, which is too rare to look for it each time.
            return await self._database.run_write(lambda session: _add(session, drafts, _known(session, drafts)))

    async def _write_singly(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            await self._write([draft])


KnownSeqs = dict[ClientKey | Draft, int]  # of drafts that were written before

# Made once, since building a statement takes as long as executing it.
LOCK = lock_groups(bindparam("groups", expanding=True))


def _add(session: OrmSession, drafts: Sequence[Draft], known: KnownSeqs) -> list[int | Refused]:
    """Write the drafts; return each one's seq, or why it is refused. Runs in another thread on SQLite.

    The groups are locked first, so that a membership that is seen here ends after these messages or not at all.
    """
    _lock_groups(session, drafts)
    members = members_among(session, {draft.member for draft in drafts})
    refused: dict[Draft, Refused] = {}
    new: dict[ClientKey | Draft, NewEntry] = {}
    for draft in drafts:
        if draft.member not in members:
            refused[draft] = _refusal(session, draft)
        elif draft.key not in known and draft.key not in new:
            new[draft.key] = draft.entry(members[draft.member])
    seqs = known | dict(zip(new, write_entries(session, list(new.values())), strict=True))
    return [refused.get(draft) or seqs[draft.key] for draft in drafts]


def _lock_groups(session: OrmSession, drafts: Iterable[Draft]) -> None:
    connection = session.connection()
    if connection.dialect.name != "sqlite":  # there the whole transaction is alone
        connection.execute(LOCK, {"groups": {draft.group_id for draft in drafts}})


def _refusal(session: OrmSession, draft: Draft) -> Refused:
    if session.scalar(select(Group.id).where(Group.id == draft.group_id)) is None:
        return Refused(ErrorCode.NO_SUCH_GROUP, "This group does not exist any more.")
    return Refused(ErrorCode.NOT_MEMBER, "You are not a member of this group. Join it to write.")


def _known(session: OrmSession, drafts: Iterable[Draft]) -> KnownSeqs:
    # Joined with a table of values, since SQLite scans all entries for `(…, …, …) IN (…)`.
    keys = {draft.key for draft in drafts if isinstance(draft.key, tuple)}
    if not keys:
        return {}
    wanted = values(column("group_id", Integer), column("user_id", Integer), column("client_id", String))
    key, entry = wanted.data(list(keys)).cte("wanted").c, ENTRIES.c
    rows = session.execute(
        select(entry.group_id, entry.user_id, entry.client_id, entry.seq).where(
            entry.group_id == key.group_id, entry.user_id == key.user_id, entry.client_id == key.client_id
        )
    )
    return {(group_id, user_id, client_id): seq for group_id, user_id, client_id, seq in rows}
