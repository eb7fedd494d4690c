"""Texts in a table of their own, entries of any kind, and groups that store the counts of their logs."""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PORTION = 10_000  # seqs that PostgreSQL moves in one statement

MARK_READ = sa.text("""
    UPDATE memberships SET read_seq = (SELECT last_seq FROM groups WHERE id = :group) WHERE group_id = :group
""")
# The entries have their nth by now.
COUNT = sa.text("""
    UPDATE groups SET
        messages = coalesce((SELECT nth FROM entries WHERE group_id = :group ORDER BY seq DESC LIMIT 1), 0),
        last_message_at = (
            SELECT e.timestamp FROM entries e WHERE e.group_id = :group AND e.kind = 'Message'
            ORDER BY e.seq DESC LIMIT 1
        ),
        member_count = (SELECT count(*) FROM memberships WHERE group_id = :group),
        revisions = 0,
        epoch = :epoch
    WHERE id = :group
""")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        rebuild()
    else:
        add()
        with op.get_context().autocommit_block():
            fill()
        finish()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        rebuild_as_before()
    else:
        take_back()


def create_texts() -> None:
    # With a rowid, unlike entries: texts are only added at the end, so pages are not split. A split leaves
    # copies that survive the deletion.
    op.create_table(
        "texts",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "seq", name="pk_texts"),
        sa.ForeignKeyConstraint(
            ["group_id", "seq"], ["entries.group_id", "entries.seq"], name="fk_texts_group_id_seq", ondelete="CASCADE"
        ),
    )


# SQLite changes a table by creating a new one. All of it is one transaction.


def rebuild() -> None:
    op.execute("PRAGMA secure_delete=ON")
    create_entries(sa.Column("kind", sa.String(length=20), nullable=False), *entry_columns(nullable=False))
    op.execute("""
        INSERT INTO new_entries (group_id, seq, kind, user_id, timestamp, client_id, state, nth)
        SELECT group_id, seq, kind, user_id, timestamp, client_id, CASE content WHEN '' THEN 'deleted' ELSE 'live' END,
            count(*) FILTER (WHERE kind = 'Message') OVER (PARTITION BY group_id ORDER BY seq)
        FROM entries ORDER BY group_id, seq
    """)
    create_texts()
    op.execute("""
        INSERT INTO texts (group_id, seq, content)
        SELECT group_id, seq, content FROM entries WHERE content <> '' ORDER BY group_id, seq
    """)
    replace_entries()
    add_columns("groups", group_columns(nullable=True))
    for group in unfilled_groups():
        fill_group(group)
    create_groups(*group_columns(nullable=False))
    op.execute("""
        INSERT INTO new_groups
            (id, uuid, name, last_seq, created_at, messages, last_message_at, member_count, revisions, epoch)
        SELECT id, uuid, name, last_seq, created_at, messages, last_message_at, member_count, revisions, epoch
        FROM groups
    """)
    replace_groups()
    # The dropped tables' pages are free, but may hold texts: schema.py rewrites the file after the commit.
    op.execute("PRAGMA user_version=1")


def rebuild_as_before() -> None:
    op.execute("PRAGMA secure_delete=ON")
    create_entries(
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('Message', 'Join', 'Left')", name=op.f("ck_entries_kind")),
    )
    op.execute("""
        INSERT INTO new_entries (group_id, seq, kind, user_id, timestamp, client_id, content)
        SELECT group_id, seq, kind, user_id, timestamp, client_id, coalesce(content, '')
        FROM entries LEFT JOIN texts USING (group_id, seq) ORDER BY group_id, seq
    """)
    op.drop_table("texts")
    replace_entries()
    create_groups()
    op.execute("""
        INSERT INTO new_groups (id, uuid, name, last_seq, created_at)
        SELECT id, uuid, name, last_seq, created_at FROM groups
    """)
    replace_groups()


