"""From 0004 on a migration runs beside processes of the version before: docs/deploying.md has the rules."""

from textwrap import indent

import pytest
from alembic.script import ScriptDirectory
from migration_rules import read, reflect, violations, write_again
from sqlalchemy.exc import IntegrityError

from discussit.schema import REVISION

FIRST = "0003"  # the first revision that runs beside another
NEXT = f"{int(REVISION) + 1:04}"


def test_each_migration_leaves_the_version_before_what_it_uses(store):
    store.fill("0002")
    store.upgrade(FIRST)

    for revision in revisions(store):
        assert revision <= FIRST or broken_rules(store, revision) == []


CONCURRENT = """
with op.get_context().autocommit_block():
    op.create_index("ix_groups_last_message_at", "groups", ["last_message_at"], postgresql_concurrently=True)
"""


def test_an_index_is_created_beside_processes_while_another_waits_to_migrate(postgres_store):
    write_migration(postgres_store.copy_migrations(), NEXT, CONCURRENT)
    postgres_store.upgrade(FIRST)

    postgres_store.upgrade(times=3)

    made = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_groups_last_message_at'::regclass"
    assert postgres_store.rows(made) == [(True,)]


# The test of the first test


@pytest.fixture
def migrations(store):
    """A database at FIRST, and the folder of migrations of a version to come."""
    folder = store.copy_migrations()
    for path in folder.glob("*.py"):
        if path.name[:4] > FIRST:
            path.unlink()
    store.fill("0002")
    store.upgrade(FIRST)
    return folder


GOOD = """
op.add_column("groups", sa.Column("topic", sa.String(length=200), nullable=True))
op.add_column("groups", sa.Column("is_archived", sa.Boolean(), nullable=False, server_default=sa.false()))
op.add_column("groups", sa.Column("alias", sa.String(length=30), nullable=True))
op.create_index("uq_groups_alias", "groups", ["alias"], unique=True)
op.create_index("ix_groups_last_message_at", "groups", ["last_message_at"])
with op.batch_alter_table("groups") as groups:
    groups.alter_column("name", type_=sa.String(length=60), existing_type=sa.String(length=30))
op.create_table(
    "pins",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("group_id", sa.Integer(), sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False, unique=True),
    sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
)
"""


def test_a_migration_may_add(store, migrations):
    write_migration(migrations, "0004", GOOD)

    assert broken_rules(store, "0004") == []


BAD = """
op.drop_table("sessions")
op.drop_column("groups", "revisions")
op.execute("ALTER TABLE users RENAME COLUMN password TO secret")
with op.batch_alter_table("users") as users:
    users.alter_column("username", type_=sa.String(length=30), existing_type=sa.String(length=150))
with op.batch_alter_table("groups") as groups:
    groups.alter_column("name", nullable=True, existing_type=sa.String(length=30))
    groups.drop_constraint("uq_groups_uuid", type_="unique")
op.create_index("uq_groups_name", "groups", ["name"], unique=True)
with op.batch_alter_table("memberships") as memberships:
    memberships.create_check_constraint("read", "read_seq > 0")
op.create_table(
    "pins",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("group_id", sa.Integer(), sa.ForeignKey("groups.id"), nullable=False),
)
"""


def test_a_migration_may_not_take_away(store, migrations):
    write_migration(migrations, "0004", BAD)

    assert sorted(broken_rules(store, "0004", write=False)) == [
        "groups has a new unique ['name']",
        "groups has lost its unique ['uuid']",
        "groups.name may be NULL",
        "groups.revisions is gone",
        "memberships has a new check read_seq > 0",
        "pins: foreign key ['group_id'] to groups, on delete None keeps rows from being deleted",
        "sessions is gone",
        "users.password is gone",
        "users.secret is required",
        "users.username was VARCHAR(length=150) and is VARCHAR(length=30)",
    ]


REQUIRED = """
op.add_column("groups", sa.Column("topic", sa.String(length=200), nullable=True))
op.execute("UPDATE groups SET topic = ''")
with op.batch_alter_table("groups") as groups:
    groups.alter_column("topic", nullable=False, existing_type=sa.String(length=200))
"""


def test_the_version_before_cannot_write_where_a_new_column_is_required(store, migrations):
    write_migration(migrations, "0004", REQUIRED)

    with pytest.raises(IntegrityError, match="topic"):
        broken_rules(store, "0004")


OPTIONAL = """
with op.batch_alter_table("groups") as groups:
    groups.alter_column("revisions", server_default="0", existing_type=sa.Integer())
"""


def test_columns_that_the_version_before_does_not_use_may_go(store, migrations):
    write_migration(migrations, "0004", OPTIONAL, unused=("groups.revisions", "sessions"))
    write_migration(migrations, "0005", 'op.drop_column("groups", "revisions")\nop.drop_table("sessions")')

    assert broken_rules(store, "0004") == []
    assert broken_rules(store, "0005") == []


def test_unused_columns_must_not_be_required(store, migrations):
    write_migration(migrations, "0004", "", unused=("groups.revisions",))

    assert broken_rules(store, "0004") == ["groups.revisions is unused, and required"]


LEFT_OVER = """
op.add_column("groups", sa.Column("topic", sa.String(length=200), nullable=True))
op.create_table("pins", sa.Column("id", sa.Integer(), primary_key=True))
"""


def test_the_models_need_not_have_what_is_not_used(store):
    write_migration(store.copy_migrations(), NEXT, LEFT_OVER, unused=("groups.topic", "pins"))
    store.upgrade()

    store.check()


def broken_rules(store, revision, *, write=True):
    """Migrate; what the version before can't do there. It also writes again all that it had written."""
    script = ScriptDirectory.from_config(store.config).get_revision(revision)
    before = store.run(lambda connection: reflect(connection, unused(store, script.down_revision)))
    rows = store.run(lambda connection: read(connection, before))
    store.upgrade(revision)
    if write:
        store.run(lambda connection: write_again(connection, before, rows))
        assert store.run(lambda connection: read(connection, before)) == rows
    return violations(before, store.run(lambda connection: reflect(connection, unused(store, revision))))


def revisions(store):
    return sorted(script.revision for script in ScriptDirectory.from_config(store.config).walk_revisions())


def unused(store, revision):
    return getattr(ScriptDirectory.from_config(store.config).get_revision(revision).module, "unused", ())


def write_migration(folder, revision, upgrade, *, unused=()):
    folder.joinpath(f"{revision}_change.py").write_text(
        f'''"""A change."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{int(revision) - 1:04}"
unused = {unused!r}


def upgrade():
    pass
{indent(upgrade, "    ")}
'''
    )
