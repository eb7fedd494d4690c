"""What a migration must leave as it was for processes of the version before it: docs/deploying.md has the rules."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    select,
)

# An account is closed, not deleted: no version deletes rows of these.
NEVER_DELETED = {"users"}
Rows = dict[str, list[dict[str, Any]]]


def reflect(connection: Connection, unused: Iterable[str] = ()) -> MetaData:
    """The schema as the database has it, with a note of the tables and columns that its own version does not use."""
    schema = MetaData()
    schema.reflect(connection)
    schema.remove(schema.tables["alembic_version"])
    for name in unused:
        table, _, column = name.partition(".")
        (schema.tables[table].columns[column] if column else schema.tables[table]).info["unused"] = True
    return schema


def violations(before: MetaData, after: MetaData) -> list[str]:
    """What the version of `before` can't do in `after`, a sentence each."""
    found = [each for table in _used_tables(before) for each in _changes(table, after.tables.get(table.name))]
    found += [f"{name} keeps rows from being deleted" for name in _holds(after) - _holds(before)]
    unused = [column for table in after.sorted_tables for column in table.columns if column.info.get("unused")]
    return found + [f"{column} is unused, and required" for column in unused if _is_required(column)]


def read(connection: Connection, schema: MetaData) -> Rows:
    """All rows, with the columns that the schema's version uses."""
    return {table.name: _rows(connection, table) for table in _used_tables(schema)}


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(*_used_columns(table)).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]


def write_again(connection: Connection, schema: MetaData, rows: Rows) -> None:
    """Delete all and write these rows, as the schema's version would. Raises what the database raises."""
    for table in reversed(_used_tables(schema)):
        connection.execute(table.delete())
    for table in _used_tables(schema):
        if rows[table.name]:
            connection.execute(table.insert(), rows[table.name])


def _changes(old: Table, new: Table | None) -> Iterator[str]:
    if new is None:
        yield f"{old} is gone"
        return
    used = {column.name for column in _used_columns(old)}
    for name in sorted(used):
        yield from _changes_of_column(old.columns[name], new.columns.get(name))
    added = [column for column in new.columns if column.name not in old.columns]
    yield from (f"{column} is required" for column in added if _is_required(column))
    # A version that leaves a column NULL passes each rule about it.
    left_out = {column.name for column in new.columns if column.name not in used and column.server_default is None}
    was, now = _rules(old), _rules(new)
    yield from (f"{old} has a new {rule}" for rule in now.keys() - was if not now[rule] & left_out)
    # A check that is gone refuses nothing.
    lost = [rule for rule in was.keys() - now if was[rule] <= used and not rule.startswith("check")]
    yield from (f"{old} has lost its {rule}" for rule in lost)


def _changes_of_column(old: Column[Any], new: Column[Any] | None) -> Iterator[str]:
    if new is None:
        yield f"{old} is gone"
        return
    if not _can_hold(new, old):
        yield f"{old} was {old.type!r} and is {new.type!r}"
    if new.nullable and not old.nullable and not new.info.get("unused"):
        yield f"{old} may be NULL"
    if _is_required(new) and not _is_required(old):
        yield f"{old} is required"


def _can_hold(new: Column[Any], old: Column[Any]) -> bool:
    """Whether the type is the same, or a longer text."""
    if isinstance(new.type, String) and isinstance(old.type, String):
        return new.type.length is None or (old.type.length is not None and old.type.length <= new.type.length)
    return repr(new.type) == repr(old.type)


def _is_required(column: Column[Any]) -> bool:
    is_numbered = column.table.autoincrement_column is column  # by the database
    return not column.nullable and column.server_default is None and not is_numbered


def _holds(schema: MetaData) -> set[str]:
    """Foreign keys that refuse the deletion of what they refer to."""
    return {
        f"{table}: {_describe(key)}"
        for table in schema.tables.values()
        for key in table.foreign_key_constraints
        if key.ondelete not in ("CASCADE", "SET NULL") and key.referred_table.name not in NEVER_DELETED
    }


def _rules(table: Table) -> dict[str, set[str]]:
    """Its constraints and unique indexes, with the columns of each."""
    unique = [index for index in table.indexes if index.unique]
    return {_describe(rule): _columns(rule) for rule in (*table.constraints, *unique)}


def _describe(rule: Any) -> str:
    if isinstance(rule, CheckConstraint):
        return f"check {rule.sqltext}"
    names = sorted(_columns(rule))
    if isinstance(rule, ForeignKeyConstraint):
        return f"foreign key {names} to {rule.referred_table}, on delete {rule.ondelete}"
    return f"{'primary' if isinstance(rule, PrimaryKeyConstraint) else 'unique'} {names}"


def _columns(rule: Any) -> set[str]:
    if isinstance(rule, CheckConstraint):
        return set(re.findall(r"\w+", str(rule.sqltext))) & set(rule.table.columns.keys())
    return {column.name for column in rule.columns}


def _used_tables(schema: MetaData) -> list[Table]:
    return [table for table in schema.sorted_tables if not table.info.get("unused")]


def _used_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if not column.info.get("unused")]
