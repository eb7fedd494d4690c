"""Users with connections that are sent unread numbers, and the groups that they are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from discussit.delivery.connections import Connection
from discussit.log.unread import GroupState, Numbers, Places, unread_object
from discussit.models.base import now
from discussit.wire import objects


@dataclass(eq=False, slots=True)
class Person:
    """A user with connections that are sent numbers."""

    user_id: int
    connections: list[Connection] = field(default_factory=list)
    numbers: dict[UUID, Numbers | None] = field(default_factory=dict)  # by group; None: they have to be sent anew
    group_ids: int = 0  # the sum of those of the same groups
    owed: tuple[UUID, ...] = ()  # groups whose numbers only their followers were sent
    muted: dict[UUID, datetime] = field(default_factory=dict)  # until when
    _places: Places | None = None
    _is_summed: bool = False  # whether these are still those of the numbers

    def is_outside(self, group: UUID) -> bool:
        """Whether a connection does not follow the group, and so can't count its messages itself."""
        return any(not each.follows(group) for each in self.connections)

    @property
    def places(self) -> Places | None:
        """How far the user has read, all groups together, as `read_places` finds it; None while that is unknown.

        Everybody's are compared every CHECK seconds (counting.py), and seldom change.
        """
        if not self._is_summed:
            self._places, self._is_summed = self._sum(), True
        return self._places

    def _sum(self) -> Places | None:
        known = [each for each in self.numbers.values() if each is not None]
        if len(known) < len(self.numbers):
            return None
        read, read_rev = sum(each.read for each in known), sum(each.read_rev for each in known)
        return Places(len(known), self.group_ids, read, read_rev, sum(each.preferences.rev for each in known))

    def add(self, group: "WatchedGroup", numbers: Numbers | None) -> None:
        """Note that the user is in the group. `numbers`: those that all their connections were sent, if it is new."""
        if group.uuid not in self.numbers:
            self.group_ids += group.id
            self.set(group.uuid, numbers)

    def set(self, uuid: UUID, numbers: Numbers | None) -> None:
        """The group's numbers, which all connections were sent; None: they have to be sent anew."""
        self.numbers[uuid] = numbers
        self._is_summed = False
        self.muted.pop(uuid, None)
        if numbers is not None and numbers.is_muted and numbers.preferences.muted_until is not None:
            self.muted[uuid] = numbers.preferences.muted_until

    @property
    def no_longer_muted(self) -> list[UUID]:
        """Groups that were muted when they were counted, and are not any more."""
        return [uuid for uuid, until in self.muted.items() if until <= now()] if self.muted else []

    def drop(self, group: "WatchedGroup") -> Numbers | None:
        """Forget a group that the user is not in, and return its numbers."""
        self.group_ids -= group.id
        self.forget_debt(group.uuid)
        self.muted.pop(group.uuid, None)
        self._is_summed = False
        return self.numbers.pop(group.uuid)

    def learn(self, uuid: UUID, numbers: Numbers, last: objects.LastMessage | None = None) -> None:
        """Send the numbers to connections that need them, unless they are older than those that were sent.

        `last`: the group's last message, for connections that don't follow the group.
        """
        known = self.numbers[uuid]
        if known is not None and numbers.age < known.age:
            numbers = known
        is_changed = known is None or last is not None or uuid in self.owed or not numbers.is_same_as(known)
        is_changed_for_followers = known is None or not numbers.is_same_for_followers(known)
        self.set(uuid, numbers)
        self.forget_debt(uuid)
        for connection in self.connections:
            if connection.follows(uuid):
                if is_changed_for_followers:
                    connection.reply(unread_object(uuid, numbers))
            elif is_changed:
                connection.reply(unread_object(uuid, numbers, last))

    def answer(self, uuid: UUID, numbers: Numbers) -> bool:
        """Send the numbers to followers of the group. Return whether others have to be sent them, too."""
        for connection in self.connections:
            if connection.follows(uuid):
                connection.reply(unread_object(uuid, numbers))
        known = self.numbers[uuid]
        if known is None or numbers.age < known.age:
            return known is None
        self.set(uuid, numbers)
        if numbers.is_same_as(known) or not self.is_outside(uuid):
            return False
        self.owed = (*self.owed, uuid)
        return True

    def send(self, reply: objects.Reply) -> None:
        """Send an object to all connections."""
        for connection in self.connections:
            connection.reply(reply)

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
    rev: int = 0  # the newest of its settings that this process knows of
    has_other_last: bool = False  # its last message is to be read
    _last_sent: int | None = None  # its hash: texts are not kept

    @property
    def concerns_anybody(self) -> bool:
        return bool(self.concerned) or self.concerns_outside

    def show_last(self) -> None:
        """Have its last message sent to everyone with a connection that does not follow it."""
        self.has_other_last = self.concerns_outside = bool(self.outside)

    def is_new_last(self, last: objects.LastMessage) -> bool:
        """Whether it was not sent as the last message already. It is from now on."""
        sent, self._last_sent = self._last_sent, hash(msgspec.structs.astuple(last))
        return sent != self._last_sent

    def concern(self, users: Iterable[int]) -> None:
        """Have these users counted, as far as they are connected here."""
        self.concerned.update(self.users.intersection(users))
