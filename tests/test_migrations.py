import re

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from stores import KINDS, new_store

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


# The newest schema


def test_the_migrations_create_what_the_models_describe(store):
    store.upgrade()

    store.check()


def test_the_migrations_check_what_the_models_check(migrated, modelled):
    assert checks(migrated) == checks(modelled)


def test_a_migrated_log_is_stored_in_its_own_order(migrated):
    assert without_rowid(migrated, "entries")


def test_texts_are_stored_where_they_can_be_erased(migrated):
    assert not without_rowid(migrated, "texts")


def test_the_program_expects_the_newest_migration(alembic):
    assert ScriptDirectory.from_config(alembic).get_current_head() == REVISION


def test_migrations_are_numbered_without_a_gap(alembic):
    numbers = [script.revision for script in ScriptDirectory.from_config(alembic).walk_revisions()]

    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_upgrading_twice_changes_nothing(alembic, migrated):
    before = inspect(migrated).get_table_names()

    command.upgrade(alembic, "head")

    assert inspect(migrated).get_table_names() == before


def test_every_migration_can_be_taken_back(store):
    store.upgrade()

    store.downgrade("base")

    assert store.run(lambda connection: inspect(connection).get_table_names()) == ["alembic_version"]


# From every revision, with what was there


@pytest.fixture
def filled(store):
    """A database that was in use at the revision before."""
    store.fill("0002")
    return store


@pytest.fixture(scope="module", params=["0001", "0002"])
def revision(request):
    return request.param


@pytest.fixture(scope="module", params=KINDS)
def newest(request, revision):
    """A database that was in use at an older revision, at the newest: to be read only."""
    store = new_store(request.param, request)
    store.fill(revision)
    store.prepare()
    return store


LOG = """
SELECT e.group_id, e.seq, e.kind, e.user_id, e.client_id, e.state, e.nth, t.content
FROM entries e LEFT JOIN texts t ON t.group_id = e.group_id AND t.seq = e.seq ORDER BY e.group_id, e.seq
"""


def test_a_migrated_log_has_the_same_entries(newest):
    assert newest.rows(LOG) == [
        (7, 1, "Join", 1, None, "live", 0, "alice Join the Gardening group"),
        (7, 2, "Message", 1, "a1", "live", 1, "hello"),
        (7, 3, "Join", 2, None, "live", 1, "bob Join the Gardening group"),
        (7, 4, "Message", 2, "b1", "deleted", 2, ""),
        (7, 5, "Message", 1, "a2", "live", 3, "tomatoes"),
        (7, 6, "Left", 2, None, "live", 3, "bob Left the Gardening group"),
        (8, 1, "Join", 3, None, "live", 0, "carol Join the Cooking group"),
        (8, 2, "Message", 3, None, "live", 1, "soup"),
        (8, 3, "Message", 3, "c1", "deleted", 2, ""),
        (8, 4, "Join", 1, None, "deleted", 2, ""),
    ]


def test_a_migrated_group_knows_its_log(newest):
    known = newest.rows("SELECT id, name, last_seq, messages, member_count, revisions FROM groups ORDER BY id")

    assert known == [(7, "Gardening", 6, 3, 1, 0), (8, "Cooking", 4, 2, 2, 0), (9, "Reading", 0, 0, 0, 0)]


def test_a_migrated_group_knows_when_its_last_message_was_written(newest):
    written = newest.rows("SELECT timestamp FROM entries WHERE (group_id, seq) IN ((7, 5), (8, 3)) ORDER BY group_id")

    assert newest.rows("SELECT last_message_at FROM groups ORDER BY id") == [*written, (None,)]


def test_each_migrated_group_has_an_epoch_of_its_own(newest):
    epochs = {epoch for (epoch,) in newest.rows("SELECT epoch FROM groups")}

    assert len(epochs) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", epoch) for epoch in epochs)


def test_members_have_read_what_was_there_before_the_migration(newest):
    memberships = newest.rows("SELECT group_id, user_id, read_seq FROM memberships ORDER BY group_id, user_id")

    assert memberships == [(7, 1, 6), (8, 1, 4), (8, 3, 4)]


