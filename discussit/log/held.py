"""Messages whose group or author somebody else has locked: they wait apart from all others."""

import asyncio
import logging
from collections import deque

from anyio import current_time

from discussit.errors import ErrorCode, Refused
from discussit.log.draft import Draft

logger = logging.getLogger(__name__)

MAX_HELD_OF_GROUP, MAX_HELD = 500, 5_000  # drafts; one more is answered `busy`
HELD_LIMIT = 10.0  # seconds that a message waits for a lock

HELD_UP = "This group is held up just now. Please send the message again in a moment."


class Held:
    """Drafts in order of arrival, by group. A group is held from its first draft until one is written.

    So its later drafts come here without an attempt, also if all that waited were refused in the meantime.
    """

    def __init__(self) -> None:
        self._of_group: dict[int, deque[tuple[float, Draft]]] = {}
        self._count = 0
        self.filled = asyncio.Event()  # while drafts wait

    @property
    def drafts(self) -> list[Draft]:
        return [draft for queue in self._of_group.values() for _, draft in queue]

    def takes(self, draft: Draft) -> bool:
        """Add the draft if its group is held. Return False if it is not."""
        if draft.group_id not in self._of_group:
            return False
        self.add(draft)
        return True

    def add(self, draft: Draft) -> None:
        """Have the draft wait, behind those of its group. Refuse it if they are too many."""
        if draft.group_id not in self._of_group:
            logger.warning("messages to group %d wait for a row that is locked", draft.group_id)
        queue = self._of_group.setdefault(draft.group_id, deque())
        if len(queue) >= MAX_HELD_OF_GROUP or self._count >= MAX_HELD:
            draft.answer(Refused(ErrorCode.BUSY, HELD_UP))
            return
        queue.append((current_time(), draft))
        self._count += 1
        self.filled.set()

    def next_group(self) -> list[Draft]:
        """The drafts of one group, of another one each time."""
        for group in list(self._of_group):
            queue = self._of_group[group] = self._of_group.pop(group)  # to the end
            if queue:
                return [draft for _, draft in queue]
        return []

    def release(self, written: set[int]) -> None:
        """Drop what is answered, and then the groups to which something was written, unless more waits for them."""
        for group, queue in list(self._of_group.items()):
            waiting = self._of_group[group] = deque(each for each in queue if each[1].answered is None)
            if group in written and not waiting:
                del self._of_group[group]
        self._count = len(self.drafts)
        if not self._count:
            self.filled.clear()

    def refuse_old(self) -> None:
        """Refuse those who have waited for HELD_LIMIT."""
        for queue in self._of_group.values():
            for since, draft in queue:
                if current_time() - since > HELD_LIMIT:
                    draft.answer(Refused(ErrorCode.BUSY, HELD_UP))
        self.release(set())
