"""Erasing a message's text wherever the database has it.

Whatever stores a text, or something made of one, has its statement among the FORGETTERS. Rows with texts are emptied
and never deleted: see the comment at TEXTS.
"""

from collections.abc import Iterable

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Integer,
    Table,
    and_,
    delete,
    literal_column,
    null,
    select,
    tuple_,
    update,
)

from discussit.many_rows import ManyRows, SqlConnection
from discussit.models.entries import MENTIONS, REACTIONS, TEXTS, VERSIONS

KEY = [Column("group_id", Integer), Column("seq", Integer)]


def is_of(table: Table, given: CTE) -> ColumnElement[bool]:
    """Whether a row of the table is about a message of those given."""
    return and_(table.c.group_id == given.c.group_id, table.c.seq == given.c.seq)


def _empty(table: Table) -> ManyRows:
    # As a literal: statements of many rows take no other values.
    nothing = {"content": literal_column("''"), "body": null()}
    return ManyRows(KEY, lambda given: update(table).where(is_of(table, given)).values(nothing))


def _delete_from(table: Table) -> ManyRows:
    keys = tuple_(table.c.group_id, table.c.seq)
    return ManyRows(KEY, lambda given: delete(table).where(keys.in_(select(given.c.group_id, given.c.seq))))


FORGETTERS = (_empty(TEXTS), _empty(VERSIONS), _delete_from(MENTIONS), _delete_from(REACTIONS))


def forget(connection: SqlConnection, messages: Iterable[tuple[int, int]]) -> None:
    """Erase what is stored of these messages' texts: group ids and seqs. Their groups are locked."""
    keys = list(messages)
    for forgetter in FORGETTERS:
        forgetter.execute(connection, keys)
