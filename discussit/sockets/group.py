"""The WebSocket route `/groups/{uuid}/`: following a group's log and writing to it."""

import asyncio
import logging

from sqlalchemy.orm import Session as OrmSession
from starlette.websockets import WebSocket

from discussit import assets
from discussit.accounts.current_user import CurrentUser, current_user
from discussit.database import DATABASE_ERRORS, Database
from discussit.delivery.connections import Follower
from discussit.delivery.hub import Hub
from discussit.delivery.protocols import Place, negotiated
from discussit.delivery.room import Room
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode, Refused
from discussit.groups.admission import admit
from discussit.limits.throttles import Throttles
from discussit.log.checks import check_content
from discussit.log.read import timestamp_of
from discussit.log.writer import Draft, Writer
from discussit.models import Group
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
        group, is_in_log = await _admitted(site_of(websocket).database, user, follower, place)
        async with hub.rooms.entered(follower, group) as room:
            await websocket.accept(protocol.subprotocol)
            _greet(follower, user, group, place, is_in_log=is_in_log)
            sender = SocketSender(websocket, follower)
            follower.try_send = sender.try_send
            await conversation.run(
                sender,
                on_message=MessageWriter(websocket, user, group, follower).on_message,
                send=lambda: _send_log(sender, hub, room, follower),
            )


async def _admitted(
    database: Database, user: CurrentUser, follower: Follower, place: Place | None
) -> tuple[Group, bool]:
    """The group, and whether the place is one of its log, from which the client can read on."""

    def read(session: OrmSession) -> tuple[Group, bool]:
        group = admit(session, user, follower.group_uuid).group
        return group, place is not None and _is_in_log(session, group, place)

    group, is_in_log = await database.run_read(read)
    follower.admitted = follower.cursor = group.last_seq
    return group, is_in_log


def _is_in_log(session: OrmSession, group: Group, place: Place) -> bool:
    """Whether the client was in this very log, and not too long ago. What it does not say is trusted."""
    if place.seq is None or not 0 <= group.last_seq - place.seq <= objects.MAX_MISSED:
        return False
    if place.epoch not in (None, group.epoch):
        return False
    return place.timestamp is None or place.seq == 0 or timestamp_of(session, group.id, place.seq) == place.timestamp


def _greet(follower: Follower, user: CurrentUser, group: Group, place: Place | None, *, is_in_log: bool) -> None:
    """Tell the client where the log ends, and set the cursor to the last entry that it has seen."""
    last = group.last_seq
    follower.reply(objects.Ready(user.username, group.uuid, last, group.epoch, version=assets.version()))
    if place is None:
        return
    if is_in_log and place.seq is not None:
        follower.cursor = place.seq
    else:
        follower.reply(objects.Reset(seq=last))


class MessageWriter:
    """Writes what one socket's client sends. Its messages are stored in the order in which they arrived."""

    def __init__(self, websocket: WebSocket, user: CurrentUser, group: Group, follower: Follower) -> None:
        self._writer: Writer = site_of(websocket).writer
        self._throttles: Throttles = site_of(websocket).throttles
        self._account, self._group_id, self._follower = user, group.id, follower
        self._unanswered = asyncio.Semaphore(MAX_UNANSWERED)

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
        await self._unanswered.acquire()
        self._writer.submit(draft).seq.add_done_callback(lambda seq: self._answer(draft, seq))

    async def _draft(self, command: commands.SendMessage) -> Draft:
        if command.author is not None and command.author != self._account.username:
            raise Refused(ErrorCode.AUTHOR_MISMATCH, f"You are {self._account.username} here, not {command.author}.")
        content = check_content(command.message)
        await self._throttles.message(self._account.username)
        return Draft(self._group_id, self._account.id, content, command.client_id)

    def _answer(self, draft: Draft, seq: "asyncio.Future[int]") -> None:
        self._unanswered.release()
        if seq.cancelled():
            return
        error = seq.exception()
        if isinstance(error, Refused):
            self._refuse(error, draft.client_id)
        else:
            self._follower.reply(objects.Ack(draft.client_id, seq.result()))

    def _refuse(self, refused: Refused, client_id: str | None) -> None:
        self._follower.reply(objects.Error(refused.code, str(refused), client_id, retry_after=refused.retry_after))


async def _send_log(sender: SocketSender, hub: Hub, room: Room, follower: Follower) -> None:
    try:
        async for part in hub.rooms.follow(room, follower):
            await sender.send(follower.take_replies(), part)
            if follower.is_outdated:
                follower.is_outdated = False
                follower.reply(objects.Reset(await room.ready()))
    except DATABASE_ERRORS as error:
        # The reader is behind and the database does not answer: it returns with its cursor.
        logger.warning("a reader could not be brought up to date: %s", type(error).__name__)
        follower.end(CloseCode.RESTART)
