import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from discussit.models import Base
from discussit.schema import REVISION
from discussit.settings import ALEMBIC_INI

TABLES = Base.metadata.tables


@pytest.fixture
def alembic(environment):
    environment.setenv("DATABASE_URL", "sqlite:///migrated.db")
    return Config(ALEMBIC_INI)


@pytest.fixture
def migrated(alembic):
    command.upgrade(alembic, "head")
    engine = create_engine("sqlite:///migrated.db")
    yield engine
    engine.dispose()


@pytest.fixture
def modelled():
    engine = create_engine("sqlite:///modelled.db")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_models_describe(alembic, migrated):
    command.check(alembic)


def test_the_migrations_check_what_the_models_check(migrated, modelled):
    assert checks(migrated) == checks(modelled)


def test_a_migrated_log_is_stored_in_its_own_order(migrated):
    with migrated.connect() as connection:
        without_rowid = connection.scalar(text("SELECT wr FROM pragma_table_list WHERE name = 'entries'"))

    assert without_rowid


def test_a_group_of_before_keeps_its_log_and_nobody_gets_its_id_again(alembic):
    command.upgrade(alembic, "0001")
    engine = create_engine("sqlite:///migrated.db")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO users VALUES (1, 'alice', 'alice', '!', 1, 1, '2026-11-22 00:00')"))
        connection.execute(text("INSERT INTO groups VALUES (7, 'a', 'Gardening', 1, '2026-11-22 00:00')"))
        connection.execute(text("INSERT INTO entries VALUES (7, 1, 'Message', 1, '2026-11-22 00:00', 'hi', NULL)"))

    command.upgrade(alembic, "head")

    with engine.begin() as connection:
        assert connection.execute(text("SELECT group_id, content FROM entries")).all() == [(7, "hi")]
        connection.execute(text("DELETE FROM groups"))
        connection.execute(text("INSERT INTO groups VALUES (NULL, 'b', 'Cooking', 0, '2026-11-22 00:00')"))
        assert connection.scalar(text("SELECT id FROM groups")) == 8
    engine.dispose()


def test_the_program_expects_the_newest_migration(alembic):
    assert ScriptDirectory.from_config(alembic).get_current_head() == REVISION


def test_upgrading_twice_changes_nothing(alembic, migrated):
    before = inspect(migrated).get_table_names()

    command.upgrade(alembic, "head")

    assert inspect(migrated).get_table_names() == before


def test_every_migration_can_be_taken_back(alembic, migrated):
    command.downgrade(alembic, "base")

    assert inspect(migrated).get_table_names() == ["alembic_version"]


def checks(engine):
    """What `alembic check` does not compare."""
    return {name: sorted(check["sqltext"] for check in inspect(engine).get_check_constraints(name)) for name in TABLES}
