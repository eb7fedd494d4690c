"""The WebSocket route `/groups/{uuid}/`: following a group's log and writing to it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.websockets import WebSocket

from discussit import assets
from discussit.accounts import security_log
from discussit.accounts.current_user import CurrentUser, current_user
from discussit.accounts.security_log import Act
from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.delivery.connections import Follower
from discussit.delivery.hub import Hub
from discussit.delivery.protocols import negotiated
from discussit.delivery.room import Room
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode, Refused
from discussit.groups.admission import admit
from discussit.log.checks import check_content
from discussit.log.draft import (
    Answer,
    DeleteDraft,
    Draft,
    EditDraft,
    MessageDraft,
    ReactionDraft,
    check_emoji,
)
from discussit.log.marks import Outcome, ReadMark, UnreadMark
from discussit.log.read import LogState, Place, cursor_of, is_in_log
from discussit.log.unread import Count, alerts_of, count_for, mentions_of, unread_of
from discussit.models.accounts import is_spelled
from discussit.models.groups import ReadableLog
from discussit.site import site_of
from discussit.sockets import conversation
from discussit.wire import commands, objects

logger = logging.getLogger(__name__)

MAX_UNANSWERED = 200  # messages of one client that may be in progress; the next is read when one is answered


async def group_socket(websocket: WebSocket) -> None:
    """Follow the group's log from now on or, with `discussit.v1`, from `?since=`; and write to it."""
    user, protocol = current_user(websocket), negotiated(websocket.scope)
    hub = site_of(websocket).hub
    follower = Follower(user.credential.session_id, user.id, protocol, websocket.path_params["uuid"])
    with hub.people.connected(follower), hub.unread.connecting(follower):
        place = protocol.place(websocket.query_params)
        admitted, counts = await _admitted(site_of(websocket).database, user, follower, place)
        async with hub.rooms.entered(follower, admitted.group_id, admitted.state) as room:
            await websocket.accept(protocol.subprotocol)
            _greet(follower, user, admitted, place, counts)
            if protocol.has_unread:
                hub.unread.greeted(follower, counts)
            del counts  # the socket may stay open for days
            await conversation.run(
                websocket,
                follower,
                CommandWriter(websocket, user, admitted.group_id, follower),
                lambda sender: _send_log(sender, hub, room, follower),
            )


class OpenedLog(NamedTuple):
    """What a socket keeps of its admission: no objects of the ORM, which take a kilobyte each."""

    group_id: int
    state: LogState
    log: ReadableLog
    is_in_log: bool  # whether the client's place is one of this log, from which it can read on


async def _admitted(
    database: Database, user: CurrentUser, follower: Follower, place: Place | None
) -> tuple[OpenedLog, Sequence[Count]]:
    """What the database has for a new socket, and what its user has not read where the protocol has that."""

    def read(session: OrmSession) -> tuple[OpenedLog, Sequence[Count]]:
        membership = admit(session, user, follower.group_uuid)
        group, log = membership.group, membership.log
        state = LogState(group.last_seq, group.revisions, group.epoch)
        counts = list(count_for(session.connection(), user.id)) if follower.protocol.has_unread else []
        return OpenedLog(group.id, state, log, place is not None and is_in_log(session, group, log, place)), counts

    admitted, counts = await database.run_read(read)
    follower.admit(admitted.state.last_seq, admitted.log.first)
    return admitted, counts


def _greet(
    follower: Follower, user: CurrentUser, admitted: OpenedLog, place: Place | None, counts: Sequence[Count]
) -> None:
    """Tell the client where the log ends, and set the cursor to the last entry that it has seen."""
    last, epoch = admitted.state.last_seq, admitted.state.epoch
    ready = objects.Ready(user.username, user.account_id, follower.group_uuid, last, epoch, version=assets.version())
    ready.from_ = admitted.log.first if admitted.log.first > 1 else None
    ready.unread, ready.mentions, ready.alerts = unread_of(counts), mentions_of(counts), alerts_of(counts)
    for count in counts:
        if count.group_id == admitted.group_id:
            ready.read, ready.read_rev = count.numbers.read, count.numbers.read_rev
    follower.reply(ready)
    if place is None:
        return
    if admitted.is_in_log:
        follower.cursor = cursor_of(place, admitted.log)
    else:
        follower.reply(objects.Reset(seq=last))


