"""Messages that a transaction changes: read under their groups' locks, and stored together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CTE, Boolean, Column, Integer, String, func, literal_column, select, update

from discussit.log.forget import KEY, forget, is_of
from discussit.log.kinds import MESSAGE
from discussit.log.targets import Key, Mentioned, Reacted, Target
from discussit.many_rows import ManyFound, ManyRows, Rows, SqlConnection, insert_rows
from discussit.models.accounts import User
from discussit.models.entries import (
    ENTRIES,
    EVERYONE,
    EVERYONE_NAME,
    MENTIONS,
    PRESENT_BODY,
    PRESENT_CONTENT,
    REACTIONS,
    TEXTS,
    VERSIONS,
)

# Reading

FIND = ManyFound(
    KEY,
    lambda given: (
        select(
            ENTRIES.c.group_id,
            ENTRIES.c.seq,
            ENTRIES.c.user_id,
            User.username,
            ENTRIES.c.state,
            ENTRIES.c.rev,
            ENTRIES.c.changed_seq,
            PRESENT_CONTENT,
            PRESENT_BODY,
            ENTRIES.c.nth,
        )
        .select_from(given)
        .join(ENTRIES, is_of(ENTRIES, given))
        .join(User, User.id == ENTRIES.c.user_id)
        .outerjoin(TEXTS, is_of(TEXTS, given))
        .outerjoin(VERSIONS, is_of(VERSIONS, given) & (VERSIONS.c.rev == ENTRIES.c.rev))
        .where(ENTRIES.c.kind == literal_column(f"'{MESSAGE.name}'"))
    ),
)
FIND_MENTIONS = ManyFound(
    KEY,
    lambda given: (
        select(
            MENTIONS.c.group_id,
            MENTIONS.c.seq,
            MENTIONS.c.user_id,
            MENTIONS.c.at_seq,
            MENTIONS.c.place,
            User.username,
        )
        .select_from(given)
        .join(MENTIONS, is_of(MENTIONS, given))
        .outerjoin(User, User.id == MENTIONS.c.user_id)
    ),
)
FIND_REACTIONS = ManyFound(
    [*KEY, Column("emoji", String), Column("user_id", Integer)],
    lambda given: (
        select(*REACTIONS.c)
        .select_from(given)
        .join(
            REACTIONS,
            is_of(REACTIONS, given) & (REACTIONS.c.emoji == given.c.emoji) & (REACTIONS.c.user_id == given.c.user_id),
        )
    ),
)


def _count_reactions(given: CTE) -> Rows:
    key = REACTIONS.c.group_id, REACTIONS.c.seq, REACTIONS.c.emoji
    users = select(*key, func.count().label("users")).select_from(given)
    counts = users.join(REACTIONS, is_of(REACTIONS, given) & REACTIONS.c.is_on).group_by(*key).subquery()
    return select(*counts.c)


COUNT_REACTIONS = ManyFound(KEY, _count_reactions)


def find_targets(
    connection: SqlConnection, keys: Iterable[Key], reactions: Iterable[tuple[int, int, str, int]]
) -> dict[Key, Target]:
    """The messages with these keys, as far as they exist, with these reactions: group, seq, emoji and user."""
    found = {(row[0], row[1]): _target(*row) for row in FIND.rows(connection, set(keys))}
    _find_mentions(connection, found)
    asked = set(reactions)
    for group_id, seq, emoji, user_id, *reacted in FIND_REACTIONS.rows(connection, asked):
        if target := found.get((group_id, seq)):
            first_seq, at_seq, is_on = reacted
            target.reactions[emoji, user_id] = Reacted(first_seq, at_seq, bool(is_on))
    for group_id, seq, emoji, count in COUNT_REACTIONS.rows(connection, {each[:2] for each in asked}):
        if target := found.get((group_id, seq)):
            target.counts[emoji] = count
    return found


def _target(*row: Any) -> Target:
    group_id, seq, user_id, author, state, rev, changed_seq, content, body, nth = row
    return Target(group_id, seq, user_id, author, state, rev, changed_seq, content or "", body, nth)


def _find_mentions(connection: SqlConnection, targets: dict[Key, Target]) -> None:
    places: dict[Key, dict[int, Mentioned]] = defaultdict(dict)
    for group_id, seq, user_id, at_seq, place, name in FIND_MENTIONS.rows(connection, targets):
        if user_id < EVERYONE:
            targets[group_id, seq].answers = -user_id
            continue
        targets[group_id, seq].mentioned_at[user_id] = at_seq
        if place is not None:
            places[group_id, seq][place] = (user_id, name or EVERYONE_NAME)
    for key, placed in places.items():
        targets[key].mentions = [placed[place] for place in sorted(placed)]


# Storing

INSERT_VERSIONS = insert_rows(*(VERSIONS.c[name] for name in ("group_id", "seq", "rev", "content", "body", "at_seq")))
INSERT_REACTIONS = insert_rows(
    *(REACTIONS.c[name] for name in ("group_id", "seq", "emoji", "user_id", "first_seq", "at_seq", "is_on"))
)
INSERT_MENTIONS = insert_rows(*(MENTIONS.c[name] for name in ("group_id", "seq", "user_id", "at_seq", "place")))
CHANGE = ManyRows(
    [*KEY, Column("state", String), Column("rev", Integer), Column("changed_seq", Integer)],
    lambda given: (
        update(ENTRIES)
        .where(is_of(ENTRIES, given))
        .values(state=given.c.state, rev=given.c.rev, changed_seq=given.c.changed_seq)
    ),
)
CHANGE_REACTIONS = ManyRows(
    [
        *KEY,
        Column("emoji", String),
        *(Column(name, Integer) for name in ("user_id", "at_seq")),
        Column("is_on", Boolean),
    ],
    lambda given: (
        update(REACTIONS)
        .where(is_of(REACTIONS, given), REACTIONS.c.emoji == given.c.emoji, REACTIONS.c.user_id == given.c.user_id)
        .values(at_seq=given.c.at_seq, is_on=given.c.is_on)
    ),
)
PLACE_MENTIONS = ManyRows(
    [*KEY, Column("user_id", Integer), Column("place", Integer)],
    lambda given: (
        update(MENTIONS)
        .where(is_of(MENTIONS, given), MENTIONS.c.user_id == given.c.user_id)
        .values(place=given.c.place)
    ),
)


def store_targets(connection: SqlConnection, targets: Iterable[Target]) -> bool:
    """Write what the transaction did to these messages; return whether it erased texts."""
    changed = [target for target in targets if target.is_changed]
    deleted = [target.key for target in changed if target.is_deleted]
    CHANGE.execute(connection, [(*target.key, target.state, target.rev, target.changed_seq) for target in changed])
    forget(connection, deleted)
    live = [target for target in targets if not target.is_deleted]
    _store_edits(connection, [target for target in live if target.is_changed])
    _store_reactions(connection, live)
    return bool(deleted)


def _store_edits(connection: SqlConnection, edited: Sequence[Target]) -> None:
    INSERT_VERSIONS.execute(connection, [(*target.key, *version) for target in edited for version in target.versions])
    places = {target: {user_id: place for place, (user_id, _) in enumerate(target.mentions)} for target in edited}
    PLACE_MENTIONS.execute(
        connection,
        [
            (*target.key, user_id, places[target].get(user_id))
            for target in edited
            for user_id in target.mentioned_at.keys() - target.new_mentions
        ],
    )
    INSERT_MENTIONS.execute(
        connection,
        [
            (*target.key, user_id, target.mentioned_at[user_id], places[target].get(user_id))
            for target in edited
            for user_id in target.new_mentions
        ],
    )


def _store_reactions(connection: SqlConnection, targets: Iterable[Target]) -> None:
    new, known = [], []
    for target in targets:
        for emoji, user_id in target.changed_reactions:
            first_seq, at_seq, is_on = target.reactions[emoji, user_id]
            if (emoji, user_id) in target.new_reactions:
                new.append((*target.key, emoji, user_id, first_seq, at_seq, is_on))
            else:
                known.append((*target.key, emoji, user_id, at_seq, is_on))
    INSERT_REACTIONS.execute(connection, new)
    CHANGE_REACTIONS.execute(connection, known)
