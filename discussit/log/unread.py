"""What a user has not read yet, as arithmetic: a few look-ups in indexes for each group, however long its log is.

Every entry has `nth`, the number of the group's messages so far. So the messages after the place up to which somebody
has read are those of the group, without `nth` at that place; their own don't count. Mentions are rows, which count from
the entry that brought them (`at_seq`), and so are replies, which concern whom they answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import CTE, Column, ColumnElement, FromClause, Integer, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session as OrmSession

from discussit.groups.membership import MemberKey, is_member
from discussit.log.kinds import MESSAGE
from discussit.many_rows import ManyFound, Rows, SqlConnection
from discussit.models.entries import ENTRIES, EVERYONE, MENTIONS
from discussit.models.groups import GROUPS, MEMBERSHIPS, is_listed
from discussit.models.preferences import DEFAULTS, Level, Preferences, present_level
from discussit.wire import objects


class Numbers(NamedTuple):
    """What a member has not read of a group, as of the log's entry `at`."""

    unread: int  # messages of others, deleted ones among them
    mentions: int  # messages that mention the member or everyone
    read: int  # the seq up to which the member has read
    read_rev: int  # how often they have marked something as unread again
    at: int
    concerning: int = 0  # messages that mention or answer the member
    preferences: Preferences = Preferences()
    is_muted: bool = False  # when they were counted

    @property
    def alerts(self) -> int:
        """What of it the title of the member's pages counts."""
        if self.is_muted:
            return 0
        # An edit may have brought a mention into a message that was read before.
        every = max(self.unread, self.concerning)
        return {Level.ALL.value: every, Level.MENTIONS.value: self.concerning}.get(self.preferences.level, 0)

    @property
    def age(self) -> tuple[int, int, int, int]:
        """Of two counts of the same membership, the one with the higher age is the newer one."""
        return self.at, self.read_rev, self.read, self.preferences.rev

    def is_same_as(self, other: "Numbers") -> bool:
        """Whether nothing has changed but the log."""
        return self._replace(at=other.at) == other

    def is_same_for_followers(self, other: "Numbers") -> bool:
        """The same for those who count the messages themselves."""
        return self._replace(at=other.at, unread=other.unread) == other

    def has_preferences_of(self, other: "Numbers") -> bool:
        return (self.preferences, self.is_muted) == (other.preferences, other.is_muted)


class GroupState(NamedTuple):
    """What of a group its unread numbers depend on."""

    messages: int
    revisions: int

    def is_in(self, other: "GroupState") -> bool:
        """Whether the other state has all that this one has."""
        return self.messages <= other.messages and self.revisions <= other.revisions


class Places(NamedTuple):
    """How far a user has read, all groups together: whatever they mark or join changes it."""

    groups: int
    group_ids: int  # their sum
    read: int
    read_rev: int
    preferences: int


NO_PLACES = Places(0, 0, 0, 0, 0)
GONE = -1  # in place of its `rev`: the group was deleted


class UnreadChange(msgspec.Struct, array_like=True):
    """What entries of a group changed of the numbers of its members.

    Processes of two versions exchange these: fields may be added at the end, with defaults.
    """

    group_uuid: UUID
    before: GroupState
    after: GroupState
    # Users, or EVERYONE: which messages mention or answer them may have changed.
    mentioned: set[int] = msgspec.field(default_factory=set)
    is_last_revised: bool = False  # whether the group's last message was edited or deleted

    @property
    def has_other_last(self) -> bool:
        """Whether the group's last message is another one, or another text."""
        return self.after.messages > self.before.messages or self.is_last_revised

    def add(self, later: "UnreadChange") -> None:
        """Take the later change of the same group into this one."""
        self.after = later.after
        self.mentioned |= later.mentioned
        self.is_last_revised |= later.is_last_revised


class Count(NamedTuple):
    """The numbers of one membership."""

    group_id: int
    user_id: int
    group_uuid: UUID
    state: GroupState
    numbers: Numbers
    rev: int = 0  # of the group's settings
    from_seq: int = 1  # the first entry that the member may read

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id


# Whatever follows the place up to which the member has read: of the aliased tables, each by an index.
_READ, _OWN, _MENTIONING = (ENTRIES.alias(name) for name in ("read_entry", "own", "mentioning"))
_ANSWERING, _PRESENT = (MENTIONS.alias(name) for name in ("answering", "present"))
_ZERO: ColumnElement[int] = literal_column("0")


