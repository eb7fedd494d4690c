"""What 0008 makes of groups that were there before, and of those that the version before goes on creating."""

import pytest

KEYS = "SELECT name, name_key FROM groups ORDER BY id"


@pytest.fixture
def filled(store):
    """A database that was in use at the revision before."""
    store.fill("0002")
    store.upgrade("0007")
    store.execute("UPDATE groups SET name = 'ÄRGER\u200d' WHERE id = 8")
    return store


def test_groups_that_were_there_are_found_in_any_case(filled):
    filled.prepare()

    keys = [("Gardening", "gardening"), ("ÄRGER\u200d", "ärger"), ("Reading", "reading")]
    assert [tuple(row) for row in filled.rows(KEYS)] == keys


def test_a_migration_that_was_interrupted_gives_keys_to_the_rest(filled):
    filled.prepare()
    filled.execute("UPDATE groups SET name_key = NULL WHERE id = 9", "UPDATE alembic_version SET version_num = '0007'")

    filled.prepare()

    assert filled.rows("SELECT id FROM groups WHERE name_key IS NULL") == []


def test_more_groups_than_a_portion_all_get_keys(filled):
    columns = "last_seq, messages, member_count, revisions, epoch, created_at"
    filled.execute(
        *(
            f"INSERT INTO groups (id, uuid, name, {columns}) "  # noqa: S608
            f"SELECT {id}, '0123456789abcdef0123456789ab{id}', 'Group {id}', {columns} FROM groups WHERE id = 9"
            for id in range(1_000, 3_500)
        )
    )

    filled.prepare()

    assert filled.rows("SELECT id FROM groups WHERE name_key IS NULL") == []
