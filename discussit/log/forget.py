"""Erasing a message's text wherever the database has it.

Whatever stores a text, or something made of one, has its statement among the FORGETTERS.
"""

from collections.abc import Iterable

from sqlalchemy import Column, Integer, Table, delete, select, tuple_

from discussit.many_rows import ManyRows, SqlConnection
from discussit.models.entries import MENTIONS, REACTIONS, TEXTS, VERSIONS


def _delete_from(table: Table) -> ManyRows:
    return ManyRows(
        [Column("group_id", Integer), Column("seq", Integer)],
        lambda given: delete(table).where(
            tuple_(table.c.group_id, table.c.seq).in_(select(given.c.group_id, given.c.seq))
        ),
    )


DELETE_TEXTS, DELETE_VERSIONS = _delete_from(TEXTS), _delete_from(VERSIONS)
FORGETTERS = (DELETE_TEXTS, DELETE_VERSIONS, _delete_from(MENTIONS), _delete_from(REACTIONS))


def forget(connection: SqlConnection, messages: Iterable[tuple[int, int]]) -> None:
    """Erase what is stored of these messages' texts: group ids and seqs. Their groups are locked."""
    keys = list(messages)
    for forgetter in FORGETTERS:
        forgetter.execute(connection, keys)
