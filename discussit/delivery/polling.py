"""Comparing what is open in this process with the database: every POLL seconds, and when something may be missing."""

import asyncio
import logging
from collections.abc import Sequence

from anyio import CancelScope, current_time

from discussit.database import DATABASE_ERRORS, Database, chunks, is_outage, log_failure
from discussit.delivery.people import People
from discussit.delivery.room import Room
from discussit.delivery.rooms import Rooms
from discussit.errors import CloseCode
from discussit.log.read import LogState, log_states

logger = logging.getLogger(__name__)

# Seconds between two looks at everything. What a look finds takes effect within 2 s: this leaves it 0.5 s.
POLL = 1.5


class Polling:
    """Keeps rooms and connections equal to the database."""

    def __init__(self, database: Database, rooms: Rooms, people: People, look: asyncio.Event) -> None:
        self._database = database
        self._rooms = rooms
        self._people = people
        self._look_soon = look  # set when a room is behind or a session is unchecked
        self._due = self._looked = current_time()  # when everything is looked at next, and was last

    @property
    def lag(self) -> float:
        """Seconds since every open room and session was checked against the database."""
        return current_time() - self._looked

    async def run(self) -> None:
        """Look for as long as the process lives."""
        while True:
            with CancelScope(deadline=self._due):
                await self._look_soon.wait()
            self._look_soon.clear()
            try:
                # Everything has its turn, however often single rooms are behind.
                await self._look(everywhere=current_time() >= self._due)
            except DATABASE_ERRORS as error:
                # Readers wait, and the next look finds what they miss.
                log_failure(logger, "could not look for new entries", error)
                await asyncio.sleep(POLL / 4)
                self._due = current_time()

    async def _look(self, *, everywhere: bool) -> None:
        started = current_time()
        if everywhere:
            self._due = started + POLL
        looks = [
            look
            for rooms in chunks([room for room in self._rooms if everywhere or room.is_behind])
            for look in await self._look_at(rooms)
        ]
        # Sessions are read after the logs, so that a logout that precedes an entry found is found too; and before rooms
        # go on, since reading one of them may fail every time.
        for room, _, _ in looks:
            self._people.unchecked |= room.followers
        await self._look_at_sessions(everywhere=everywhere)
        for room, known, found in looks:
            await self._compare(room, known, found)
        if everywhere:
            self._looked = started

    async def _look_at_sessions(self, *, everywhere: bool) -> None:
        unchecked, self._people.unchecked = self._people.unchecked, set()
        await self._people.check_sessions(list(self._people.connections if everywhere else unchecked))

    async def _look_at(self, rooms: Sequence[Room]) -> list[tuple[Room, LogState, LogState | None]]:
        """The rooms, each with its log as it knows it and as the database has it."""
        # Noted before the database is read: a message that arrives meanwhile marks the room again or continues it.
        known = {room.group_id: room.state for room in rooms}
        for room in rooms:
            room.is_behind = False
        ids = list(known)
        found = await self._database.run_read(lambda session: log_states(session, ids))
        return [(room, known[room.group_id], found.get(room.group_id)) for room in rooms]

    async def _compare(self, room: Room, known: LogState, found: LogState | None) -> None:
        if found is None:
            room.end(CloseCode.MEMBERSHIP_ENDED)
        elif known.is_lost_in(found):
            self._rooms.drop_diverged(room, found)
        else:
            await self._bring_or_end(room, found)

    async def _bring_or_end(self, room: Room, state: LogState) -> None:
        try:
            await self._bring(room, state)
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS) and is_outage(error):
                raise
            # A damaged entry, or one that another program wrote with a timestamp that is none: it concerns this group
            # alone, and would also end the process that replaces this one. The error may quote the entry's text.
            logger.error(
                "could not read the log of group %s, so its readers are sent away: %s", room.uuid, type(error).__name__
            )
            room.end(CloseCode.RESTART)

    async def _bring(self, room: Room, state: LogState) -> None:
        """Bring the room to this state of its log."""
        if self._rooms.agrees(room, state):
            await self._catch_up(room, state)

    async def _catch_up(self, room: Room, state: LogState) -> None:
        if room.last is None:
            room.start(state.last_seq, state.last_at)
        while (last := room.last or 0) < state.last_seq:
            part = await self._rooms.page(room, last)
            if not await self._rooms.still_current(room, part):
                continue
            # A message may have continued the tail meanwhile: the page still begins where it was asked for.
            found = part.entries[: state.last_seq - last]
            if not found or not room.append(found):
                return
        if room.last == state.last_seq:
            room.revisions = state.revisions
