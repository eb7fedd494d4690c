"""Where groups' logs end: locked before anything is appended, and moved with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, case, func, literal_column, select, update

from discussit.log.kinds import Effect, Kind
from discussit.log.unread import GroupState
from discussit.many_rows import ManyFound, ManyRows, SqlConnection
from discussit.models.groups import GROUPS, Access, Posting
from discussit.models.locks import lock_groups

LOCK_LOG_ENDS = ManyFound(
    [Column("id", Integer)],
    lambda given: lock_groups(select(given.c.id)).with_only_columns(
        GROUPS.c.id,
        GROUPS.c.uuid,
        GROUPS.c.last_seq,
        GROUPS.c.messages,
        GROUPS.c.revisions,
        GROUPS.c.member_count,
        # Who may write.
        case((GROUPS.c.archived_at.is_not(None), literal_column(f"'{Posting.NOBODY}'")), else_=GROUPS.c.posting),
        GROUPS.c.access == literal_column(f"'{Access.DIRECT}'"),
    ),
)
MOVE_LOG_ENDS = ManyRows(
    [
        *(Column(name, Integer) for name in ("id", "entries", "messages", "members", "revisions")),
        Column("at", GROUPS.c.last_message_at.type),
    ],
    lambda given: (
        update(GROUPS)
        .where(GROUPS.c.id == given.c.id)
        .values(
            last_seq=GROUPS.c.last_seq + given.c.entries,
            messages=GROUPS.c.messages + given.c.messages,
            member_count=GROUPS.c.member_count + given.c.members,
            revisions=GROUPS.c.revisions + given.c.revisions,
            last_message_at=func.coalesce(given.c["at"], GROUPS.c.last_message_at),
        )
    ),
)
MEMBERS_ADDED: dict[Effect | None, int] = {Effect.JOINED: 1, Effect.LEFT: -1}


@dataclass
class LogEnd:
    """Where a group's log ends. Valid in the transaction that has locked the group."""

    group_uuid: UUID
    seq: int
    nth: int
    revisions: int
    member_count: int
    posting: str  # who may write, as `Posting` has it
    is_direct: bool
    last_message_at: datetime | None = None  # of the messages that this transaction appended

    @property
    def state(self) -> GroupState:
        return GroupState(self.nth, self.revisions)

    def copy(self) -> "LogEnd":
        counts = self.seq, self.nth, self.revisions, self.member_count
        return LogEnd(self.group_uuid, *counts, self.posting, self.is_direct)

    def move(self, kind: Kind, timestamp: datetime) -> None:
        """Append an entry of this kind."""
        self.seq += 1
        if kind.counts_as_unread:
            self.nth += 1
            self.last_message_at = timestamp
        if kind.revises:
            self.revisions += 1
        if kind.effect:
            self.member_count += MEMBERS_ADDED.get(kind.effect, 0)

    def counts_since(self, start: "LogEnd") -> tuple[Any, ...]:
        """What was added to the group's counts, in the order of MOVE_LOG_ENDS."""
        members, revisions = self.member_count - start.member_count, self.revisions - start.revisions
        return self.seq - start.seq, self.nth - start.nth, members, revisions, self.last_message_at


LogEnds = Mapping[int, LogEnd]  # of groups, by id


def lock_log_ends(connection: SqlConnection, groups: Iterable[int], lock: ManyFound = LOCK_LOG_ENDS) -> LogEnds:
    """Lock those groups that exist until the commit, in order of their ids; return where their logs end.

    So entries become visible in seq order: a reader that has seen n never meets a late n - 1.
    """
    found = lock.rows(connection, [(group,) for group in sorted(groups)])
    return {group: LogEnd(*end) for group, *end in found}
