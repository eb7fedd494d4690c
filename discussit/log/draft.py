"""Commands on their way into the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from discussit.errors import ErrorCode, Refused
from discussit.groups.membership import MemberKey
from discussit.text.emoji import qualified
from discussit.text.rich import Parsed, parse

logger = logging.getLogger(__name__)

ClientKey = tuple[int, int, str]  # a member with the client_id of an entry of theirs
Answer = int | Refused  # the seq of the committed entry, or of the one that set the present state; or why it is refused


@dataclass(eq=False)
class Draft:
    """A command on its way into the log. `on_answer` is called once, when it is committed or refused."""

    group_id: int
    user_id: int
    client_id: str | None = None
    on_answer: Callable[[Answer], object] | None = field(default=None, kw_only=True)
    answered: Answer | None = field(default=None, kw_only=True)

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    @property
    def key(self) -> "ClientKey | Draft":
        """The same for two drafts that are one command, sent twice."""
        return self if self.client_id is None else (*self.member, self.client_id)

    @property
    def concerns(self) -> int | None:
        """The seq of the message that the command is about, if any."""
        return None

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
            logger.exception("could not answer the sender of a command")


@dataclass(eq=False, kw_only=True)
class TextDraft(Draft):
    """A command with a text."""

    content: str

    @cached_property
    def parsed(self) -> Parsed | None:
        """The text as it was parsed, by the first who asks: not in the event loop. None if it is plain."""
        return parse(self.content)


@dataclass(eq=False, kw_only=True)
class MessageDraft(TextDraft):
    """A message."""

    reply_to: int | None = None

    @property
    def concerns(self) -> int | None:
        return self.reply_to


@dataclass(eq=False, kw_only=True)
class ChangeDraft(Draft):
    """A change of the message `target`."""

    target: int

    @property
    def concerns(self) -> int | None:
        return self.target


@dataclass(eq=False, kw_only=True)
class EditDraft(TextDraft, ChangeDraft):
    """Another text for a message, if its `rev` is this one."""

    rev: int


@dataclass(eq=False, kw_only=True)
class DeleteDraft(ChangeDraft):
    """The deletion of a message. `removed_of`: whose it was, once it is deleted by somebody else."""

    removed_of: int | None = None


@dataclass(eq=False, kw_only=True)
class ReactionDraft(ChangeDraft):
    """A reaction to a message with a known emoji, set or taken back."""

    emoji: str  # as `check_emoji` returns it
    is_on: bool


def check_emoji(emoji: str) -> str:
    """A reaction, fully qualified. Raises Refused."""
    known = qualified(emoji)
    if known is None:
        raise Refused(ErrorCode.NOT_EMOJI, "Enter a single emoji.")
    return known