def test_a_group_takes_its_migrated_log_and_its_texts_with_it(filled):
    filled.prepare()

    filled.execute("DELETE FROM groups WHERE id = 7")

    assert {group for group, *_ in filled.rows(LOG)} == {8}
    assert filled.rows("SELECT content FROM texts WHERE group_id = 7") == []


OLD_LOG = "SELECT group_id, seq, kind, user_id, timestamp, content, client_id FROM entries ORDER BY group_id, seq"


def test_a_migration_that_is_taken_back_gives_the_old_log(filled):
    before = filled.rows(OLD_LOG)
    filled.prepare()

    filled.downgrade("0002")

    assert filled.rows(OLD_LOG) == before


def test_one_of_two_simultaneous_migrations_finds_it_done(filled):
    assert filled.prepare(times=2) == [REVISION, REVISION]

    assert len(filled.rows(LOG)) == 10


# The name that is reserved from 0005 on

EVERYONE = """
INSERT INTO users (id, username, username_key, password, is_superuser, is_active, created_at) VALUES
    (4, 'EveryOne', 'everyone', 'hash', FALSE, TRUE, '2026-11-22 22:00:00.000000'),
    (5, 'everyone_1', 'everyone_1', '!', FALSE, FALSE, '2026-11-22 22:00:00.000000');
INSERT INTO sessions (id, user_id, created_at, last_seen_at, user_agent, ip) VALUES
    ('of everyone', 4, '2026-11-22 22:00:00.000000', '2026-11-22 22:00:00.000000', '', ''),
    ('of bob', 2, '2026-11-22 22:00:00.000000', '2026-11-22 22:00:00.000000', '', '');
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth)
    VALUES (8, 5, 'Message', 4, '2026-11-22 22:05:00.000001', 'live', 3)
"""


@pytest.fixture
def with_everyone(store):
    """A database at 0004 with an account of that name, which has written in Cooking."""
    store.fill("0002")
    store.upgrade("0004")
    store.execute(*EVERYONE.split(";\n"))
    return store


def test_an_account_called_everyone_gets_a_free_name_in_its_place(with_everyone, caplog):
    with_everyone.prepare()

    users = with_everyone.rows("SELECT id, username, username_key, password FROM users WHERE id > 3 ORDER BY id")
    assert users == [(4, "EveryOne_2", "everyone_2", "hash"), (5, "everyone_1", "everyone_1", "!")]
    assert with_everyone.rows("SELECT key, user_id FROM former_names") == [("everyone", 4)]
    assert "renamed account 4 to EveryOne_2" in caplog.text


def test_the_renamed_account_is_logged_out_and_its_readers_load_their_groups_again(with_everyone):
    epochs = dict(with_everyone.rows("SELECT id, epoch FROM groups"))

    with_everyone.prepare()

    assert with_everyone.rows("SELECT id FROM sessions") == [("of bob",)]
    assert with_everyone.rows("SELECT id FROM groups WHERE revisions > 0") == [(8,)]
    changed = [id for id, epoch in with_everyone.rows("SELECT id, epoch FROM groups") if epoch != epochs[id]]
    assert changed == [8]


# SQLite

WITHDRAWN = """
WITH RECURSIVE numbers(n) AS (SELECT 7 UNION ALL SELECT n + 1 FROM numbers WHERE n < 506)
INSERT INTO entries SELECT 7, n, 'Message', 1, '2026-11-22 22:07:00.000001',
    printf('unfortunate%d %.*c', n, n % 20 * 200, '.'), NULL FROM numbers
"""


def test_a_migrated_file_has_no_text_that_was_withdrawn(sqlite_store, revision):
    sqlite_store.fill(revision)
    sqlite_store.execute(WITHDRAWN, "UPDATE groups SET last_seq = 506 WHERE id = 7")
    sqlite_store.execute("UPDATE entries SET content = '' WHERE group_id = 7 AND seq > 6")
    assert b"unfortunate" in sqlite_store.files()

    sqlite_store.prepare()

    assert b"unfortunate" not in sqlite_store.files()
    assert b"tomatoes" in sqlite_store.files()


