"""Who reacts to a message: the first users by emoji."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session as OrmSession

from discussit.models import User
from discussit.models.entries import REACTIONS


class Reactors(msgspec.Struct):
    """How many users react to a message with one emoji, and the names of the first of them."""

    emoji: str
    count: int
    users: Sequence[str]


def _first_of_each() -> Select[str, int, str]:
    emoji = REACTIONS.c.emoji
    users = func.count(case((REACTIONS.c.is_on, 1))).over(partition_by=emoji)
    # Also of those that were taken back: the order of the emoji is that of first use, whoever still reacts.
    used = func.min(REACTIONS.c.first_seq).over(partition_by=emoji)
    place = func.row_number().over(partition_by=emoji, order_by=(REACTIONS.c.is_on.desc(), REACTIONS.c.first_seq))
    found = (
        select(REACTIONS, users.label("users"), used.label("used"), place.label("place"))
        .where(REACTIONS.c.group_id == bindparam("group"), REACTIONS.c.seq == bindparam("seq"))
        .subquery()
    )
    return (
        select(found.c.emoji, found.c.users, User.username)
        .join_from(found, User, User.id == found.c.user_id)
        .where(found.c.is_on, found.c.place <= bindparam("limit"))
        .order_by(found.c.used, found.c.place)
    )


FIRST_OF_EACH = _first_of_each()  # built once, since building it takes as long as executing it


def first_reactors(session: OrmSession, group_id: int, seq: int, limit: int) -> list[Reactors]:
    """The first `limit` users who react to a message with each emoji, which are in the order of their first use."""
    names: dict[tuple[str, int], list[str]] = {}
    for emoji, count, name in session.execute(FIRST_OF_EACH, {"group": group_id, "seq": seq, "limit": limit}):
        names.setdefault((emoji, count), []).append(name)
    return [Reactors(emoji, count, found) for (emoji, count), found in names.items()]
