"""Runs the migrations: on the connection that the caller passes, else on the database of the environment."""

import asyncio
import logging
from typing import Any, Literal

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, TypeDecorator

from discussit.environment import StartError
from discussit.models import Base
from discussit.schema import migrating
from discussit.settings import Settings


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=as_stored,
        include_object=must_be_modelled,
        render_as_batch=connection.dialect.name == "sqlite",
        # SQLite can also roll back schema changes, if the driver leaves BEGIN to us.
        transactional_ddl=True,
        # On others a migration may leave its transaction, to work in portions or beside running processes.
        transaction_per_migration=connection.dialect.name != "sqlite",
    )
    with context.begin_transaction():
        refuse_to_cascade(connection)
        context.run_migrations()


def must_be_modelled(item: Any, name: str | None, kind: str, is_stored: bool, model: object) -> bool:  # noqa: FBT001
    """Whether `alembic check` compares it: not if the newest migration declares it unused, for a later one to drop."""
    head = ScriptDirectory.from_config(context.config).get_revision("head")
    unused = getattr(head.module, "unused", ()) if head else ()
    full_name = name if kind == "table" else f"{item.table.name}.{name}"
    return not is_stored or model is not None or full_name not in unused


def refuse_to_cascade(connection: Connection) -> None:
    """SQLite rebuilds a table by dropping it, which deletes whatever refers to its rows while foreign keys are on."""
    if connection.dialect.name != "sqlite" or not context.get_context().get_current_heads():
        return
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("Migrate SQLite on a connection with PRAGMA foreign_keys=OFF.")


def as_stored(kind: str, item: object, _autogenerate: object) -> str | Literal[False]:
    # A migration outlives the models: it names the databases' types and none of ours.
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


async def run_on_own_connection() -> None:
    logging.basicConfig(format="%(message)s")
    logging.getLogger("alembic").setLevel(logging.INFO)
    try:
        async with migrating(Settings.from_environment()) as connection:
            await connection.run_sync(run)
    except StartError as error:
        raise SystemExit(str(error)) from None


if context.is_offline_mode():
    raise SystemExit("--sql is not supported: migrations run on a database")

given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(run_on_own_connection())
else:
    run(given)
