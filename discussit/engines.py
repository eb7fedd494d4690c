"""SQLAlchemy's engines: how each is made, and the limits of its connections."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# FULL, since acknowledged messages are durable: NORMAL may lose the last commits at a power cut.
# A deleted text is overwritten, not only marked as free space; inserts cost the same.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
CONNECT_LIMIT, ANSWER_LIMIT = 5, 10  # seconds that PostgreSQL has to accept a connection, and to answer a statement


def async_engine(url: str, **options: Any) -> AsyncEngine:
    return create_async_engine(url, **options)


def blocking_engine(url: str, **options: Any) -> Engine:
    """An engine of SQLite's own driver."""
    return create_engine(make_url(url).set(drivername="sqlite"), **options)


def postgres_engine(url: str, *, connections: int) -> AsyncEngine:
    """An engine of at most so many connections."""
    engine = async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=ANSWER_LIMIT,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_LIMIT, "command_timeout": ANSWER_LIMIT},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except Exception as error:
            # An error of asyncpg's that SQLAlchemy does not translate, such as "the database system is starting up".
            raise OperationalError("connect", None, error) from error

    return engine


def configure_sqlite(engine: Engine, *, begin: str, pragmas: Sequence[str] = (*PRAGMAS, "foreign_keys=ON")) -> None:
    """Have the engine's connections begin transactions with `begin`."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver's own transactions lose updates: they begin late and never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
