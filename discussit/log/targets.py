"""Messages that a transaction changes, in memory: target_rows.py reads and stores them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from discussit.log.kinds import Changed, State

Key = tuple[int, int]  # a group's id and a message's seq
Mentioned = tuple[int, str]  # a user's id, or EVERYONE, and the name


class Reacted(NamedTuple):
    """A user's reaction with one emoji: the seqs of its first and last entries, and whether it is on."""

    first_seq: int
    at_seq: int
    is_on: bool


class Version(NamedTuple):
    """A text that an edit gave a message."""

    rev: int
    content: str
    body: str | None
    at_seq: int


@dataclass(eq=False)
class Target:
    """A message, as it is after what the transaction did to it so far. Its group is locked."""

    group_id: int
    seq: int
    user_id: int
    author: str
    state: str
    rev: int
    changed_seq: int
    content: str
    body: str | None
    nth: int  # of the group's messages it is
    mentions: list[Mentioned] = field(default_factory=list)  # in the order of their places
    mentioned_at: dict[int, int] = field(default_factory=dict)  # by user: since which entry, edited out or not
    answers: int | None = None  # the user whom it concerns because it answers their message
    reactions: dict[tuple[str, int], Reacted] = field(default_factory=dict)  # by emoji and user: those asked for
    counts: dict[str, int] = field(default_factory=dict)  # of users, by emoji, zeros among them
    is_changed: bool = False  # whether this transaction edited or deleted it
    versions: list[Version] = field(default_factory=list)  # of this transaction's edits
    new_mentions: set[int] = field(default_factory=set)
    new_reactions: set[tuple[str, int]] = field(default_factory=set)
    changed_reactions: set[tuple[str, int]] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.group_id, self.seq

    @property
    def is_deleted(self) -> bool:
        return self.state != State.LIVE

    @property
    def concerned(self) -> set[int]:
        """Users, or EVERYONE, whom the message has mentioned or answers."""
        return self.mentioned_at.keys() | ({self.answers} if self.answers is not None else set())

    @property
    def present_seq(self) -> int:
        """The seq of the entry that set its present text: of its last change, else its own."""
        return self.changed_seq or self.seq

    def reacted(self, emoji: str, user_id: int) -> Reacted:
        """The user's reaction; of one who never reacted so, the present state is as old as the message."""
        return self.reactions.get((emoji, user_id)) or Reacted(0, self.seq, is_on=False)

    def has_room_for(self, emoji: str, limit: int) -> bool:
        """Whether it would have at most `limit` different emoji with this one."""
        used = {each for each, count in self.counts.items() if count}
        return emoji in used or len(used) < limit

    def edit(self, seq: int, content: str, body: str | None, mentions: Sequence[Mentioned]) -> None:
        """Replace the text, by the entry `seq`."""
        self.is_changed = True
        self.rev, self.changed_seq, self.content, self.body = self.rev + 1, seq, content, body
        self.versions.append(Version(self.rev, content, body, seq))
        self.mentions = list(mentions)
        for user_id, _ in mentions:
            if user_id not in self.mentioned_at:
                self.mentioned_at[user_id] = seq
                self.new_mentions.add(user_id)

    def delete(self, seq: int, user_id: int) -> None:
        """Erase the text, by the entry `seq`."""
        self.is_changed = True
        self.state = State.DELETED if user_id == self.user_id else State.REMOVED
        self.changed_seq, self.content, self.body = seq, "", None
        self.mentions, self.reactions, self.counts = [], {}, {}

    def react(self, seq: int, emoji: str, user_id: int, *, is_on: bool) -> None:
        """Set the user's reaction, by the entry `seq`, which changes it."""
        known = self.reactions.get((emoji, user_id))
        if known is None:
            self.new_reactions.add((emoji, user_id))
        self.changed_reactions.add((emoji, user_id))
        self.reactions[emoji, user_id] = Reacted(known.first_seq if known else seq, seq, is_on)
        self.counts[emoji] = self.counts.get(emoji, 0) + (1 if is_on else -1)

    def changed(self, emoji: str | None, user_id: int) -> Changed:
        """What an entry that changes it says about it; `emoji` of `user_id` if that is a reaction."""
        names = tuple(name for _, name in self.mentions)
        text = self.author, self.state, self.rev, self.content, self.body, names
        return Changed(*text, self.reacted(emoji or "", user_id).is_on, self.counts.get(emoji or "", 0))
