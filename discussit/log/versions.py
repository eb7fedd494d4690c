"""The texts that a message had before it was edited: the first is in `texts`, those of edits are in `versions`."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, and_, func, literal_column, select, union_all, update
from sqlalchemy.orm import Session as OrmSession

from discussit.log.committed import changes_of
from discussit.log.write import raise_revisions
from discussit.models.entries import ENTRIES, TEXTS, VERSIONS


class EarlierText(NamedTuple):
    """A text that a message had until it was edited, and since when."""

    rev: int
    content: str
    since: datetime


def earlier_texts(session: OrmSession, group_id: int, seq: int, before: int, limit: int) -> Sequence[EarlierText]:
    """The last of the message's texts whose `rev` is less than `before`, newest first. Forgotten ones are missing."""
    first = (
        select(literal_column("0").label("rev"), TEXTS.c.content, TEXTS.c.seq.label("at_seq"))
        .where(TEXTS.c.group_id == group_id, TEXTS.c.seq == seq, TEXTS.c.content != "")
        .where(literal_column("0") < before)
    )
    later = select(VERSIONS.c.rev, VERSIONS.c.content, VERSIONS.c.at_seq).where(
        VERSIONS.c.group_id == group_id, VERSIONS.c.seq == seq, VERSIONS.c.content != "", VERSIONS.c.rev < before
    )
    texts = union_all(first, later).order_by(literal_column("rev").desc()).limit(limit).subquery()
    brought_it = and_(ENTRIES.c.group_id == group_id, ENTRIES.c.seq == texts.c.at_seq)
    found = select(texts.c.rev, texts.c.content, ENTRIES.c.timestamp).join_from(texts, ENTRIES, brought_it)
    return [EarlierText(*row) for row in session.execute(found.order_by(texts.c.rev.desc()))]


def present_since(session: OrmSession, group_id: int, seq: int) -> datetime:
    """Since when the message has its present text."""
    brought_it = ENTRIES.alias()
    found: Select[datetime] = (
        select(brought_it.c.timestamp)
        .join_from(ENTRIES, brought_it, brought_it.c.group_id == ENTRIES.c.group_id)
        .where(ENTRIES.c.group_id == group_id, ENTRIES.c.seq == seq)
        .where(brought_it.c.seq == func.coalesce(func.nullif(ENTRIES.c.changed_seq, 0), ENTRIES.c.seq))
    )
    return session.scalars(found).one()


def forget_earlier_texts(session: OrmSession, group_id: int, seq: int, rev: int) -> None:
    """Erase the texts that the message had before `rev`, its present one. The group must be locked.

    Processes drop the texts that they keep. Rows are emptied, as in forget.py.
    """
    if rev == 0:
        return
    first = update(TEXTS).where(TEXTS.c.group_id == group_id, TEXTS.c.seq == seq)
    later = update(VERSIONS).where(VERSIONS.c.group_id == group_id, VERSIONS.c.seq == seq, VERSIONS.c.rev < rev)
    for texts in (first, later):
        session.execute(texts.values(content="", body=None))
    changes_of(session).erases = True
    raise_revisions(session, group_id)  # with the same epoch, since what readers were sent stays right
