import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from stores import query

from discussit.database import Database
from discussit.schema import REVISION, SchemaError, prepare, prepare_once
from discussit.settings import Settings

NEXT, TWO_AHEAD = (f"{int(REVISION) + lead:04}" for lead in (1, 2))


async def test_an_empty_sqlite_database_is_brought_to_the_newest_schema(settings):
    await prepare_once(settings)

    assert query("SELECT version_num FROM alembic_version") == [(REVISION,)]


@pytest.mark.sqlite
async def test_a_database_at_the_newest_schema_is_left_as_it_is(database):
    before = content()

    await prepare(database)

    assert content() == before


async def test_an_older_sqlite_database_is_brought_to_the_newest_schema(settings):
    connection = sqlite3.connect("discussit.db")
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.close()

    await prepare_once(settings)

    assert query("SELECT version_num FROM alembic_version") == [(REVISION,)]


async def test_several_that_start_at_the_same_time_migrate_once(settings):
    databases = [Database(settings) for _ in range(4)]

    await asyncio.gather(*map(prepare, databases))

    assert query("SELECT version_num FROM alembic_version") == [(REVISION,)]
    for database in databases:
        await database.close()


@pytest.mark.parametrize("migrate", [False, True])
async def test_a_schema_newer_than_the_program_is_refused_and_left_alone(world, migrate):
    await set_revision(world.database, "9999")

    with pytest.raises(SchemaError, match="revision 9999, newer than this program"):
        await prepare(world.database, migrate=migrate)

    assert await read(world.database, "SELECT version_num FROM alembic_version") == "9999"
    assert await read(world.database, "SELECT count(*) FROM users") == 2


@pytest.mark.parametrize("revision", [TWO_AHEAD, "a branch of somebody's"])
async def test_only_a_schema_of_the_next_version_is_used(database, revision):
    await set_revision(database, revision)

    with pytest.raises(SchemaError, match=f"revision {revision}, newer than this program, .*: install a newer"):
        await prepare(database)


@pytest.mark.parametrize("migrate", [False, True])
async def test_a_schema_of_the_next_version_is_used_and_left_alone(database, migrate):
    await set_revision(database, NEXT)

    assert await prepare(database, migrate=migrate) == NEXT

    assert await read(database, "SELECT version_num FROM alembic_version") == NEXT


@pytest.fixture(params=["a text", "a folder"])
def no_database(request, environment):
    if request.param == "a folder":
        Path("discussit.db").mkdir()
    else:
        Path("discussit.db").write_text("This is no database. " * 100)


async def test_a_file_or_folder_that_is_no_database_is_refused_in_one_line(no_database, settings):
    with pytest.raises(SchemaError, match="The database can't be used: ") as refused:
        await prepare_once(settings)

    assert "\n" not in str(refused.value)


@pytest.fixture
def role(postgres_store, postgres):
    """A role that may do nothing, on a migrated database; the settings of a server that is this role."""
    postgres_store.upgrade()
    name = make_url(postgres_store.settings.database_url).database
    role = f"role_of_{name}"
    postgres.execute(f"CREATE ROLE {role} LOGIN")
    yield role, Settings(postgres_store.settings.database_url.replace("postgres@", f"{role}@"), secret_key="any key")
    postgres.execute(f"DROP OWNED BY {role}", database=name)
    postgres.execute(f"DROP ROLE {role}")


async def test_a_database_that_a_role_may_not_write_is_refused(role, postgres_store):
    name, settings = role
    postgres_store.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")

    with pytest.raises(SchemaError, match=r"GRANT this role .*INSERT on entries.*USAGE on .*users_id_seq") as refused:
        await prepare_once(settings)

    postgres_store.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    postgres_store.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}")
    assert await prepare_once(settings) == REVISION
    assert "\n" not in str(refused.value)


async def test_a_database_that_is_read_only_is_refused(postgres_store):
    postgres_store.upgrade()
    name = make_url(postgres_store.settings.database_url).database
    postgres_store.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with pytest.raises(SchemaError, match="can't be written: default_transaction_read_only is on"):
        await prepare_once(postgres_store.settings)


async def set_revision(database, revision):
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def content():
    return Path("discussit.db").read_bytes()


async def read(database, statement):
    return await database.run_read(lambda session: session.scalar(text(statement)))
