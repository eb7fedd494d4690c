"""This process's open connections and what is queued for each."""

import asyncio
import logging
from collections.abc import Hashable, Iterator
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from anyio import CancelScope

from discussit.bus.messages import MembershipChange
from discussit.delivery.protocols import ClientProtocol
from discussit.delivery.slices import Slice
from discussit.errors import CloseCode
from discussit.log.kinds import Effect
from discussit.wire import objects

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """What sends on a connection's socket (sending.py)."""

    def write(self, part: Slice | None = None) -> bool:
        """Send queued replies, and then entries, if nothing has to wait. False: nothing is sent."""

    def flush(self) -> None:
        """Send queued replies soon."""

    def wake(self) -> None:
        """Send what waits."""

    def cut_off(self) -> None:
        """Send nothing more."""


class Connection:
    """One open socket of this process.

    `reply` is the only way for an object to its client, `Follower.take` and `Rooms.follow` are the only ones for
    entries. All are closed from `end` on, so that nobody needs to ask whether a session or a membership has ended.
    """

    __slots__ = (
        "_replies",
        "_taken",
        "ended",
        "overdue_since",
        "protocol",
        "receiving",
        "refusals",
        "sender",
        "session_id",
        "user_id",
    )

    def __init__(self, session_id: str, user_id: int, protocol: ClientProtocol) -> None:
        self.session_id = session_id
        self.user_id = user_id
        self.protocol = protocol
        self.ended: CloseCode | None = None
        self.overdue_since: float | None = None  # by the loop's clock: its session has been too old at each check since
        self.sender: Sender | None = None  # once its socket is open
        self.receiving = CancelScope()  # the client's messages are received within it
        self.refusals = 0  # messages of the client that were answered with an error
        self._replies: list[str] = []
        self._taken: asyncio.Event | None = None  # while somebody waits until replies are sent

    def open(self, sender: Sender) -> None:
        """From now on, `sender` sends what is queued."""
        self.sender = sender
        sender.wake()

    def end(self, code: CloseCode) -> None:
        """Send nothing more from now on, and close the socket with `code` as soon as possible."""
        self.ended = self.ended or code
        self._replies.clear()
        if self.sender is not None:
            self.sender.cut_off()
        self.receiving.cancel()

    def reply(self, reply: objects.Reply) -> None:
        """Queue an object that isn't an entry, if the connection's protocol has it. Once ended, it is dropped."""
        if self.ended is not None:
            return
        self.refusals += isinstance(reply, objects.Error)
        if self.protocol.has(reply):
            self._replies.append(objects.encode(reply))
            if self.sender is not None:
                self.sender.flush()

    @property
    def has_replies(self) -> bool:
        return bool(self._replies)

    def take_replies(self) -> list[str]:
        """Take the queued replies, encoded."""
        replies, self._replies = self._replies, []
        if self._taken is not None:
            self._taken.set()
        return replies

    def has_replies_below(self, limit: int) -> bool:
        return len(self._replies) < limit

    async def replies_below(self, limit: int) -> None:
        """Backpressure: wait until fewer than `limit` replies are queued."""
        while not self.has_replies_below(limit):
            self._taken = asyncio.Event()
            await self._taken.wait()
        self._taken = None

    def wake(self) -> None:
        """Have the sender send what waits: entries that could not be sent immediately, or what is outdated."""
        if self.sender is not None:
            self.sender.wake()

    # What concerns its user

    def follows(self, group_uuid: UUID) -> bool:
        """Whether it is sent the entries of this group, and so can count its messages itself."""
        return False

    def membership_changed(self, change: MembershipChange) -> None:
        """Take note that the user joined or left a group."""

    def memberships_unclear(self) -> None:
        """Take note that the user may have joined or left groups unnoticed."""