def test_a_migrated_file_has_no_text_whose_row_an_earlier_version_deleted(sqlite_store):
    sqlite_store.fill("0002")
    sqlite_store.execute(WITHDRAWN, "UPDATE groups SET last_seq = 506 WHERE id = 7")
    sqlite_store.upgrade("0005")
    sqlite_store.execute("DELETE FROM texts WHERE content LIKE 'unfortunate%'", "PRAGMA user_version=0")
    assert b"unfortunate" in sqlite_store.files()

    sqlite_store.prepare()

    assert b"unfortunate" not in sqlite_store.files()


def test_a_rewrite_of_the_file_that_was_interrupted_is_repeated(sqlite_store):
    sqlite_store.fill("0002")
    sqlite_store.execute("UPDATE entries SET content = '' WHERE content = 'tomatoes'")
    sqlite_store.upgrade()
    assert sqlite_store.rows("PRAGMA user_version") == [(1,)]

    sqlite_store.prepare()

    assert b"tomatoes" not in sqlite_store.files()
    assert sqlite_store.rows("PRAGMA user_version") == [(0,)]


BAKING = """
INSERT INTO groups (uuid, name, last_seq, created_at, messages, member_count, revisions, epoch)
VALUES ('a', 'Baking', 0, '2026-11-22 23:00:00.000000', 0, 0, 0, 'e')
"""


def test_nobody_gets_the_id_of_a_group_that_was_deleted(sqlite_store, revision):
    sqlite_store.fill(revision)
    sqlite_store.upgrade("0002")
    sqlite_store.execute("DELETE FROM groups WHERE id = 9")

    sqlite_store.upgrade()

    for expected in (10, 11):
        sqlite_store.execute(BAKING)
        assert sqlite_store.rows("SELECT id FROM groups WHERE name = 'Baking'") == [(expected,)]
        sqlite_store.execute("DELETE FROM groups")


# PostgreSQL


@pytest.fixture
def interrupted(postgres_store):
    """Half a migration: of a log of three portions, the second could not be moved."""
    postgres_store.fill("0002")
    postgres_store.execute(
        """
        INSERT INTO entries SELECT 9, n, CASE n % 3 WHEN 0 THEN 'Join' ELSE 'Message' END, 1, now(), 'no. ' || n, NULL
        FROM generate_series(1, 25000) n
        """,
        "UPDATE groups SET last_seq = 25000 WHERE id = 9",
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$",
        "CREATE TRIGGER fail BEFORE UPDATE ON entries FOR EACH ROW WHEN (NEW.seq = 15000) EXECUTE FUNCTION fail()",
    )
    with pytest.raises(DBAPIError, match="out of order"):
        postgres_store.upgrade()
    return postgres_store


MISCOUNTED = """
SELECT count(*) FROM (
    SELECT nth, count(*) FILTER (WHERE kind = 'Message') OVER (PARTITION BY group_id ORDER BY seq) AS counted
    FROM entries
) e WHERE nth <> counted
"""


def test_a_migration_that_was_interrupted_is_continued(interrupted):
    assert interrupted.rows("SELECT count(*) FROM entries WHERE nth IS NULL AND group_id = 9") == [(15000,)]
    interrupted.execute("DROP TRIGGER fail ON entries")

    assert interrupted.prepare() == [REVISION]

    assert interrupted.rows("SELECT count(*) FROM texts WHERE group_id = 9") == [(25000,)]
    assert interrupted.rows(MISCOUNTED) == [(0,)]


def test_a_moved_row_keeps_no_copy_of_its_text(interrupted):
    copies = interrupted.rows("SELECT count(*) FROM entries WHERE nth IS NOT NULL AND content <> ''")

    assert copies == [(0,)]


def test_a_server_that_was_not_stopped_cannot_write_into_half_a_migration(interrupted):
    write = "INSERT INTO entries SELECT id, 25001, 'Message', 1, now(), 'hi', NULL FROM groups WHERE name = :name"

    for name in ("Gardening", "Reading"):  # one whose log is moved, and one whose log is not
        with pytest.raises(DBAPIError, match="filled"):
            interrupted.execute(write.replace(":name", f"'{name}'"))


def checks(engine):
    """What `alembic check` does not compare."""
    return {name: sorted(check["sqltext"] for check in inspect(engine).get_check_constraints(name)) for name in TABLES}


def without_rowid(engine, table):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT wr FROM pragma_table_list WHERE name = :table"), {"table": table})
