"""Submitted forms, so that a second click has no second effect."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint("key", "user_id", name="uq_submissions_key_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_submissions_user_id", "submissions", ["user_id"])


def downgrade() -> None:
    op.drop_table("submissions")
