"""The key of a group's name, by which lists are searched and sorted: ignoring case in all scripts, and joiners."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IGNORED = dict.fromkeys(map(ord, "\u200c\u200d\ufe0e\ufe0f"))  # joiners, and what makes an emoji a text or a picture
PORTION = 1_000  # groups whose rows are locked at a time

groups = sa.table("groups", sa.column("id"), sa.column("name"), sa.column("name_key"))
WITHOUT_KEY = sa.select(groups.c.id, groups.c.name).where(groups.c.name_key.is_(None)).order_by(groups.c.id)
SET_KEY = (
    sa.update(groups)
    .where(groups.c.id == sa.bindparam("of"), groups.c.name == sa.bindparam("as_read"))
    .values(name_key=sa.bindparam("key"))
)


def upgrade() -> None:
    # Servers of the version before, which run meanwhile, create groups without a key.
    if "name_key" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("groups")}:
        op.add_column("groups", sa.Column("name_key", sa.Text(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        fill()
    else:
        with op.get_context().autocommit_block():
            fill()


def fill() -> None:
    """Give a key to each group that has none; an interrupted run is continued by the next."""
    last = 0
    while rows := op.get_bind().execute(WITHOUT_KEY.where(groups.c.id > last).limit(PORTION)).all():
        op.get_bind().execute(SET_KEY, [{"of": id, "as_read": name, "key": key(name)} for id, name in rows])
        last = rows[-1].id


def key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name.translate(IGNORED)).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


def downgrade() -> None:
    op.drop_column("groups", "name_key")
