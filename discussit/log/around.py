"""What a page shows beside its rows: reactions, what replies answer, and how many replies there are."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session as OrmSession

from discussit.log.kinds import MESSAGE, EntryRow
from discussit.log.read import entries_at
from discussit.models.entries import ENTRIES, REACTIONS
from discussit.models.groups import ReadableLog
from discussit.text.words import words

EXCERPT = 80  # characters
WHITE_SPACE = re.compile(r"(?:[^\S\x1c-\x1f\x85]|\ufeff)+")  # JavaScript's
MAX_CONVERSATION = 1_000  # messages


class Reactions(NamedTuple):
    """How many users react to a message with one emoji, and whether the reader does."""

    emoji: str
    users: int  # none if all took it back
    is_own: bool


class Excerpt(NamedTuple):
    """The beginning of a message as it is now, on one line."""

    seq: int
    author: str
    text: str  # empty if it was deleted
    rev: int
    is_deleted: bool


class Around(NamedTuple):
    """Of a page's messages, by seq; those for which there is nothing are missing."""

    reactions: Mapping[int, Sequence[Reactions]]  # in the order in which the emoji were first used
    replies: Mapping[int, int]  # how many messages answer it, deleted ones among them
    excerpts: Mapping[int, Excerpt]  # of messages that are answered


Condition = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def _among(seq: ColumnElement[Any]) -> ColumnElement[bool]:
    return seq.in_(bindparam("seqs", expanding=True))


def _between(seq: ColumnElement[Any]) -> ColumnElement[bool]:
    return seq.between(bindparam("first"), bindparam("last"))


def _of_messages(condition: Condition) -> CompoundSelect[Any]:
    """Their reactions and, without an emoji, the numbers of their replies. One query, since most have neither."""
    seq, is_on, reply_to = REACTIONS.c.seq, REACTIONS.c.is_on, ENTRIES.c.reply_to
    users = func.count(case((is_on, 1)))
    own = func.count(case((and_(is_on, REACTIONS.c.user_id == bindparam("user")), 1)))
    reactions = (
        # Also those that were taken back: the order is that of first use, whoever still reacts.
        select(seq, REACTIONS.c.emoji, users, own, func.min(REACTIONS.c.first_seq))
        .where(REACTIONS.c.group_id == bindparam("group"), condition(seq))
        .group_by(seq, REACTIONS.c.emoji)
    )
    replies = (
        select(reply_to, null(), func.count(), literal_column("0"), literal_column("0"))
        .where(ENTRIES.c.group_id == bindparam("group"), reply_to.is_not(None), condition(reply_to))
        .group_by(reply_to)
    )
    return union_all(reactions, replies)


# Built once, since building them takes as long as executing them.
AMONG, BETWEEN = _of_messages(_among), _of_messages(_between)


def _conversation() -> Select[int]:
    """The messages that answer one, directly or not. Nothing answers itself, since replies come later."""
    answers = select(bindparam("seq", type_=ENTRIES.c.seq.type).label("seq")).cte("answers", recursive=True)
    direct = select(ENTRIES.c.seq).join_from(
        answers, ENTRIES, and_(ENTRIES.c.group_id == bindparam("group"), ENTRIES.c.reply_to == answers.c.seq)
    )
    # Not sorted: so it ends with the last row that is wanted.
    return select(answers.union_all(direct).c.seq).limit(MAX_CONVERSATION)


CONVERSATION = _conversation()


def read_around(session: OrmSession, log: ReadableLog, user_id: int, rows: Sequence[EntryRow]) -> Around:
    """What `user_id` is shown beside these rows, which follow each other in the log."""
    messages = [row.seq for row in rows if row.kind == MESSAGE.name]
    if not messages:
        return Around({}, {}, {})
    of_rows = {"group": log.group_id, "user": user_id, "first": messages[0], "last": messages[-1]}
    return _around(session, log, rows, BETWEEN, of_rows)


def read_around_each(session: OrmSession, log: ReadableLog, user_id: int, rows: Sequence[EntryRow]) -> Around:
    """The same for rows between which there are others."""
    of_rows = {"group": log.group_id, "user": user_id, "seqs": [row.seq for row in rows]}
    return _around(session, log, rows, AMONG, of_rows)


def _around(
    session: OrmSession,
    log: ReadableLog,
    rows: Sequence[EntryRow],
    query: CompoundSelect[Any],
    values: dict[str, Any],
) -> Around:
    reactions: dict[int, list[tuple[int, Reactions]]] = defaultdict(list)
    replies: dict[int, int] = {}
    for seq, emoji, count, own, first_seq in session.execute(query, values):
        if emoji is None:
            replies[seq] = count
        else:
            reactions[seq].append((first_seq, Reactions(emoji, count, own > 0)))
    in_order = {seq: tuple(each for _, each in sorted(found)) for seq, found in reactions.items()}
    answered = {row.reply_to for row in rows if row.reply_to is not None}
    return Around(in_order, replies, excerpts(session, log, answered))


def excerpts(session: OrmSession, log: ReadableLog, seqs: Collection[int]) -> dict[int, Excerpt]:
    """The excerpts of those of the seqs that are messages that may be read."""
    if not seqs:
        return {}
    rows = entries_at(session, log, seqs)
    return {row.seq: _excerpt(row) for row in rows if row.kind == MESSAGE.name}


def _excerpt(row: EntryRow) -> Excerpt:
    text = row.content if row.body is None else words(row.body, row.mentions)
    return Excerpt(row.seq, row.username, shortened(text), row.rev, row.is_deleted)


def shortened(text: str) -> str:
    """The beginning of a text on one line: as `excerpt` of static/js/log/excerpt.js makes it."""
    line = WHITE_SPACE.sub(" ", text).strip(" ")
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rstrip(' ')}…"


def conversation(session: OrmSession, log: ReadableLog, seq: int) -> Sequence[int]:
    """The seqs of a message and of those that answer it, directly or not, in order. Of very many only some.

    None if the message may not be read: those that answer it come after it.
    """
    return sorted(session.scalars(CONVERSATION, {"group": log.group_id, "seq": seq})) if log.has(seq) else []
