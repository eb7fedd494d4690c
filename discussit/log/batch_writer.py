"""The writer: all messages that wait at a moment share one transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from anyio import create_task_group, to_thread
from sqlalchemy import Column, Integer, select
from sqlalchemy.exc import IntegrityError

from discussit.database import Database, is_contended, is_outage
from discussit.errors import ErrorCode, Refused
from discussit.log.committed import CommittedChanges
from discussit.log.decide import Batch, KnownSeqs
from discussit.log.draft import Answer, Draft, MessageDraft, TextDraft
from discussit.log.held import Held
from discussit.log.log_ends import LOCK_LOG_ENDS, LogEnds, lock_log_ends
from discussit.many_rows import ManyFound, SqlConnection
from discussit.models import Group, User
from discussit.models.entries import ENTRIES
from discussit.text.rich import is_plain

logger = logging.getLogger(__name__)

MAX_QUEUED = 5_000  # drafts in the queue; one more is answered `busy`
MAX_BATCH = 500  # drafts in one transaction
MAX_PARSED = 20_000  # characters of texts that are parsed within a transaction
HELD_PAUSE = 0.1  # seconds between two attempts to write what is held

TOO_BUSY = "The server has too much to do. Please send the message again."
NOT_STORED = "The message could not be stored just now. Please send it again."


class Writer:
    """Appends messages: all that wait at a moment share one transaction.

    One commit costs the same for one message as for fifty, so that nothing waits for a batch to fill, and
    nothing that waits is left out of the next one. Each draft is answered individually.

    A group whose row stays locked holds up no other: its drafts are `Held`, and written beside the batches.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Draft] = deque()
        self._batch: list[Draft] = []  # is being written
        self._held = Held()
        self._held_batch: Sequence[Draft] = ()  # of those, what is being written
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._has_ended = False

    def submit(self, draft: Draft) -> Draft:
        """Queue a draft, which is answered later, or immediately as `busy`. Drafts of one caller keep their order."""
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
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def resolve(answer: Answer) -> None:
            if not answered.cancelled():
                answered.set_result(answer)

        draft.on_answer = resolve
        self.submit(draft)
        result = await answered
        if isinstance(result, Refused):
            raise result
        return result

    async def run(self) -> None:
        """Write for as long as the process lives."""
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._write_held)
                await self._write_waiting()
        finally:
            self.end()

    def end(self) -> None:
        """Refuse queued drafts, and all that come from now on, as `busy`. What is being written is finished."""
        self._has_ended, under_way = True, set(self._held_batch)
        for draft in (*self._waiting, *self._held.drafts):
            if draft not in under_way:
                draft.answer(Refused(ErrorCode.BUSY, NOT_STORED))
        self._waiting.clear()

    async def drained(self) -> None:
        """Return once everything that was submitted is written."""
        await self._idle.wait()

    async def _write_waiting(self) -> None:
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._waiting:
                    self._batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
                    await self._write(self._batch)
                self._batch = []
                self._note_idle()
        finally:
            self._waiting.extend(self._batch)  # those that are answered stay as they are

    async def _write(self, drafts: Sequence[Draft]) -> None:
        left = await self._answer([draft for draft in drafts if not self._held.takes(draft)], _wait_for_locks)
        for draft in await self._answer(left, _skip_locked):
            self._held.add(draft)

    async def _write_held(self) -> None:
        """Write what can be had by now, then wait for one group: not for all, of which one may stay locked."""
        while True:
            await self._held.filled.wait()
            self._held.refuse_old()
            are_written = [
                await self._write_some_held(self._held.drafts, _skip_locked),
                await self._write_some_held(self._held.next_group(), _wait_for_group_alone),
            ]
            if not any(are_written):
                await asyncio.sleep(HELD_PAUSE)
            self._note_idle()

    async def _write_some_held(self, drafts: Sequence[Draft], lock: "Lock") -> bool:
        """Return whether any of them were written."""
        self._held_batch = drafts
        try:
            await self._answer(drafts, lock)
        finally:
            self._held_batch = ()
        groups = {draft.group_id for draft in drafts if draft.answered is not None}
        self._held.release(groups)
        return bool(groups)

    async def _answer(self, drafts: Sequence[Draft], lock: "Lock") -> Sequence[Draft]:
        """Write the drafts that `lock` gets the locks for, answer them, and return the others."""
        if not drafts:
            return []
        try:
            return await self._store(drafts, lock)
        except Exception as error:
            if is_contended(error):
                return drafts
            # One draft may have spoiled the transaction for the others, so each is retried in its own. A sender
            # whose draft fails then repeats it; the client_id finds it if a commit of unknown outcome
            # happened after all. The drivers' errors share no base class.
            if len(drafts) > 1 and not is_outage(error):
                return await self._answer_singly(drafts, lock)
            logger.error("could not write %d messages: %s", len(drafts), type(error).__name__)
            for draft in drafts:
                draft.answer(Refused(ErrorCode.BUSY, NOT_STORED))
            return []

    async def _answer_singly(self, drafts: Iterable[Draft], lock: "Lock") -> Sequence[Draft]:
        left: list[Draft] = []
        for draft in drafts:
            is_behind = draft.group_id in {other.group_id for other in left}
            left += [draft] if is_behind else await self._answer([draft], lock)
        return left

    async def _store(self, drafts: Sequence[Draft], lock: "Lock") -> Sequence[Draft]:
        def carry_out(connection: SqlConnection, changes: CommittedChanges) -> Answers:
            return _carry_out(connection, changes, drafts, {}, lock)

        def carry_out_unknown(connection: SqlConnection, changes: CommittedChanges) -> Answers:
            return _carry_out(connection, changes, drafts, _known(connection, drafts), lock)

        await self._parse(drafts)
        try:
            answers = await self._database.run_batch(carry_out, _answer_all)
        except IntegrityError:
            # A message's client_id exists already, which is too rare to look for it each time.
            answers = await self._database.run_batch(carry_out_unknown, _answer_all)
        return [draft for draft in drafts if draft not in answers]

    async def _parse(self, drafts: Sequence[Draft]) -> None:
        """Have texts parsed in another thread, unless the batch runs in one and they are short."""
        texts = [draft for draft in drafts if isinstance(draft, TextDraft)]
        if self._database.has_writing_thread and sum(len(draft.content) for draft in texts) <= MAX_PARSED:
            return
        rich = [draft for draft in texts if not is_plain(draft.content)]
        if rich:
            await to_thread.run_sync(lambda: [draft.parsed for draft in rich])

    def _note_idle(self) -> None:
        if not (self._waiting or self._batch or self._held.drafts):
            self._idle.set()