def create_entries(*parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        "new_entries",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        *parts,
        sa.PrimaryKeyConstraint("group_id", "seq", name="pk_entries"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_entries_group_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_entries_user_id"),
        sa.UniqueConstraint("group_id", "user_id", "client_id", name="uq_entries_group_id_user_id_client_id"),
        sa.CheckConstraint("seq > 0", name=op.f("ck_entries_seq")),
        sqlite_with_rowid=False,
    )


def replace_entries() -> None:
    op.drop_table("entries")
    op.rename_table("new_entries", "entries")
    op.create_index("ix_entries_user_id", "entries", ["user_id"])


def create_groups(*columns: sa.Column) -> None:
    op.create_table(
        "new_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("uuid", name="uq_groups_uuid"),
        sqlite_autoincrement=True,
    )


def replace_groups() -> None:
    """The new table also takes over the highest id so far, which a deleted group may have had."""
    highest = op.get_bind().scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'groups'"))
    op.drop_table("groups")
    op.rename_table("new_groups", "groups")
    if highest is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'groups'")
        insert = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('groups', :highest)")
        op.get_bind().execute(insert, {"highest": highest})


def entry_columns(*, nullable: bool) -> list[sa.Column]:
    return [
        sa.Column("state", sa.String(length=10), nullable=nullable),
        sa.Column("nth", sa.Integer(), nullable=nullable),
    ]


def add_columns(table: str, columns: list[sa.Column]) -> None:
    for column in columns:
        op.add_column(table, column)


def unfilled_groups() -> Sequence[int]:
    return op.get_bind().scalars(sa.text("SELECT id FROM groups WHERE epoch IS NULL ORDER BY id")).all()


def fill_group(group: int) -> None:
    op.get_bind().execute(MARK_READ, {"group": group})
    op.get_bind().execute(COUNT, {"group": group, "epoch": secrets.token_hex(8)})


def group_columns(*, nullable: bool) -> list[sa.Column]:
    return [
        sa.Column("messages", sa.Integer(), nullable=nullable),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_count", sa.Integer(), nullable=nullable),
        sa.Column("revisions", sa.Integer(), nullable=nullable),
        sa.Column("epoch", sa.String(length=16), nullable=nullable),
    ]


# PostgreSQL adds columns, fills them in portions and then requires them. An interrupted run is continued by the next:
# `add` and `finish` are one transaction each, and each statement between them leaves out what is done.


def add() -> None:
    if "epoch" in [column["name"] for column in sa.inspect(op.get_bind()).get_columns("groups")]:
        return
    add_columns("entries", entry_columns(nullable=True))
    add_columns("groups", group_columns(nullable=True))
    create_texts()
    op.drop_constraint(op.f("ck_entries_kind"), "entries")
    op.alter_column("entries", "kind", type_=sa.String(length=20))
    # Not checked for the rows that are there. From here on, a server that was not stopped can't write to a log.
    for table, is_filled in FILLED.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT filled CHECK ({is_filled}) NOT VALID")


REQUIRED = {"entries": ("state", "nth"), "groups": ("messages", "member_count", "revisions", "epoch")}
FILLED = {table: " AND ".join(f"{name} IS NOT NULL" for name in names) for table, names in REQUIRED.items()}


def fill() -> None:
    for group in unfilled_groups():
        move_texts(group)
        fill_group(group)
    for table in REQUIRED:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT filled")
    # The rows' older versions still hold the texts. A table that autovacuum is working on is left to it.
    op.execute("VACUUM (SKIP_LOCKED, ANALYZE) entries, texts, groups, memberships")


def move_texts(group: int) -> None:
    last = op.get_bind().scalar(sa.text("SELECT last_seq FROM groups WHERE id = :group"), {"group": group})
    seq, nth = op.get_bind().execute(MOVED, {"group": group}).one_or_none() or (0, 0)
    while seq < last:
        portion = {"group": group, "after": seq, "until": seq + PORTION, "nth": nth}
        nth = op.get_bind().scalar(MOVE, portion)
        seq += PORTION


MOVED = sa.text("SELECT seq, nth FROM entries WHERE group_id = :group AND nth IS NOT NULL ORDER BY seq DESC LIMIT 1")
# One statement, so that a portion is moved as a whole or not at all.
MOVE = sa.text("""
    WITH portion AS (
        SELECT group_id, seq, content, CASE content WHEN '' THEN 'deleted' ELSE 'live' END AS state,
            :nth + count(*) FILTER (WHERE kind = 'Message') OVER (ORDER BY seq) AS nth
        FROM entries WHERE group_id = :group AND seq > :after AND seq <= :until
    ), written AS (
        INSERT INTO texts (group_id, seq, content) SELECT group_id, seq, content FROM portion WHERE content <> ''
    ), moved AS (
        UPDATE entries SET nth = portion.nth, state = portion.state, content = ''
        FROM portion WHERE entries.group_id = portion.group_id AND entries.seq = portion.seq
        RETURNING entries.nth
    ) SELECT max(nth) FROM moved
""")


def finish() -> None:
    for table, names in REQUIRED.items():
        for name in names:
            op.alter_column(table, name, nullable=False)
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT filled")
    op.drop_column("entries", "content")


def take_back() -> None:
    op.add_column("entries", sa.Column("content", sa.Text(), nullable=False, server_default=""))
    op.execute("""
        UPDATE entries SET content = texts.content
        FROM texts WHERE texts.group_id = entries.group_id AND texts.seq = entries.seq
    """)
    op.alter_column("entries", "content", server_default=None)
    op.drop_table("texts")
    op.alter_column("entries", "kind", type_=sa.String(length=8))
    op.create_check_constraint(op.f("ck_entries_kind"), "entries", "kind IN ('Message', 'Join', 'Left')")
    for table, columns in (("entries", entry_columns(nullable=True)), ("groups", group_columns(nullable=True))):
        for column in columns:
            op.drop_column(table, column.name)
