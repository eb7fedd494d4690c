"""The two WebSocket routes: `/` for joining and leaving, `/groups/{uuid}/` for a group's log."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from anyio import create_task_group, sleep
from sqlalchemy import select
from starlette.websockets import WebSocket

from discussit import assets, auth, wire
from discussit.auth import Account, NoSuchGroup, NotSignedIn
from discussit.database import DATABASE_ERRORS, Database
from discussit.hub import Hub
from discussit.log import Draft, Writer
from discussit.models import Group, Membership
from discussit.readers import Connection, Follower, Watcher
from discussit.room import Room
from discussit.throttles import Throttles
from discussit.voice import Voice
from discussit.wire import CloseCode, ErrorCode, Refused

logger = logging.getLogger(__name__)

REST = 0.005  # seconds until the next frame is read after one was refused: who sends nothing else costs others little
UNANSWERED = 200  # frames of one client that may be in work; the next is read when one is answered


class TooBig(Exception):
    """The client sent a frame of more than MAX_FRAME bytes."""


# The home page's socket


async def home_socket(websocket: WebSocket) -> None:
    """Join and leave groups; with `discussit.v1` also hear of one's moves made elsewhere."""
    account = auth.account_of(websocket)
    hub: Hub = websocket.app.state.hub
    subprotocol = _subprotocol(websocket)
    watcher = (Watcher if subprotocol else Connection)(account.session_id, account.username)
    with hub.connected(watcher):
        await websocket.accept(subprotocol)
        voice = Voice(websocket, watcher, in_arrays=subprotocol is not None)
        watcher.wake()
        await _converse(
            voice,
            hear=lambda text: _move(websocket, account, watcher, text),
            say=lambda: _answer_at_home(voice, account, watcher),
        )


async def _answer_at_home(voice: Voice, account: Account, watcher: Connection) -> None:
    while watcher.ended is None:
        await watcher.woken()
        if isinstance(watcher, Watcher) and watcher.is_outdated:
            await _tell_groups(voice, account, watcher)
        await voice.say(watcher.take_replies())


async def _tell_groups(voice: Voice, account: Account, watcher: Watcher) -> None:
    """All groups that the person is in. Moves heard before this was read go out before it, later ones after it."""
    await voice.say(watcher.take_replies())
    watcher.is_outdated = False
    try:
        ready = await _ready_at_home(voice.websocket.app.state.database, account)
    except DATABASE_ERRORS as error:
        logger.warning("a home page could not be told its groups: %s", type(error).__name__)
        watcher.end(CloseCode.RESTART)
    else:
        await voice.say([wire.encode(ready)])


async def _ready_at_home(database: Database, account: Account) -> wire.Ready:
    uuids = select(Group.uuid).join(Membership).where(Membership.user_id == account.id).order_by(Group.id)
    groups = await database.read(lambda session: session.scalars(uuids).all())
    return wire.Ready(user=account.username, groups=list(groups), version=assets.version())


async def _move(websocket: WebSocket, account: Account, watcher: Connection, text: str) -> None:
    try:
        frame = wire.decode_home_frame(text)
    except Refused as refused:
        watcher.reply(wire.Error(refused.code, str(refused)))
        return
    try:
        joins = isinstance(frame, wire.Join)
        await websocket.app.state.throttles.move(account.username)
        is_changed = await auth.move(websocket.app.state.database, account, frame.data, joins=joins)
    except Refused as refused:
        watcher.reply(wire.Error(refused.code, str(refused), data=frame.data, retry_after=refused.retry_after))
    except NoSuchGroup:
        watcher.reply(wire.Error(ErrorCode.NO_SUCH_GROUP, "This group does not exist.", data=frame.data))
    else:
        # A watcher heard of its own move when it was committed.
        if not (is_changed and isinstance(watcher, Watcher)):
            watcher.reply(frame)


# A group's socket


async def group_socket(websocket: WebSocket) -> None:
    """Follow the group's log from now on or, with `discussit.v1`, from `?since=`; and write to it."""
    account = auth.account_of(websocket)
    hub: Hub = websocket.app.state.hub
    follower = Follower(account.session_id, account.username, websocket.path_params["uuid"])
    with hub.connected(follower):
        group = await _admitted(websocket.app.state.database, account, follower)
        subprotocol = _subprotocol(websocket)
        async with hub.entered(follower, group) as room:
            await websocket.accept(subprotocol)
            _greet(websocket, follower, account, subprotocol)
            voice = Voice(websocket, follower, in_arrays=subprotocol is not None)
            follower.say_at_once = voice.say_at_once
            sender = Sender(websocket, account, group, follower, acknowledges=subprotocol is not None)
            await _converse(
                voice,
                hear=sender.hear,
                say=lambda: _send_log(voice, hub, room, follower),
            )


async def _admitted(database: Database, account: Account, follower: Follower) -> Group:
    group = await database.read(lambda session: auth.admit(session, account, follower.group_uuid))
    follower.admitted = follower.cursor = group.last_seq
    return group