def _nth_at_read() -> ColumnElement[int]:
    """Of a group whose log was empty when it was marked, 0."""
    at_read = and_(_READ.c.group_id == MEMBERSHIPS.c.group_id, _READ.c.seq == MEMBERSHIPS.c.read_seq)
    return func.coalesce(select(_READ.c.nth).where(at_read).correlate(MEMBERSHIPS).scalar_subquery(), _ZERO)


def _own_since() -> ColumnElement[int]:
    own = and_(
        _OWN.c.user_id == MEMBERSHIPS.c.user_id,
        _OWN.c.group_id == MEMBERSHIPS.c.group_id,
        _OWN.c.kind == literal_column(f"'{MESSAGE.name}'"),
        _OWN.c.seq > MEMBERSHIPS.c.read_seq,
    )
    return select(func.count()).select_from(_OWN).where(own).correlate(MEMBERSHIPS).scalar_subquery()


def _mentions_since() -> ColumnElement[int]:
    """Each message once. Deleted messages have no rows.

    What the index by user lacks is looked up apart: otherwise, SQLite would go through all mentions of the group.
    """
    found = and_(MENTIONS.c.group_id == MEMBERSHIPS.c.group_id, _names_member(MENTIONS))
    is_present = and_(_same_message(_PRESENT), _PRESENT.c.user_id == MENTIONS.c.user_id, _PRESENT.c.place.is_not(None))
    of_others = and_(
        _same_message(_MENTIONING),
        _MENTIONING.c.seq >= MEMBERSHIPS.c.from_seq,
        _MENTIONING.c.user_id != MEMBERSHIPS.c.user_id,
    )
    each = [exists().where(condition).correlate(MENTIONS, MEMBERSHIPS) for condition in (is_present, of_others)]
    count = select(func.count(MENTIONS.c.seq.distinct())).where(found, *each)
    return count.correlate(MEMBERSHIPS).scalar_subquery()


def _same_message(rows: FromClause) -> ColumnElement[bool]:
    return and_(rows.c.group_id == MENTIONS.c.group_id, rows.c.seq == MENTIONS.c.seq)


def _names_member(mentions: FromClause) -> ColumnElement[bool]:
    """By an entry that the member has not read; also where it was edited out since."""
    names = mentions.c.user_id.in_([MEMBERSHIPS.c.user_id, literal_column(str(EVERYONE))])
    return and_(names, mentions.c.at_seq > MEMBERSHIPS.c.read_seq)


def _answers_since() -> ColumnElement[int]:
    """Replies to the member that don't count as mentions as well: look-ups apart are quicker than one for both."""
    of_member = and_(
        _ANSWERING.c.user_id == -MEMBERSHIPS.c.user_id,
        _ANSWERING.c.group_id == MEMBERSHIPS.c.group_id,
        _ANSWERING.c.at_seq > MEMBERSHIPS.c.read_seq,
    )
    is_present = _names_member(MENTIONS), MENTIONS.c.place.is_not(None)
    mentions_too = exists().where(_same_message(_ANSWERING), *is_present).correlate(MEMBERSHIPS, _ANSWERING)
    count = select(func.count()).select_from(_ANSWERING).where(of_member, ~mentions_too)
    return count.correlate(MEMBERSHIPS).scalar_subquery()


# For queries of memberships with their groups: what `numbers_of` takes.
NUMBERS: tuple[ColumnElement[Any], ...] = (
    GROUPS.c.messages - _nth_at_read() - _own_since(),
    _mentions_since(),
    _answers_since(),
    MEMBERSHIPS.c.read_seq,
    MEMBERSHIPS.c.read_rev,
    GROUPS.c.last_seq,
    present_level(),
    MEMBERSHIPS.c.muted_until,
    MEMBERSHIPS.c.preferences_rev,
)


def _counted(given: CTE, condition: ColumnElement[bool]) -> Rows:
    return (
        select(
            MEMBERSHIPS.c.group_id,
            MEMBERSHIPS.c.user_id,
            GROUPS.c.uuid,
            GROUPS.c.messages,
            GROUPS.c.revisions,
            GROUPS.c.rev,
            MEMBERSHIPS.c.from_seq,
            *NUMBERS,
        )
        .select_from(given)
        .join(MEMBERSHIPS, condition)
        .join(GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id)
        .where(is_listed())
    )


