"""Counting what connected users have not read: for all who are concerned together, once a second for each group."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import partial
from itertools import zip_longest
from typing import TypeVar

from anyio import CancelScope, current_time, sleep
from sqlalchemy.orm import Session as OrmSession

from discussit.database import DATABASE_ERRORS, Database, chunks, log_failure
from discussit.delivery.unread import Unread
from discussit.delivery.watched import Person, WatchedGroup
from discussit.groups.membership import MemberKey
from discussit.groups.names import describe
from discussit.log.last import last_messages, last_object
from discussit.log.unread import NO_PLACES, Count, GroupState, count_for, count_members, group_states, read_places
from discussit.many_rows import SqlConnection
from discussit.wire import objects

T = TypeVar("T")
Asked = tuple[WatchedGroup, int]  # a group, and the id of a user in it
State = tuple[GroupState, int]  # of a group: what its numbers depend on, and the `rev` of its settings

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two objects about a group
GATHER = 0.05  # seconds between two counts, so that groups are counted together
CHECK = 1.5  # seconds between two comparisons with the database


class Counting:
    """Keeps the unread numbers of connected users equal to the database.

    What concerns whom is known from this process's commits and from the bus; what was missed of it shows when groups
    and memberships are compared with the database.
    """

    def __init__(self, database: Database, unread: Unread) -> None:
        self._database = database
        self._unread = unread
        self._checked_at = -CHECK  # when everything was compared last, by the loop's clock

    async def run(self) -> None:
        """Count for as long as the process lives."""
        while True:
            with CancelScope(deadline=self._next_at()):
                await self._unread.look.wait()
            self._unread.look.clear()
            try:
                await self._check_if_due()
                await self._count()
                await self._read_unclear()
                await self._describe()
            except DATABASE_ERRORS as error:
                # Whoever was to be counted still is.
                log_failure(logger, "could not count what is unread", error)
                await sleep(CHECK / 2)
            await sleep(GATHER)

    def _next_at(self) -> float:
        return min([self._check_at, *(group.due for group in self._unread.changed_groups)])

    @property
    def _check_at(self) -> float:
        """When everything is compared next: sooner if something was missed, but not each time while a bus is down."""
        return self._checked_at + (PAUSE if self._unread.needs_check else CHECK)

    # Those concerned

    async def _count(self) -> None:
        """Count those whom changes in groups concern that are due."""
        due = [group for group in self._unread.changed_groups if group.due <= current_time()]
        showing = {group.id: group for group in due if group.has_other_last}
        asked = [(group, user_id) for group in due for user_id in self._take(group)]
        if not asked:
            return

        def ask_again(group: WatchedGroup, users: Sequence[int]) -> None:
            if group.id in showing:
                group.show_last()
            self._unread.concern(group, users)

        known = self._unread.known_of((user_id, group.uuid) for group, user_id in asked)
        found = await self._read(partial(_counts_with_last, groups=showing.keys()), asked, ask_again)
        lasts = {count.group_id: last for count, last in found if last is not None}
        lasts = {id: last for id, last in lasts.items() if showing[id].is_new_last(last)}
        self._unread.counted([count for count, _ in found], known, lasts)
        self._leave(asked, {count.member for count, _ in found})

    def _take(self, group: WatchedGroup) -> set[int]:
        """The users who are to be counted, once."""
        users = group.concerned
        if group.concerns_outside:
            users |= group.outside
        group.concerned, group.concerns_outside, group.has_other_last = set(), False, False
        self._unread.changed_groups.discard(group)
        if users:
            group.due = current_time() + PAUSE
        return users

    async def _read(
        self,
        work: Callable[[SqlConnection, Sequence[MemberKey]], Iterable[T]],
        asked: Sequence[Asked],
        ask: Callable[[WatchedGroup, Sequence[int]], None],
    ) -> list[T]:
        """What `work` reads of these members. If that fails, `ask` has them asked for again."""
        members = [(group.id, user_id) for group, user_id in asked]
        try:
            return await self._database.run_read(lambda session: list(work(session.connection(), members)))
        except BaseException:
            for group, user_id in asked:
                ask(group, [user_id])
            raise

    def _leave(self, asked: Iterable[Asked], members: Set[MemberKey]) -> None:
        """Forget groups that users have left."""
        for group, user_id in asked:
            person = self._unread.people.get(user_id)
            if person is not None and (group.id, user_id) not in members and group.uuid in person.numbers:
                self._unread.leave(person, group.uuid)

    async def _read_unclear(self) -> None:
        """Read the groups of users anew who may have joined or left some."""
        people = list(self._unread.unclear)
        self._unread.unclear.clear()
        try:
            while people:
                person = people[-1]
                known = self._unread.known_of((person.user_id, uuid) for uuid in person.numbers)
                found = await self._database.run_read(partial(_all_of, user_id=person.user_id))
                self._unread.read_again(people.pop(), found, known)
        finally:
            self._unread.unclear.update(person for person in people if person.connections)

    async def _describe(self) -> None:
        """Send members their groups that are new to them or have changed; those that are gone are forgotten."""
        asked = [(group, user_id) for group, users in self._unread.undescribed.items() for user_id in users]
        self._unread.undescribed.clear()
        if not asked:
            return
        found = await self._read(describe, asked, self._unread.describe)
        for each in found:
            self._unread.described(each)
        self._leave(asked, {each.member for each in found})

    # Everybody

    async def _check_if_due(self) -> None:
        if current_time() < self._check_at:
            return
        self._unread.needs_check = False
        self._checked_at = current_time()
        every = zip_longest(chunks(list(self._unread.groups.values())), chunks(list(self._unread.people.values())))
        for groups, people in every:
            await self._check(groups or (), people or ())

    async def _check(self, groups: Sequence[WatchedGroup], people: Sequence[Person]) -> None:
        # Noted before they are read: a change that arrives meanwhile is no gap.
        states = {group.id: (group.state, group.rev) for group in groups}
        places = {person.user_id: person.places for person in people}
        found_states, found_places = await self._database.run_read(
            lambda session: (group_states(session, list(states)), read_places(session, list(places)))
        )
        for group in groups:
            self._compare(group, states[group.id], found_states.get(group.id))
        for person in people:
            found = found_places.get(person.user_id, NO_PLACES)
            if person.connections and found != places[person.user_id] and found != person.places:
                self._unread.read_soon(person)
            self._unread.unmute(person)

    def _compare(self, group: WatchedGroup, known: State, found: State | None) -> None:
        if found is None:
            self._unread.describe(group, group.users)  # it was deleted
            return
        if found[1] != known[1] == group.rev:
            group.rev = found[1]
            self._unread.describe(group, group.users)
        self._compare_numbers(group, known[0], found[0])

    def _compare_numbers(self, group: WatchedGroup, known: GroupState, found: GroupState) -> None:
        if not known.is_in(found):
            self._unread.lost(group)  # the database lacks what was counted
        elif found in (known, group.state):
            return
        group.state = found
        group.show_last()
        self._unread.concern(group, group.users)


def _counts_with_last(
    connection: SqlConnection, members: Iterable[MemberKey], groups: Set[int]
) -> Iterator[tuple[Count, objects.LastMessage | None]]:
    """The members' numbers and, with one member of each of these groups, its last message.

    That is one who may read as much as any other.
    """
    counts = list(count_members(connection, members))
    shown = sorted((count for count in counts if count.group_id in groups), key=_from_seq, reverse=True)
    lasts = last_messages(connection, {count.group_id: count.member for count in shown}.values())
    for count in counts:
        last = lasts.get(count.member)
        yield count, last_object(last) if last is not None else None


def _from_seq(count: Count) -> int:
    return count.from_seq


def _all_of(session: OrmSession, user_id: int) -> list[Count]:
    return list(count_for(session.connection(), user_id))