class CommandWriter:
    """Writes what one socket's client sends. Its commands are carried out in the order in which they arrived."""

    __slots__ = (
        "_answered",
        "_follower",
        "_group_id",
        "_marks",
        "_rate",
        "_unanswered",
        "_user",
        "_websocket",
        "_writer",
    )

    def __init__(self, websocket: WebSocket, user: CurrentUser, group_id: int, follower: Follower) -> None:
        self._websocket = websocket
        self._writer, self._marks = site_of(websocket).writer, site_of(websocket).marks
        self._rate = site_of(websocket).throttles.messages_of(user.username)
        self._user, self._group_id, self._follower = user, group_id, follower
        self._unanswered = 0
        self._answered: asyncio.Event | None = None  # while a message waits for an answer to another

    def take(self, text: str) -> bool:
        if self._unanswered >= MAX_UNANSWERED:
            return False
        draft = self._checked(text)
        if draft is None:
            return True
        try:
            is_counted = self._rate.count_here()
        except Refused as refused:
            self._refuse(refused, draft.client_id)
            return True
        if is_counted:
            self._submit(draft)
        return is_counted

    async def receive(self, text: str) -> None:
        while self._unanswered >= MAX_UNANSWERED:
            self._answered = asyncio.Event()
            await self._answered.wait()
        self._answered = None
        draft = self._checked(text)
        if draft is None:
            return
        try:
            await self._rate.count()
        except Refused as refused:
            self._refuse(refused, draft.client_id)
        else:
            self._submit(draft)

    def _checked(self, text: str) -> Draft | None:
        """The client's command. None if it is refused, which the client is told, or a mark, which waits for nothing."""
        client_id = None
        try:
            command = commands.decode_group_command(text)
            client_id = command.client_id
            if isinstance(command, commands.Mark):
                self._mark(command)
                return None
            return self._draft(command)
        except Refused as refused:
            self._refuse(refused, client_id)
            return None

    def _mark(self, command: commands.Mark) -> None:
        """Queue a mark. Its answer is `unread`, which all of the user's sockets are sent."""
        member, answer = (self._group_id, self._user.id), partial(self._marked, command.client_id)
        if isinstance(command, commands.MarkRead):
            self._marks.submit(ReadMark(*member, command.seq, command.read_rev, on_answer=answer))
        else:
            self._marks.submit(UnreadMark(*member, command.seq, on_answer=answer))

    def _marked(self, client_id: str | None, outcome: Outcome) -> None:
        # Otherwise the client repeats what is not answered.
        if isinstance(outcome, Refused) and outcome.code == ErrorCode.RATE_LIMITED:
            self._refuse(outcome, client_id)

    def _draft(self, command: commands.LogCommand) -> Draft:
        start = self._group_id, self._user.id, command.client_id
        match command:
            case commands.SendMessage():
                self._check_author(command.author)
                return MessageDraft(*start, content=check_content(command.message), reply_to=command.reply_to)
            case commands.EditMessage():
                content = check_content(command.message)
                return EditDraft(*start, target=command.target, rev=command.rev, content=content)
            case commands.DeleteMessage():
                return DeleteDraft(*start, target=command.target)
            case commands.React():
                return ReactionDraft(*start, target=command.target, emoji=check_emoji(command.emoji), is_on=command.on)

    def _check_author(self, author: str | None) -> None:
        if author is not None and not is_spelled(author, self._user.username):
            raise Refused(ErrorCode.AUTHOR_MISMATCH, f"You are {self._user.username} here, not {author}.")

    def _submit(self, draft: Draft) -> None:
        self._unanswered += 1
        draft.on_answer = partial(self._answer, draft)
        self._writer.submit(draft)

    def _answer(self, draft: Draft, answer: Answer) -> None:
        self._unanswered -= 1
        if self._answered is not None:
            self._answered.set()
        if isinstance(answer, Refused):
            self._refuse(answer, draft.client_id)
            return
        self._follower.reply(objects.Ack(draft.client_id, answer))
        if isinstance(draft, DeleteDraft) and draft.removed_of is not None:
            act = Act.MESSAGE_DELETE
            security_log.done(self._websocket, act, draft.removed_of, group=draft.group_id, seq=draft.target)

    def _refuse(self, refused: Refused, client_id: str | None) -> None:
        self._follower.reply(objects.Error.of(refused, client_id=client_id))


async def _send_log(sender: SocketSender, hub: Hub, room: Room, follower: Follower) -> None:
    """Send replies, and the entries after the follower's cursor, until nothing is left."""
    try:
        await sender.send()
        async for part in hub.rooms.follow(room, follower):
            await sender.send(part)
            _reset_if_outdated(room, follower)
        _reset_if_outdated(room, follower)
    except DATABASE_ERRORS as error:
        # The reader is behind and can't read on: it returns with its cursor.
        log_failure(logger, "a reader could not be brought up to date", error)
        follower.end(CloseCode.RESTART)


def _reset_if_outdated(room: Room, follower: Follower) -> None:
    if follower.is_outdated:
        follower.is_outdated = False
        follower.reply(objects.Reset(room.state.last_seq))