Answers = dict[Draft, Answer]  # of all that don't have to wait for a lock


def _answer_all(answers: Answers) -> None:
    for draft, answer in answers.items():
        draft.answer(answer)


def _carry_out(
    connection: SqlConnection, changes: CommittedChanges, drafts: Sequence[Draft], known: KnownSeqs, lock: "Lock"
) -> Answers:
    """Carry out the drafts that `lock` gets the locks for. Runs in another thread on SQLite.

    The groups are locked first, so that a membership that is seen here ends after these commands or not at all.
    """
    free, ends = lock(connection, drafts)
    # Under the locks: the same command may have come to another process, and changed what it is now compared with.
    known = known | _known(connection, [draft for draft in free if not isinstance(draft, MessageDraft)])
    batch = Batch(connection, free, ends, known)
    answers = {draft: batch.decide(draft) for draft in free}
    # A message that is refused may have been carried out before, when what it answers was not deleted yet.
    known |= _known(connection, [draft for draft in free if isinstance(answers[draft], Refused)])
    batch.write(changes)
    # Whether their group is locked does not matter to those that were carried out before.
    return answers | {draft: known[draft.key] for draft in drafts if draft.key in known} if known else answers


def seq_of(connection: SqlConnection, draft: Draft) -> int | None:
    """The seq of the entry with the draft's client_id, if there is one: it need not be counted again."""
    return _known(connection, [draft]).get(draft.key)


KNOWN = ManyFound(
    [ENTRIES.c.group_id, ENTRIES.c.user_id, ENTRIES.c.client_id],
    lambda given: (
        select(ENTRIES.c.group_id, ENTRIES.c.user_id, ENTRIES.c.client_id, ENTRIES.c.seq)
        .select_from(given)
        .where(
            ENTRIES.c.group_id == given.c.group_id,
            ENTRIES.c.user_id == given.c.user_id,
            ENTRIES.c.client_id == given.c.client_id,
        )
    ),
)


def _known(connection: SqlConnection, drafts: Iterable[Draft]) -> KnownSeqs:
    keys = {draft.key for draft in drafts if isinstance(draft.key, tuple)}
    return {(group_id, user_id, client_id): seq for group_id, user_id, client_id, seq in KNOWN.rows(connection, keys)}


# Locks

# Gets the locks of the drafts' groups, and returns the drafts that can be written, with the groups' ends.
Lock = Callable[[SqlConnection, Sequence[Draft]], tuple[Sequence[Draft], LogEnds]]

SKIP = LOCK_LOG_ENDS.changed(lambda lock: lock.with_for_update(key_share=True, skip_locked=True))
EXISTING = ManyFound([Column("id", Integer)], lambda given: select(Group.id).where(Group.id.in_(select(given.c.id))))
# What the foreign keys of entries will lock.
SKIP_USERS = ManyFound(
    [Column("id", Integer)],
    lambda given: (
        select(User.id)
        .where(User.id.in_(select(given.c.id)))
        .with_for_update(read=True, key_share=True, skip_locked=True)
    ),
)


def _wait_for_locks(connection: SqlConnection, drafts: Sequence[Draft]) -> tuple[Sequence[Draft], LogEnds]:
    return drafts, lock_log_ends(connection, {draft.group_id for draft in drafts})


def _skip_locked(connection: SqlConnection, drafts: Sequence[Draft]) -> tuple[Sequence[Draft], LogEnds]:
    """The drafts whose group and author nobody else has locked, but no more than a batch takes."""
    groups = {draft.group_id for draft in drafts}
    ends = lock_log_ends(connection, groups, SKIP)
    locked = {id for (id,) in EXISTING.rows(connection, [(group,) for group in groups - ends.keys()])}
    free = [draft for draft in drafts if draft.group_id not in locked]
    authors = {id for (id,) in SKIP_USERS.rows(connection, {(draft.user_id,) for draft in free})}
    return [draft for draft in free if draft.user_id in authors][:MAX_BATCH], ends


def _wait_for_group_alone(connection: SqlConnection, drafts: Sequence[Draft]) -> tuple[Sequence[Draft], LogEnds]:
    """Wait for the group's lock like everyone else; skip drafts whose author is locked."""
    _wait_for_locks(connection, drafts)
    return _skip_locked(connection, drafts)
