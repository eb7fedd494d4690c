"""What a transaction leaves to be published after its commit."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession

from discussit.log.compose import EncodedEntry
from discussit.log.revise import revised
from discussit.log.unread import Count, UnreadChange


class Revision(NamedTuple):
    """A group's `revisions` and `epoch` since texts of its entries changed."""

    revisions: int
    epoch: str


class DirectGroupShown(NamedTuple):
    """A direct group appeared among a member's groups or, with `is_hidden`, they hid it. `seq`: its last entry then."""

    group_uuid: UUID
    seq: int
    user_id: int
    is_hidden: bool = False


@dataclass
class CommittedChanges:
    """What one transaction wrote that others have to be sent."""

    entries: dict[UUID, list[EncodedEntry]] = field(default_factory=lambda: defaultdict(list))
    revisions: dict[UUID, int] = field(default_factory=dict)  # of their groups, when the first of them was written
    resync_groups: set[UUID] = field(default_factory=set)  # deleted: their readers must read the database
    revised_groups: dict[UUID, Revision] = field(default_factory=dict)
    ended_sessions: dict[str, int] = field(default_factory=dict)  # their ids → their users' ids
    erases: bool = False  # texts, which then have to leave SQLite's files as well
    unread: dict[UUID, UnreadChange] = field(default_factory=dict)
    changed_groups: dict[UUID, int] = field(default_factory=dict)  # their `rev` since their settings changed, or GONE
    shown: list[DirectGroupShown] = field(default_factory=list)  # or hidden from now on
    marks: list[Count] = field(default_factory=list)  # the numbers of members who marked how far they have read

    def add(self, uuid: UUID, entries: Sequence[EncodedEntry]) -> None:
        """Add a group's next entries, and have those of the transaction before them show what they made of them."""
        earlier = self.entries[uuid]
        if earlier:
            for change in [each for each in entries if each.revises]:
                earlier[:] = [revised(each, change) if each.is_about(change.target) else each for each in earlier]
        earlier.extend(entries)

    def add_unread(self, change: UnreadChange) -> None:
        known = self.unread.setdefault(change.group_uuid, change)
        if known is not change:
            known.add(change)


Publish = Callable[[CommittedChanges], None]


def changes_of(session: OrmSession) -> CommittedChanges:
    """What the session's transaction has written so far."""
    changes: CommittedChanges = session.info.setdefault("changes", CommittedChanges())
    return changes
