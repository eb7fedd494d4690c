"""Statements about many rows at a time, each a single call of the driver.

The module sqlite3 releases the GIL for each row that it writes or fetches; beside a busy event loop, getting it back
takes longer than the row. To PostgreSQL each statement is a round trip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import CTE, Column, ColumnElement, Dialect, Executable, Select, bindparam, func, insert, select, values
from sqlalchemy.sql.compiler import SQLCompiler

MAX_ROWS = 512  # in one statement: engines take some 32,000 values
Convert = Callable[[Any], Any]
Rows = Select[*tuple[Any, ...]]


class SqlConnection(Protocol):
    """What executes a statement's text: an SQLAlchemy `Connection`, or one of SQLite's driver (sqlite_threads.py)."""

    dialect: Dialect

    def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...], /) -> Any: ...


class _Compiled(NamedTuple):
    text: str
    to_driver: list[tuple[int, Convert]]  # of the columns of the rows whose values the driver takes in another form


class ManyRows:
    """A statement whose rows are passed as a VALUES table.

    `statement` builds it from that table, whose columns are like `columns`, and must ignore rows of NULLs, which pad
    it to a power of two: so drivers keep few statements prepared.
    """

    def __init__(self, columns: Iterable[Column[Any]], statement: Callable[[CTE], Executable]) -> None:
        self._columns = list(columns)
        self._statement = statement
        self._compiled = cache(self._compile)

    def execute(self, connection: SqlConnection, rows: Iterable[Sequence[Any]]) -> None:
        for part in _parts(rows):
            compiled = self._compiled(connection.dialect, _power_of_two(len(part)))
            connection.exec_driver_sql(compiled.text, self._values(compiled, part))

    def _values(self, compiled: _Compiled, rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
        width = len(self._columns)
        given = list(chain.from_iterable(rows))
        for place, convert in compiled.to_driver:
            # Rows that are written together mostly have the same timestamp.
            converted = {value: convert(value) for value in set(given[place::width])}
            given[place::width] = [converted[value] for value in given[place::width]]
        return (*given, *[None] * (width * (_power_of_two(len(rows)) - len(rows))))

    def _compile(self, dialect: Dialect, count: int) -> _Compiled:
        names = [[f"{column.name}_{row}" for column in self._columns] for row in range(count)]
        table = values(*[Column(column.name, column.type) for column in self._columns], name="given").data(
            [
                tuple(bindparam(name, type_=column.type) for name, column in zip(row, self._columns, strict=True))
                for row in names
            ]
        )
        compiled = self._for_dialect(self._statement(table.cte("given")), dialect).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup == list(chain.from_iterable(names)), "the driver takes values by position"
        binds = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in self._columns]
        return _Compiled(str(compiled), [(place, bind) for place, bind in enumerate(binds) if bind])

    def _for_dialect(self, statement: Any, _dialect: Dialect) -> Any:
        return statement


def insert_rows(*columns: Column[Any]) -> ManyRows:
    """Inserts rows into the table of these columns, the first of which is never NULL."""

    def statement(given: CTE) -> Executable:
        rows = select(given).where(given.c[columns[0].name].is_not(None))
        return insert(columns[0].table).from_select(list(columns), rows, include_defaults=False)

    return ManyRows(columns, statement)


class ManyFound(ManyRows):
    """The same for a SELECT."""

    def __init__(self, columns: Iterable[Column[Any]], statement: Callable[[CTE], Rows]) -> None:
        super().__init__(columns, statement)
        self._select = statement
        self._results = cache(self._result_converters)

    def changed(self, change: Callable[[Rows], Rows]) -> "ManyFound":
        return ManyFound(self._columns, lambda given: change(self._select(given)))

    def rows(self, connection: SqlConnection, given: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """Yield the rows found, in no particular order on SQLite. Nothing is executed before the iteration."""
        dialect = connection.dialect
        converters = self._results(dialect)
        for part in _parts(given):
            compiled = self._compiled(dialect, _power_of_two(len(part)))
            cursor = connection.exec_driver_sql(compiled.text, self._values(compiled, part))
            found = msgspec.json.decode(cursor.fetchone()[0]) if dialect.name == "sqlite" else cursor.fetchall()
            for row in found:
                yield [convert(value) if convert else value for convert, value in zip(converters, row, strict=True)]

    def _for_dialect(self, statement: Rows, dialect: Dialect) -> Rows:
        if dialect.name != "sqlite":
            return statement
        # All rows as one JSON text: a single step.
        found: list[ColumnElement[Any]] = list(statement.selected_columns)
        return statement.with_only_columns(func.json_group_array(func.json_array(*found))).order_by(None)

    def _result_converters(self, dialect: Dialect) -> list[Convert | None]:
        table = values(*[Column(column.name, column.type) for column in self._columns]).data([]).cte("given")
        selected = self._select(table).selected_columns
        return [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected]


def _parts(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    given = list(rows)
    for start in range(0, len(given), MAX_ROWS):
        yield given[start : start + MAX_ROWS]


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
