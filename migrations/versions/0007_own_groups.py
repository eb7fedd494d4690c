"""People's own groups: who may read them and what for, roles, direct groups, invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WITH_ROLE = sa.text("role <> 'member'")


def upgrade() -> None:
    # The first parts of what follows may have been done by a migration that did not end: see the index of 0006.
    if "access" not in columns("groups"):
        expand()
    note_how_groups_were_created()


def expand() -> None:
    for column in group_columns():
        op.add_column("groups", column)
    for column in membership_columns():
        op.add_column("memberships", column)
    # Of an event: who added or removed its user. Of a change of the group: whom it concerns.
    op.add_column("entries", sa.Column("other_user_id", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("direct", sa.String(length=10), nullable=False, server_default="shared"))
    op.create_index("uq_groups_direct_key", "groups", ["direct_key"], unique=True)
    op.create_index("ix_groups_created_by", "groups", ["created_by", "created_at"])
    op.create_index(
        "ix_memberships_role", "memberships", ["group_id", "role"], sqlite_where=WITH_ROLE, postgresql_where=WITH_ROLE
    )
    create_invitations()
    op.create_table(
        "server_defaults",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("value", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_defaults"),
    )


def group_columns() -> list[sa.Column]:
    return [
        sa.Column("access", sa.String(length=10), nullable=False, server_default="open"),
        sa.Column("description", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("preview", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("history", sa.String(length=10), nullable=False, server_default="all"),
        sa.Column("posting", sa.String(length=10), nullable=False, server_default="everyone"),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("had_owner", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("readable_from", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("direct_key", sa.String(length=64), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="0"),
    ]


def membership_columns() -> list[sa.Column]:
    return [
        sa.Column("role", sa.String(length=10), nullable=False, server_default="member"),
        sa.Column("from_seq", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("hidden_at", sa.Integer(), nullable=True),
    ]


def create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_invitations_group_id_groups", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_invitations_created_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invitations_group_id_id", "invitations", ["group_id", "id"])
    op.create_index("ix_invitations_created_by_created_at", "invitations", ["created_by", "created_at"])
    op.create_table(
        "invitation_uses",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name="fk_invitation_uses_invitation_id_invitations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_invitation_uses_user_id_users"),
        sa.PrimaryKeyConstraint("invitation_id", "user_id", name="pk_invitation_uses"),
    )


def note_how_groups_were_created() -> None:
    """Where only administrators have created groups so far, that stays the default (GROUP_CREATION)."""
    op.execute("""
        INSERT INTO server_defaults (name, value)
        SELECT 'group_creation', 'administrators'
        WHERE EXISTS (SELECT 1 FROM groups) AND NOT EXISTS (SELECT 1 FROM server_defaults)
    """)


def columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def downgrade() -> None:
    check_all_are_open()
    # Entries that the version before does not know stay in the log, and are shown to nobody there.
    for table in ("invitation_uses", "invitations", "server_defaults"):
        op.drop_table(table)
    op.drop_index("ix_memberships_role", "memberships")
    op.drop_index("ix_groups_created_by", "groups")
    op.drop_index("uq_groups_direct_key", "groups")
    op.drop_column("users", "direct")
    op.drop_column("entries", "other_user_id")
    for column in reversed(membership_columns()):
        op.drop_column("memberships", column.name)
    for column in reversed(group_columns()):
        op.drop_column("groups", column.name)


def check_all_are_open() -> None:
    """The version before lets everyone join and read every group."""
    count = op.get_bind().scalar(sa.text("SELECT count(*) FROM groups WHERE access <> 'open'"))
    if count:
        raise ValueError(f"{count} closed and direct groups would be open to everyone. Delete them first.")
