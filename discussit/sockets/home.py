"""The WebSocket route `/`: joining and leaving groups."""

import logging

from sqlalchemy import select
from starlette.websockets import WebSocket

from discussit import auth, wire
from discussit.auth import Account, NoSuchGroup
from discussit.database import DATABASE_ERRORS, Database
from discussit.delivery.connections import HomeConnection
from discussit.delivery.hub import Hub
from discussit.delivery.protocols import negotiated
from discussit.delivery.sending import SocketSender
from discussit.models import Group, Membership
from discussit.sockets import conversation
from discussit.wire import CloseCode, ErrorCode, Refused

logger = logging.getLogger(__name__)


async def home_socket(websocket: WebSocket) -> None:
    """Join and leave groups; with `discussit.v1`, also follow the user's joins and leaves made elsewhere."""
    account, protocol = auth.account_of(websocket), negotiated(websocket.scope)
    hub: Hub = websocket.app.state.hub
    connection = HomeConnection(account.session_id, account.id, protocol)
    with hub.people.connected(connection):
        await websocket.accept(protocol.subprotocol)
        await hub.people.listening(connection)
        sender = SocketSender(websocket, connection)
        connection.wake()
        await conversation.run(
            sender,
            on_message=lambda text: _join_or_leave(websocket, account, connection, text),
            send=lambda: _send_replies(sender, account, connection),
        )


async def _send_replies(sender: SocketSender, account: Account, connection: HomeConnection) -> None:
    while connection.ended is None:
        await connection.woken()
        if connection.is_outdated:
            await _send_groups(sender, account, connection)
        await sender.send(connection.take_replies())


async def _send_groups(sender: SocketSender, account: Account, connection: HomeConnection) -> None:
    """Send all groups that the user is in. Changes noted before they are read go out before, later ones after."""
    await sender.send(connection.take_replies())
    connection.is_outdated = False
    try:
        ready = await _ready(sender.websocket.app.state.database, account)
    except DATABASE_ERRORS as error:
        logger.warning("a home page could not be sent its groups: %s", type(error).__name__)
        connection.end(CloseCode.RESTART)
    else:
        connection.reply(ready)


async def _ready(database: Database, account: Account) -> wire.Ready:
    uuids = select(Group.uuid).join(Membership).where(Membership.user_id == account.id).order_by(Group.id)
    groups = await database.read(lambda session: session.scalars(uuids).all())
    return wire.Ready(user=account.username, groups=list(groups))


async def _join_or_leave(websocket: WebSocket, account: Account, connection: HomeConnection, text: str) -> None:
    try:
        command = wire.decode_home_frame(text)
    except Refused as refused:
        connection.reply(wire.Error(refused.code, str(refused)))
        return
    try:
        joins = isinstance(command, wire.Join)
        await websocket.app.state.throttles.move(account.username)
        is_changed = await auth.move(websocket.app.state.database, account, command.data, joins=joins)
    except Refused as refused:
        connection.reply(wire.Error(refused.code, str(refused), data=command.data, retry_after=refused.retry_after))
    except NoSuchGroup:
        connection.reply(wire.Error(ErrorCode.NO_SUCH_GROUP, "This group does not exist.", data=command.data))
    else:
        # A connection that follows memberships was notified when its own change was committed.
        if not (is_changed and connection.protocol.follows_memberships):
            connection.reply(command)
