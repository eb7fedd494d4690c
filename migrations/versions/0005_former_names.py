"""Former names of accounts, and a new name for the account that is called everyone.

That name is reserved from now on: it means all members where people are mentioned.
"""

import logging
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RESERVED = "everyone"

logger = logging.getLogger("discussit.migrations")

users = sa.table("users", sa.column("id"), sa.column("username"), sa.column("username_key"))
groups = sa.table("groups", sa.column("id"), sa.column("revisions"), sa.column("epoch"))
entries = sa.table("entries", sa.column("group_id"), sa.column("user_id"))
sessions = sa.table("sessions", sa.column("id"), sa.column("user_id"))
former_names = sa.table("former_names", sa.column("key"), sa.column("user_id"))


def upgrade() -> None:
    # No foreign key: it would lock the accounts after all else, and they are never deleted.
    op.create_table(
        "former_names",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_former_names"),
    )
    rename_reserved()


def rename_reserved() -> None:
    """Rename the account as the administration does: its sessions end, and readers of its entries load them again.

    Servers of the version before run meanwhile: rows are locked in the order of models/locks.py.
    """
    database = op.get_bind()
    found = sa.select(users.c.id, users.c.username).where(users.c.username_key == RESERVED)
    account = database.execute(found.with_for_update(key_share=True)).one_or_none()
    if account is None:
        return
    written = sa.select(entries.c.group_id).where(entries.c.user_id == account.id)
    of_account = sa.select(groups.c.id).where(groups.c.id.in_(written)).order_by(groups.c.id)
    for group in database.scalars(of_account.with_for_update(key_share=True)).all():
        revised = {"revisions": groups.c.revisions + 1, "epoch": secrets.token_hex(8)}
        database.execute(sa.update(groups).where(groups.c.id == group).values(revised))
    of_user = sa.select(sessions.c.id).where(sessions.c.user_id == account.id).order_by(sessions.c.id)
    database.execute(of_user.with_for_update())
    database.execute(sa.delete(sessions).where(sessions.c.user_id == account.id))
    name = free_name(account.username)
    renamed = {"username": name, "username_key": name.casefold()}
    database.execute(sa.update(users).where(users.c.id == account.id).values(renamed))
    database.execute(sa.insert(former_names).values(key=RESERVED, user_id=account.id))
    logger.warning(
        "renamed account %s to %s: its name is reserved now. Its user learns of it at the next login.", account.id, name
    )


def free_name(name: str) -> str:
    """`everyone_1`, or with the first number that nobody has."""
    taken = op.get_bind().scalars(sa.select(users.c.username_key).where(users.c.username_key.startswith(RESERVED)))
    keys, number = set(taken), 1
    while f"{RESERVED}_{number}" in keys:
        number += 1
    return f"{name}_{number}"


def downgrade() -> None:
    # The account keeps its new name.
    op.drop_table("former_names")
