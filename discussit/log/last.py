"""The last messages of groups, as lists of groups show them. Nothing of them is kept in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CTE, Column, ColumnElement, Integer, and_, case, exists, func, literal_column, select

from discussit.groups.membership import MemberKey, is_member
from discussit.log.around import shortened
from discussit.log.kinds import MESSAGE, State, utc_text
from discussit.log.read import IS_ITS_TEXT, IS_ITS_VERSION, MENTION
from discussit.many_rows import ManyFound, Rows, SqlConnection
from discussit.models.accounts import User
from discussit.models.entries import (
    ENTRIES,
    EVERYONE_NAME,
    MENTIONS,
    PRESENT_BODY,
    PRESENT_CONTENT,
    TEXTS,
    VERSIONS,
)
from discussit.models.groups import GROUPS, MEMBERSHIPS
from discussit.text.words import words
from discussit.wire import objects

NEAR = 6  # of the entries with a row on pages, how many are looked through before the message is found by bisection
MAX_STEPS = 24  # of that: for logs of up to 2 ** 25 entries
MAX_READ = 1_000  # characters of a plain text: enough for an excerpt, unless nearly all of them are spaces


class LastMessage(NamedTuple):
    """The last message of a group that a member may read, as it is now."""

    seq: int
    author: str
    text: str  # its beginning, on one line; empty if it was deleted
    timestamp: datetime
    is_deleted: bool


# The messages are found by way of the texts, which reactions and other changes don't have, from the end backwards.
_TEXT, _MESSAGE, _STEP = TEXTS.alias("last_text"), ENTRIES.alias("last_message"), ENTRIES.alias("last_of_step")


def _last_seq() -> ColumnElement[int]:
    """Of the last message, if it is NEAR the end."""
    near = (
        select(_TEXT.c.group_id, _TEXT.c.seq)
        .where(_TEXT.c.group_id == MEMBERSHIPS.c.group_id, _TEXT.c.seq >= MEMBERSHIPS.c.from_seq)
        .order_by(_TEXT.c.seq.desc())
        .limit(literal_column(str(NEAR)))
        .offset(literal_column("0"))  # SQLAlchemy would pass it to SQLite as a value
        .correlate(MEMBERSHIPS)
        .subquery("near")
    )
    is_message = and_(
        _MESSAGE.c.group_id == near.c.group_id,
        _MESSAGE.c.seq == near.c.seq,
        _MESSAGE.c.kind == literal_column(f"'{MESSAGE.name}'"),
    )
    return (
        select(near.c.seq)
        .join(_MESSAGE, is_message)
        .order_by(near.c.seq.desc())
        .limit(literal_column("1"))
        .offset(literal_column("0"))
        .scalar_subquery()
    )


_COLUMNS = (
    ENTRIES.c.seq,
    User.username,
    ENTRIES.c.timestamp,
    ENTRIES.c.state,
    case((PRESENT_BODY.is_(None), func.substr(PRESENT_CONTENT, literal_column("1"), literal_column(str(MAX_READ))))),
    PRESENT_BODY,
)
MENTIONED = ManyFound(
    [Column("group_id", Integer), Column("seq", Integer)],
    lambda given: (
        select(
            MENTIONS.c.group_id, MENTIONS.c.place, func.coalesce(User.username, literal_column(f"'{EVERYONE_NAME}'"))
        )
        .select_from(given)
        .join(MENTIONS, and_(MENTIONS.c.group_id == given.c.group_id, MENTIONS.c.seq == given.c.seq))
        .outerjoin(User, User.id == MENTIONS.c.user_id)
        .where(MENTIONS.c.place >= literal_column("0"))
    ),
)


def with_last(rows: Rows) -> Rows:
    """The query of memberships, with columns of the last message of each, for `last_of`."""
    has_messages = exists().where(GROUPS.c.id == MEMBERSHIPS.c.group_id, GROUPS.c.messages > literal_column("0"))
    is_last = and_(ENTRIES.c.group_id == MEMBERSHIPS.c.group_id, ENTRIES.c.seq == _last_seq())
    of_member = MEMBERSHIPS.c.group_id, MEMBERSHIPS.c.user_id, has_messages.correlate(MEMBERSHIPS)
    return _with_texts(rows.add_columns(*of_member, *_COLUMNS).outerjoin(ENTRIES, is_last))


def _with_texts(rows: Rows) -> Rows:
    return (
        rows.outerjoin(User, User.id == ENTRIES.c.user_id)
        .outerjoin(TEXTS, IS_ITS_TEXT)
        .outerjoin(VERSIONS, IS_ITS_VERSION)
    )


def _far(given: CTE) -> Rows:
    """The last messages wherever they are: the first entries with the number of all messages, found by bisection."""
    passed = (
        select(
            MEMBERSHIPS.c.group_id,
            MEMBERSHIPS.c.user_id,
            GROUPS.c.messages,
            (MEMBERSHIPS.c.from_seq - literal_column("1", Integer)).label("seq"),
            literal_column(str(1 << MAX_STEPS), Integer).label("step"),
        )
        .select_from(given)
        .join(MEMBERSHIPS, is_member(given.c.user_id, given.c.group_id))
        .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
        .cte("passed", recursive=True)
    )
    end = passed.c.seq + passed.c.step
    passes = exists().where(_STEP.c.group_id == passed.c.group_id, _STEP.c.seq == end, _STEP.c.nth < passed.c.messages)
    further = select(
        passed.c.group_id,
        passed.c.user_id,
        passed.c.messages,
        case((passes, end), else_=passed.c.seq),
        passed.c.step // literal_column("2", Integer),
    ).where(passed.c.step > literal_column("0"))
    passed = passed.union_all(further)
    seq = (func.max(passed.c.seq) + literal_column("1")).label("seq")
    found = (
        select(passed.c.group_id, passed.c.user_id, seq).group_by(passed.c.group_id, passed.c.user_id).subquery("found")
    )
    is_found = and_(ENTRIES.c.group_id == found.c.group_id, ENTRIES.c.seq == found.c.seq)
    rows = select(found.c.group_id, found.c.user_id, *_COLUMNS).join(ENTRIES, is_found)
    return _with_texts(rows.where(ENTRIES.c.kind == literal_column(f"'{MESSAGE.name}'")))


_MEMBER = [Column("group_id", Integer), Column("user_id", Integer)]
FAR = ManyFound(_MEMBER, _far)
LAST = ManyFound(
    _MEMBER,
    lambda given: with_last(
        select(given.c.group_id, given.c.user_id)
        .select_from(given)
        .join(MEMBERSHIPS, is_member(given.c.user_id, given.c.group_id))
    ),
)


def last_messages(connection: SqlConnection, members: Iterable[MemberKey]) -> dict[MemberKey, LastMessage]:
    """The last messages of groups for these members; where they may read none, it is missing."""
    rows = list(LAST.rows(connection, members))
    found = zip(rows, last_of(connection, rows), strict=True)
    return {(group_id, user_id): last for (group_id, user_id, *_), last in found if last}


def last_of(connection: SqlConnection, rows: Sequence[Sequence[Any]]) -> list[LastMessage | None]:
    """The last messages in rows of a query `with_last`; None where there is none that the member may read."""
    found = [row[-len(_COLUMNS) - 3 :] for row in rows]
    is_far = [(row[0], row[1]) for row in found if row[2] and row[3] is None]
    far = {(group_id, user_id): row for group_id, user_id, *row in FAR.rows(connection, is_far)}
    messages = [(row[0], far.get((row[0], row[1]), row[3:])) for row in found]
    mentions = _mentions(connection, [(id, row[0]) for id, row in messages if MENTION in (row[-1] or "")])
    return [_last(row, mentions.get(id, ())) for id, row in messages]


def last_object(last: LastMessage) -> objects.LastMessage:
    """What clients are sent of it."""
    return objects.LastMessage(last.seq, last.author, last.text, utc_text(last.timestamp), last.is_deleted)


def _last(row: Sequence[Any], mentions: Sequence[str]) -> LastMessage | None:
    seq, author, timestamp, state, content, body = row
    if seq is None:
        return None
    text = content if body is None else words(body, mentions)
    return LastMessage(seq, author, shortened(text), timestamp, state != State.LIVE)


def _mentions(connection: SqlConnection, messages: Iterable[tuple[int, int]]) -> Mapping[int, Sequence[str]]:
    """Who is mentioned, by the group of the message, in the order of their places."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for group_id, place, name in MENTIONED.rows(connection, messages):
        found[group_id].append((place, name))
    return {group_id: [name for _, name in sorted(names)] for group_id, names in found.items()}