class HomeConnection(Connection):
    """A home page. Where its protocol says so, it is sent its user's joins and leaves, wherever they were made."""

    __slots__ = ("_last_seqs", "is_outdated")

    def __init__(self, session_id: str, user_id: int, protocol: ClientProtocol) -> None:
        super().__init__(session_id, user_id, protocol)
        # Its groups are to be read again, and sent if its protocol has that: changes may have been missed. At the
        # beginning in any case, since the session may have ended while the handshake waited.
        self.is_outdated = True
        self._last_seqs: dict[UUID, int] = {}

    def membership_changed(self, change: MembershipChange) -> None:
        if change.effect not in (Effect.JOINED, Effect.LEFT):
            return  # `group` and `group_gone` say so
        # A change may arrive again, or late: seq tells whether it is new.
        if self.protocol.follows_memberships and change.seq > self._last_seqs.get(change.group_uuid, 0):
            self._last_seqs[change.group_uuid] = change.seq
            sent = objects.JoinGroup if change.effect == Effect.JOINED else objects.LeaveGroup
            self.reply(sent(data=change.group_uuid))

    def memberships_unclear(self) -> None:
        self.is_outdated |= self.protocol.follows_memberships
        self.wake()


class Follower(Connection):
    """A reader of one group's log that has been sent everything up to `cursor`."""

    __slots__ = ("_left", "admitted", "cursor", "first", "group_uuid", "is_outdated")

    def __init__(self, session_id: str, user_id: int, protocol: ClientProtocol, group_uuid: UUID) -> None:
        super().__init__(session_id, user_id, protocol)
        self.group_uuid = group_uuid
        self.admitted: int | None = None  # the log's last seq when membership was checked, once it was
        self.cursor = 0
        self.first = 1  # the first entry that the user may read
        self._left = 0  # the user's last Left that arrived
        self.is_outdated = False  # entries that it was sent have changed

    def admit(self, last_seq: int, first: int) -> None:
        """Follow the log from its last entry on: the user was a member there, who may read it from `first` on."""
        self.admitted = self.cursor = last_seq
        self.first = first
        self._end_if_not_member()

    def take(self, part: Slice) -> bool:
        """Send now if nothing has to wait. False: the sender's task must send."""
        if self.sender is None or self.ended is not None:
            return False
        try:
            is_sent = self.sender.write(part.readable_from(self.first))
        except Exception:
            # Any mistake in sending to one reader: the room goes on with the others.
            logger.exception("could not send")
            self.end(CloseCode.RESTART)
            return False
        if is_sent:
            self.cursor = part.last
        return is_sent

    def follows(self, group_uuid: UUID) -> bool:
        return group_uuid == self.group_uuid

    def membership_changed(self, change: MembershipChange) -> None:
        if change.group_uuid == self.group_uuid:
            self.end_if_left(change.seq, change.user_id, change.effect)

    def end_if_left(self, seq: int, user_id: int, effect: Effect | None) -> None:
        """End this reader if the entry ended its own membership."""
        if effect == Effect.LEFT and user_id == self.user_id:
            self._left = max(self._left, seq)
            self._end_if_not_member()

    def _end_if_not_member(self) -> None:
        # A Left from before the admission is history: the user has joined again since. One that arrives during the
        # admission may be either.
        if self.admitted is not None and self._left > self.admitted:
            self.end(CloseCode.MEMBERSHIP_ENDED)


Key = TypeVar("Key", bound=Hashable)


class _Index(Generic[Key]):
    """Connections by a key that several may share."""

    def __init__(self) -> None:
        self._found: dict[Key, list[Connection]] = {}  # lists of mostly one, a third of the size of a set

    def __getitem__(self, key: Key) -> list[Connection]:
        """A copy, since connections may end while they are gone through."""
        return list(self._found.get(key, ()))

    def add(self, key: Key, connection: Connection) -> None:
        self._found.setdefault(key, []).append(connection)

    def remove(self, key: Key, connection: Connection) -> None:
        self._found[key].remove(connection)
        if not self._found[key]:
            del self._found[key]


class Connections:
    """All open connections of this process, found by session and by user."""

    def __init__(self) -> None:
        self._all: set[Connection] = set()
        self.of_session: _Index[str] = _Index()
        self.of_user: _Index[int] = _Index()

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        self._all.add(connection)
        self.of_session.add(connection.session_id, connection)
        self.of_user.add(connection.user_id, connection)

    def remove(self, connection: Connection) -> None:
        self._all.remove(connection)
        self.of_session.remove(connection.session_id, connection)
        self.of_user.remove(connection.user_id, connection)
