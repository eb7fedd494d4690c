"""The WebSocket route `/groups/{uuid}/`: following a group's log and writing to it."""

import asyncio
import logging
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session as OrmSession
from starlette.websockets import WebSocket

from discussit import assets
from discussit.accounts.current_user import CurrentUser, current_user
from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.delivery.connections import Follower
from discussit.delivery.hub import Hub
from discussit.delivery.protocols import negotiated
from discussit.delivery.room import Room
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode, Refused
from discussit.groups.admission import admit
from discussit.limits.throttles import Throttles
from discussit.log.batch_writer import Writer
from discussit.log.checks import check_content
from discussit.log.draft import Answer, Draft
from discussit.log.read import LogState, Place, is_in_log
from discussit.models.accounts import is_spelled
from discussit.site import site_of
from discussit.sockets import conversation
from discussit.sockets.conversation import MAX_UNANSWERED
from discussit.wire import commands, objects

logger = logging.getLogger(__name__)


async def group_socket(websocket: WebSocket) -> None:
    """Follow the group's log from now on or, with `discussit.v1`, from `?since=`; and write to it."""
    user, protocol = current_user(websocket), negotiated(websocket.scope)
    hub = site_of(websocket).hub
    follower = Follower(user.credential.session_id, user.id, protocol, websocket.path_params["uuid"])
    with hub.people.connected(follower):
        place = protocol.place(websocket.query_params)
        admitted = await _admitted(site_of(websocket).database, user, follower, place)
        async with hub.rooms.entered(follower, admitted.group_id, admitted.state) as room:
            await websocket.accept(protocol.subprotocol)
            _greet(follower, user, admitted, place)
            sender = SocketSender(websocket, follower)
            follower.try_send = sender.try_send
            await conversation.run(
                sender,
                on_message=MessageWriter(websocket, user, admitted.group_id, follower).on_message,
                send=lambda: _send_log(sender, hub, room, follower),
            )


class Admitted(NamedTuple):
    """What a socket keeps of its admission: no objects of the ORM, which take a kilobyte each."""

    group_id: int
    state: LogState
    is_in_log: bool  # whether the client's place is one of this log, from which it can read on


async def _admitted(database: Database, user: CurrentUser, follower: Follower, place: Place | None) -> Admitted:
    def read(session: OrmSession) -> Admitted:
        group = admit(session, user, follower.group_uuid).group
        state = LogState(group.last_seq, group.revisions, group.epoch)
        return Admitted(group.id, state, place is not None and is_in_log(session, group, place))

    admitted = await database.run_read(read)
    follower.admit(admitted.state.last_seq)
    return admitted


def _greet(follower: Follower, user: CurrentUser, admitted: Admitted, place: Place | None) -> None:
    """Tell the client where the log ends, and set the cursor to the last entry that it has seen."""
    last, epoch = admitted.state.last_seq, admitted.state.epoch
    ready = objects.Ready(user.username, user.account_id, follower.group_uuid, last, epoch, version=assets.version())
    follower.reply(ready)
    if place is None:
        return
    if admitted.is_in_log and place.seq is not None:
        follower.cursor = place.seq
    else:
        follower.reply(objects.Reset(seq=last))


class MessageWriter:
    """Writes what one socket's client sends. Its messages are stored in the order in which they arrived."""

    def __init__(self, websocket: WebSocket, user: CurrentUser, group_id: int, follower: Follower) -> None:
        self._writer: Writer = site_of(websocket).writer
        self._throttles: Throttles = site_of(websocket).throttles
        self._account, self._group_id, self._follower = user, group_id, follower
        self._unanswered = 0
        self._answered: asyncio.Future[None] | None = None  # while the next message waits for it

    async def on_message(self, text: str) -> None:
        try:
            command = commands.decode_group_command(text)
        except Refused as refused:
            self._refuse(refused, None)
            return
        try:
            draft = await self._draft(command)
        except Refused as refused:
            self._refuse(refused, command.client_id)
            return
        while self._unanswered >= MAX_UNANSWERED:
            self._answered = asyncio.get_running_loop().create_future()
            await self._answered
        self._unanswered += 1
        self._writer.submit(draft)

    async def _draft(self, command: commands.SendMessage) -> Draft:
        if command.author is not None and not is_spelled(command.author, self._account.username):
            raise Refused(ErrorCode.AUTHOR_MISMATCH, f"You are {self._account.username} here, not {command.author}.")
        content = check_content(command.message)
        await self._throttles.message(self._account.username)
        client_id = command.client_id
        answer = partial(self._answer, client_id)
        return Draft(self._group_id, self._account.id, content, client_id, answer)

    def _answer(self, client_id: str | None, answer: Answer) -> None:
        self._unanswered -= 1
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
        if isinstance(answer, Refused):
            self._refuse(answer, client_id)
        else:
            self._follower.reply(objects.Ack(client_id, answer))

    def _refuse(self, refused: Refused, client_id: str | None) -> None:
        self._follower.reply(objects.Error.of(refused, client_id=client_id))


async def _send_log(sender: SocketSender, hub: Hub, room: Room, follower: Follower) -> None:
    try:
        async for part in hub.rooms.follow(room, follower):
            await sender.send(part)
            if follower.is_outdated:
                follower.is_outdated = False
                follower.reply(objects.Reset(await room.ready()))
    except DATABASE_ERRORS as error:
        # The reader is behind and can't read on: it returns with its cursor.
        log_failure(logger, "a reader could not be brought up to date", error)
        follower.end(CloseCode.RESTART)
