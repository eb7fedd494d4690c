"""What 0007 makes of groups that were there before, and what the version before is left with."""

import pytest

from discussit.settings import GroupCreation

GROUPS = """
SELECT id, access, preview, history, posting, description, archived_at, created_by, had_owner, readable_from, direct_key
FROM groups ORDER BY id
"""
CLOSED = "UPDATE groups SET access = 'closed' WHERE id = 8"
DIRECT = "UPDATE groups SET access = 'direct', direct_key = 'key' WHERE id = 8"


@pytest.fixture
def filled(store):
    """A database that was in use at the revision before."""
    store.fill("0002")
    store.upgrade("0006")
    return store


def test_groups_that_were_there_are_open_and_have_neither_owner_nor_preview(filled):
    filled.prepare()

    assert [tuple(row) for row in filled.rows(GROUPS)] == [
        (id, "open", False, "all", "everyone", "", None, None, False, 1, None) for id in (7, 8, 9)
    ]


def test_members_that_were_there_are_ordinary_and_read_everything(filled):
    filled.prepare()

    members = filled.rows("SELECT DISTINCT role, from_seq, hidden_at FROM memberships")
    assert [tuple(row) for row in members] == [("member", 1, None)]


def test_those_who_share_a_group_may_message_accounts_that_were_there(filled):
    filled.prepare()

    assert [tuple(row) for row in filled.rows("SELECT DISTINCT direct FROM users")] == [("shared",)]


def test_where_groups_were_there_administrators_go_on_creating_them(filled):
    filled.prepare()

    defaults = filled.rows("SELECT name, value FROM server_defaults")
    assert [tuple(row) for row in defaults] == [("group_creation", GroupCreation.ADMINISTRATORS)]


def test_where_none_were_there_everyone_creates_them(store):
    store.prepare()

    assert store.rows("SELECT name FROM server_defaults") == []


def test_a_migration_that_was_interrupted_is_continued_to_its_end(filled):
    filled.prepare()
    filled.execute("DELETE FROM server_defaults", "UPDATE alembic_version SET version_num = '0006'")

    filled.prepare()

    assert len(filled.rows("SELECT name FROM server_defaults")) == 1


def test_open_groups_outlive_a_migration_that_is_taken_back(filled):
    before = filled.rows("SELECT id, name, uuid, last_seq, member_count FROM groups ORDER BY id")
    filled.prepare()

    filled.downgrade("0006")

    assert filled.rows("SELECT id, name, uuid, last_seq, member_count FROM groups ORDER BY id") == before


@pytest.mark.parametrize("statement", [CLOSED, DIRECT], ids=["closed", "direct"])
def test_it_is_not_taken_back_where_that_would_open_what_is_not_for_everyone(filled, statement):
    filled.prepare()
    filled.execute(statement)

    with pytest.raises(ValueError, match="1 closed and direct groups would be open to everyone"):
        filled.downgrade("0006")

    assert len(filled.rows("SELECT access FROM groups WHERE access <> 'open'")) == 1
