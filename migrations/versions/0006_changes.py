"""Edits, deletions, reactions, replies and mentions; texts as trees; marks of what is unread again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ANSWERS = sa.text("reply_to IS NOT NULL")
INDEXES = {
    "ix_entries_reply_to": (["group_id", "reply_to"], ANSWERS),
    "ix_entries_own": (["user_id", "group_id", "kind", "seq"], None),
}
REPLACED = "ix_entries_user_id"  # by the last of these, which begins with the same column
# Pages are read by the keys of texts: each message and event has one, also if it was deleted.
FILL = sa.text("""
    INSERT INTO texts (group_id, seq, content)
    SELECT entries.group_id, entries.seq, '' FROM entries
    LEFT JOIN texts ON texts.group_id = entries.group_id AND texts.seq = entries.seq
    WHERE entries.state = 'deleted' AND texts.seq IS NULL
""")


def upgrade() -> None:
    # The first parts of what follows may have been done by a migration that did not end: see the index.
    if "changed_seq" not in columns("entries"):
        expand()
    op.execute(FILL)
    if op.get_bind().dialect.name == "sqlite":
        create_indexes()
        # Versions before deleted the rows of texts, which leaves copies of others: schema.py rewrites the file.
        op.execute("PRAGMA user_version=1")
    else:
        with op.get_context().autocommit_block():
            create_indexes()


def expand() -> None:
    for column in entry_columns():
        op.add_column("entries", column)
    op.add_column("texts", sa.Column("body", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("read_rev", sa.Integer(), nullable=False, server_default="0"))
    create_table_about_entries(
        "versions",
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("at_seq", sa.Integer(), nullable=False),
        key=["rev"],
    )
    create_table_about_entries(
        "reactions",
        sa.Column("emoji", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("at_seq", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        key=["emoji", "user_id"],
        sqlite_with_rowid=False,
    )
    create_table_about_entries(
        "mentions",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_seq", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        key=["user_id"],
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mentions_user_id", "mentions", ["user_id", "group_id", "at_seq"])


def create_table_about_entries(name: str, *own: sa.Column, key: list[str], **options: bool) -> None:
    op.create_table(
        name,
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        *own,
        sa.PrimaryKeyConstraint("group_id", "seq", *key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["group_id", "seq"],
            ["entries.group_id", "entries.seq"],
            name=f"fk_{name}_group_id_seq",
            ondelete="CASCADE",
        ),
        **options,
    )


def entry_columns() -> list[sa.Column]:
    return [
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("emoji", sa.String(length=32), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("reply_rev", sa.Integer(), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("changed_seq", sa.Integer(), nullable=False, server_default="0"),
    ]


def create_indexes() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for name, (indexed, condition) in INDEXES.items():
        # One whose creation was interrupted would not be used.
        op.drop_index(name, "entries", if_exists=True)
        op.create_index(
            name,
            "entries",
            indexed,
            sqlite_where=condition,
            postgresql_where=condition,
            postgresql_concurrently=is_postgresql,
        )
    op.drop_index(REPLACED, "entries", if_exists=True, postgresql_concurrently=is_postgresql)


def columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


# The version before knows one text of a message, and one way in which it is gone.
PRESENT = """
    UPDATE texts SET content = (
        SELECT versions.content FROM versions JOIN entries
        ON entries.group_id = versions.group_id AND entries.seq = versions.seq AND entries.rev = versions.rev
        WHERE versions.group_id = texts.group_id AND versions.seq = texts.seq
    )
    WHERE EXISTS (
        SELECT 1 FROM entries
        WHERE entries.group_id = texts.group_id AND entries.seq = texts.seq AND entries.rev > 0
        AND entries.state = 'live'
    )
"""


def downgrade() -> None:
    op.create_index(REPLACED, "entries", ["user_id"])
    for name in INDEXES:
        op.drop_index(name, "entries")
    op.execute(PRESENT)
    op.execute("DELETE FROM texts WHERE content = ''")
    op.execute("UPDATE entries SET state = 'deleted' WHERE state = 'removed'")
    for table in ("mentions", "reactions", "versions"):
        op.drop_table(table)
    op.drop_column("memberships", "read_rev")
    op.drop_column("texts", "body")
    for column in reversed(entry_columns()):
        op.drop_column("entries", column.name)
