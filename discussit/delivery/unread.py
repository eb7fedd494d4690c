"""The unread numbers of everyone who is connected to this process: who is to be counted, and who is sent what.

counting.py has the database count them.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from discussit.bus.messages import MembershipChange
from discussit.delivery.connections import Connection
from discussit.log.unread import Count, GroupState, Numbers, Places, UnreadChange
from discussit.models.entries import EVERYONE
from discussit.wire import objects


@dataclass(eq=False, slots=True)
class Person:
    """A user with connections that are sent numbers."""

    user_id: int
    connections: list[Connection] = field(default_factory=list)
    numbers: dict[UUID, Numbers | None] = field(default_factory=dict)  # by group; None: they have to be sent anew
    owed: tuple[UUID, ...] = ()  # groups whose numbers only their followers were sent

    def is_outside(self, group: UUID) -> bool:
        """Whether a connection does not follow the group, and so can't count its messages itself."""
        return any(not each.follows(group) for each in self.connections)

    @property
    def places(self) -> Places | None:
        """How far the user has read, all groups together, as `read_places` finds it; None while that is unknown."""
        known = [each for each in self.numbers.values() if each is not None]
        if len(known) < len(self.numbers):
            return None
        return Places(len(known), sum(each.read for each in known), sum(each.read_rev for each in known))

    def learn(self, uuid: UUID, numbers: Numbers) -> None:
        """Send the numbers to connections that need them, unless they are older than those that were sent."""
        known = self.numbers[uuid]
        if known is not None and numbers.age < known.age:
            return
        is_changed = known is None or uuid in self.owed or not numbers.is_same_as(known)
        is_changed_for_followers = known is None or not numbers.is_same_for_followers(known)
        self.numbers[uuid] = numbers
        self.forget_debt(uuid)
        for connection in self.connections:
            if is_changed_for_followers if connection.follows(uuid) else is_changed:
                connection.reply(objects.Unread(uuid, *numbers))

    def answer(self, uuid: UUID, numbers: Numbers) -> bool:
        """Send the numbers to followers of the group. Return whether others have to be sent them, too."""
        for connection in self.connections:
            if connection.follows(uuid):
                connection.reply(objects.Unread(uuid, *numbers))
        known = self.numbers[uuid]
        if known is None or numbers.age < known.age:
            return known is None
        self.numbers[uuid] = numbers
        if numbers.is_same_as(known) or not self.is_outside(uuid):
            return False
        self.owed = (*self.owed, uuid)
        return True

    def forget_debt(self, uuid: UUID) -> None:
        """Everybody has the group's numbers, or needs them no more."""
        if uuid in self.owed:
            self.owed = tuple(each for each in self.owed if each != uuid)


@dataclass(eq=False)
class WatchedGroup:
    """A group of which somebody is connected here."""

    uuid: UUID
    id: int
    state: GroupState  # the newest that this process knows of
    users: set[int] = field(default_factory=set)
    outside: set[int] = field(default_factory=set)  # those of them with a connection that does not follow it
    due: float = 0.0  # when numbers may be sent again, by the loop's clock
    concerned: set[int] = field(default_factory=set)  # users who are to be counted
    concerns_outside: bool = False  # so is everyone with a connection that does not follow it

    @property
    def concerns_anybody(self) -> bool:
        return bool(self.concerned) or self.concerns_outside

    def concern(self, users: Iterable[int]) -> None:
        """Have these users counted, as far as they are connected here."""
        self.concerned.update(self.users.intersection(users))


class Unread:
    """The numbers of everyone who is connected to this process."""

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.groups: dict[UUID, WatchedGroup] = {}
        self.changed_groups: set[WatchedGroup] = set()  # they concern somebody
        self.unclear: set[Person] = set()  # their groups are to be read again
        self.needs_check = False  # something may have been missed
        self.look = asyncio.Event()  # set with any of these
        self._connecting: set[Connection] = set()
        self._recent: set[UUID] = set()  # groups that changed while somebody was connecting

    # Connections

    @contextmanager
    def connecting(self, connection: Connection) -> Iterator[None]:
        """The lifetime of a connection. Enter it before its numbers are read: no change in between is missed."""
        if not connection.protocol.has_unread:
            yield
            return
        self._connecting.add(connection)
        try:
            yield
        finally:
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
        group = self._group(count)
        uuid = group.uuid  # one object for all
        group.users.add(person.user_id)
        known = person.numbers.setdefault(uuid, count.numbers)
        if known is None or count.state != group.state or uuid in self._recent:
            self.concern(group, [person.user_id])
        elif count.numbers.age < known.age:
            connection.reply(objects.Unread(uuid, *known))
        elif person.is_outside(uuid) or not count.numbers.is_same_for_followers(known):
            self.concern(group, [person.user_id])
        else:
            person.numbers[uuid] = count.numbers

    def _note_outside(self, person: Person) -> None:
        for uuid in person.numbers:
            note = self.groups[uuid].outside.add if person.is_outside(uuid) else self.groups[uuid].outside.discard
            note(person.user_id)

    def _group(self, count: Count) -> WatchedGroup:
        return self.groups.setdefault(count.group_uuid, WatchedGroup(count.group_uuid, count.group_id, count.state))

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
        """Forget a group that the user is not in."""
        del person.numbers[uuid]
        person.forget_debt(uuid)
        group = self.groups[uuid]
        group.users.discard(person.user_id)
        group.outside.discard(person.user_id)
        if not group.users:
            del self.groups[uuid]
            self.changed_groups.discard(group)

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
        group.concerns_outside |= bool(group.outside) and change.after.messages > change.before.messages
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
            if person is not None:
                self.read_soon(person)

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

    def lost(self, group: WatchedGroup) -> None:
        """Forget the numbers of a group whose log has lost entries: lower ones are valid."""
        for user_id in group.users:
            self.people[user_id].numbers[group.uuid] = None

    # What was counted

    def counted(self, counts: Iterable[Count]) -> None:
        """Send numbers that have changed."""
        for count in counts:
            person = self.people.get(count.user_id)
            if person is not None and count.group_uuid in person.numbers:
                person.learn(count.group_uuid, count.numbers)

    def read_again(self, person: Person, counts: Sequence[Count]) -> None:
        """The same for all groups of a user, some of which may be new, others gone."""
        if not person.connections:
            return
        for uuid in person.numbers.keys() - {count.group_uuid for count in counts}:
            self.leave(person, uuid)
        for count in counts:
            group = self._group(count)
            group.users.add(person.user_id)
            person.numbers.setdefault(group.uuid, count.numbers._replace(unread=0, mentions=0))
        self._note_outside(person)
        self.counted(counts)
