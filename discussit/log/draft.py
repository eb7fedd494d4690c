"""A message on its way into the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from discussit.errors import Refused
from discussit.groups.membership import MemberKey
from discussit.log.kinds import MESSAGE
from discussit.log.write import NewEntry

logger = logging.getLogger(__name__)

ClientKey = tuple[int, int, str]  # a member with the client_id of an entry of theirs
Answer = int | Refused  # the seq of the committed message, or why it is refused


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `on_answer` is called once, when it is committed or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    on_answer: Callable[[Answer], object] | None = None
    answered: Answer | None = None

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    @property
    def key(self) -> "ClientKey | Draft":
        """The same for two drafts that are one message, sent twice."""
        return self if self.client_id is None else (*self.member, self.client_id)

    def entry(self, group_uuid: UUID, username: str) -> NewEntry:
        return NewEntry(
            self.group_id,
            group_uuid,
            MESSAGE.name,
            self.user_id,
            username,
            self.content,
            self.client_id,
        )

    def answer(self, answer: Answer) -> None:
        """Answer the draft, unless it has been answered."""
        if self.answered is not None:
            return
        self.answered = answer
        try:
            if self.on_answer is not None:
                self.on_answer(answer)
        except Exception:
            # Any mistake in answering one sender: the others of the batch are answered, and all of it is published.
            logger.exception("could not answer the sender of a message")
