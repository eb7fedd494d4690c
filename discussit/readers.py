"""The open sockets of this process, as what they are to be told."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from anyio import CancelScope

from discussit import wire
from discussit.slices import Slice
from discussit.wire import CloseCode


class Connection:
    """One open socket of this process: who speaks on it, what it is still to be told."""

    def __init__(self, session_id: str, username: str) -> None:
        self.session_id = session_id
        self.username = username
        self.ended: CloseCode | None = None
        self.speaking = CancelScope()  # in which everything is sent
        self.refusals = 0  # frames of its client that were answered with an error
        self._replies: list[str] = []
        self._woken = asyncio.Event()
        self.is_idle = False  # all that was to be said is said: its task waits to be woken
        self._taken = asyncio.Event()

    def end(self, code: CloseCode) -> None:
        """From now on nothing more is sent; the socket is closed with `code` as soon as it can be."""
        self.ended = self.ended or code
        self.wake()
        # A frame that waits for a slow network must not go out when there is room for it.
        self.speaking.cancel()

    def reply(self, frame: wire.Frame) -> None:
        self.refusals += isinstance(frame, wire.Error)
        self._replies.append(wire.encode(frame))
        self.wake()

    def take_replies(self) -> list[str]:
        replies, self._replies = self._replies, []
        self._taken.set()
        return replies

    async def answered(self, *, but: int) -> None:
        """Wait until fewer than `but` replies wait: a client that sends but does not read must wait, too."""
        while len(self._replies) >= but:
            self._taken.clear()
            await self._taken.wait()

    def wake(self) -> None:
        self.is_idle = False
        self._woken.set()

    async def woken(self) -> None:
        self.is_idle = not self._woken.is_set()
        try:
            await self._woken.wait()
        finally:
            self.is_idle = False
        self._woken.clear()


class Watcher(Connection):
    """A home page: it is told of its person's joins and leaves, wherever they were made."""

    def __init__(self, session_id: str, username: str) -> None:
        super().__init__(session_id, username)
        self.is_outdated = True  # moves may have been missed: it is to be told all groups
        self._told: dict[UUID, int] = {}

    def miss_moves(self) -> None:
        self.is_outdated = True
        self.wake()

    def tell(self, move: wire.EventMessage) -> None:
        # A move is heard twice, at its commit and from the bus; seq tells which is news.
        if move.seq > self._told.get(move.group_uuid, 0):
            self._told[move.group_uuid] = move.seq
            frame = wire.Join if move.status == "Join" else wire.Leave
            self.reply(frame(data=move.group_uuid))


class Follower(Connection):
    """A reader of one group's log, who has seen everything up to `cursor`."""

    def __init__(self, session_id: str, username: str, group_uuid: UUID) -> None:
        super().__init__(session_id, username)
        self.group_uuid = group_uuid
        self.admitted = 0  # the log's last seq when membership was checked
        self.cursor = 0
        self.is_outdated = False  # history it has seen was changed
        self.say_at_once: Callable[[Slice], bool] = lambda _part: False

    def take(self, part: Slice) -> bool:
        """Have the entries said at once, where nothing else waits to be said. False: its task has to."""
        if not self.is_idle or not self.say_at_once(part):
            return False
        self.cursor = part.last
        return True

    def expel(self, left: wire.EventMessage) -> None:
        """End this reader if the event is its own member's Left."""
        # A Left from before the admission is history: its member has joined again since.
        if left.status == "Left" and left.user == self.username and left.seq > self.admitted:
            self.end(CloseCode.MEMBERSHIP_ENDED)
