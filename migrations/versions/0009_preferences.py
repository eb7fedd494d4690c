"""What members want to be told of a group: its level, and until when it is muted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Some may be there already: SQLite's driver commits before each of them.
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("memberships")}
    for column in columns():
        if column.name not in present:
            op.add_column("memberships", column)


def columns() -> list[sa.Column]:
    # Without a level, it is that of the group's kind: so it is right for members whom the version before adds.
    return [
        sa.Column("level", sa.String(length=10), nullable=True),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preferences_rev", sa.Integer(), nullable=False, server_default="0"),
    ]


def downgrade() -> None:
    for column in reversed(columns()):
        op.drop_column("memberships", column.name)