OF_USERS = ManyFound(
    [Column("user_id", Integer)], lambda given: _counted(given, MEMBERSHIPS.c.user_id == given.c.user_id)
)
OF_MEMBERS = ManyFound(
    [Column("group_id", Integer), Column("user_id", Integer)],
    lambda given: _counted(given, is_member(given.c.user_id, given.c.group_id)),
)


def count_for(connection: SqlConnection, user_id: int) -> Iterator[Count]:
    """The numbers of each of the user's groups, all as of one moment."""
    return map(_count, OF_USERS.rows(connection, [(user_id,)]))


def count_members(connection: SqlConnection, members: Iterable[MemberKey]) -> Iterator[Count]:
    """The numbers of those of the keys that are memberships."""
    return map(_count, OF_MEMBERS.rows(connection, members))


def _count(row: list[Any]) -> Count:
    group_id, user_id, group_uuid, messages, revisions, rev, from_seq, *numbers = row
    return Count(group_id, user_id, group_uuid, GroupState(messages, revisions), numbers_of(*numbers), rev, from_seq)


def numbers_of(*row: Any) -> Numbers:
    """The numbers from values of the columns NUMBERS."""
    unread, mentions, answers, read, read_rev, at, level, muted_until, rev = row
    numbers = unread, mentions, read, read_rev, at, mentions + answers
    if not rev:
        return Numbers(*numbers, DEFAULTS[level])
    preferences = Preferences(level, muted_until, rev)
    return Numbers(*numbers, preferences, preferences.is_muted)


def unread_object(group_uuid: UUID, numbers: Numbers, last: objects.LastMessage | None = None) -> objects.Unread:
    """What clients are sent of the numbers and, where it is due, of the group's last message."""
    return objects.Unread(group_uuid, *numbers[:5], numbers.alerts, last)


def unread_of(counts: Iterable[Count]) -> dict[UUID, int]:
    """How much is unread, by group, without zeros."""
    return {count.group_uuid: count.numbers.unread for count in counts if count.numbers.unread}


def mentions_of(counts: Iterable[Count]) -> dict[UUID, int]:
    """How many mentions are unread, by group, without zeros."""
    return {count.group_uuid: count.numbers.mentions for count in counts if count.numbers.mentions}


def alerts_of(counts: Iterable[Count]) -> dict[UUID, int]:
    """How much of it the title counts, by group, without zeros."""
    return {count.group_uuid: count.numbers.alerts for count in counts if count.numbers.alerts}


def group_states(session: OrmSession, group_ids: Sequence[int]) -> dict[int, tuple[GroupState, int]]:
    """The states of these groups and the `rev` of their settings, by id; deleted ones are missing."""
    columns = GROUPS.c.id, GROUPS.c.messages, GROUPS.c.revisions, GROUPS.c.rev
    states = session.execute(select(*columns).where(GROUPS.c.id.in_(group_ids)))
    return {id: (GroupState(messages, revisions), rev) for id, messages, revisions, rev in states}


def read_places(session: OrmSession, user_ids: Sequence[int]) -> dict[int, Places]:
    """How far these users have read, by id; those who are in no group are missing."""
    names = "group_id", "read_seq", "read_rev", "preferences_rev"
    columns = [MEMBERSHIPS.c[name] for name in names]
    sums = [func.sum(column, type_=Integer()) for column in columns]
    # Not joined with the groups of all memberships, since few are hidden.
    is_shown = exists().where(GROUPS.c.id == MEMBERSHIPS.c.group_id, GROUPS.c.messages > MEMBERSHIPS.c.hidden_at)
    listed = or_(MEMBERSHIPS.c.hidden_at.is_(None), is_shown)
    places = select(MEMBERSHIPS.c.user_id, func.count(), *sums).where(MEMBERSHIPS.c.user_id.in_(user_ids), listed)
    found = session.execute(places.group_by(MEMBERSHIPS.c.user_id))
    return {id: Places(groups, *map(int, sums)) for id, groups, *sums in found}
