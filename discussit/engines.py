"""SQLAlchemy's engines: how each is made, and the limits of its connections.

Their errors contain no values, neither of parameters nor of rows: these are texts and password hashes, and
errors are logged.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from discussit.data_folder import open_existing
from discussit.watched_file import WatchedFile

# FULL, since acknowledged messages are durable: NORMAL may lose the last commits at a power cut.
# A deleted text is overwritten, not only marked as free space; inserts cost the same.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")
# A batch changes hundreds of pages: they would not fit into SQLite's own 2 MB, and what undoes a single statement of
# it would be written to a temporary file.
BATCH_PRAGMAS = ("cache_size=-16000", "temp_store=MEMORY")
CONNECT_LIMIT, ANSWER_LIMIT = 5, 10  # seconds that PostgreSQL has to accept a connection, and to answer a statement
BEFORE_VALUE = re.compile("[^\"':]*")


def async_engine(url: str, **options: Any) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, **options)
    event.listen(engine.sync_engine, "handle_error", _remove_values)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "do_connect", _open_existing)
    return engine


def blocking_engine(url: str, **options: Any) -> Engine:
    """An engine of SQLite's own driver."""
    engine = create_engine(make_url(url).set(drivername="sqlite"), hide_parameters=True, **options)
    event.listen(engine, "handle_error", _remove_values)
    event.listen(engine, "do_connect", _open_existing)
    return engine


def _open_existing(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
    open_existing(arguments, options)


def postgres_engine(url: str, *, connections: int, lock_limit: float) -> AsyncEngine:
    """An engine of at most so many connections, whose statements wait so many seconds for a lock."""
    engine = async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=ANSWER_LIMIT,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_LIMIT,
            "command_timeout": ANSWER_LIMIT,
            # At the connection's start, so that no transaction spends a round trip on it.
            "server_settings": {"lock_timeout": f"{lock_limit * 1000:.0f}"},
        },
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except Exception as error:
            # An error of asyncpg's that SQLAlchemy does not translate, such as "the database system is starting up".
            raise OperationalError("connect", None, error) from error

    return engine


def configure_sqlite(
    engine: Engine,
    *,
    begin: str,
    pragmas: Sequence[str] = (),
    watched: WatchedFile | None = None,
) -> None:
    """Begin the engine's transactions with `begin`. They raise FileLost if the `watched` file is lost.

    `pragmas` follow PRAGMAS.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver's own transactions lose updates: they begin late and never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*PRAGMAS, *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    if watched is not None:
        _watch(engine, watched)


def _watch(engine: Engine, file: WatchedFile) -> None:
    """Check the file before connecting, beginning a transaction and committing it."""
    event.listen(engine, "do_connect", lambda *_: file.check())
    event.listen(engine, "connect", lambda *_: file.opened())
    event.listen(engine, "close", lambda *_: file.closed())
    event.listen(engine, "begin", lambda _: file.check())
    event.listen(engine, "commit", lambda _: file.check())


# Errors


def drivers_error(error: sqlite3.Error) -> BaseException:
    """What SQLAlchemy would have raised in its place."""
    _remove_values_from(error)
    return DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True)


def _remove_values(context: ExceptionContext) -> None:
    original, shown = context.original_exception, context.sqlalchemy_exception
    before = str(original)
    _remove_values_from(original)
    if shown is not None:
        shown.args = (str(shown.args[0]).replace(before, str(original)),)


def _remove_values_from(original: BaseException) -> None:
    """Keep of the driver's error, and of those that caused it, what names no value."""
    errors = list(_with_causes(original))
    names_value = any(map(_names_value, errors))
    for error in errors:
        if getattr(error, "detail", None):
            error.detail = None  # type: ignore[attr-defined]  # PostgreSQL's: "Failing row contains (7, alice, …)."
        if names_value and len(error.args) == 1:
            error.args = (_before_value(error),)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _names_value(error: BaseException) -> bool:
    """Whether its message may quote a value: PostgreSQL's class 22, asyncpg's own, and those of the module sqlite3.

    All others name tables, columns and constraints.
    """
    if isinstance(error, sqlite3.Error):
        return not hasattr(error, "sqlite_errorcode")
    return isinstance(error, ValueError) or str(getattr(error, "sqlstate", "")).startswith("22")


def _before_value(error: BaseException) -> str:
    found = BEFORE_VALUE.match(str(error.args[0]))
    return found[0].strip() if found else ""
