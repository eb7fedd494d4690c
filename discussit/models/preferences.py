"""What members want to be told of their groups."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal_column

from discussit.models.base import now
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access, Membership

FOREVER = datetime(9000, 1, 1, tzinfo=UTC)  # until the member turns it off


class Level(StrEnum):
    """Which messages the title of a member's pages counts."""

    ALL = "all"
    MENTIONS = "mentions"  # those that mention or answer them
    NOTHING = "nothing"


class Preferences(NamedTuple):
    """What a member wants to be told of a group."""

    level: str = Level.MENTIONS
    muted_until: datetime | None = None
    rev: int = 0  # how often they were set

    @property
    def is_muted(self) -> bool:
        return is_muted(self.muted_until)


DEFAULTS = {level.value: Preferences(level) for level in Level}  # of members who have set nothing


def is_muted(until: datetime | None) -> bool:
    """Whether the moment until which a group is muted is still to come, by the clock, which may be wrong."""
    return until is not None and until > now()


def preferences_of(membership: Membership) -> Preferences:
    """Those of a member whose group is loaded."""
    of_kind = Level.ALL if membership.group.access == Access.DIRECT else Level.MENTIONS
    return Preferences(membership.level or of_kind, membership.muted_until, membership.preferences_rev)


def present_level() -> ColumnElement[str]:
    """For queries of memberships with their groups: the level that the member set, else that of the group's kind."""
    is_direct = GROUPS.c.access == literal_column(f"'{Access.DIRECT}'")
    of_kind = case((is_direct, literal_column(f"'{Level.ALL}'")), else_=literal_column(f"'{Level.MENTIONS}'"))
    return func.coalesce(MEMBERSHIPS.c.level, of_kind)
