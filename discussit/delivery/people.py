"""The connections of this process, and what concerns their users: ended sessions, joins and leaves."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from anyio import CancelScope, current_time, move_on_after
from anyio.abc import TaskGroup
from sqlalchemy import select

from discussit.bus import Bus, messages
from discussit.bus.messages import (
    BusMessage,
    EndedSessions,
    MembershipChange,
    MembershipChanges,
    Resync,
    person_channel,
)
from discussit.database import Database, chunks
from discussit.delivery.connections import Connection, Connections
from discussit.errors import CloseCode
from discussit.models import Session, User

CONFIRM_LIMIT = 1.0  # seconds that a new connection waits for the bus
OVERDUE = 5.0  # seconds that a session must be too old by the clock, which may be wrong for a moment


@dataclass(eq=False)
class _Channel:
    """A channel of people, while one of them is connected."""

    name: str
    connections: set[Connection] = field(default_factory=set)
    is_confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    is_unclear: bool = False  # somebody did not wait for the confirmation, and may have missed something
    scope: CancelScope = field(default_factory=CancelScope)


class People:
    """Everyone who is connected to this process."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        look: asyncio.Event,
        note_memberships: Callable[[Sequence[MembershipChange]], None] = lambda _changes: None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._note_memberships = note_memberships
        self._look = look
        self._channels: dict[str, _Channel] = {}
        self.connections = Connections()
        self.unchecked: set[Connection] = set()  # their sessions may have ended unnoticed
        self.tasks: TaskGroup | None = None  # while the hub runs

    @contextmanager
    def connected(self, connection: Connection) -> Iterator[None]:
        """The time during which a connection ends with its session or membership.

        Register before checking access, so that a revocation in between is not missed.
        """
        channel = self._channel(connection)
        channel.connections.add(connection)
        self.connections.add(connection)
        try:
            yield
        finally:
            self.connections.remove(connection)
            self.unchecked.discard(connection)
            channel.connections.discard(connection)
            if not channel.connections:
                del self._channels[channel.name]
                channel.scope.cancel()

    def _channel(self, connection: Connection) -> _Channel:
        name = person_channel(connection.user_id)
        if name not in self._channels:
            assert self.tasks is not None, "the hub is not running"
            self._channels[name] = _Channel(name)
            self.tasks.start_soon(self._listen, self._channels[name])
        return self._channels[name]

    async def listening(self, connection: Connection) -> None:
        """Wait until the bus delivers what concerns the connection's user, at most CONFIRM_LIMIT."""
        channel = self._channels[person_channel(connection.user_id)]
        with move_on_after(CONFIRM_LIMIT):
            await channel.is_confirmed.wait()
        channel.is_unclear |= not channel.is_confirmed.is_set()

    # Messages

    async def _listen(self, channel: _Channel) -> None:
        with channel.scope:
            async with self._bus.subscribe(channel.name) as texts:
                async for text in texts:
                    message = messages.decode(text)
                    # The first Resync confirms: home pages that waited for it have yet to read the database.
                    only_confirms = not (channel.is_confirmed.is_set() or channel.is_unclear)
                    channel.is_confirmed.set()
                    if only_confirms and isinstance(message, Resync):
                        self._check_sessions_soon(channel)
                    else:
                        self._receive(channel, message)

    def _receive(self, channel: _Channel, message: BusMessage) -> None:
        match message:
            case EndedSessions(ids):
                self.sessions_ended(ids)
            case MembershipChanges(changes):
                self.memberships_changed(changes)
            case _:
                self._check_all(channel)

    def _check_all(self, channel: _Channel) -> None:
        """Something may have been missed: have all sessions looked at, and send home pages their groups again."""
        for connection in channel.connections:
            connection.memberships_unclear()
        self._check_sessions_soon(channel)

    def _check_sessions_soon(self, channel: _Channel) -> None:
        self.unchecked |= channel.connections
        self._look.set()

    def sessions_ended(self, ids: Sequence[str]) -> None:
        for id in ids:
            for connection in self.connections.of_session[id]:
                connection.end(CloseCode.SESSION_ENDED)

    def memberships_changed(self, changes: Sequence[MembershipChange]) -> None:
        # Not left to the rooms: a tail may be behind, but a user who left is sent nothing more.
        for change in changes:
            for connection in self.connections.of_user[change.user_id]:
                connection.membership_changed(change)
        self._note_memberships(changes)

    # The database

    async def check_sessions(self, connections: Sequence[Connection]) -> None:
        """End connections whose sessions are gone, or were too old by the clock at every check for OVERDUE."""
        for some in chunks(connections):
            found = await self._found({connection.session_id for connection in some})
            for connection in some:
                is_within_limits = found.get(connection.session_id)
                if is_within_limits is None or _is_overdue(connection, is_within_limits=is_within_limits):
                    connection.end(CloseCode.SESSION_ENDED)

    async def _found(self, session_ids: set[str]) -> dict[str, bool]:
        """Which of these sessions exist, in open accounts, and whether they are within their limits."""
        rows = (
            select(Session.id, Session.is_within_limits())
            .join(Session.user)
            .where(Session.id.in_(session_ids), User.is_active)
        )
        return await self._database.run_read(lambda session: dict(session.execute(rows).all()))


def _is_overdue(connection: Connection, *, is_within_limits: bool) -> bool:
    if is_within_limits:
        connection.overdue_since = None
    elif connection.overdue_since is None:
        connection.overdue_since = current_time()
    else:
        return current_time() - connection.overdue_since >= OVERDUE
    return False
