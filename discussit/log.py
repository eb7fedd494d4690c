"""A group's log: appending to it, and reading on from a place in it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Integer, Row, String, bindparam, column, select, tuple_, values
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from discussit.database import Database, is_outage
from discussit.models import Entry, Group, Membership, Message, User
from discussit.wire import ErrorCode, Refused

logger = logging.getLogger(__name__)

WAITING = 5_000  # drafts that may wait for the writer; one more is answered `busy`
BATCH = 500  # drafts that share one transaction at most
PAGE = 200  # entries read at a time
READ_AHEAD = 50  # of them fetched before they are asked for

TOO_BUSY = "The server has too much to do. Please send the message again."
NOT_STORED = "The message could not be stored just now. Please send it again."


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `seq` is done once it is committed, or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    seq: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

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

    def submit(self, draft: Draft) -> Draft:
        """Queue a draft; `draft.seq` tells what became of it. Drafts of one caller keep their order."""
        if len(self._waiting) >= WAITING:
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


Place = tuple[int, int]  # of a draft: its group's and its user's id
Known = dict[tuple[int, int, str | None], Message]

# Made once, since making a statement takes as long as executing it.
LOCK = select(Group).where(Group.id.in_(bindparam("groups", expanding=True))).order_by(Group.id).with_for_update()
# The pairs alone would be looked for in the whole table.
MEMBERS = (
    select(Membership.group_id, User)
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
    groups = _locked_groups(session, drafts)
    members = _members(session, drafts)
    messages: list[Message | Refused] = []
    for draft in drafts:
        if draft.group_id not in groups:
            messages.append(Refused(ErrorCode.NO_SUCH_GROUP, "This group does not exist any more."))
        elif (user := members.get((draft.group_id, draft.user_id))) is None:
            messages.append(Refused(ErrorCode.NOT_MEMBER, "You are not a member of this group. Join it to write."))
        else:
            messages.append(_message(session, draft, known, groups[draft.group_id], user))
    session.flush()
    return [message if isinstance(message, Refused) else message.seq for message in messages]


def _message(session: Session, draft: Draft, known: Known, group: Group, user: User) -> Message:
    """The message of this draft: the one that its client_id has already, or a new one."""
    key = (draft.group_id, draft.user_id, draft.client_id)
    if draft.client_id is not None and key in known:
        return known[key]
    message = Message(group=group, user=user, content=draft.content, client_id=draft.client_id)
    session.add(message)
    known[key] = message
    return message


def _locked_groups(session: Session, drafts: Iterable[Draft]) -> dict[int, Group]:
    return {group.id: group for group in session.scalars(LOCK, {"groups": {draft.group_id for draft in drafts}})}


def _members(session: Session, drafts: Iterable[Draft]) -> dict[Place, User]:
    places = {(draft.group_id, draft.user_id) for draft in drafts}
    groups, users = map(set, zip(*places, strict=True))
    rows = session.execute(MEMBERS, {"groups": groups, "users": users, "places": places})
    return {(group_id, user.id): user for group_id, user in rows}


def _known(session: Session, drafts: Iterable[Draft]) -> Known:
    # Joined with a table of values, since SQLite scans all entries for `(…, …, …) IN (…)`.
    keys = {(draft.group_id, draft.user_id, draft.client_id) for draft in drafts if draft.client_id is not None}
    if not keys:
        return {}
    wanted = values(column("group_id", Integer), column("user_id", Integer), column("client_id", String))
    key = wanted.data(list(keys)).cte("wanted").c
    rows = session.scalars(
        select(Message).where(
            Message.group_id == key.group_id, Message.user_id == key.user_id, Message.client_id == key.client_id
        )
    )
    return {(row.group_id, row.user_id, row.client_id): row for row in rows}


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
