"""On SQLite, never reuse the id of a deleted group: a process that still has the id would read the new one."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rebuild_groups(sqlite_autoincrement=True)


def downgrade() -> None:
    rebuild_groups(sqlite_autoincrement=False)


def rebuild_groups(*, sqlite_autoincrement: bool) -> None:
    """On SQLite only: PostgreSQL's ids come from a sequence, which never goes back."""
    if op.get_bind().dialect.name == "sqlite":
        options = {"sqlite_autoincrement": sqlite_autoincrement}
        with op.batch_alter_table("groups", recreate="always", table_kwargs=options):
            pass
