"""The unread numbers of everyone who is connected to this process: who is to be counted, and who is sent what.

counting.py has the database count them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from discussit.bus.messages import MembershipChange
from discussit.delivery.connections import Connection, Follower
from discussit.delivery.watched import Person, WatchedGroup
from discussit.groups.names import Described
from discussit.log.kinds import Effect
from discussit.log.unread import GONE, Count, Numbers, UnreadChange, unread_object
from discussit.models.entries import EVERYONE
from discussit.wire import objects

LastMessages = Mapping[int, objects.LastMessage]
NO_LASTS: LastMessages = {}
Known = Mapping[tuple[int, UUID], Numbers | None]  # by user's id and group


class Unread:
    """The numbers of everyone who is connected to this process."""

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.groups: dict[UUID, WatchedGroup] = {}
        self.changed_groups: set[WatchedGroup] = set()  # they concern somebody
        self.unclear: set[Person] = set()  # their groups are to be read again
        self.undescribed: dict[WatchedGroup, set[int]] = defaultdict(set)  # changed groups → members to be sent them
        self.needs_check = False  # something may have been missed
        self.look = asyncio.Event()  # set with any of these
        self._connecting: set[Connection] = set()
        self._recent: set[UUID] = set()  # groups that changed while somebody was connecting

    # Connections

    def connecting(self, connection: Connection) -> AbstractContextManager[None]:
        """The lifetime of a connection. Enter it before its numbers are read: no change in between is missed."""
        return _Lifetime(self, connection)

    def begin(self, connection: Connection) -> None:
        """Note that the connection's numbers are about to be read."""
        if connection.protocol.has_unread:
            self._connecting.add(connection)

    def end(self, connection: Connection) -> None:
        """Forget the connection."""
        self._connected(connection)
        self._remove(connection)

    def greeted(self, connection: Connection, counts: Sequence[Count]) -> None:
        """Keep the numbers up to date that the connection's `ready` had: those of all its user's groups."""
        person = self.people.setdefault(connection.user_id, Person(connection.user_id))
        if person.connections and person.numbers.keys() != {count.group_uuid for count in counts}:
            self.read_soon(person)
        for count in counts:
            self._greeted(person, connection, count)
        if connection not in person.connections:
            person.connections.append(connection)
        self._note_outside(person)
        self._connected(connection)

    def _greeted(self, person: Person, connection: Connection, count: Count) -> None:
        # Of a group that is new here, earlier connections have not been sent the numbers.
        group = self._watch(person, count, None if person.connections else count.numbers)
        uuid, known, numbers = group.uuid, person.numbers[group.uuid], count.numbers
        is_older = known is not None and numbers.age < known.age
        if known is not None and is_older:
            connection.reply(unread_object(uuid, known))
        if known is None or count.state != group.state or uuid in self._recent:
            self.concern(group, [person.user_id])
        elif not is_older:
            self._compare(person, group, numbers, known)

    def _compare(self, person: Person, group: WatchedGroup, numbers: Numbers, known: Numbers) -> None:
        """Have the user counted if their earlier connections may need these newer numbers."""
        if person.is_outside(group.uuid) or not numbers.is_same_for_followers(known):
            self.concern(group, [person.user_id])
        else:
            person.set(group.uuid, numbers)

    def _watch(self, person: Person, count: Count, numbers: Numbers | None) -> WatchedGroup:
        """The group, one of the user's. `numbers`: those that all their connections were sent, if it is a new one."""
        new = WatchedGroup(count.group_uuid, count.group_id, count.state, rev=count.rev)
        group = self.groups.setdefault(count.group_uuid, new)
        group.users.add(person.user_id)
        person.add(group, numbers)
        return group

    def _note_outside(self, person: Person) -> None:
        for uuid in person.numbers:
            note = self.groups[uuid].outside.add if person.is_outside(uuid) else self.groups[uuid].outside.discard
            note(person.user_id)

    def _connected(self, connection: Connection) -> None:
        self._connecting.discard(connection)
        if not self._connecting:
            self._recent.clear()

    def _remove(self, connection: Connection) -> None:
        person = self.people.get(connection.user_id)
        if person is None or connection not in person.connections:
            return
        person.connections.remove(connection)
        if not person.connections:
            del self.people[person.user_id]
            self.unclear.discard(person)
            for uuid in list(person.numbers):
                self.leave(person, uuid)
        else:
            self._note_outside(person)

    def leave(self, person: Person, uuid: UUID) -> None:
        """Forget a group that the user is not in. Pages of other groups, which are sent no Left, then show zeros."""
        group = self.groups[uuid]
        known = person.drop(group)
        for connection in person.connections:
            if known is not None and isinstance(connection, Follower) and not connection.follows(uuid):
                connection.reply(unread_object(uuid, known._replace(unread=0, mentions=0, concerning=0)))
        person.send(objects.GroupGone(uuid))
        group.users.discard(person.user_id)
        group.outside.discard(person.user_id)
        if not group.users:
            del self.groups[uuid]
            self.changed_groups.discard(group)
            self.undescribed.pop(group, None)

    # What may change numbers

    def changed(self, change: UnreadChange) -> None:
        """Take note of what was written to a group."""
        group = self._noted(change.group_uuid)
        if group is None:
            return
        is_gap = change.before != group.state
        if is_gap and change.after.is_in(group.state):
            return
        group.state = change.after
        group.concern(group.users if is_gap or EVERYONE in change.mentioned else change.mentioned)
        if is_gap or change.has_other_last:
            group.show_last()
        self._count_soon(group)

    def _noted(self, uuid: UUID) -> WatchedGroup | None:
        if self._connecting:
            self._recent.add(uuid)
        return self.groups.get(uuid)

    def marked(self, counts: Iterable[Count]) -> None:
        """Answer marks that were committed in this process."""
        for count in counts:
            group, person = self._noted(count.group_uuid), self.people.get(count.user_id)
            if group is None or person is None or count.group_uuid not in person.numbers:
                continue
            self._note_preferences(group, person, count.numbers)
            if person.answer(group.uuid, count.numbers):
                self.concern(group, [person.user_id])

    def marked_elsewhere(self, uuid: UUID, user_ids: Iterable[int]) -> None:
        """Take note that members read on, or marked something as unread again, in another process."""
        group = self._noted(uuid)
        if group is not None:
            self.concern(group, user_ids)

    def memberships_changed(self, changes: Iterable[MembershipChange]) -> None:
        for change in changes:
            person = self.people.get(change.user_id)
            if person is None:
                continue
            if change.effect in (Effect.LEFT, Effect.HIDDEN) and change.group_uuid in person.numbers:
                self.leave(person, change.group_uuid)  # what is being counted is not sent any more
            self.read_soon(person)

    def groups_changed(self, groups: Iterable[tuple[UUID, int]]) -> None:
        """Take note that groups have other settings, or that members have other roles."""
        for uuid, rev in groups:
            group = self._noted(uuid)
            if group is not None and (rev > group.rev or rev == GONE):
                group.rev = max(rev, group.rev)
                self.describe(group, group.users)

    def describe(self, group: WatchedGroup, user_ids: Iterable[int]) -> None:
        """Have these members be sent what the group is by now."""
        self.undescribed[group].update(user_ids)
        self.look.set()

    def described(self, group: Described) -> None:
        """Send a member what one of their groups is."""
        person = self.people.get(group.user_id)
        if person is not None and group.group_uuid in person.numbers:
            person.send(_object_of(group))

    def check_soon(self) -> None:
        """Compare everything with the database: something may have been missed."""
        self.needs_check = True
        self.look.set()

    def concern(self, group: WatchedGroup, user_ids: Iterable[int]) -> None:
        """Have these users counted, as far as they are connected here."""
        group.concern(user_ids)
        self._count_soon(group)

    def _count_soon(self, group: WatchedGroup) -> None:
        if group.concerns_anybody:
            self.changed_groups.add(group)
            self.look.set()

    def read_soon(self, person: Person) -> None:
        """Have all groups of the user read again."""
        self.unclear.add(person)
        self.look.set()

    def unmute(self, person: Person) -> None:
        """Have the user be sent the groups that are not muted any more."""
        for uuid in person.no_longer_muted:
            self.concern(self.groups[uuid], [person.user_id])

    def lost(self, group: WatchedGroup) -> None:
        """Forget the numbers of a group whose log has lost entries: lower ones are valid."""
        for user_id in group.users:
            self.people[user_id].set(group.uuid, None)

    def known_of(self, counts: Iterable[tuple[int, UUID]]) -> Known:
        """The numbers that users, by id, have of groups."""
        people = self.people
        return {(id, uuid): people[id].numbers.get(uuid) for id, uuid in counts if id in people}

    # What was counted

    def counted(self, counts: Iterable[Count], known: Known, lasts: LastMessages = NO_LASTS) -> None:
        """Send numbers that have changed. `known`: those of the same users and groups before they were counted.

        `lasts`: last messages that were not sent before, by the group's id.
        """
        for count in counts:
            person, before = self.people.get(count.user_id), known.get((count.user_id, count.group_uuid))
            if person is None or count.group_uuid not in person.numbers:
                continue
            if before is not None and count.numbers.age < before.age:
                person.set(count.group_uuid, None)  # the database has lost what was known
            self._note_preferences(self.groups[count.group_uuid], person, count.numbers)
            last = lasts.get(count.group_id)
            person.learn(count.group_uuid, count.numbers, last if last and last.seq >= count.from_seq else None)

    def _note_preferences(self, group: WatchedGroup, person: Person, numbers: Numbers) -> None:
        """Have the member be sent their group if they want to be told other things of it."""
        known = person.numbers[group.uuid]
        if known is not None and not numbers.has_preferences_of(known) and numbers.age >= known.age:
            self.describe(group, [person.user_id])

    def read_again(self, person: Person, counts: Sequence[Count], known: Known) -> None:
        """The same for all groups of a user, some of which may be new, others gone."""
        if not person.connections:
            return
        for uuid in person.numbers.keys() - {count.group_uuid for count in counts}:
            self.leave(person, uuid)
        for count in counts:
            is_new = count.group_uuid not in person.numbers
            # Nobody was sent anything about a group that is new.
            group = self._watch(person, count, count.numbers._replace(unread=0, mentions=0, concerning=0))
            if is_new:
                self.describe(group, [person.user_id])
            if count.state != group.state:
                self.concern(group, [person.user_id])
        self._note_outside(person)
        self.counted(counts, known)


def _object_of(group: Described) -> objects.Group:
    return objects.Group(
        group.group_uuid,
        group.name,
        group.access,
        archived=group.is_archived,
        members=group.members,
        role=group.role,
        level=group.level,
        muted=group.is_muted,
        ended=group.is_ended,
    )


class _Lifetime:
    """Registers a connection while it lives. No @contextmanager, since each socket would keep its generator."""

    __slots__ = ("_connection", "_unread")

    def __init__(self, unread: Unread, connection: Connection) -> None:
        self._unread, self._connection = unread, connection

    def __enter__(self) -> None:
        self._unread.begin(self._connection)

    def __exit__(self, *_raised: object) -> None:
        self._unread.end(self._connection)
