"""A group's log: appending to it, and reading on from a place in it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Row, String, bindparam, column, select, tuple_, values
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from discussit.database import Database, is_outage
from discussit.models import Entry, Group, Membership, Message, NewMessage, User, append
from discussit.wire import ErrorCode, Refused

logger = logging.getLogger(__name__)

WAITING = 5_000  # drafts that may wait for the writer; one more is answered `busy`
BATCH = 500  # drafts that share one transaction at most
PAGE = 200  # entries read at a time
READ_AHEAD = 50  # of them fetched before they are asked for

TOO_BUSY = "The server has too much to do. Please send the message again."
NOT_STORED = "The message could not be stored just now. Please send it again."

Place = tuple[int, int]  # of a draft: its group's and its user's id
Sent = tuple[int, int, str | None]  # with the id that its client gave it


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `seq` is done once it is committed, or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    seq: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def place(self) -> Place:
        return self.group_id, self.user_id

    @property
    def key(self) -> "Sent | Draft":
        """What is the same for two drafts that are one message, sent twice."""
        return self if self.client_id is None else (*self.place, self.client_id)

    def message(self, group_uuid: UUID, username: str) -> NewMessage:
        return NewMessage(self.group_id, group_uuid, self.user_id, username, self.content, self.client_id)

    def answer(self, answer: int | Refused) -> None:
        if self.seq.done():
            return
        if isinstance(answer, Refused):
            self.seq.set_exception(answer)
            self.seq.exception()  # the sender may be gone: an unheard refusal is no error
        else:
            self.seq.set_result(answer)


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
        self._has_ended = False

    def submit(self, draft: Draft) -> Draft:
        """Queue a draft; `draft.seq` tells what became of it. Drafts of one caller keep their order."""
        if self._has_ended or len(self._waiting) >= WAITING:
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
            self._idle.set()

    def end(self) -> None:
        """Refuse as `busy` what waits and all that comes from now on. What is being written is finished."""
        self._has_ended = True
        while self._waiting:
            self._waiting.popleft().answer(Refused(ErrorCode.BUSY, NOT_STORED))

    async def drained(self) -> None:
        """Return once everything that was submitted is written."""
        await self._idle.wait()

    def _next_batch(self) -> list[Draft]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]

    async def _write(self, drafts: Sequence[Draft]) -> None:
        try:
            answers = await self._store(drafts)
        except Exception as error:
            # Whatever one draft did to the transaction, the others are innocent: each gets one of its
            # own. A single one that failed is the sender's to repeat; its client_id tells whether
            # a commit of unknown outcome happened. The drivers' errors share no base class.
            if len(drafts) > 1 and not is_outage(error):
                await self._write_singly(drafts)
                return
            logger.error("could not write %d messages: %s", len(drafts), type(error).__name__)
            answers = [Refused(ErrorCode.BUSY, NOT_STORED) for _ in drafts]
        for draft, answer in zip(drafts, answers, strict=True):
            draft.answer(answer)

    async def _store(self, drafts: Sequence[Draft]) -> Sequence[int | Refused]:
        try:
            return await self._database.transact(lambda session: _add(session, drafts, {}))
        except IntegrityError:
            # A client_id is there already, which is too rare to look for it each time.
            return await self._database.transact(lambda session: _add(session, drafts, _known(session, drafts)))

    async def _write_singly(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            await self._write([draft])


Known = dict[Sent | Draft, int]  # drafts' keys → the seqs that they have already

# Made once, since making a statement takes as long as executing it.
LOCK = (
    select(Group.id, Group.uuid)
    .where(Group.id.in_(bindparam("groups", expanding=True)))
    .order_by(Group.id)
    .with_for_update()
)
# The pairs alone would be looked for in the whole table.
MEMBERS = (
    select(Membership.group_id, User.id, User.username)
    .join(User, User.id == Membership.user_id)
    .where(Membership.group_id.in_(bindparam("groups", expanding=True)))
    .where(Membership.user_id.in_(bindparam("users", expanding=True)))
    .where(tuple_(Membership.group_id, Membership.user_id).in_(bindparam("places", expanding=True)))
    .where(User.is_active)
)


def _add(session: Session, drafts: Sequence[Draft], known: Known) -> list[int | Refused]:
    """Write the drafts; for each its seq, or why it is refused. Runs in another thread on SQLite.

    The groups are locked first, so that a membership that is seen here ends after these
    messages or not at all.
    """
    groups, members = _locked_groups(session, drafts), _members(session, drafts)
    refused: dict[Draft, Refused] = {}
    new: dict[Sent | Draft, NewMessage] = {}
    for draft in drafts:
        if draft.group_id not in groups:
            refused[draft] = Refused(ErrorCode.NO_SUCH_GROUP, "This group does not exist any more.")
        elif draft.place not in members:
            refused[draft] = Refused(ErrorCode.NOT_MEMBER, "You are not a member of this group. Join it to write.")
        elif draft.key not in known and draft.key not in new:
            new[draft.key] = draft.message(groups[draft.group_id], members[draft.place])
    seqs = known | dict(zip(new, append(session, list(new.values())), strict=True))
    return [refused.get(draft) or seqs[draft.key] for draft in drafts]


def _locked_groups(session: Session, drafts: Iterable[Draft]) -> dict[int, UUID]:
    rows = session.connection().execute(LOCK, {"groups": {draft.group_id for draft in drafts}})
    return {row.id: row.uuid for row in rows}


def _members(session: Session, drafts: Iterable[Draft]) -> dict[Place, str]:
    places = {draft.place for draft in drafts}
    groups, users = map(set, zip(*places, strict=True))
    rows = session.connection().execute(MEMBERS, {"groups": groups, "users": users, "places": places})
    return {(group_id, user_id): username for group_id, user_id, username in rows}


def _known(session: Session, drafts: Iterable[Draft]) -> Known:
    # Joined with a table of values, since SQLite scans all entries for `(…, …, …) IN (…)`.
    keys = {draft.key for draft in drafts if isinstance(draft.key, tuple)}
    if not keys:
        return {}
    wanted = values(column("group_id", Integer), column("user_id", Integer), column("client_id", String))
    key = wanted.data(list(keys)).cte("wanted").c
    rows = session.execute(
        select(Message.group_id, Message.user_id, Message.client_id, Message.seq).where(
            Message.group_id == key.group_id, Message.user_id == key.user_id, Message.client_id == key.client_id
        )
    )
    return {(group_id, user_id, client_id): seq for group_id, user_id, client_id, seq in rows}


def since(session: Session, group_id: int, seq: int, limit: int = PAGE) -> Iterator[Entry]:
    """The next entries after `seq`, in order, at most `limit`, with all that their frames need.

    They are read as far as they are asked for: of long entries few are wanted at a time.
    """
    rows = select(Entry).where(Entry.group_id == group_id, Entry.seq > seq).order_by(Entry.seq).limit(limit)
    rows = rows.options(joinedload(Entry.group, innerjoin=True)).execution_options(yield_per=READ_AHEAD)
    return iter(session.scalars(rows))


# What a page shows of an entry. Plain rows: to make objects of them took twice as long as to read them.
Shown = Row[int, str, str, str, datetime]
SHOWN = select(Entry.seq, Entry.kind, User.username, Entry.content, Entry.timestamp).join(Entry.user)


def page_after(session: Session, group_id: int, seq: int, limit: int) -> Sequence[Shown]:
    """The first entries after `seq`, in order, at most `limit`, as SHOWN."""
    return session.execute(
        SHOWN.where(Entry.group_id == group_id, Entry.seq > seq).order_by(Entry.seq).limit(limit)
    ).all()


def page_before(session: Session, group_id: int, seq: int, limit: int) -> Sequence[Shown]:
    """The last entries before `seq`, in order, at most `limit`, as SHOWN."""
    return session.execute(
        SHOWN.where(Entry.group_id == group_id, Entry.seq < seq).order_by(Entry.seq.desc()).limit(limit)
    ).all()[::-1]