def _greet(websocket: WebSocket, follower: Follower, account: Account, subprotocol: str | None) -> None:
    """Say where the log stands, and set the cursor to what this reader has seen."""
    if subprotocol is None:
        return
    last = follower.admitted
    ready = wire.Ready(user=account.username, group_uuid=follower.group_uuid, seq=last, version=assets.version())
    follower.reply(ready)
    since = websocket.query_params.get("since", str(last))
    if wire.is_seq(since) and 0 <= last - int(since) <= wire.MAX_MISSED:
        follower.cursor = int(since)
    else:
        follower.reply(wire.Reset(seq=last))


class Sender:
    """What one socket writes. Its messages are stored in the order in which they came."""

    def __init__(
        self, websocket: WebSocket, account: Account, group: Group, follower: Follower, *, acknowledges: bool
    ) -> None:
        self._writer: Writer = websocket.app.state.writer
        self._throttles: Throttles = websocket.app.state.throttles
        self._account, self._group_id, self._follower = account, group.id, follower
        self._acknowledges = acknowledges
        self._unanswered = asyncio.Semaphore(UNANSWERED)

    async def hear(self, text: str) -> None:
        try:
            frame = wire.decode_group_frame(text)
        except Refused as refused:
            self._refuse(refused, None)
            return
        try:
            draft = await self._draft(frame)
        except Refused as refused:
            self._refuse(refused, frame.client_id)
            return
        await self._unanswered.acquire()
        self._writer.submit(draft).seq.add_done_callback(lambda seq: self._answer(draft, seq))

    async def _draft(self, frame: wire.SendMessage) -> Draft:
        if frame.author is not None and frame.author != self._account.username:
            raise Refused(ErrorCode.AUTHOR_MISMATCH, f"You are {self._account.username} here, not {frame.author}.")
        content = wire.check_content(frame.message)
        await self._throttles.message(self._account.username)
        return Draft(self._group_id, self._account.id, content, frame.client_id)

    def _answer(self, draft: Draft, seq: "asyncio.Future[int]") -> None:
        self._unanswered.release()
        if seq.cancelled():
            return
        error = seq.exception()
        if isinstance(error, Refused):
            self._refuse(error, draft.client_id)
        elif self._acknowledges:
            self._follower.reply(wire.Ack(draft.client_id, seq.result()))

    def _refuse(self, refused: Refused, client_id: str | None) -> None:
        self._follower.reply(wire.Error(refused.code, str(refused), client_id, retry_after=refused.retry_after))


async def _send_log(voice: Voice, hub: Hub, room: Room, follower: Follower) -> None:
    try:
        async for part in hub.follow(room, follower):
            await voice.say(follower.take_replies(), part)
            if follower.is_outdated and voice.in_arrays:
                follower.is_outdated = False
                await voice.say([wire.encode(wire.Reset(await room.ready()))])
    except DATABASE_ERRORS as error:
        # The reader is behind and the database does not answer: it comes back with its cursor.
        logger.warning("a reader could not be brought up to date: %s", type(error).__name__)
        follower.end(CloseCode.RESTART)


# What both have in common


def _subprotocol(websocket: WebSocket) -> str | None:
    return wire.SUBPROTOCOL if wire.SUBPROTOCOL in websocket.scope["subprotocols"] else None


async def _converse(
    voice: Voice, *, hear: Callable[[str], Awaitable[None]], say: Callable[[], Awaitable[None]]
) -> None:
    """Hear and speak at once until the client goes or the connection is ended, then close it."""
    connection = voice.connection

    async def listen() -> None:
        await _listen(voice.websocket, connection, hear)
        tasks.cancel_scope.cancel()

    async with create_task_group() as tasks:
        tasks.start_soon(listen)
        with connection.speaking:
            await say()
        tasks.cancel_scope.cancel()
    if connection.ended is not None:
        await voice.close(connection.ended)


async def _listen(websocket: WebSocket, connection: Connection, hear: Callable[[str], Awaitable[None]]) -> None:
    try:
        async for text in _texts(websocket, connection):
            await hear(text)
    except TooBig:
        connection.end(CloseCode.TOO_BIG)
    except NotSignedIn:
        connection.end(CloseCode.SESSION_ENDED)
    except DATABASE_ERRORS as error:
        logger.warning("a frame could not be carried out: %s", type(error).__name__)
        connection.end(CloseCode.RESTART)


async def _texts(websocket: WebSocket, connection: Connection) -> AsyncIterator[str]:
    """The client's text frames until it goes. Binary ones are refused here."""
    refusals = connection.refusals
    while connection.ended is None:
        if connection.refusals > refusals:
            refusals = connection.refusals
            await sleep(REST)
        await connection.answered(but=UNANSWERED)
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            connection.reply(wire.Error(ErrorCode.BAD_FRAME, "Frames are text, not binary."))
        elif len(text) > wire.MAX_FRAME or len(text.encode(errors="surrogatepass")) > wire.MAX_FRAME:
            raise TooBig
        else:
            yield text
