"""How far members have read: marks are collected, and committed together every PAUSE seconds at most."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Column, Integer, select, update

from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.errors import ErrorCode, Refused
from discussit.groups.membership import MemberKey, is_member
from discussit.log.committed import CommittedChanges
from discussit.log.unread import Count, Numbers, count_members
from discussit.many_rows import ManyFound, ManyRows, SqlConnection
from discussit.models.groups import GROUPS, MEMBERSHIPS

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two transactions
MAX_BATCH = 500  # members in one of them
MAX_MEMBERS = 10_000  # whose marks wait; those of others are refused
MAX_MARKS = 20  # of one member that wait; more are refused

BUSY = "This could not be marked as read just now. Please try again."
TOO_MANY = "Too many changes of what you have read. Please wait a moment."
NOT_MEMBER = "You are not a member of this group."

Outcome = Numbers | Refused


class Position(NamedTuple):
    """How far a member has read."""

    seq: int
    rev: int  # how often they have marked something as unread again


class ReadableSeqs(NamedTuple):
    """The entries that a member may read: the seqs of the first and the last."""

    first: int
    last: int


@dataclass(eq=False)
class Mark:
    """How far a member says that they have read. `on_answer` is called once, when it is committed or refused."""

    group_id: int
    user_id: int
    seq: int
    on_answer: Callable[[Outcome], object] = field(default=lambda _outcome: None, kw_only=True)

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    def move(self, position: Position, log: ReadableSeqs) -> Position:
        """The position after this mark."""
        raise NotImplementedError


@dataclass(eq=False)
class ReadMark(Mark):
    """The member has read the log up to and including `seq`, if `read_rev` is the present one."""

    read_rev: int | None = None  # None: whatever it is

    def move(self, position: Position, log: ReadableSeqs) -> Position:
        """Never back, and not beyond the log's end."""
        if self.read_rev not in (None, position.rev):
            return position
        return position._replace(seq=max(position.seq, min(self.seq, log.last)))


@dataclass(eq=False)
class UnreadMark(Mark):
    """The member wants `seq` and all that follows to be unread again."""

    def move(self, position: Position, log: ReadableSeqs) -> Position:
        """Only if `seq` was read. Marks that name the old `rev` change nothing any more then."""
        seq = max(self.seq, log.first)
        return Position(seq - 1, position.rev + 1) if seq <= position.seq else position


class Marks:
    """The marks that wait. Refused ones are lost: clients repeat their marks until they are answered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[MemberKey, list[Mark]] = {}
        self._filled = asyncio.Event()
        self._has_ended = False

    def submit(self, mark: Mark) -> None:
        """Queue a mark. Those of one member take effect in the order in which they come."""
        known = self._waiting.get(mark.member, [])
        if self._has_ended or (not known and len(self._waiting) >= MAX_MEMBERS):
            mark.on_answer(Refused(ErrorCode.BUSY, BUSY))
        elif len(known) >= MAX_MARKS:
            mark.on_answer(Refused(ErrorCode.RATE_LIMITED, TOO_MANY, retry_after=1))
        else:
            self._waiting[mark.member] = [*known, mark]
            self._filled.set()

    async def commit(self, mark: Mark) -> Numbers:
        """Mark, and return what is unread then. Raises Refused."""
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def resolve(outcome: Outcome) -> None:
            if not answered.cancelled():
                answered.set_result(outcome)

        mark.on_answer = resolve
        self.submit(mark)
        outcome = await answered
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    async def run(self) -> None:
        """Commit marks for as long as the process lives."""
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                await self._commit_waiting()
                await asyncio.sleep(PAUSE)
        finally:
            self.end()

    def end(self) -> None:
        """Drop the marks that wait, and all that come from now on."""
        self._has_ended = True
        for marks in self._waiting.values():
            _answer(marks, Refused(ErrorCode.BUSY, BUSY))
        self._waiting.clear()

    async def _commit_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        members = iter(sorted(waiting))
        while batch := {member: waiting[member] for member in islice(members, MAX_BATCH)}:
            await self._commit(batch)

    async def _commit(self, batch: "Batch") -> None:
        try:
            moved = await self._database.run_batch(
                lambda connection, changes: move_positions(connection, changes, batch),
                lambda moved: _answer_all(batch, moved),
            )
        except DATABASE_ERRORS as error:
            log_failure(logger, f"could not store how far {len(batch)} members have read", error)
            for marks in batch.values():
                _answer(marks, Refused(ErrorCode.BUSY, BUSY))
        else:
            self._retry({member: batch[member] for member in moved.locked})

    def _retry(self, locked: "Batch") -> None:
        for member, marks in locked.items():
            self._waiting[member] = marks + self._waiting.get(member, [])
            self._filled.set()


Batch = Mapping[MemberKey, list[Mark]]


class _Moved(NamedTuple):
    counts: Sequence[Count]  # of all who are members, except those who are locked
    locked: Iterable[MemberKey]  # by somebody else: to be tried again


# Marks don't hold their groups. Since they don't wait for rows that are locked either, no circle of waiting
# transactions goes through them.
LOCK = ManyFound(
    [Column("group_id", Integer), Column("user_id", Integer)],
    lambda given: (
        select(
            MEMBERSHIPS.c.group_id,
            MEMBERSHIPS.c.user_id,
            MEMBERSHIPS.c.read_seq,
            MEMBERSHIPS.c.read_rev,
            MEMBERSHIPS.c.from_seq,
            GROUPS.c.last_seq,
        )
        .select_from(given)
        .join(MEMBERSHIPS, is_member(given.c.user_id, given.c.group_id))
        .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
        .order_by(MEMBERSHIPS.c.group_id, MEMBERSHIPS.c.user_id)
        .with_for_update(of=MEMBERSHIPS, key_share=True, skip_locked=True)
    ),
)
MOVE = ManyRows(
    [Column(name, Integer) for name in ("group_id", "user_id", "seq", "rev")],
    lambda given: (
        update(MEMBERSHIPS)
        .where(is_member(given.c.user_id, given.c.group_id))
        .values(read_seq=given.c.seq, read_rev=given.c.rev)
    ),
)


def move_positions(connection: SqlConnection, changes: CommittedChanges, batch: Batch) -> _Moved:
    """Store the members' new positions, and count anew. Runs in another thread on SQLite."""
    moved, locked = {}, set[MemberKey]()
    for group_id, user_id, seq, rev, first, last in LOCK.rows(connection, batch):
        member, before = (group_id, user_id), Position(seq, rev)
        locked.add(member)
        after = _after(before, batch[member], ReadableSeqs(first, last))
        if after != before:
            moved[member] = after
    MOVE.execute(connection, [(*member, *position) for member, position in moved.items()])
    counts = list(count_members(connection, batch))
    own = [count for count in counts if count.member in locked]
    changes.marks += own
    return _Moved(own, [count.member for count in counts if count.member not in locked])


def _after(position: Position, marks: Iterable[Mark], log: ReadableSeqs) -> Position:
    for mark in marks:
        position = mark.move(position, log)
    return position


def _answer_all(batch: Batch, moved: _Moved) -> None:
    numbers = {count.member: count.numbers for count in moved.counts}
    waiting = set(moved.locked)
    for member, marks in batch.items():
        if member not in waiting:
            _answer(marks, numbers.get(member) or Refused(ErrorCode.NOT_MEMBER, NOT_MEMBER))


def _answer(marks: Iterable[Mark], outcome: Outcome) -> None:
    for mark in marks:
        mark.on_answer(outcome)
